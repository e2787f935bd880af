/**
 * What is stored, in memory: one watch on the store feeds a cache per kind, and every get, list and watch is served from
 * there. The book's answer to reading: the store is asked once, however many clients there are.
 *
 * ```
 *   storage.watch('/registry/') ──batches──▶ WatchCache ──▶ KindCache: entries, sorted keys ──▶ get, list
 *                                                      └──▶ EventLog: the last changes ──────▶ watches (pull)
 * ```
 *
 * Promised: a write that was answered is visible ({@link WatchCache.reached} is awaited before the answer), and what was
 * committed together is seen together. Where other servers write into the same store, {@link WatchCache.current} makes the
 * first promise hold for their answers too.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go
 */
import type { Kind } from '../../api/kinds/kind.js';
import { Backoff, type Clock, type Log, sleep } from '../../util/index.js';
import { Codec } from '../codec.js';
import { prefixOf, storedKind } from '../served.js';
import { CompactedError, type Listing, type Storage, type StoreEvent, UnavailableError } from '../storage/storage.js';
import { logLimits } from './event-log.js';
import { KindCache } from './kind-cache.js';

export interface WatchCacheOptions {
  readonly storage: Storage;
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
}

/** How long this cache may lag behind a store that others write into before a read is refused, or a writer is answered. */
const lagMs = 10_000;

/** How long a store may take to send what it remembers, when a server starts. */
const startMs = 60_000;

interface Waiter {
  readonly revision: number;
  readonly resolve: (reached: boolean) => void;
}

