/**
 * A lowdb adapter with one method more. lowdb's own adapters rewrite a JSON file for each change, which cannot carry 30,000
 * pods; so here a change is appended to a journal, and lowdb's `write()` folds the journal into the JSON file.
 *
 * - `read()`: the state is the snapshot plus the journal.
 * - `append(records)`: a group of writes goes to the journal with one `fdatasync`.
 * - `write()`: the journal is folded into the snapshot by a worker thread, from the files; this thread only changes to a
 *   new segment of the journal and is held for no longer than that.
 */
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Adapter } from 'lowdb';
import { type Log, Slab } from '../../../util/index.js';
import { SortedEntries } from '../sorted.js';
import type { Entry, StoreEvent } from '../storage.js';
import { assertJournal, fold, readSnapshot, snapshotName, unfinishedName } from './fold.js';
import { formatVersion, type JournalRecord } from './format.js';
import { Journal, type OpenFile, readSegments, type Segment, segmentsOf } from './journal.js';

/** What lowdb holds as its `data`. */
export interface State {
  revision: number;
  /** The oldest revision that can be read. */
  compacted: number;
  readonly entries: SortedEntries;
  /** What the journal still knows of the past: every write after `compacted`, read when the folder is opened. */
  readonly events: StoreEvent[];
}

export const emptyState = (): State => ({ revision: 1, compacted: 0, entries: new SortedEntries(), events: [] });

export interface JournalAdapterOptions {
  readonly folder: string;
  /** Of the past, so many revisions are of interest. */
  readonly historyRevisions: number;
  readonly log: Log;
  readonly open?: OpenFile;
}

export class JournalAdapter implements Adapter<State> {
  readonly #folder: string;
  readonly #historyRevisions: number;
  readonly #log: Log;
  readonly #journal: Journal;
  #revision = 1;
  #snapshotBytes = 0;

  constructor({ folder, historyRevisions, log, open }: JournalAdapterOptions) {
    this.#folder = folder;
    this.#historyRevisions = historyRevisions;
    this.#log = log;
    this.#journal = new Journal({ folder, open });
  }

  /** Bytes in the journal since the last `write()`, and in the snapshot that it made. */
  get size(): { readonly journal: number; readonly snapshot: number } {
    return { journal: this.#journal.bytes, snapshot: this.#snapshotBytes };
  }

  /** @throws {FolderError} the folder is damaged, or written by a newer version; nothing was changed then */
  async read(): Promise<State> {
    const { state, segments, version } = readState(this.#folder, this.#historyRevisions);
    const last = segments.at(-1);
    if (last && last.torn > 0)
      this.#log.warn('cut off a torn end of the journal: a write that was never acknowledged', {
        file: last.file,
        offset: last.end,
        bytes: last.torn,
      });
    rmSync(join(this.#folder, unfinishedName), { force: true });
    const goesOn = last?.version === formatVersion || last?.records.length;
    await this.#journal.begin(goesOn ? last : undefined, state.revision + 1);
    for (const { file, records } of segments.slice(0, -1)) if (records.length === 0) rmSync(file); // folded already
    this.#revision = state.revision;
    this.#snapshotBytes = statSync(join(this.#folder, snapshotName), { throwIfNoEntry: false })?.size ?? 0;
    if (version < formatVersion) {
      this.#log.warn('the store is of an older format, and is written anew in the present one', {
        folder: this.#folder,
        from: version,
        to: formatVersion,
      });
      await this.#fold(await this.#journal.rotate(() => this.#revision + 1));
    }
    return state;
  }

  /** Resolves when the group would survive a crash. After a rejection it is as if it had not been tried. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    await this.#journal.append(records);
    const last = records.findLast(({ type }) => type !== 'compact');
    if (last) this.#revision = last.revision;
  }

  /** Called by lowdb with its `data`, which is not needed: the files know it already. */
  async write(): Promise<void> {
    const segments = await this.#journal.rotate(() => this.#revision + 1);
    if (segments.length > 0) await this.#fold(segments);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  async #fold(segments: readonly string[]): Promise<void> {
    this.#snapshotBytes = await foldAside({ folder: this.#folder, segments });
  }
}

/**
 * What a folder holds, without changing anything in it.
 *
 * @param historyRevisions of the past, so much at most
 * @throws {FolderError} as {@link JournalAdapter.read}
 */
export function readState(
  folder: string,
  historyRevisions = Infinity,
): {
  readonly state: State;
  readonly segments: readonly Segment[];
  /** That of the oldest of its files. */
  readonly version: number;
} {
  const snapshot = readSnapshot(folder);
  assertJournal(folder);
  const segments = readSegments(segmentsOf(folder), snapshot.revision, { closed: false });
  const state = { ...emptyState(), revision: snapshot.revision };
  if (snapshot.revision > 1) state.compacted = snapshot.revision;
  for (const { key, value, createRevision, modRevision } of snapshot.entries)
    state.entries.set({ key, value, createRevision, modRevision });
  for (const { records } of segments) for (const record of records) replay(state, record);
  state.compacted = Math.max(state.compacted, state.revision - historyRevisions);
  state.events.splice(0, state.events.length - (state.revision - state.compacted));
  detach(state);
  return { state, segments, version: Math.min(snapshot.version, ...segments.map(({ version }) => version)) };
}

/** How much memory is allocated at once for what was read. */
const pieceBytes = 64 * 1024;

/** Values are slices of the files, of which one keeps all of its file in memory: what stays is copied. */
function detach({ entries, events }: State): void {
  const slab = new Slab(pieceBytes);
  const copied = new Set<Entry>();
  const copy = (entry: Entry | undefined): void => {
    if (!entry || copied.has(entry)) return;
    copied.add(entry);
    (entry as { value: Buffer }).value = slab.copy(entry.value);
  };
  // In the order in which they were written: so they will be forgotten, and a piece is free when its last value is.
  for (const event of events) {
    copy(event.previous);
    if (event.type === 'put') copy(event.entry);
  }
  for (const entry of entries.walk('', '')) copy(entry);
}

function replay(state: State, record: JournalRecord): void {
  if (record.type === 'compact') return void (state.compacted = Math.max(state.compacted, record.revision));
  const { key, revision } = record;
  state.revision = revision;
  if (record.type === 'put') {
    const entry = { key, value: record.value, createRevision: revision, modRevision: revision };
    const previous = state.entries.set(entry);
    if (previous) entry.createRevision = previous.createRevision;
    state.events.push({ type: 'put', entry, previous });
  } else {
    const previous = state.entries.delete(key);
    if (previous) state.events.push({ type: 'delete', revision, previous });
  }
}

const workerFile = new URL('./fold-worker.js', import.meta.url);

/** {@link fold} in a thread of its own; in this one when running from the TypeScript source, as unit tests do. */
function foldAside(job: Parameters<typeof fold>[0]): Promise<number> {
  if (!existsSync(fileURLToPath(workerFile))) return Promise.resolve().then(() => fold(job));
  return new Promise((resolve, reject) => {
    // Not with this process's own flags: those of `node --input-type=module --eval …` forbid a file.
    const worker = new Worker(workerFile, { workerData: job, execArgv: [] });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that folds the journal ended with code ${code}`)));
  });
}
