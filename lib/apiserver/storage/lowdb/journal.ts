/**
 * The journal: every write since the snapshot, in segments (`journal-<first revision>.log`), appended a group at a time
 * and made durable with one `fdatasync`. A segment is closed when its content is about to be folded into the snapshot, and
 * removed when it has been.
 */
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  damaged,
  decodeLine,
  encodeGroup,
  FolderError,
  formatVersion,
  decodeJournalHead,
  journalHeader,
  type JournalLine,
  type JournalRecord,
} from './format.js';

/** A block of a disk, which is written whole or not at all, in bytes. */
const sectorSize = 512;

const segmentPattern = /^journal-\d{16}\.log$/;

export const segmentName = (firstRevision: number): string => `journal-${String(firstRevision).padStart(16, '0')}.log`;

/** With which revision a segment begins, by its name. */
export const firstRevision = (file: string): number => Number(/(\d+)\.log$/.exec(file)![1]);

/** The paths of a folder's segments, oldest first. */
export const segmentsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => segmentPattern.test(name))
    .sort()
    .map((name) => join(folder, name));

export interface Segment {
  readonly file: string;
  /** The version of its format. */
  readonly version: number;
  readonly records: readonly JournalRecord[];
  /** Up to here the file is sound, in bytes. */
  readonly end: number;
  /** What follows is the beginning of a group that never became durable: so many bytes. */
  readonly torn: number;
}

/**
 * Reads a segment and verifies every record of it.
 *
 * @param last it is the one that was written to, so its last group may be torn
 * @throws {FolderError} it is damaged, or of a newer version
 */
export function readSegment(file: string, last: boolean): Segment {
  const journal = readFileSync(file);
  const head = decodeJournalHead(journal, file);
  // The header is made durable before anything is acknowledged, so a short one means that nothing was.
  if (!head && last) return { file, version: formatVersion, records: [], end: 0, torn: journal.length };
  if (!head) throw damaged(file, 0, 'not the beginning of a journal');
  const { version } = head;
  const records: JournalRecord[] = [];
  let offset = head.end;
  while (offset < journal.length) {
    const line = decodeLine(journal, offset);
    if (typeof line === 'string') {
      if (!last || !isTorn(journal, offset, line)) throw damaged(file, offset, line);
      return { file, version, records, end: offset, torn: journal.length - offset };
    }
    records.push(line.record);
    offset = line.end;
  }
  return { file, version, records, end: offset, torn: 0 };
}

/**
 * A crash leaves the last group unfinished: its end is missing, or, after a power cut, some blocks of it were never
 * written and read as zeros. Whatever else is wrong, and whatever is wrong before a later group, is damage.
 */
export function isTorn(journal: Buffer, offset: number, problem: JournalLine | string): boolean {
  for (let at = offset; (at = journal.indexOf('\n> ', at)) >= 0; at++)
    if (typeof decodeLine(journal, at + 1) !== 'string') return false;
  return problem === 'cut short' || holdsUnwrittenSector(journal, offset);
}

function holdsUnwrittenSector(journal: Buffer, offset: number): boolean {
  for (let at = offset; at < journal.length; at = (Math.floor(at / sectorSize) + 1) * sectorSize) {
    const sector = journal.subarray(at, (Math.floor(at / sectorSize) + 1) * sectorSize);
    if (sector.every((byte) => byte === 0)) return true;
  }
  return false;
}

/**
 * The segments of a folder in order, with their records after `revision`, nothing missing in between.
 *
 * @param options.closed all of them were closed: none may be torn
 * @throws {FolderError} as `readSegment`; or revisions are missing
 */
export function readSegments(
  files: readonly string[],
  revision: number,
  { closed }: { readonly closed: boolean },
): Segment[] {
  let reached = revision;
  return files.map((file, index) => {
    // It may hold no record, and those before it may be gone.
    if (firstRevision(file) > reached + 1) throw gap(file, firstRevision(file), reached + 1);
    const segment = readSegment(file, !closed && index === files.length - 1);
    const records = segment.records.filter((record) => {
      if (record.type === 'compact') return true;
      if (record.revision <= revision) return false;
      if (record.revision !== ++reached) throw gap(file, record.revision, reached);
      return true;
    });
    return { ...segment, records };
  });
}