export class WatchCache implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #log: Log;
  /** By kind that is stored, and by place in the store. */
  readonly #byKind = new Map<Kind, KindCache>();
  readonly #byPrefix = new Map<string, KindCache>();
  #revision: number;
  #waiters: Waiter[] = [];
  /** The store's revision, as it is being asked for, and as it will be asked for next. */
  #asked: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** A key under which another program has put something. */
  #foreign: string | undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor({ storage, clock, log }: WatchCacheOptions, revision: number) {
    this.#storage = storage;
    this.#clock = clock;
    this.#log = log;
    this.#revision = revision;
  }

  /**
   * Reads the whole store, and follows it from there. It begins as far back as the store remembers and watches may ask for,
   * so that they outlive a restart. @throws Error the store holds objects that are not ours
   */
  static async start(options: WatchCacheOptions): Promise<WatchCache> {
    const { storage, kinds } = options;
    const present = await storage.revision();
    const listing = await listEarlier(storage, Math.max(1, present - logLimits.events));
    const cache = new WatchCache(options, listing.revision);
    for (const kind of kinds) cache.#add(storedKind(kind), listing.revision);
    cache.#fill(listing);
    cache.#running = cache.#follow();
    const isHere = await cache.reached(present, startMs);
    if (isHere && cache.#foreign === undefined) return cache;
    await cache[Symbol.asyncDispose]();
    if (!isHere)
      throw new UnavailableError(`what was written up to revision ${present} does not arrive`, { reason: 'timeout' });
    throw new Error(
      `the store holds objects of another program (${cache.#foreign} is not JSON): choose another one, or another --etcd-prefix. Nothing was changed`,
    );
  }

  /** The revision up to which everything has been seen. */
  get revision(): number {
    return this.#revision;
  }

  /** The cache of a kind; a view shares that of the kind it is stored as. */
  of(kind: Kind): KindCache {
    return this.#byKind.get(storedKind(kind))!;
  }

  /**
   * Resolves when everything is here that anybody, at whichever server, had been answered before the call. Those who wait
   * together share one question to the store.
   *
   * @returns undefined where there is nothing to wait for: nobody else writes into this store
   * @throws {UnavailableError} the store does not say, or what it has does not arrive
   */
  current(): Promise<void> | undefined {
    if (!this.#storage.shared) return undefined;
    // A question that is under way may be answered with a revision from before this call: it is asked once more. (If that
    // one is not answered at all, the next one is not even asked: whoever waits has waited long enough.)
    return (this.#next ??= this.#askNext());
  }

  #askNext(): Promise<void> {
    const next = (this.#asked ?? Promise.resolve()).then(() => {
      this.#asked = next;
      this.#next = undefined;
      return this.#ask();
    });
    next.catch(() => {
      if (this.#asked === next) this.#asked = undefined;
      if (this.#next === next) this.#next = undefined;
    });
    return next;
  }

  async #ask(): Promise<void> {
    const revision = await this.#storage.revision();
    if (await this.reached(revision, lagMs)) return;
    throw new UnavailableError(`the store is at revision ${revision}, but only ${this.#revision} has arrived here`, {
      reason: 'timeout',
    });
  }

  /**
   * Resolves, `true`, when everything up to `revision` has been seen; `false` if that takes longer than `timeoutMs` (ten
   * seconds if left out and the store is shared; else it cannot be long).
   */
  reached(revision: number, timeoutMs = this.#storage.shared ? lagMs : undefined): Promise<boolean> {
    if (revision <= this.#revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const waiter: Waiter = { revision, resolve };
      this.#waiters.push(waiter);
      if (timeoutMs === undefined) return;
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiters = this.#waiters.filter((each) => each !== waiter);
        resolve(false);
      });
      (waiter as { resolve: Waiter['resolve'] }).resolve = (reached) => {
        timer[Symbol.dispose]();
        resolve(reached);
      };
    });
  }

  /** Stops following the store, and lets nobody wait for what will not come. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const { resolve } of this.#waiters.splice(0)) resolve(false);
  }

  /** The store's watch ends only with the store, or when it can no longer say what has happened meanwhile. */
  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    const onProgress = (revision: number): void => this.#proceed(revision);
    const backoff = new Backoff({ baseMs: 100, maxMs: 5000 });
    while (!signal.aborted) {
      try {
        for await (const batch of this.#storage.watch('/registry/', { after: this.#revision, onProgress }, signal))
          this.#apply(batch);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof CompactedError)) {
          // The store is closing: whoever writes is told so by the store itself.
          this.#log.warn('the watch on the store has ended', { error });
          return;
        }
        this.#log.warn('the cache has fallen behind what the store keeps, and is filled anew', { error });
        const listing = await this.#storage.list('/registry/').catch((error: unknown) => {
          this.#log.warn('the cache could not be filled anew', { error });
        });
        if (listing) this.#refill(listing);
        else await sleep(this.#clock, backoff.next('list'), signal);
      }
    }
  }

  /** What happened meanwhile is not known: watches are cut off, and their clients list again. */
  #refill(listing: Listing): void {
    for (const cache of this.#byPrefix.values()) cache.clear(listing.revision);
    this.#fill(listing);
    this.#proceed(listing.revision);
    for (const cache of this.#byPrefix.values()) cache.notify();
  }

  #fill({ entries }: Listing): void {
    for (const { key, value, modRevision } of entries)
      if (this.#isOurs(key, value)) this.#ofKey(key)?.fill(key, value, modRevision);
  }

  #apply(batch: readonly StoreEvent[]): void {
    const touched = new Set<KindCache>();
    let revision = this.#revision;
    for (const event of batch) {
      const { key, value } = event.type === 'put' ? event.entry : event.previous;
      const cache = this.#ofKey(key);
      revision = event.type === 'put' ? event.entry.modRevision : event.revision;
      if (!this.#isOurs(key, value) || !cache) continue;
      cache.apply(event);
      touched.add(cache);
    }
    this.#proceed(revision);
    for (const cache of touched) cache.notify();
  }

  /** Everything up to `revision` is here. */
  #proceed(revision: number): void {
    this.#revision = revision;
    if (this.#waiters.length === 0) return;
    const waiting: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.revision <= this.#revision) waiter.resolve(true);
      else waiting.push(waiter);
    }
    this.#waiters = waiting;
  }

  /** Objects are stored as JSON; whatever else lies among them was put there by another program. */
  #isOurs(key: string, value: Buffer): boolean {
    if (value[0] === 0x7b) return true;
    this.#foreign ??= key;
    return false;
  }

  #add(kind: Kind, revision: number): void {
    if (this.#byKind.has(kind)) return;
    const cache = new KindCache(new Codec(kind), prefixOf(kind), revision);
    this.#byKind.set(kind, cache);
    this.#byPrefix.set(cache.prefix, cache);
  }

  /** `/registry/pods/default/web-0` → that of pods. A prefix has two segments, or three. */
  #ofKey(key: string): KindCache | undefined {
    const second = key.indexOf('/', '/registry/'.length);
    const cache = this.#byPrefix.get(key.slice(0, second + 1));
    return cache ?? this.#byPrefix.get(key.slice(0, key.indexOf('/', second + 1) + 1));
  }
}

/** All objects as of `revision`, or the next later one that is still kept. */
async function listEarlier(storage: Storage, revision: number): Promise<Listing> {
  for (let from = revision; ;) {
    try {
      return await storage.list('/registry/', { revision: from });
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      from = error.compacted;
    }
  }
}
