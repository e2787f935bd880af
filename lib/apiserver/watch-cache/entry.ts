/** One stored object as the watch cache holds it. Immutable: the next version is another entry. */
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import type { Codec } from '../codec.js';

export class CachedEntry {
  readonly key: string;
  readonly value: Buffer;
  readonly revision: number;
  readonly #codec: Codec;
  /** Kept only until memory is wanted: 30,000 pods are far smaller as bytes than as objects. */
  #object: WeakRef<DeepReadonly<KubernetesObject>> | undefined;
  #labels: Readonly<Record<string, string>> | undefined;

  constructor(codec: Codec, key: string, value: Buffer, revision: number) {
    this.#codec = codec;
    this.key = key;
    this.value = value;
    this.revision = revision;
  }

  /** Shared: copy before you change it. */
  get object(): DeepReadonly<any> {
    let object = this.#object?.deref();
    if (!object) {
      object = this.#codec.decode(this.value, this.revision);
      this.#object = new WeakRef(object);
    }
    return object;
  }

  get labels(): Readonly<Record<string, string>> {
    return (this.#labels ??= this.object.metadata.labels ?? {});
  }

  /** A copy that may be changed. */
  copy<T extends KubernetesObject>(): T {
    return this.#codec.decode(this.value, this.revision);
  }

  /** The same object under another revision: what was deleted is shown under the revision of its deletion. */
  at(revision: number): CachedEntry {
    return new CachedEntry(this.#codec, this.key, this.value, revision);
  }

  get itemLength(): number {
    return this.#codec.itemLength(this.value, this.revision);
  }

  /** Writes the object as an item of a list. @returns the position behind it */
  writeItem(target: Buffer, position: number): number {
    return this.#codec.writeItem(target, position, this.value, this.revision);
  }

  /** As it is answered, between `before` and `after`. */
  bytes(before = '', after = ''): Buffer {
    return this.#codec.full(this.value, this.revision, before, after);
  }
}