const gap = (file: string, revision: number, missing: number): FolderError =>
  new FolderError(
    `${file} goes on at revision ${revision}, but ${missing} is missing: ` +
      'restore the folder from a copy, or choose another one; nothing was changed',
  );

/** Opens a file for reading and writing; tests hand in a disk that fills up. */
export type OpenFile = (
  path: string,
  flags: string,
) => Promise<Pick<FileHandle, 'write' | 'datasync' | 'truncate' | 'close'>>;

export class Journal {
  readonly #folder: string;
  readonly #open: OpenFile;
  #handle: Awaited<ReturnType<OpenFile>> | undefined;
  #file = '';
  /** The durable end of the segment, in bytes. What lies beyond is the rest of a group that failed. */
  #end = 0;
  /** A group failed: the segment must be cut back to `#end` before anything may be appended. */
  #torn = false;
  /** Appending and changing the segment happen one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ folder, open: openFile = open }: { readonly folder: string; readonly open?: OpenFile }) {
    this.#folder = folder;
    this.#open = openFile;
  }

  /** Bytes in the segment that is being written. */
  get bytes(): number {
    return this.#end;
  }

  /** Goes on with `segment`, cutting off what is torn, or begins one that will start with `nextRevision`. */
  begin(segment: Segment | undefined, nextRevision: number): Promise<void> {
    return this.#inTurn(async () => {
      if (!segment || segment.end === 0) return await this.#create(nextRevision);
      this.#file = segment.file;
      this.#handle = await this.#open(segment.file, 'r+');
      this.#end = segment.end;
      this.#torn = segment.torn > 0;
      await this.#mend();
      // A group that was killed before its sync may be whole, but only in the kernel's memory. It is about to be seen.
      await this.#handle.datasync();
    });
  }

  /** Appends a group; resolves when it would survive a crash. After a rejection the journal is as it was before. */
  append(records: readonly JournalRecord[]): Promise<void> {
    const bytes = encodeGroup(records);
    return this.#inTurn(async () => {
      await this.#mend();
      this.#torn = true;
      for (let done = 0; done < bytes.length;)
        done += (await this.#handle!.write(bytes, done, bytes.length - done, this.#end + done)).bytesWritten;
      await this.#handle!.datasync();
      this.#torn = false;
      this.#end += bytes.length;
    });
  }

  /** Closes the segment and begins the one that will start with `nextRevision()`; resolves with those that are closed. */
  rotate(nextRevision: () => number): Promise<string[]> {
    return this.#inTurn(async () => {
      const closed = segmentsOf(this.#folder);
      if (basename(this.#file) === segmentName(nextRevision())) return closed.filter((file) => file !== this.#file);
      await this.#mend();
      const before = this.#handle;
      await this.#create(nextRevision());
      await before!.close();
      return closed;
    });
  }

  /** Resolves when what was appended before is durable and the file is closed. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#handle?.close();
      this.#handle = undefined;
    });
  }

  async #create(nextRevision: number): Promise<void> {
    const file = join(this.#folder, segmentName(nextRevision));
    const handle = await this.#open(file, 'w+');
    try {
      await writeAll(handle, journalHeader, 0);
      await syncFolderAside(this.#folder);
    } catch (error) {
      await handle.close();
      rmSync(file, { force: true }); // half a segment between whole ones would look like damage
      throw error;
    }
    this.#file = file;
    this.#handle = handle;
    this.#end = journalHeader.length;
  }

  async #mend(): Promise<void> {
    if (!this.#torn) return;
    await this.#handle!.truncate(this.#end);
    await this.#handle!.datasync();
    this.#torn = false;
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** A disk that fills up writes less than it was given, and fails only the next time. */
async function writeAll(handle: Awaited<ReturnType<OpenFile>>, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  await handle.datasync();
}

/** Makes the names in a folder durable: a new file whose name is lost is lost. */
export const syncFolder = (folder: string): void => syncFile(folder);

/** The same, without holding up this thread: while a snapshot is written, a disk may take long for it. */
async function syncFolderAside(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function syncFile(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
