/**
 * Pods that wait for a node, in three places:
 *
 * ```
 *            add              pop
 *   ────────────► active ───────────► (the cycle) ──► bound
 *                  ▲  ▲                    │ failed
 *       back-off   │  │                    ▼
 *         is over  │  └──────── moveAll ── unschedulable      nothing has changed since the attempt
 *                  │              │
 *                backing off ◄────┘                           something has, but not enough time has passed
 * ```
 * The active queue is first in, first out, as in 1.2. A Pod that failed waits 1 s, 2 s, 4 s … 10 s after the attempt before
 * it is active again, and without any change in the cluster five minutes.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { ObjectKey } from '../api/meta.js';
import type { Clock } from '../util/index.js';
import type { PodInfo } from './pod-info.js';

/** The first and the longest back-off, in milliseconds. */
export const podInitialBackoffMs = 1_000;
export const podMaxBackoffMs = 10_000;
/** How long a Pod may wait without any change, in milliseconds: a change might have been overlooked. */
export const unschedulableTimeoutMs = 5 * 60_000;

/** A Pod in the queue, with its history. */
export interface QueuedPod {
  /** Its newest state. */
  info: PodInfo;
  attempts: number;
  /** When the last attempt ended; back-off counts from here. */
  lastAttemptMs: number;
}

type Place = 'active' | 'backingOff' | 'unschedulable' | 'popped';

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #pods = new Map<ObjectKey, QueuedPod & { place: Place; timer?: Disposable }>();
  /** In order; a key whose Pod is no longer `active` is passed over. */
  #active: ObjectKey[] = [];
  #head = 0;
  #wake: (() => void) | undefined;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** How many Pods wait in each place. */
  get lengths(): Readonly<Record<'active' | 'backingOff' | 'unschedulable', number>> {
    const lengths = { active: 0, backingOff: 0, unschedulable: 0, popped: 0 };
    for (const { place } of this.#pods.values()) lengths[place]++;
    return { active: lengths.active, backingOff: lengths.backingOff, unschedulable: lengths.unschedulable };
  }

  has(key: ObjectKey): boolean {
    return this.#pods.has(key);
  }

  /** A Pod to be scheduled that was not known yet, or its newer state: then it keeps its place, unless `changed`. */
  add(info: PodInfo, changed = false): void {
    const known = this.#pods.get(info.key);
    if (known && known.info.pod.metadata.uid === info.pod.metadata.uid) {
      known.info = info;
      if (changed && known.place === 'unschedulable') this.#reconsider(known);
      return;
    }
    if (known) this.remove(info.key);
    const pod = { info, attempts: 0, lastAttemptMs: 0, place: 'active' as Place };
    this.#pods.set(info.key, pod);
    this.#activate(pod);
  }

  /** The Pod is gone, or bound. Also while it is popped: it is then not taken back. */
  remove(key: ObjectKey): void {
    const pod = this.#pods.get(key);
    pod?.timer?.[Symbol.dispose]();
    this.#pods.delete(key);
  }

  /** The Pod that waited longest, counted as an attempt; undefined if none is active. */
  pop(): QueuedPod | undefined {
    while (this.#head < this.#active.length) {
      const pod = this.#pods.get(this.#active[this.#head++]!);
      if (this.#head > 1024 && this.#head * 2 > this.#active.length) {
        this.#active = this.#active.slice(this.#head);
        this.#head = 0;
      }
      if (pod?.place !== 'active') continue;
      pod.place = 'popped';
      pod.attempts++;
      return pod;
    }
    return undefined;
  }

  /**
   * A popped Pod comes back: no node fits (`unschedulable`, until something changes), or the attempt itself failed
   * (`failed`: it is tried again after its back-off in any case).
   */
  putBack(pod: QueuedPod, why: 'unschedulable' | 'failed'): void {
    const known = this.#pods.get(pod.info.key);
    if (known !== pod || known.place !== 'popped') return; // deleted while it was tried
    known.lastAttemptMs = this.#clock.now();
    if (why === 'failed') return this.#reconsider(known);
    known.place = 'unschedulable';
    known.timer = this.#clock.after(unschedulableTimeoutMs, () => this.#reconsider(known));
  }

  /** Something has changed that may make room: every unschedulable Pod is tried again, when its back-off is over. */
  moveAll(): void {
    for (const pod of this.#pods.values()) if (pod.place === 'unschedulable') this.#reconsider(pod);
  }

  /** Resolves when a Pod is active, or when `signal` aborts. One waits at a time. */
  async active(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#hasActive()) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#wake = undefined;
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  /** Forgets all, with their timers. */
  close(): void {
    for (const key of [...this.#pods.keys()]) this.remove(key);
  }

  #hasActive(): boolean {
    for (; this.#head < this.#active.length; this.#head++) {
      if (this.#pods.get(this.#active[this.#head]!)?.place === 'active') return true;
    }
    return false;
  }

  #reconsider(pod: QueuedPod & { place: Place; timer?: Disposable }): void {
    pod.timer?.[Symbol.dispose]();
    const waitMs = pod.lastAttemptMs + backoffMs(pod.attempts) - this.#clock.now();
    if (waitMs <= 0) return this.#activate(pod);
    pod.place = 'backingOff';
    pod.timer = this.#clock.after(waitMs, () => this.#activate(pod));
  }

  #activate(pod: QueuedPod & { place: Place; timer?: Disposable }): void {
    pod.place = 'active';
    pod.timer = undefined;
    this.#active.push(pod.info.key);
    this.#wake?.();
  }
}

/** 1 s after the first attempt, doubled with each, at most 10 s. */
export const backoffMs = (attempts: number): number =>
  attempts === 0 ? 0 : Math.min(podInitialBackoffMs * 2 ** Math.min(attempts - 1, 30), podMaxBackoffMs);
