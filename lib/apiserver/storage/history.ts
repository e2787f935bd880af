/**
 * What was written, in order, as far back as it is kept: the part of a store that watches read. Both engines that hold
 * their data in this process share it.
 *
 * Watches *pull*: each remembers only the revision it has seen and reads on from there when its consumer comes back. So a
 * consumer that never comes back costs nothing, slows nobody, and finds a {@link CompactedError} when it returns too late.
 */
import {
  CompactedError,
  FutureRevisionError,
  type StoreEvent,
  UnavailableError,
  type WatchOptions,
} from './storage.js';

/** The revision of an event. */
export const revisionOf = (event: StoreEvent): number =>
  event.type === 'put' ? event.entry.modRevision : event.revision;

/** The key that an event wrote. */
export const keyOf = (event: StoreEvent): string => (event.type === 'put' ? event.entry : event.previous).key;

export class History {
  /** One event a revision, without gaps; the last one made `revision`. Written by `append` and `compact`. */
  #events: StoreEvent[] = [];
  #revision: number;
  #compacted: number;
  #closed = false;
  /** Watches that have seen everything. Each wakes up once and asks again. */
  readonly #waiting = new Set<() => void>();

  /** @param at.compacted the state is known from here on; the events up to `revision` are still to be appended, if any */
  constructor({ revision, compacted }: { readonly revision: number; readonly compacted: number }) {
    this.#revision = revision;
    this.#compacted = compacted;
  }

  /** The revision of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** The oldest revision that may still be read, and after which a watch may begin. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Adds what was committed together, in order, and tells the watches. */
  append(events: readonly StoreEvent[]): void {
    for (const event of events) {
      this.#revision++;
      if (revisionOf(event) !== this.#revision) throw new Error(`revision ${this.#revision} is missing`);
      this.#events.push(event);
    }
    this.#wake();
  }

  /** Every event after `revision`, in order. @throws {CompactedError} */
  since(revision: number): readonly StoreEvent[] {
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    return revision >= this.#revision ? [] : this.#events.slice(revision - this.#revision);
  }

  /** @throws {CompactedError} @throws {FutureRevisionError} if the state at `revision` cannot be read */
  check(revision: number): void {
    if (revision < this.#compacted) throw new CompactedError(revision, this.#compacted);
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
  }

  /** Forgets everything before `revision`. @throws {FutureRevisionError} */
  compact(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision <= this.#compacted) return;
    this.#compacted = revision;
    this.#events.splice(0, this.#events.length - (this.#revision - revision));
    this.#wake();
  }

  /** Ends every watch with an {@link UnavailableError}. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** @see Storage.watch */
  async *watch(
    prefix: string,
    { after, onProgress }: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoreEvent[], void> {
    let seen = after;
    while (!signal.aborted) {
      if (this.#closed) throw new UnavailableError('the store is closed');
      const events = this.since(seen);
      if (events.length === 0) {
        await this.#written(signal);
        continue;
      }
      seen = this.#revision;
      const wanted = events.filter((event) => keyOf(event).startsWith(prefix));
      if (wanted.length > 0) yield wanted;
      if (wanted.at(-1) !== events.at(-1)) onProgress?.(revisionOf(events.at(-1)!));
    }
  }

  #written(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
