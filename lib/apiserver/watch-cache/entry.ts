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
  /** What `value` was made from, if it was written here and a moment ago. */
  readonly #written: WeakRef<DeepReadonly<KubernetesObject>> | undefined;
  #labels: Readonly<Record<string, string>> | undefined;
  /** Of the fields that selectors may name, those that were asked for. */
  #fields: Map<string, string> | undefined;

  constructor(
    codec: Codec,
    key: string,
    value: Buffer,
    revision: number,
    written?: DeepReadonly<KubernetesObject> | undefined,
  ) {
    this.#codec = codec;
    this.key = key;
    this.value = value;
    this.revision = revision;
    this.#written = written && new WeakRef(written);
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

  /**
   * The object, to read single fields of: as its writer left it, where that is still at hand, which spares watches of a busy
   * cluster the parsing. It may lack its `resourceVersion`, and what is `undefined` in it is not there in {@link object}.
   */
  get glance(): DeepReadonly<any> {
    return this.#object?.deref() ?? this.#written?.deref() ?? this.object;
  }

  get labels(): Readonly<Record<string, string>> {
    return (this.#labels ??= this.glance.metadata.labels ?? {});
  }

  /** The value of a field that selectors may name; read once, for watches ask with each change what it was before. */
  field(name: string, read: () => string): string {
    this.#fields ??= new Map();
    let value = this.#fields.get(name);
    if (value === undefined) this.#fields.set(name, (value = read()));
    return value;
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
