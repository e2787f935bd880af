/**
 * What stands in the files of a data folder, for a person to read:
 *
 * ```
 * snapshot.json                   all entries as of one revision: valid JSON, one object a line
 *   {"format":"kubebook store","version":2,"revision":7,"count":1,"crc32":"5d3a1b2c","objects":{
 *   "/registry/pods/default/web-0":{"createRevision":2,"modRevision":7,"crc32":"9ae0daaf","value":{"kind":"Pod",…}}
 *   }}
 * journal-0000000000000008.log    every write from revision 8 on, one a line
 *   kubebook journal 2
 *   > 61 1d2c3b4a put 8 "/registry/pods/default/web-1" {"kind":"Pod",…}
 *   + 48 5e6f7a8b delete 9 "/registry/pods/default/web-0"
 *   > 9 0c1d2e3f compact 9
 * lock                            who has the folder open
 * ```
 *
 * A line of the journal is: `>` for the first of a group, `+` for one that was made durable together with the line before;
 * the length of the text in bytes; its CRC-32 (with the mark); the text. A group is begun only when the one before is
 * durable, so a `>` vouches for everything above it.
 *
 * A value that is not one line of JSON (the API server writes none) stands there in base64.
 */
import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Entry } from '../storage.js';

/**
 * Raised when a change of the format would mislead an older reader. What an older version wrote is read, and written anew.
 * - 1: the first line of a snapshot had no checksum.
 * - 2: it has one.
 */
export const formatVersion = 2;

/** Why a data folder cannot be used, in one sentence for the user. */
export class FolderError extends Error {
  /** What is damaged, in a few words. */
  readonly what: string | undefined;
  /** … and where, in bytes from the beginning of its file. */
  readonly offset: number;
  /** A newer version wrote it. */
  readonly newer: boolean;

