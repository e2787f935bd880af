/**
 * A look into a folder, without opening the store: whoever has it open is not disturbed, and nothing is changed. Where the
 * store stops at the first fault, this goes on to find all of them.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readState } from './adapter.js';
import { assertJournal, snapshotName } from './fold.js';
import { decodeEntryLine, decodeHead, decodeJournalHead, decodeLine, FolderError, snapshotTail } from './format.js';
import { firstRevision, isTorn, segmentsOf } from './journal.js';

export interface Problem {
  readonly file: string;
  /** Where, in bytes from the beginning of the file. */
  readonly offset: number;
  readonly text: string;
}

export interface FileReport {
  readonly name: string;
  readonly bytes: number;
  readonly version: number | undefined;
  /** Objects of a snapshot, records of a journal. */
  readonly records: number;
  /** The first and the last revision that it writes; a snapshot has but one. */
  readonly from: number;
  readonly to: number;
  /** Bytes at its end that are the beginning of a write that was never acknowledged. The next start cuts them off. */
  readonly torn: number;
}

export interface Inspection {
  readonly files: readonly FileReport[];
  readonly problems: readonly Problem[];
  readonly revision: number;
  readonly objects: number;
}

/** Verifies every record of a folder. @throws {FolderError} there is no store, or one of a newer version */
export function inspectFolder(folder: string): Inspection {
  assertStore(folder);
  return settled(folder, () => new Inspector(folder).run());
}

/** The state of a folder, read while somebody may be writing to it. @throws {FolderError} */
export function readFolder(folder: string): ReturnType<typeof readState> {
  assertStore(folder);
  return settled(folder, () => readState(folder));
}

/** @throws {FolderError} nobody has kept objects there */
export function assertStore(folder: string): void {
  const isThere = existsSync(join(folder, snapshotName)) || (existsSync(folder) && segmentsOf(folder).length > 0);
  if (!isThere) throw new FolderError(`${folder} holds no store: choose the data folder of a cluster with --data`);
}

/** While the journal is folded, files go that were just listed: then it is read again. */
export function settled<T>(folder: string, read: () => T): T {
  const folded = (): string => {
    const stat = statSync(join(folder, snapshotName), { throwIfNoEntry: false });
    return stat ? `${stat.ino} ${stat.mtimeMs}` : '';
  };
  for (let attempt = 1; ; attempt++) {
    const before = folded();
    let result: T | undefined;
    let failure: unknown;
    try {
      result = read();
    } catch (error) {
      failure = error;
    }
    if (before !== folded() && attempt < 100) continue;
    if (failure) throw failure;
    return result!;
  }
}

class Inspector {
  readonly #folder: string;
  readonly #files: FileReport[] = [];
  readonly #problems: Problem[] = [];
  readonly #keys = new Set<string>();
  #revision = 1;

  constructor(folder: string) {
    this.#folder = folder;
  }

  run(): Inspection {
    if (existsSync(join(this.#folder, snapshotName))) this.#snapshot(join(this.#folder, snapshotName));
    const begin = this.#revision;
    const segments = segmentsOf(this.#folder);
    if (segments.length === 0) this.#try(join(this.#folder, snapshotName), () => assertJournal(this.#folder));
    for (const [index, file] of segments.entries()) this.#segment(file, begin, index === segments.length - 1);
    return { files: this.#files, problems: this.#problems, revision: this.#revision, objects: this.#keys.size };
  }

  #problem(file: string, offset: number, text: string): void {
    this.#problems.push({ file, offset, text });
  }

  #snapshot(file: string): void {
    const content = readFileSync(file);
    const report = { name: basename(file), bytes: content.length, torn: 0 };
    const head = this.#try(file, () => decodeHead(content, file));
    if (!head) return void this.#files.push({ ...report, version: undefined, records: 0, from: 0, to: 0 });
    const { version, revision, count, end } = head;
    let at = end;
    let read = 0;
    for (; read < count; read++) {
      const { entry, next } = decodeEntryLine(content, at, read + 1 === count);
      if (next < 0) {
        this.#problem(file, at, `cut short after ${read} of ${count} objects`);
        break;
      }
      if (!entry) this.#problem(file, at, 'a wrong checksum');
      else if (this.#keys.has(entry.key)) this.#problem(file, at, `${entry.key} is there twice`);
      else if (entry.modRevision > revision) this.#problem(file, at, `${entry.key} is newer than the snapshot`);
      if (entry) this.#keys.add(entry.key);
      at = next;
    }
    if (read === count && content.toString('latin1', at) !== snapshotTail)
      this.#problem(file, at, 'not the end of a snapshot');
    this.#revision = revision;
    this.#files.push({ ...report, version, records: read, from: revision, to: revision });
  }

  /** @param begin the snapshot's revision: what is not newer is in there already */
  #segment(file: string, begin: number, isLast: boolean): void {
    const content = readFileSync(file);
    const head = this.#try(file, () => decodeJournalHead(content, file));
    const report = { name: basename(file), bytes: content.length, version: head?.version };
    if (!head) {
      const torn = isLast && this.#problems.every((problem) => problem.file !== file) ? content.length : 0;
      if (!isLast) this.#problem(file, 0, 'it is cut short');
      return void this.#files.push({ ...report, records: 0, from: 0, to: 0, torn });
    }
    const first = firstRevision(file);
    if (first > this.#revision + 1) {
      this.#problem(file, head.end, `it goes on at revision ${first}, but ${this.#revision + 1} is missing`);
      this.#revision = first - 1;
    }
    let [records, from, to, torn] = [0, 0, 0, 0];
    /** After damage it is not known what comes next. */
    let lost = false;
    for (let at = head.end; at < content.length;) {
      const line = decodeLine(content, at);
      if (typeof line === 'string') {
        if (isLast && isTorn(content, at, line)) {
          torn = content.length - at;
          break;
        }
        this.#problem(file, at, line);
        lost = true;
        at = nextRecord(content, at);
        continue;
      }
      const { record } = line;
      records++;
      if (record.type !== 'compact') {
        from ||= record.revision;
        to = record.revision;
        if (record.revision > begin) {
          if (record.revision !== this.#revision + 1 && !lost)
            this.#problem(file, at, `it goes on at revision ${record.revision}, but ${this.#revision + 1} is missing`);
          if (record.type === 'delete' && !this.#keys.delete(record.key) && !lost)
            this.#problem(file, at, `it deletes ${record.key}, which is not there`);
          if (record.type === 'put') this.#keys.add(record.key);
          this.#revision = record.revision;
          lost = false;
        }
      }
      at = line.end;
    }
    this.#files.push({ ...report, records, from, to, torn });
  }

  /** Of a newer version nothing can be said; what is damaged is a problem like any other. */
  #try<T>(file: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FolderError) || error.newer) throw error;
      this.#problem(file, error.offset, error.what ?? error.message);
      return undefined;
    }
  }
}

/** Where the next sound record begins after a damaged one. */
function nextRecord(journal: Buffer, offset: number): number {
  for (let at = offset; (at = journal.indexOf('\n', at)) >= 0; at++)
    if (typeof decodeLine(journal, at + 1) !== 'string') return at + 1;
  return journal.length;
}
