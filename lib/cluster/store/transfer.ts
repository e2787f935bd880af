/**
 * A store's content as text that any engine takes: a line that says what follows, then one object a line.
 *
 * ```
 * {"format":"kubebook export","version":1,"revision":40,"count":7}
 * {"key":"/registry/pods/default/web-0","createRevision":8,"modRevision":12,"crc32":"9ae0daaf","value":{"kind":"Pod",…}}
 * ```
 */
import { crc32 } from 'node:zlib';
import { type Entry, type Storage } from '../../apiserver/storage/index.js';

/** Raised when a change of the format would mislead an older reader. */
export const exportVersion = 1;

export interface Export {
  readonly revision: number;
  readonly entries: readonly Entry[];
}

export function* exportLines({ revision, entries }: Export): Generator<string> {
  yield `${JSON.stringify({ format: 'kubebook export', version: exportVersion, revision, count: entries.length })}\n`;
  for (const { key, value, createRevision, modRevision } of entries) {
    const head = { key, createRevision, modRevision, crc32: crc32(value).toString(16).padStart(8, '0') };
    const text = JSON.stringify(head).slice(0, -1);
    yield isJsonLine(value)
      ? `${text},"value":${value}}\n`
      : `${text},"base64":${JSON.stringify(value.toString('base64'))}}\n`;
  }
}

function isJsonLine(value: Buffer): boolean {
  const text = value.toString();
  if (text.includes('\n') || !Buffer.from(text).equals(value)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * All of it, verified, before anything is done with it.
 *
 * @param from for messages
 * @throws Error one sentence: it is none, of a newer version, damaged (the line is named) or cut short
 */
export function readExport(text: string, from: string): Export {
  const [first, ...lines] = text.split('\n');
  const head = parse(first ?? '') as { format?: string; version: number; revision: number; count: number } | undefined;
  if (head?.format !== 'kubebook export') throw new Error(`${from} is not an export of a store`);
  if (head.version > exportVersion)
    throw new Error(
      `${from} was written by a newer version of kubebook (export format ${head.version}; this one knows ${exportVersion}): import it with that version`,
    );
  const entries = lines.slice(0, head.count).flatMap((line, index): Entry[] => {
    if (line === '') return [];
    const entry = parseEntry(line);
    if (!entry) throw new Error(`line ${index + 2} of ${from} is damaged: nothing was imported`);
    return [entry];
  });
  if (entries.length < head.count)
    throw new Error(`${from} is cut short after ${entries.length} of ${head.count} objects: nothing was imported`);
  return { revision: head.revision, entries };
}

function parseEntry(line: string): Entry | undefined {
  const fields = entryPattern.exec(line);
  const head = fields && (parse(`${fields[1]}}`) as (Omit<Entry, 'value'> & { crc32: string }) | undefined);
  if (!head) return undefined;
  // The value is taken as it stands there: its checksum is that of its bytes.
  const value = fields[2] === 'value' ? Buffer.from(fields[3]!) : Buffer.from(String(parse(fields[3]!)), 'base64');
  const { crc32: sum, ...entry } = head;
  return crc32(value).toString(16).padStart(8, '0') === sum ? { ...entry, value } : undefined;
}
// U+2028 stands in JSON as it is; to a pattern without `s` it would end the line.
const entryPattern = /^(\{"key":.*?"crc32":"[0-9a-f]{8}"),"(value|base64)":(.*)\}$/s;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** So many writes are under way at a time. */
const atOnce = 64;

/**
 * Writes it into an empty store, in the order in which the objects last changed. Revisions are the new store's own: clients
 * that knew the old one's begin anew.
 *
 * @throws Error the store is not empty
 */
export async function importInto(storage: Storage, { entries }: Export): Promise<number> {
  const present = await storage.list('/registry/', { limit: 1 });
  if (present.entries.length > 0)
    throw new Error(
      `the store holds ${1 + present.remaining} objects: an import goes into an empty one. Nothing was changed`,
    );
  const inOrder = [...entries].sort((a, b) => a.modRevision - b.modRevision);
  for (let at = 0; at < inOrder.length; at += atOnce)
    await Promise.all(inOrder.slice(at, at + atOnce).map(({ key, value }) => storage.put(key, value, { expected: 0 })));
  return storage.revision();
}
