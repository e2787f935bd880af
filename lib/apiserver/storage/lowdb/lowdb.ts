/**
 * The default store: nothing to install, and a reader can open its files (see `format.ts`).
 *
 * ```ts
 * await using storage = await LowdbStorage.open({ folder: '.kubebook/store', clock: realClock, log });
 * ```
 *
 * How a write travels: it waits until the group before it is durable; then everything that waits is decided in order,
 * against the present state and what came before it in the group; what was decided goes to the journal with one
 * `fdatasync`; only then does it happen: the state changes, writers are answered, watches are told. So what anybody sees,
 * refusals included, would survive a crash, and 64 clients share one sync.
 *
 * Reads never wait: all entries are in memory, in the order of their keys. The past is read by undoing what was written
 * since: dearer the further it lies back, which is fine for the later pages of a list.
 */
import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { Low } from 'lowdb';
import { type Clock, type Log, makeFolder, Scope, Slab } from '../../../util/index.js';
import { History, keyOf } from '../history.js';
import { compareKeys } from '../order.js';
import type { SortedEntries } from '../sorted.js';
import {
  type Entry,
  FutureRevisionError,
  type Listing,
  type ListOptions,
  maxValueBytes,
  RevisionMismatchError,
  type Storage,
  type StoreEvent,
  TooLargeError,
  UnavailableError,
  type WatchOptions,
} from '../storage.js';
import { emptyState, JournalAdapter, type State } from './adapter.js';
import { snapshotName } from './fold.js';
import { FolderError, type JournalRecord } from './format.js';
import type { OpenFile } from './journal.js';
import { lockFolder } from './lock.js';

export interface LowdbStorageOptions {
  /** Made if it is not there; otherwise empty, or a store. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** At most so many revisions of history are kept: 50,000 by default. */
  readonly historyRevisions?: number;
  /** What is older than this, and up to twice as old, is forgotten: five minutes by default, as upstream. */
  readonly historyMs?: number;
  /** The journal is folded when it has grown to so many bytes (16 MiB by default), or to the size of the snapshot. */
  readonly foldBytes?: number;
  /** Opens a segment of the journal; for tests of a failing disk. */
  readonly openFile?: OpenFile;
}

const defaultHistoryRevisions = 50_000;

/** A group holds no more than so many bytes of values, so that its sync is short and those who wait behind it do not starve. */
const maxGroupBytes = 8 * 1024 * 1024;

/** Waits to be decided. */
type Request = Change | { readonly type: 'compact'; readonly revision: number; readonly answer: Answer<void> };

type Change =
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: Buffer;
      readonly expected: number | undefined;
      readonly answer: Answer<Entry>;
    }
  | {
      readonly type: 'delete';
      readonly key: string;
      readonly expected: number | undefined;
      readonly answer: Answer<number | undefined>;
    };

interface Answer<T> {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
}

export class LowdbStorage implements Storage {
  readonly #adapter: JournalAdapter;
  readonly #db: Low<State>;
  readonly #history: History;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #historyRevisions: number;
  readonly #foldBytes: number;
  /** Ends what `open` began. */
  readonly #scope: Scope;
  readonly #slab = new Slab();
  readonly #waiting: Request[] = [];
  /** Runs while requests wait. */
  #committing: Promise<void> | undefined;
  #folding: Promise<void> | undefined;
  #ageTimer: Disposable | undefined;
  #closed = false;

  /**
   * Opens the store of a folder, or makes one.
   *
   * @throws {FolderError} one sentence for the user: the folder cannot be written, is in use, holds something else, is
   *   damaged (file and byte are named), or was written by a newer version
   */
  static async open(options: LowdbStorageOptions): Promise<LowdbStorage> {
    const { folder, log } = options;
    await using scope = new Scope();
    prepare(folder);
    scope.use(takeLock(folder));
    const { historyRevisions = defaultHistoryRevisions } = options;
    const adapter = new JournalAdapter({ folder, historyRevisions, log, open: options.openFile });
    scope.defer(() => adapter.close());
    const db = new Low<State>(adapter, emptyState());
    await db.read();
    return new LowdbStorage(options, adapter, db, scope.move());
  }

  private constructor(options: LowdbStorageOptions, adapter: JournalAdapter, db: Low<State>, scope: Scope) {
    this.#adapter = adapter;
    this.#db = db;
    this.#scope = scope;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#historyRevisions = options.historyRevisions ?? defaultHistoryRevisions;
    this.#foldBytes = options.foldBytes ?? 16 * 1024 * 1024;

    const { compacted, revision, events } = db.data;
    this.#history = new History({ revision: revision - events.length, compacted });
    this.#history.append(events.splice(0));
    this.#forgetByAge(options.historyMs ?? 5 * 60_000);
  }

