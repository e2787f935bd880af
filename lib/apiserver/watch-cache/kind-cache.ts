/** The present state of one kind, in the order of its keys, and its last changes. */
import type { StoreEvent } from '../storage/storage.js';
import type { Codec } from '../codec.js';
import { CachedEntry } from './entry.js';
import { EventLog, type CacheEvent } from './event-log.js';

export class KindCache {
  readonly codec: Codec;
  readonly prefix: string;
  readonly log: EventLog;
  readonly #entries = new Map<string, CachedEntry>();
  /** All keys, sorted. Written together with `#entries`. */
  readonly #keys: string[] = [];
  readonly #listeners = new Set<() => void>();
  /** The revision of the last change of this kind. */
  #changed: number;

  constructor(codec: Codec, prefix: string, revision: number) {
    this.codec = codec;
    this.prefix = prefix;
    this.log = new EventLog(revision);
    this.#changed = revision;
  }

  get changed(): number {
    return this.#changed;
  }

  get size(): number {
    return this.#keys.length;
  }

  /** @param key in the store: `/registry/pods/default/web-0` */
  get(key: string): CachedEntry | undefined {
    return this.#entries.get(key);
  }

  /** Those whose key starts with `prefix` and is greater than `after`: a snapshot. */
  list(prefix: string, after = ''): CachedEntry[] {
    const start = after > prefix ? lowerBound(this.#keys, after + '\0') : lowerBound(this.#keys, prefix);
    const found: CachedEntry[] = [];
    for (let index = start; index < this.#keys.length; index++) {
      const key = this.#keys[index]!;
      if (!key.startsWith(prefix)) break;
      found.push(this.#entries.get(key)!);
    }
    return found;
  }

  /** Called after each batch of changes. */
  listen(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The state found at the start. Entries come in the order of their keys. */
  fill(key: string, value: Buffer, revision: number): void {
    this.#entries.set(key, new CachedEntry(this.codec, key, value, revision));
    this.#keys.push(key);
  }

  apply(event: StoreEvent): void {
    const change = event.type === 'put' ? this.#put(event.entry) : this.#remove(event.previous.key, event.revision);
    if (!change) return;
    this.#changed = change.revision;
    this.log.append(change);
  }

  #put({ key, value, modRevision }: { key: string; value: Buffer; modRevision: number }): CacheEvent {
    const previous = this.#entries.get(key);
    const entry = new CachedEntry(this.codec, key, value, modRevision);
    this.#entries.set(key, entry);
    if (!previous) this.#keys.splice(lowerBound(this.#keys, key), 0, key);
    return { revision: modRevision, entry, deleted: false, previous, encoded: new Map() };
  }

  #remove(key: string, revision: number): CacheEvent | undefined {
    const previous = this.#entries.get(key);
    if (!previous) return undefined;
    this.#entries.delete(key);
    this.#keys.splice(lowerBound(this.#keys, key), 1);
    return { revision, entry: previous.at(revision), deleted: true, previous, encoded: new Map() };
  }
}

/** The index of the first key that is not less than `key`. Names are ASCII, so that JavaScript's order is the store's. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  // Names that grow (a benchmark, a controller) land at the end: looked at first.
  if (high > 0 && keys[high - 1]! < key) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
