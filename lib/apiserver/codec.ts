/**
 * An object is encoded once, when it is written, in a form from which every answer is cut:
 *
 * ```
 * {"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-0",…},"spec":{…}}        what lies in the store
 * └────────────── head ──────────────────────┘└─────────── tail ──────────┘
 * head  "resourceVersion":"7",  tail                                              the object itself
 * {"metadata":{  "resourceVersion":"7",  tail                                     as an item of a list
 * {"type":"ADDED","object":  head  "resourceVersion":"7",  tail  }\n              as an event of a watch
 * ```
 *
 * The `resourceVersion` is not stored: it is the store's own revision, known only after the write.
 */
import { groupVersion } from '../api/resources.js';
import type { Kind } from '../api/kinds/kind.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import { storedKind } from './served.js';

/** Every stored value begins with this. */
export const headOf = (kind: Kind): string =>
  `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(groupVersion(kind))},"metadata":{`;

/** `metadata` is never empty (there is always a name), so that a comma may follow. Revision 0 was never written: a dry run. */
export const versionText = (revision: number): string => (revision === 0 ? '' : `"resourceVersion":"${revision}",`);

const itemHead = '{"metadata":{';

/** How one kind's objects become bytes and come back. */
export class Codec {
  readonly kind: Kind;
  readonly head: string;
  readonly #headLength: number;

  constructor(kind: Kind) {
    this.kind = storedKind(kind);
    this.head = headOf(this.kind);
    this.#headLength = Buffer.byteLength(this.head);
  }

  /** What is stored of `object`: everything but its `resourceVersion`. */
  encode(object: DeepReadonly<KubernetesObject>): Buffer {
    const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object as KubernetesObject;
    const { resourceVersion: _version, ...kept } = metadata;
    return Buffer.from(
      JSON.stringify({ kind: this.kind.kind, apiVersion: groupVersion(this.kind), metadata: kept, ...rest }),
    );
  }

  /** A fresh copy: the caller may change it. */
  decode<T extends KubernetesObject>(value: Buffer, revision: number): T {
    const object = JSON.parse(value.toString()) as T;
    if (revision !== 0) object.metadata.resourceVersion = String(revision);
    return object;
  }

  /** The object as it is answered, between `before` and `after`. */
  full(value: Buffer, revision: number, before = '', after = ''): Buffer {
    return this.#cut(before + this.head, value, revision, after);
  }

  /** How many bytes {@link writeItem} needs. */
  itemLength(value: Buffer, revision: number): number {
    return itemHead.length + versionText(revision).length + value.length - this.#headLength;
  }

  /** Writes the object as an item of a list, without `kind` and `apiVersion`. @returns the position behind it */
  writeItem(target: Buffer, position: number, value: Buffer, revision: number): number {
    position += target.write(itemHead + versionText(revision), position, 'latin1');
    return position + value.copy(target, position, this.#headLength);
  }

  #cut(head: string, value: Buffer, revision: number, after: string): Buffer {
    const text = head + versionText(revision);
    const rest = value.length - this.#headLength;
    const result = Buffer.allocUnsafe(text.length + rest + after.length);
    let position = result.write(text, 0, 'latin1');
    position += value.copy(result, position, this.#headLength);
    if (after !== '') result.write(after, position, 'latin1');
    return result;
  }
}