  constructor(
    message: string,
    {
      what,
      offset = 0,
      newer = false,
      cause,
    }: { what?: string; offset?: number; newer?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.what = what;
    this.offset = offset;
    this.newer = newer;
  }
}

export const newerVersion = (file: string, version: number): FolderError =>
  new FolderError(
    `${file} was written by a newer version of kubebook (store format ${version}; this one knows ${formatVersion}): ` +
      'start that version, or choose another data folder',
    { newer: true },
  );

export const damaged = (file: string, offset: number, what: string): FolderError =>
  new FolderError(
    `${file} is damaged at byte ${offset} (${what}): restore the folder from a copy, or choose another one; ` +
      'nothing was changed',
    { what, offset },
  );

/** One write, as the journal keeps it. `compact` takes no revision of its own. */
export type JournalRecord =
  | { readonly type: 'put'; readonly revision: number; readonly key: string; readonly value: Buffer }
  | { readonly type: 'delete'; readonly revision: number; readonly key: string }
  | { readonly type: 'compact'; readonly revision: number };

export const journalHeader = Buffer.from(`kubebook journal ${formatVersion}\n`);

/**
 * The first line of a journal, and where the next one begins; undefined if it was cut short.
 *
 * @throws {FolderError} it is none, or one of a newer version
 */
export function decodeJournalHead(
  journal: Buffer,
  file: string,
): { readonly version: number; readonly end: number } | undefined {
  const start = journal.toString('latin1', 0, 40);
  const [line, text] = /^kubebook journal (\d+)\n/.exec(start) ?? [];
  const version = Number(text);
  if (version > formatVersion) throw newerVersion(file, version);
  if (line) return { version, end: line.length };
  if (journal.length < journalHeader.length && String(journalHeader).startsWith(start)) return undefined;
  throw damaged(file, 0, 'not the beginning of a journal');
}

const newline = Buffer.from('\n');
const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The lines of one group. */
export function encodeGroup(records: readonly JournalRecord[]): Buffer {
  const parts: Buffer[] = [];
  for (const [index, record] of records.entries()) {
    const mark = index === 0 ? '>' : '+';
    const oneLine = record.type === 'put' && !record.value.includes(LF) && !record.value.includes(0);
    const value =
      record.type !== 'put' ? nothing : oneLine ? record.value : Buffer.from(record.value.toString('base64'));
    const text =
      record.type === 'put'
        ? `${oneLine ? 'put' : 'put64'} ${record.revision} ${JSON.stringify(record.key)} `
        : record.type === 'delete'
          ? `delete ${record.revision} ${JSON.stringify(record.key)}`
          : `compact ${record.revision}`;
    const sum = hex(crc32(value, crc32(mark + text)));
    parts.push(Buffer.from(`${mark} ${Buffer.byteLength(text) + value.length} ${sum} ${text}`), value, newline);
  }
  return Buffer.concat(parts);
}
const nothing = Buffer.alloc(0);

/** One line of a journal, and where the next one begins. */
export interface JournalLine {
  readonly record: JournalRecord;
  readonly first: boolean;
  readonly end: number;
}

/** The line that begins at `offset` (its value is a slice of `journal`); or why there is none: `cut short` by the end of the file, or something worse. */
export function decodeLine(journal: Buffer, offset: number): JournalLine | string {
  const head = lineHead.exec(journal.toString('latin1', offset, offset + 32));
  if (!head)
    return journal.indexOf(LF, offset) < 0 && journal.indexOf(0, offset) < 0 ? 'cut short' : 'no record begins here';
  const [{ length }, mark, size, sum] = head as unknown as [string, string, string, string];
  const begin = offset + length;
  const end = begin + Number(size);
  if (end >= journal.length) return journal.at(-1) === LF ? 'a wrong length' : 'cut short';
  const body = journal.subarray(begin, end);
  if (journal[end] !== LF || crc32(body, crc32(mark)) !== parseInt(sum, 16)) return 'a wrong checksum';
  const record = decodeRecord(body);
  return record ? { record, first: mark === '>', end: end + 1 } : 'an unknown record';
}
const lineHead = /^([>+]) (\d{1,10}) ([0-9a-f]{8}) /;

function decodeRecord(body: Buffer): JournalRecord | undefined {
  const afterType = body.indexOf(SPACE);
  const type = body.toString('latin1', 0, afterType);
  if (type === 'compact') return { type, revision: Number(body.toString('latin1', afterType)) };
  const afterRevision = body.indexOf(SPACE, afterType + 1);
  const revision = Number(body.toString('latin1', afterType, afterRevision));
  const afterKey = endOfString(body, afterRevision + 1);
  const key = JSON.parse(body.toString('utf8', afterRevision + 1, afterKey)) as string;
  if (type === 'delete') return { type, revision, key };
  if (type === 'put') return { type, revision, key, value: body.subarray(afterKey + 1) };
  if (type === 'put64')
    return { type: 'put', revision, key, value: Buffer.from(body.toString('latin1', afterKey + 1), 'base64') };
  return undefined;
}

/** Where the JSON string ends whose first quote is at `begin`. */
function endOfString(text: Buffer, begin: number): number {
  let at = begin + 1;
  while (at < text.length && text[at] !== QUOTE) at += text[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** An entry of a snapshot. `json` says that its value is known to be one line of JSON. */
export type SnapshotEntry = Entry & { readonly json?: boolean };

export const snapshotHead = (revision: number, count: number): string =>
  `{"format":"kubebook store","version":${formatVersion},"revision":${revision},"count":${count},` +
  `"crc32":"${headSum(revision, count)}","objects":{\n`;
export const snapshotTail = '}}\n';
const headSum = (revision: number, count: number): string => hex(crc32(`${revision} ${count}`));

/** The line of an entry, without the comma. */
export function encodeEntry({ key, value, createRevision, modRevision, json }: SnapshotEntry): Buffer {
  const asJson = json ?? isJsonLine(value);
  const payload = asJson ? value : Buffer.from(JSON.stringify(value.toString('base64')));
  const name = JSON.stringify(key);
  const sum = hex(crc32(payload, crc32(`${name} ${createRevision} ${modRevision}`)));
  return Buffer.concat([
    Buffer.from(
      `${name}:{"createRevision":${createRevision},"modRevision":${modRevision},"crc32":"${sum}","${asJson ? 'value' : 'base64'}":`,
    ),
    payload,
    Buffer.from('}'),
  ]);
}

function isJsonLine(value: Buffer): boolean {
  if (value.includes(LF) || !isUtf8(value)) return false;
  try {
    JSON.parse(value.toString());
    return true;
  } catch {
    return false;
  }
}

/** The first line of a snapshot. */
export interface SnapshotHead {
  readonly version: number;
  readonly revision: number;
  readonly count: number;
  /** Where the first entry begins, in bytes. */
  readonly end: number;
}

/** @throws {FolderError} it is damaged, or of a newer version */
export function decodeHead(snapshot: Buffer, file: string): SnapshotHead {
  if (snapshot.length === 0) throw damaged(file, 0, 'it is empty');
  const start = snapshot.toString('latin1', 0, 200);
  const version = Number(versionPattern.exec(start)?.[1]);
  if (version > formatVersion) throw newerVersion(file, version);
  const head = headPattern.exec(start);
  if (!head) throw damaged(file, 0, 'not the beginning of a snapshot');
  const [revision, count] = [Number(head[1]), Number(head[2])];
  if (version > 1 && head[3] !== headSum(revision, count)) throw damaged(file, 0, 'a wrong checksum');
  return { version, revision, count, end: head[0].length };
}
const versionPattern = /^\{"format":"kubebook store","version":(\d+),/;
const headPattern =
  /^\{"format":"kubebook store","version":\d+,"revision":(\d+),"count":(\d+),(?:"crc32":"([0-9a-f]{8})",)?"objects":\{\n/;

/** The entry whose line begins at `at`, undefined if it is damaged; and where the next line begins: -1 if there is none. */
export function decodeEntryLine(
  snapshot: Buffer,
  at: number,
  isLast: boolean,
): { readonly entry: SnapshotEntry | undefined; readonly next: number } {
  const lineEnd = snapshot.indexOf(LF, at);
  if (lineEnd < 0) return { entry: undefined, next: -1 };
  return { entry: decodeEntry(snapshot.subarray(at, isLast ? lineEnd : lineEnd - 1)), next: lineEnd + 1 };
}

/**
 * The content of a snapshot. Values are slices of it.
 *
 * @param file for messages
 * @throws {FolderError} it is damaged, or of a newer version
 */
export function decodeSnapshot(
  snapshot: Buffer,
  file: string,
): { version: number; revision: number; entries: SnapshotEntry[] } {
  const { version, revision, count, end } = decodeHead(snapshot, file);
  const entries: SnapshotEntry[] = [];
  let at = end;
  while (entries.length < count) {
    const { entry, next } = decodeEntryLine(snapshot, at, entries.length + 1 === count);
    if (next < 0) throw damaged(file, at, `cut short after ${entries.length} of ${count} objects`);
    if (!entry) throw damaged(file, at, 'a wrong checksum');
    entries.push(entry);
    at = next;
  }
  if (snapshot.toString('latin1', at) !== snapshotTail) throw damaged(file, at, 'not the end of a snapshot');
  return { version, revision, entries };
}

function decodeEntry(line: Buffer): SnapshotEntry | undefined {
  const afterName = endOfString(line, 0);
  const fields = entryPattern.exec(line.toString('latin1', afterName, afterName + 120));
  if (!fields) return undefined;
  const [all, createRevision, modRevision, sum, form] = fields as unknown as [string, string, string, string, string];
  const payload = line.subarray(afterName + all.length, line.length - 1);
  const name = line.toString('utf8', 0, afterName);
  if (crc32(payload, crc32(`${name} ${createRevision} ${modRevision}`)) !== parseInt(sum, 16)) return undefined;
  const json = form === 'value';
  return {
    key: JSON.parse(name) as string,
    value: json ? payload : Buffer.from(payload.toString('latin1', 1, payload.length - 1), 'base64'),
    createRevision: Number(createRevision),
    modRevision: Number(modRevision),
    json,
  };
}
const entryPattern = /^:\{"createRevision":(\d+),"modRevision":(\d+),"crc32":"([0-9a-f]{8})","(value|base64)":/;

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');
