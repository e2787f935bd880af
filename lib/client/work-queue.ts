/**
 * The queue between informer handlers and workers. It holds keys, not objects: ten changes of one Pod while a worker is
 * busy are one key, and whoever takes it looks at the Pod as it is then.
 *
 * Promised: a key is lent to one worker at a time; a key added while it is lent comes back after `done`, never lost, never
 * twice; keys come in the order they were added.
 *
 * ```ts
 * for await (const key of queue.keys(signal)) {
 *   try { await reconcile(key); queue.forget(key); }
 *   catch { queue.addRateLimited(key); }
 *   finally { queue.done(key); }
 * }
 * ```
 *
 * @see https://github.com/kubernetes/client-go/blob/master/util/workqueue/queue.go
 */
import { setMaxListeners } from 'node:events';
import { Backoff, type Clock } from '../util/index.js';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** The first delay of `addRateLimited`, in milliseconds: 5 if left out. It doubles with every failure in a row. */
  readonly baseMs?: number;
  /** The longest delay of `addRateLimited`, in milliseconds: 1,000 s if left out. */
  readonly maxMs?: number;
}

export class WorkQueue<K extends string = string> {
  readonly #clock: Clock;
  readonly #backoff: Backoff;
  /** Keys to be lent, oldest first, from `#head` on; all of them are in `#dirty`, none is in `#lent`. */
  #queue: K[] = [];
  #head = 0;
  /** Keys that somebody wants looked at: those in `#queue`, and those lent that were added again. */
  readonly #dirty = new Set<K>();
  /** Keys in a worker's hands, between `keys` and `done`. */
  readonly #lent = new Set<K>();
  /** Keys to be added later. */
  readonly #delayed = new Map<K, { readonly atMs: number; readonly timer: Disposable }>();
  /** Workers that wait for a key, the longest waiting first. */
  readonly #waiting: (() => void)[] = [];
  #readers = 0;

  constructor({ clock, baseMs = 5, maxMs = 1_000_000 }: WorkQueueOptions) {
    this.#clock = clock;
    this.#backoff = new Backoff({ baseMs, maxMs });
  }

  /** How many keys wait for a worker now. */
  get length(): number {
    return this.#queue.length - this.#head;
  }

  /** Whether nothing waits and nothing is lent. Keys to be added later do not count. */
  get idle(): boolean {
    return this.length === 0 && this.#lent.size === 0;
  }

  add(key: K): void {
    if (this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#lent.has(key)) this.#push(key);
  }

  /** Adds `key` in `ms` milliseconds; if it is to be added earlier already, nothing changes. */
  addAfter(key: K, ms: number): void {
    if (ms <= 0) return this.add(key);
    const atMs = this.#clock.now() + ms;
    const delayed = this.#delayed.get(key);
    if (delayed && delayed.atMs <= atMs) return;
    delayed?.timer[Symbol.dispose]();
    const timer = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, timer });
  }

  /** Adds `key` after a delay that grows with every call until {@link forget}. */
  addRateLimited(key: K): void {
    this.addAfter(key, this.#backoff.next(key));
  }

  /** Counts a failure of `key` without adding it, for those who know better when to try again. */
  countFailure(key: K): void {
    this.#backoff.next(key);
  }

  /** How often `key` failed, or was added rate limited, since it was last forgotten. */
  failures(key: K): number {
    return this.#backoff.failures(key);
  }

  /** The work on `key` succeeded, or was given up: its next failure starts again from a short delay. */
  forget(key: K): void {
    this.#backoff.forget(key);
  }

  /** The worker gives `key` back. Must follow every key taken, however the work ended. */
  done(key: K): void {
    this.#lent.delete(key);
    if (this.#dirty.has(key)) this.#push(key);
  }

  /**
   * Keys, each as soon as it is there, until `signal` aborts; then it ends without throwing. Several workers may each read
   * their own. When the last of them has ended, keys that were still to be added later are dropped with their timers.
   */
  async *keys(signal: AbortSignal): AsyncGenerator<K, void> {
    setMaxListeners(0, signal); // one listener for each idle worker is no leak
    this.#readers++;
    try {
      while (!signal.aborted) {
        const key = this.#take();
        if (key === undefined) await this.#somethingToDo(signal);
        else yield key;
      }
    } finally {
      if (this.length > 0) this.#waiting.shift()?.(); // woken for a key, but leaving: somebody else takes it
      if (--this.#readers === 0) this.#dropDelayed();
    }
  }

  #push(key: K): void {
    this.#queue.push(key);
    this.#waiting.shift()?.();
  }

  #take(): K | undefined {
    if (this.#head === this.#queue.length) return undefined;
    const key = this.#queue[this.#head++]!;
    if (this.#head === this.#queue.length || this.#head > 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    this.#dirty.delete(key);
    this.#lent.add(key);
    return key;
  }

  #somethingToDo(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        resolve();
      };
      this.#waiting.push(wake);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #dropDelayed(): void {
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
  }
}
