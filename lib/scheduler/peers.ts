/**
 * Who belongs together: Pods selected by the same Services and controllers. Their number on each node is kept up to date
 * as Pods come and go, for every group that was asked for, so that spreading does not look at every Pod for every Pod.
 */
import type { Selector } from '../api/selectors.js';
import type { PodInfo } from './pod-info.js';

/** How many Pods of one group run where; Pods that are being deleted are about to be replaced and do not count. */
export interface Peers {
  /** By {@link NodeInfo.slot}, for every slot. */
  readonly counts: Int32Array;
  /** The largest of `counts`. */
  readonly most: number;
}

export class PeerGroup implements Peers {
  counts = new Int32Array(64);
  /** How many slots have each count, so that the largest is known when a Pod goes. */
  readonly #slotsWith: number[] = [];
  most = 0;

  /** A Pod belongs to the group if any of `selectors` matches it. */
  constructor(readonly selectors: readonly Selector[]) {}

  selects(pod: PodInfo): boolean {
    return this.selectors.some((selector) => selector.matches(pod.labels));
  }

  /** Makes room for slots below `slots`. */
  reach(slots: number): void {
    if (slots <= this.counts.length) return;
    const larger = new Int32Array(2 * slots);
    larger.set(this.counts);
    this.counts = larger;
  }

  /** A Pod of the group runs there. */
  add(slot: number): void {
    this.reach(slot + 1);
    this.#set(slot, this.counts[slot]! + 1);
  }

  /** It does not any more. */
  remove(slot: number): void {
    this.#set(slot, this.counts[slot]! - 1);
  }

  #set(slot: number, count: number): void {
    const before = this.counts[slot]!;
    this.counts[slot] = count;
    this.#slotsWith[before] = (this.#slotsWith[before] ?? 0) - 1;
    this.#slotsWith[count] = (this.#slotsWith[count] ?? 0) + 1;
    this.most = Math.max(this.most, count);
    while (this.most > 0 && !(this.#slotsWith[this.most]! > 0)) this.most--;
  }
}
