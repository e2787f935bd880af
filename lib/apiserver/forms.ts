/**
 * The forms in which the same object is answered: as itself, as its metadata alone, as a row of a Table. A form makes a
 * single object's bytes; a list and an event of a watch are put together from these.
 */
import { groupVersion } from '../api/resources.js';
import type { Kind } from '../api/kinds/kind.js';
import type { Status } from '../api/status.js';
import type { DeepReadonly } from '../api/types.js';
import { present } from './registry/present.js';
import { definitionsOf, rowOf, type IncludeObject } from './tables.js';
import type { CachedEntry } from './watch-cache/entry.js';

export interface ListMetadata {
  /** Of what is stored. */
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface Form {
  /** Two watches with the same id get the same bytes. */
  readonly id: string;
  /** One object, between `before` and `after`. */
  one(entry: CachedEntry, before?: string, after?: string): Buffer;
  /** A whole list, in pieces of some 64 kB. */
  many(entries: readonly CachedEntry[], metadata: ListMetadata): Generator<Buffer, void>;
  /** The first event of a watch, where it differs from all others. */
  first?(entry: CachedEntry, before: string, after: string): Buffer;
  /** A bookmark's object, where it is not of the kind itself. */
  bookmark?(metadata: object): BookmarkObject;
  /** An event of a watch, where it is no line of JSON. @param object or what is no object: a bookmark, a Status */
  event?(type: string, object: CachedEntry | BookmarkObject | Status): Buffer;
}

export interface BookmarkObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: object;
}

const pieceBytes = 64 * 1024;

/** As it is. */
export function asItself(kind: Kind): Form {
  const head = (metadata: ListMetadata): string =>
    `{"kind":"${kind.kind}List","apiVersion":"${groupVersion(kind)}","metadata":${JSON.stringify(metadata)},"items":[`;
  if (kind.storedAs) {
    return {
      id: groupVersion(kind),
      one: (entry, before = '', after = '') => json(present(kind, entry), before, after),
      many: (entries, metadata) => pieces(head(metadata), entries, (entry) => withoutType(present(kind, entry))),
    };
  }
  return {
    id: 'json',
    one: (entry, before, after) => entry.bytes(before, after),
    *many(entries, metadata) {
      const start = head(metadata);
      let piece = Buffer.allocUnsafe(Math.max(pieceBytes, start.length));
      let position = piece.write(start, 0);
      let separator = '';
      for (const entry of entries) {
        const length = entry.itemLength + 1;
        if (position + length > piece.length) {
          yield piece.subarray(0, position);
          piece = Buffer.allocUnsafe(Math.max(pieceBytes, length));
          position = 0;
        }
        position += piece.write(separator, position, 'latin1');
        position = entry.writeItem(piece, position);
        separator = ',';
      }
      yield piece.subarray(0, position);
      yield Buffer.from(']}\n');
    },
  };
}

/** Only its metadata: what a garbage collector asks for. */
export function asMetadata(kind: Kind, version: string): Form {
  const apiVersion = `meta.k8s.io/${version}`;
  return {
    id: `metadata ${version}`,
    one: (entry, before = '', after = '') =>
      json({ kind: 'PartialObjectMetadata', apiVersion, metadata: present(kind, entry).metadata }, before, after),
    many: (entries, metadata) =>
      pieces(
        `{"kind":"PartialObjectMetadataList","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`,
        entries,
        (entry) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata: present(kind, entry).metadata }),
      ),
    bookmark: (metadata) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata }),
  };
}

export interface TableOptions {
  /** `v1` or `v1beta1` of `meta.k8s.io`. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  /** For ages. */
  readonly now: () => number;
}

/** As rows with columns, ready to be printed. */
export function asTable(kind: Kind, { version, includeObject, now }: TableOptions): Form {
  const head = (metadata: object): string =>
    `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(metadata)},"columnDefinitions":`;
  const columns = JSON.stringify(definitionsOf(kind));
  const row = (entry: CachedEntry): object => rowOf(kind, present(kind, entry), includeObject, version, now());
  const single = (definitions: string) => (entry: CachedEntry, before: string, after: string) => {
    const { resourceVersion } = entry.object.metadata;
    return Buffer.from(
      `${before}${head({ resourceVersion })}${definitions},"rows":[${JSON.stringify(row(entry))}]}${after}`,
    );
  };
  const full = single(columns);
  const following = single('null');
  return {
    id: `table ${version} ${includeObject}`,
    // A watch's clients know the columns after the first event.
    one: (entry, before = '', after = '') => (before === '' ? full : following)(entry, before, after),
    first: full,
    bookmark: (metadata) => ({
      kind: 'Table',
      apiVersion: `meta.k8s.io/${version}`,
      metadata,
      columnDefinitions: definitionsOf(kind),
      rows: [
        { cells: kind.columns.map(() => null), object: { kind: kind.kind, apiVersion: groupVersion(kind), metadata } },
      ],
    }),
    many: (entries, metadata) => pieces(`${head(metadata)}${columns},"rows":[`, entries, row),
  };
}

const json = (value: unknown, before: string, after: string): Buffer =>
  Buffer.from(before + JSON.stringify(value) + after);

/** Items of a list do not repeat what the list says. */
function withoutType({ kind: _kind, apiVersion: _apiVersion, ...item }: DeepReadonly<any>): object {
  return item;
}

function* pieces(
  head: string,
  entries: readonly CachedEntry[],
  item: (entry: CachedEntry) => object,
): Generator<Buffer, void> {
  let text = head;
  let separator = '';
  for (const entry of entries) {
    text += separator + JSON.stringify(item(entry));
    separator = ',';
    if (text.length < pieceBytes) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text + ']}\n');
}
