/**
 * The last changes of one kind, in order, numbered without gaps. Watches *pull*: each remembers the number it will read
 * next, so that one that does not read costs nothing and slows nobody; when its number is no longer kept, it is cut off.
 */
import type { CachedEntry } from './entry.js';

/** What is kept of each kind: so many events, so many bytes of values (whichever is reached first). */
export const logLimits = { events: 20_000, bytes: 64 * 1024 * 1024 };

export interface CacheEvent {
  readonly revision: number;
  /** The object after the change; of a deletion, the last state under the deletion's revision. */
  readonly entry: CachedEntry;
  readonly deleted: boolean;
  /** The object before the change. */
  readonly previous: CachedEntry | undefined;
}

export class EventLog {
  #events: CacheEvent[] = [];
  /** The number of the first event kept. */
  #first = 0;
  #bytes = 0;
  /** Every event after this revision is kept. */
  #since: number;
  readonly #limits: typeof logLimits;

  constructor(since: number, limits = logLimits) {
    this.#since = since;
    this.#limits = limits;
  }

  /** A watch may begin after this revision, or a later one. */
  get since(): number {
    return this.#since;
  }

  /** The number that the next event will get. */
  get end(): number {
    return this.#first + this.#events.length;
  }

  append(event: CacheEvent): void {
    this.#events.push(event);
    this.#bytes += event.entry.value.length;
    if (this.#events.length > this.#limits.events || this.#bytes > this.#limits.bytes) this.#forget();
  }

  /** Event `number`; undefined if there is none yet. @throws RangeError if it is no longer kept */
  at(number: number): CacheEvent | undefined {
    if (number < this.#first) throw new RangeError(`event ${number} is no longer kept`);
    return this.#events[number - this.#first];
  }

  /** The number of the first event after `revision`. */
  after(revision: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#first + low;
  }

  /** Something may have happened that is not known: no place in the log is good any more, its end included. */
  clear(since: number): void {
    this.#first = this.end + 1;
    this.#events = [];
    this.#bytes = 0;
    this.#since = since;
  }

  /** The older tenth goes at once, so that the array is moved rarely. */
  #forget(): void {
    const count = Math.max(1, Math.ceil(this.#events.length / 10));
    const forgotten = this.#events.splice(0, count);
    for (const event of forgotten) this.#bytes -= event.entry.value.length;
    this.#first += count;
    this.#since = forgotten.at(-1)!.revision;
  }
}
