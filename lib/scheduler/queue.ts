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
 * The active queue is first in, first out, as in 1.2, or takes the highest priority first, as today. A Pod that failed backs
 * off from its attempt: for 1 s, 2 s, 4 s … 60 s in 1.2, which then tried again whether anything had changed or not; today for
 * 10 s at most, and without any change in the cluster for five minutes. A change is heeded in both orders.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/scheduler/backend/queue/scheduling_queue.go
 */
import type { ObjectKey } from '../api/meta.js';
import type { Clock } from '../util/index.js';
import { Heap } from './heap.js';
import type { PodInfo } from './pod-info.js';

/** The first back-off, in milliseconds. */
export const podInitialBackoffMs = 1_000;
/** The longest, today and in 1.2. */
export const podMaxBackoffMs = 10_000;
export const podMaxBackoff12Ms = 60_000;
/** How long a Pod may wait without any change, in milliseconds: a change might have been overlooked. */
export const unschedulableTimeoutMs = 5 * 60_000;

/** In which order active Pods are taken: as they came (1.2), or the highest priority first (today). */
export type QueueOrder = 'fifo' | 'priority';

/** A Pod in the queue, with its history. */
export interface QueuedPod {
  /** Its newest state. */
  info: PodInfo;
  attempts: number;
  /** When the last attempt ended; back-off counts from here. */
  lastAttemptMs: number;
}

interface Waiting extends QueuedPod {
  place: 'active' | 'backingOff' | 'unschedulable' | 'popped';
  /** Grows with each Pod that becomes active. */
  turn: number;
  timer?: Disposable;
}

interface Entry {
  readonly pod: Waiting;
  readonly turn: number;
  readonly priority: number;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #pods = new Map<ObjectKey, Waiting>();
  readonly #unschedulable = new Set<Waiting>();
  #order: QueueOrder;
  /** A Pod that has left `active` meanwhile, or has come again since, is passed over. */
  #active: Heap<Entry>;
  #turns = 0;
  #wake: (() => void) | undefined;

  constructor({ clock, order = 'fifo' }: { readonly clock: Clock; readonly order?: QueueOrder }) {
    this.#clock = clock;
    this.#order = order;
    this.#active = new Heap<Entry>(before);
  }

  /** Takes the Pods in another order from now on. */
  sortBy(order: QueueOrder): void {
    if (order === this.#order) return;
    this.#order = order;
    this.#active = new Heap<Entry>(before);
    for (const pod of this.#pods.values()) if (pod.place === 'active') this.#push(pod);
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

  /** Whether `pod`, popped before, is still to be scheduled: it was neither deleted nor bound by somebody else meanwhile. */
  isWanted(pod: QueuedPod): boolean {
    const known = this.#pods.get(pod.info.key);
    return known === pod && known.place === 'popped';
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
    const pod: Waiting = { info, attempts: 0, lastAttemptMs: 0, place: 'active', turn: 0 };
    this.#pods.set(info.key, pod);
    this.#activate(pod);
  }

  /** The Pod is gone, or bound. Also while it is popped: it is then not taken back. */
  remove(key: ObjectKey): void {
    const pod = this.#pods.get(key);
    if (!pod) return;
    pod.timer?.[Symbol.dispose]();
    this.#pods.delete(key);
    this.#unschedulable.delete(pod);
  }

  /** The Pod whose turn it is, counted as an attempt; undefined if none is active. */
  pop(): QueuedPod | undefined {
    const pod = this.#next();
    if (!pod) return undefined;
    this.#active.pop();
    pod.place = 'popped';
    pod.attempts++;
    return pod;
  }

  /**
   * A popped Pod comes back: no node fits (`unschedulable`, until something changes), or the attempt itself failed
   * (`failed`: it is tried again after its back-off in any case).
   */
  putBack(pod: QueuedPod, why: 'unschedulable' | 'failed'): void {
    const known = this.#pods.get(pod.info.key);
    if (!known || known !== pod || !this.isWanted(pod)) return; // deleted while it was tried
    known.lastAttemptMs = this.#clock.now();
    const asIn12 = this.#order === 'fifo';
    const backoff = backoffMs(known.attempts, asIn12 ? podMaxBackoff12Ms : podMaxBackoffMs);
    if (why === 'failed') return this.#backOff(known, backoff);
    known.place = 'unschedulable';
    this.#unschedulable.add(known);
    const againMs = asIn12 ? backoff : unschedulableTimeoutMs;
    known.timer = this.#clock.after(againMs, () => this.#activate(known));
  }

  /** Something has changed that may make room: every unschedulable Pod is tried again, when its back-off is over. */
  moveAll(concerned: (info: PodInfo) => boolean = () => true): void {
    for (const pod of this.#unschedulable) if (concerned(pod.info)) this.#reconsider(pod);
  }

  /** Resolves when a Pod is active, or when `signal` aborts. One waits at a time. */
  async active(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#next()) {
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

  /** The first of the active Pods. */
  #next(): Waiting | undefined {
    for (let first = this.#active.first; first; first = this.#active.first) {
      const { pod, turn } = first;
      if (pod.place === 'active' && pod.turn === turn && this.#pods.get(pod.info.key) === pod) return pod;
      this.#active.pop();
    }
    return undefined;
  }

  #reconsider(pod: Waiting): void {
    this.#backOff(pod, pod.lastAttemptMs + backoffMs(pod.attempts) - this.#clock.now());
  }

  #backOff(pod: Waiting, waitMs: number): void {
    pod.timer?.[Symbol.dispose]();
    this.#unschedulable.delete(pod);
    if (waitMs <= 0) return this.#activate(pod);
    pod.place = 'backingOff';
    pod.timer = this.#clock.after(waitMs, () => this.#activate(pod));
  }

  #activate(pod: Waiting): void {
    this.#unschedulable.delete(pod);
    pod.place = 'active';
    pod.timer = undefined;
    pod.turn = this.#turns++;
    this.#push(pod);
    this.#wake?.();
  }

  #push(pod: Waiting): void {
    const priority = this.#order === 'priority' ? pod.info.priority : 0;
    this.#active.push({ pod, turn: pod.turn, priority });
  }
}

const before = (a: Entry, b: Entry): boolean => (a.priority === b.priority ? a.turn < b.turn : a.priority > b.priority);

/** 1 s after the first attempt, doubled with each, at most `maxMs`. */
export const backoffMs = (attempts: number, maxMs: number = podMaxBackoffMs): number =>
  attempts === 0 ? 0 : Math.min(podInitialBackoffMs * 2 ** Math.min(attempts - 1, 30), maxMs);
