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
 * committed together is seen together.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/storage/cacher/cacher.go
 */
import type { Kind } from '../../api/kinds/kind.js';
import type { Clock, Log } from '../../util/index.js';
import { Codec } from '../codec.js';
import { prefixOf, storedKind } from '../served.js';
import type { Storage, StoreEvent } from '../storage/storage.js';
import { KindCache } from './kind-cache.js';

export interface WatchCacheOptions {
  readonly storage: Storage;
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly log: Log;
}

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
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor({ storage, clock, log }: WatchCacheOptions, revision: number) {
    this.#storage = storage;
    this.#clock = clock;
    this.#log = log;
    this.#revision = revision;
  }

  /** Reads the whole store, and follows it from there. */
  static async start(options: WatchCacheOptions): Promise<WatchCache> {
    const { entries, revision } = await options.storage.list('/registry/');
    const cache = new WatchCache(options, revision);
    for (const kind of options.kinds) cache.#add(storedKind(kind), revision);
    for (const { key, value, modRevision } of entries) cache.#ofKey(key)?.fill(key, value, modRevision);
    cache.#running = cache.#follow();
    return cache;
  }

  /** The revision up to which everything has been seen. */
  get revision(): number {
    return this.#revision;
  }

  /** The cache of a kind; a view shares that of the kind it is stored as. */
  of(kind: Kind): KindCache {
    return this.#byKind.get(storedKind(kind))!;
  }

  /** Resolves, `true`, when everything up to `revision` has been seen; `false` if that takes longer than `timeoutMs`. */
  reached(revision: number, timeoutMs?: number): Promise<boolean> {
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

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    try {
      for await (const batch of this.#storage.watch('/registry/', { after: this.#revision }, signal))
        this.#apply(batch);
    } catch (error) {
      // The store is closing, or gone: whoever writes is told so by the store itself.
      if (!signal.aborted) this.#log.warn('the watch on the store has ended', { error });
    }
  }

  #apply(batch: readonly StoreEvent[]): void {
    const touched = new Set<KindCache>();
    for (const event of batch) {
      const cache = this.#ofKey(event.type === 'put' ? event.entry.key : event.previous.key);
      this.#revision = event.type === 'put' ? event.entry.modRevision : event.revision;
      if (!cache) continue;
      cache.apply(event);
      touched.add(cache);
    }
    this.#release();
    for (const cache of touched) cache.notify();
  }

  #release(): void {
    if (this.#waiters.length === 0) return;
    const waiting: Waiter[] = [];
    for (const waiter of this.#waiters) {
      if (waiter.revision <= this.#revision) waiter.resolve(true);
      else waiting.push(waiter);
    }
    this.#waiters = waiting;
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