  async revision(): Promise<number> {
    this.#open();
    return this.#history.revision;
  }

  async get(key: string, { revision }: { readonly revision?: number } = {}): Promise<Entry | undefined> {
    this.#open();
    if (revision === undefined) return this.#entries.get(key);
    const undone = this.#undo(revision, (other) => other === key);
    return undone.has(key) ? undone.get(key) : this.#entries.get(key);
  }

  async list(
    prefix: string,
    { revision = this.#history.revision, after = '', limit = Infinity }: ListOptions = {},
  ): Promise<Listing> {
    this.#open();
    const inRange = (key: string): boolean => key.startsWith(prefix) && (after === '' || compareKeys(key, after) > 0);
    const undone = this.#undo(revision, inRange);
    const entries: Entry[] = [];
    if (undone.size === 0) {
      for (const entry of this.#entries.walk(prefix, after)) if (entries.push(entry) >= limit) break;
      return { entries, revision, remaining: this.#entries.count(prefix, after) - entries.length };
    }
    let total = this.#entries.count(prefix, after);
    for (const [key, entry] of undone) total += (entry ? 1 : 0) - (this.#entries.get(key) ? 1 : 0);
    for (const entry of merge(this.#entries.walk(prefix, after), undone)) if (entries.push(entry) >= limit) break;
    return { entries, revision, remaining: total - entries.length };
  }

  put(key: string, value: Buffer, { expected }: { readonly expected?: number } = {}): Promise<Entry> {
    return new Promise((resolve, reject) => {
      if (value.length > maxValueBytes) throw new TooLargeError(value.length, maxValueBytes);
      this.#ask({ type: 'put', key, value, expected, answer: { resolve, reject } });
    });
  }

  delete(key: string, { expected }: { readonly expected?: number } = {}): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      this.#ask({ type: 'delete', key, expected, answer: { resolve, reject } });
    });
  }

  watch(prefix: string, options: WatchOptions, signal: AbortSignal): AsyncIterable<readonly StoreEvent[]> {
    return this.#history.watch(prefix, options, signal);
  }

  compact(revision: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ask({ type: 'compact', revision, answer: { resolve, reject } });
    });
  }

  /** Folds the journal into the snapshot now, for example before the folder is copied. */
  async fold(): Promise<void> {
    this.#open();
    await this.#folding;
    await (this.#folding = this.#fold());
  }

  /** Finishes the writes that wait, refuses later ones, ends the watches, and lets go of the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#ageTimer?.[Symbol.dispose]();
    await this.#committing;
    await this.#folding;
    this.#history.close();
    await this.#scope[Symbol.asyncDispose]();
  }

  get #entries(): SortedEntries {
    return this.#db.data.entries;
  }

  #open(): void {
    if (this.#closed) throw new UnavailableError('the store is closed');
  }

  #ask(request: Request): void {
    this.#open();
    this.#waiting.push(request);
    this.#committing ??= this.#commitAll();
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whoever was just answered, or arrived together with those who wait, joins the group.
      await setImmediate();
      await this.#commit(takeGroup(this.#waiting));
      this.#foldIfDue();
    }
    this.#committing = undefined; // in the same step as the last look: nobody can have come in between
  }

  /** Decides a group, makes it durable, and lets it happen. */
  async #commit(group: readonly Request[]): Promise<void> {
    const records: JournalRecord[] = [];
    const events: StoreEvent[] = [];
    const answers: (() => void)[] = [];
    /** What this group has made of a key. */
    const changed = new Map<string, Entry | undefined>();
    let revision = this.#history.revision;
    let compacted = this.#history.compacted;

    for (const request of group) {
      if (request.type === 'compact') {
        if (request.revision > revision) {
          const error = new FutureRevisionError(request.revision, revision);
          answers.push(() => request.answer.reject(error));
          continue;
        }
        if (request.revision > compacted) records.push({ type: 'compact', revision: request.revision });
        compacted = Math.max(compacted, request.revision);
        answers.push(request.answer.resolve);
        continue;
      }
      const { key, expected, answer } = request;
      const previous = changed.has(key) ? changed.get(key) : this.#entries.get(key);
      if (expected !== undefined && expected !== (previous?.modRevision ?? 0)) {
        answers.push(() => answer.reject(new RevisionMismatchError(key, expected, previous)));
      } else if (request.type === 'put') {
        revision++;
        // Only what is written stays: of ten who want to write a key, nine may have to come again.
        const value = this.#slab.copy(request.value);
        const entry = { key, value, createRevision: previous?.createRevision ?? revision, modRevision: revision };
        changed.set(key, entry);
        records.push({ type: 'put', revision, key, value });
        events.push({ type: 'put', entry, previous });
        answers.push(() => request.answer.resolve(entry));
      } else if (previous) {
        const removal = ++revision;
        changed.set(key, undefined);
        records.push({ type: 'delete', revision, key });
        events.push({ type: 'delete', revision, previous });
        answers.push(() => request.answer.resolve(removal));
      } else {
        answers.push(() => request.answer.resolve(undefined));
      }
    }

    try {
      if (records.length > 0) await this.#adapter.append(records);
    } catch (error) {
      this.#log.warn('the journal cannot be written', { writes: records.length, error });
      const text = `the store cannot be written: ${error instanceof Error ? error.message : String(error)}`;
      for (const { answer } of group) answer.reject(new UnavailableError(text, { cause: error }));
      return;
    }

    // From here on the group has happened.
    for (const [key, entry] of changed) {
      if (entry) this.#entries.set(entry);
      else this.#entries.delete(key);
    }
    this.#db.data.revision = revision;
    for (const answer of answers) answer();
    this.#history.append(events);
    this.#history.compact(compacted);
    // A tenth at a time, so that not every group pays for forgetting.
    const kept = revision - this.#history.compacted;
    if (kept > this.#historyRevisions * 1.1) this.#history.compact(revision - this.#historyRevisions);
  }

  /** Every `ms`, forgets what was there already the last time. As upstream: history is kept for one to two periods. */
  #forgetByAge(ms: number, revision = 0): void {
    const timer = this.#clock.after(ms, () => {
      this.#history.compact(revision);
      this.#forgetByAge(ms, this.#history.revision);
    });
    this.#ageTimer = timer;
  }

  #foldIfDue(): void {
    const { journal, snapshot } = this.#adapter.size;
    if (this.#folding || this.#closed || journal < Math.max(this.#foldBytes, snapshot)) return;
    this.#folding = this.#fold().catch((error: unknown) => {
      // The journal stays, and holds all of it: the next fold is due when as much again has been written.
      this.#log.warn('the journal could not be folded into the snapshot', { error });
    });
  }

  async #fold(): Promise<void> {
    try {
      await this.#db.write();
    } finally {
      this.#folding = undefined;
    }
  }

  /** What the keys of interest were at `revision`, as far as they have been written since; undefined: not there. */
  #undo(revision: number, wanted: (key: string) => boolean): Map<string, Entry | undefined> {
    const undone = new Map<string, Entry | undefined>();
    if (revision === this.#history.revision) return undone;
    this.#history.check(revision);
    for (const event of this.#history.since(revision)) {
      const key = keyOf(event);
      if (!undone.has(key) && wanted(key)) undone.set(key, event.previous);
    }
    return undone;
  }
}

