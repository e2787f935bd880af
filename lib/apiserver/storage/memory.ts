/**
 * The store as a plain model: a map, and the list of everything that was written. Nothing is fast or durable here, and
 * everything can be seen to be right; the engines are compared with it. For tests, and for clusters that may be forgotten.
 *
 * ```ts
 * await using storage = new MemoryStorage();
 * const { modRevision } = await storage.put('/registry/pods/default/web-0', Buffer.from('{…}'), { expected: 0 });
 * ```
 */
import { History, keyOf } from './history.js';
import { compareKeys } from './order.js';
import {
  type Entry,
  type Listing,
  type ListOptions,
  maxValueBytes,
  RevisionMismatchError,
  type Storage,
  type StoreEvent,
  TooLargeError,
  UnavailableError,
  type WatchOptions,
} from './storage.js';

export class MemoryStorage implements Storage {
  readonly #entries = new Map<string, Entry>();
  readonly #history = new History({ revision: 1, compacted: 0 });
  #closed = false;

  async revision(): Promise<number> {
    this.#open();
    return this.#history.revision;
  }

  async get(key: string, { revision = this.#history.revision } = {}): Promise<Entry | undefined> {
    return this.#at(revision).get(key);
  }

  async list(
    prefix: string,
    { revision = this.#history.revision, after = '', limit = Infinity }: ListOptions = {},
  ): Promise<Listing> {
    const found = [...this.#at(revision).values()]
      .filter(({ key }) => key.startsWith(prefix) && compareKeys(key, after) > 0)
      .sort((a, b) => compareKeys(a.key, b.key));
    const entries = found.slice(0, limit);
    return { entries, revision, remaining: found.length - entries.length };
  }

  async put(key: string, value: Buffer, { expected }: { readonly expected?: number } = {}): Promise<Entry> {
    const previous = this.#expect(key, expected);
    if (value.length > maxValueBytes) throw new TooLargeError(value.length, maxValueBytes);
    const modRevision = this.#history.revision + 1;
    const entry = { key, value, createRevision: previous?.createRevision ?? modRevision, modRevision };
    this.#entries.set(key, entry);
    this.#history.append([{ type: 'put', entry, previous }]);
    return entry;
  }

  async delete(key: string, { expected }: { readonly expected?: number } = {}): Promise<number | undefined> {
    const previous = this.#expect(key, expected);
    if (!previous) return undefined;
    const revision = this.#history.revision + 1;
    this.#entries.delete(key);
    this.#history.append([{ type: 'delete', revision, previous }]);
    return revision;
  }

  watch(prefix: string, options: WatchOptions, signal: AbortSignal): AsyncIterable<readonly StoreEvent[]> {
    return this.#history.watch(prefix, options, signal);
  }

  async compact(revision: number): Promise<void> {
    this.#open();
    this.#history.compact(revision);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#history.close();
  }

  #open(): void {
    if (this.#closed) throw new UnavailableError('the store is closed');
  }

  #expect(key: string, expected: number | undefined): Entry | undefined {
    this.#open();
    const current = this.#entries.get(key);
    if (expected !== undefined && expected !== (current?.modRevision ?? 0))
      throw new RevisionMismatchError(key, expected, current);
    return current;
  }

  /** All entries as they were at `revision`: those of the present, with what was written since undone, last first. */
  #at(revision: number): ReadonlyMap<string, Entry> {
    this.#open();
    this.#history.check(revision);
    const undo = this.#history.since(revision);
    if (undo.length === 0) return this.#entries;
    const entries = new Map(this.#entries);
    for (const event of undo.toReversed()) {
      if (event.previous) entries.set(keyOf(event), event.previous);
      else entries.delete(keyOf(event));
    }
    return entries;
  }
}
