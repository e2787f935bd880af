/** The present state of one kind, in the order of its keys, and its last changes. */
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import type { StoreEvent } from '../storage/storage.js';
import type { Codec } from '../codec.js';
import { CachedEntry } from './entry.js';
import { EventLog, type CacheEvent } from './event-log.js';

/** An object, and what is stored of it. */
interface Writing {
  readonly value: Buffer;
  readonly object: DeepReadonly<KubernetesObject>;
}

export class KindCache {
  readonly codec: Codec;
  readonly prefix: string;
  readonly log: EventLog;
  readonly #entries = new Map<string, CachedEntry>();
  /** The keys of `#entries`, and some that are gone; sorted, but for what {@link KindCache.#sorted} has still to take in. */
  #keys: string[] = [];
  /** Keys that came since the keys were last sorted: many may come between two lists. */
  #added: string[] = [];
  /** How many of `#keys` are gone. */
  #gone = 0;
  readonly #listeners = new Set<() => void>();
  /** What watches have made of the last changes, and others will write as well. */
  readonly #shared = new Map<string, unknown>();
  /** What is being written under a key, for as long as its writer waits: see {@link CachedEntry.glance}. */
  readonly writing = new Map<string, Writing>();
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
    return this.#entries.size;
  }

  /** @param key in the store: `/registry/pods/default/web-0` */
  get(key: string): CachedEntry | undefined {
    return this.#entries.get(key);
  }

  /** Those whose key starts with `prefix` and is greater than `after`: a snapshot. */
  list(prefix: string, after = ''): CachedEntry[] {
    const keys = this.#sorted();
    const found: CachedEntry[] = [];
    for (let index = lowerBound(keys, after > prefix ? after + '\0' : prefix); index < keys.length; index++) {
      const key = keys[index]!;
      if (!key.startsWith(prefix)) break;
      const entry = this.#entries.get(key);
      if (entry) found.push(entry);
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

  /** Made by the first who asks for it under `key`, and kept until the next event. */
  shared<T>(key: string, make: () => T): T {
    if (!this.#shared.has(key)) this.#shared.set(key, make());
    return this.#shared.get(key) as T;
  }

  /** The state found at the start. Entries come in the order of their keys. */
  fill(key: string, value: Buffer, revision: number): void {
    this.#entries.set(key, new CachedEntry(this.codec, key, value, revision));
    this.#keys.push(key);
  }

  /** Forgets everything; what is filled in next is the state of `revision`. */
  clear(revision: number): void {
    this.#entries.clear();
    this.#keys = [];
    this.#added = [];
    this.#gone = 0;
    this.#changed = revision;
    this.#shared.clear();
    this.log.clear(revision);
  }

  apply(event: StoreEvent): void {
    const change = event.type === 'put' ? this.#put(event.entry) : this.#remove(event.previous.key, event.revision);
    if (!change) return;
    this.#changed = change.revision;
    this.#shared.clear();
    this.log.append(change);
  }

  /** Puts new keys in their places, and drops, now and then, those that are gone. */
  #sorted(): readonly string[] {
    if (this.#added.length === 0 && this.#gone <= this.#entries.size) return this.#keys;
    const added = this.#added.sort();
    const keys: string[] = [];
    // A key that was gone and came again stands in both.
    const keep = (key: string): void => {
      if (keys.at(-1) !== key && this.#entries.has(key)) keys.push(key);
    };
    let next = 0;
    for (const key of this.#keys) {
      while (next < added.length && added[next]! < key) keep(added[next++]!);
      keep(key);
    }
    while (next < added.length) keep(added[next++]!);
    this.#keys = keys;
    this.#added = [];
    this.#gone = 0;
    return keys;
  }

  #put({ key, value, modRevision }: { key: string; value: Buffer; modRevision: number }): CacheEvent {
    const previous = this.#entries.get(key);
    const writing = this.writing.get(key);
    const written = writing?.value.equals(value) ? writing.object : undefined;
    const entry = new CachedEntry(this.codec, key, value, modRevision, written);
    this.#entries.set(key, entry);
    if (!previous) this.#added.push(key);
    // Nobody lists, and much comes and goes.
    if (this.#added.length > 1000 + 2 * this.#entries.size) this.#sorted();
    return { revision: modRevision, entry, deleted: false, previous };
  }

  #remove(key: string, revision: number): CacheEvent | undefined {
    const previous = this.#entries.get(key);
    if (!previous) return undefined;
    this.#entries.delete(key);
    this.#gone++;
    return { revision, entry: previous.at(revision), deleted: true, previous };
  }
}

/** The index of the first key that is not less than `key`. Names are ASCII, so that JavaScript's order is the store's. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