/** Takes the next group off the queue: at least one request. */
function takeGroup(waiting: Request[]): Request[] {
  let bytes = 0;
  const end = waiting.findIndex((request, index) => {
    if (request.type === 'put') bytes += request.value.length;
    return index > 0 && bytes > maxGroupBytes;
  });
  return waiting.splice(0, end < 0 ? waiting.length : end);
}

/** The entries of `current` with those of `changed` in their stead, in the order of their keys. */
function* merge(current: Iterable<Entry>, changed: ReadonlyMap<string, Entry | undefined>): Generator<Entry, void> {
  const others = [...changed.values()].filter((entry) => entry !== undefined);
  others.sort((a, b) => compareKeys(a.key, b.key));
  let next = 0;
  for (const entry of current) {
    while (next < others.length && compareKeys(others[next]!.key, entry.key) <= 0) yield others[next++]!;
    if (!changed.has(entry.key)) yield entry;
  }
  yield* others.slice(next);
}

/** Makes the folder, unless it holds something that is not ours. */
function prepare(folder: string): void {
  try {
    makeFolder(folder, 0o700);
    const names = readdirSync(folder);
    const ours = names.some((name) => name === snapshotName || name.startsWith('journal-') || name.startsWith('lock'));
    if (names.length > 0 && !ours)
      throw new FolderError(
        `${folder} holds files that are not a store's (${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}): ` +
          'choose an empty folder, or one that does not exist yet',
      );
  } catch (error) {
    throw explained(folder, error);
  }
}

function takeLock(folder: string): Disposable {
  try {
    return lockFolder(folder);
  } catch (error) {
    throw explained(folder, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
  ENOENT: 'it cannot be made there',
};

function explained(folder: string, error: unknown): unknown {
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason ? new FolderError(`${folder} cannot be used as data folder: ${reason}`, { cause: error }) : error;
}
