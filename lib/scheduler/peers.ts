/**
 * Who belongs together: Pods selected by the same Services and controllers. Their number on each node is kept up to date
 * as Pods come and go, for every group that was asked for, so that spreading does not look at every Pod for every Pod.
 */
import type { Selector } from '../api/selectors.js';
import type { PodInfo } from './pod-info.js';

/** How many Pods of one group run where; Pods that are being deleted are about to be replaced and do not count. */
export interface Peers {
  /** By {@link NodeInfo.slot}; absent: none. */
  readonly counts: readonly (number | undefined)[];
  /** The largest of `counts`. */
  readonly most: number;
}

export class PeerGroup implements Peers {
  readonly counts: number[] = [];
  /** How many slots have each count, so that the largest is known when a Pod goes. */
  readonly #slotsWith: number[] = [];
  most = 0;

  /** A Pod belongs to the group if any of `selectors` matches it. */
  constructor(readonly selectors: readonly Selector[]) {}

  add(pod: PodInfo, slot: number): void {
    if (this.#has(pod)) this.#set(slot, (this.counts[slot] ?? 0) + 1);
  }

  remove(pod: PodInfo, slot: number): void {
    if (this.#has(pod)) this.#set(slot, (this.counts[slot] ?? 0) - 1);
  }

  #has(pod: PodInfo): boolean {
    return pod.pod.metadata.deletionTimestamp === undefined && this.selectors.some((s) => s.matches(pod.labels));
  }

  #set(slot: number, count: number): void {
    const before = this.counts[slot] ?? 0;
    this.counts[slot] = count;
    this.#slotsWith[before] = (this.#slotsWith[before] ?? 0) - 1;
    this.#slotsWith[count] = (this.#slotsWith[count] ?? 0) + 1;
    this.most = Math.max(this.most, count);
    while (this.most > 0 && !(this.#slotsWith[this.most]! > 0)) this.most--;
  }
}
