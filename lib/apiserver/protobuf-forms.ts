/**
 * The forms of `forms.ts` in protobuf, for the kinds whose types have numbers. Made from the object each time it is asked
 * for (a watch's events: once for all watches); JSON, which is stored, is the cheaper answer.
 */
import { encodeEnvelope, encodeListMetadata, encodeMessage, encodeWatchEvent } from '../api/encode/protobuf.js';
import { envelopeHead, envelopeTail, messageHead } from '../api/encode/protobuf.js';
import { definitionOf } from '../api/kinds/define.js';
import type { Kind } from '../api/kinds/kind.js';
import { groupVersion } from '../api/resources.js';
import { definition, hasDefinition, type Definition } from '../api/schema/index.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import type { Form } from './forms.js';
import { present } from './registry/present.js';
import { CachedEntry } from './watch-cache/entry.js';

/** Whether objects of the kind can be shown in protobuf. */
export function hasProtobuf(kind: Kind): boolean {
  let has = numbered.get(kind);
  if (has === undefined) numbered.set(kind, (has = hasDefinition(kind.definition)));
  return has;
}

/** Asked with every request. */
const numbered = new WeakMap<Kind, boolean>();

/** As it is. */
export const asProtobuf = (kind: Kind): Form =>
  protobufForm(groupVersion(kind), kind.kind, definition(kind.definition), (entry) => present(kind, entry));

/** Only its metadata. */
export const asMetadataProtobuf = (kind: Kind, version: string): Form =>
  protobufForm(
    `meta.k8s.io/${version}`,
    'PartialObjectMetadata',
    definition(`${meta}.PartialObjectMetadata`),
    (entry) => ({ metadata: present(kind, entry).metadata }),
  );

/** What is no stored object: a Status, a bookmark. */
export function encodeObject(object: DeepReadonly<Pick<KubernetesObject, 'apiVersion' | 'kind'>>): Buffer {
  const { apiVersion = 'v1', kind = '' } = object;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const own = definitionOf(group!, version!, kind);
  const type = definition(hasDefinition(own) ? own : `${meta}.${kind}`);
  return encodeEnvelope({ apiVersion, kind, raw: encodeMessage(object, type) });
}

const meta = 'apimachinery.pkg.apis.meta.v1';

function protobufForm(
  apiVersion: string,
  kind: string,
  type: Definition,
  shown: (entry: CachedEntry) => DeepReadonly<object>,
): Form {
  const one = (entry: CachedEntry): Buffer =>
    encodeEnvelope({ apiVersion, kind, raw: encodeMessage(shown(entry), type) });
  return {
    id: `protobuf ${apiVersion} ${kind}`,
    one: (entry) => one(entry),
    *many(entries, metadata) {
      // A list's length stands before its first item.
      const pieces = [encodeListMetadata(metadata)];
      for (const entry of entries) {
        const item = encodeMessage(shown(entry), type);
        pieces.push(messageHead(2, item.length), item);
      }
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      yield envelopeHead({ apiVersion, kind: `${kind}List` }, length);
      yield* pieces;
      yield envelopeTail;
    },
    event: (eventType, object) =>
      encodeWatchEvent(eventType, object instanceof CachedEntry ? one(object) : encodeObject(object)),
  };
}
