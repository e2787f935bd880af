/**
 * A predicate says whether a Pod may run on a node (today's word: *filter plugin*). A refusal is data; a malfunction throws.
 */
import type { NodeInfo } from '../node-info.js';
import type { PodInfo } from '../pod-info.js';

/** Why a node is refused. */
export interface Unfit {
  /** In today's words, for the event: `Insufficient cpu`. All that apply, so that one event explains the refusal. */
  readonly reasons: readonly string[];
  /** In 1.2's words, for `explain`; the predicate's name if left out. */
  readonly reason12?: string;
  /** True if the node would do, were some Pods not there: to evict them might help. */
  readonly resolvable: boolean;
}

/** `true`: it fits. `false`: it does not, and the predicate's name is the reason. */
export type Verdict = boolean | Unfit;

/** @example (pod, node) => pod.labels.disk === undefined || node.labels.disk === pod.labels.disk */
export type FitPredicate = (pod: PodInfo, node: NodeInfo) => Verdict;

/** A refusal. @param resolvable whether evicting Pods from the node could change it */
export const unfit = (
  reasons: readonly string[],
  { resolvable = false, reason12 }: { resolvable?: boolean; reason12?: string } = {},
): Unfit => ({
  reasons,
  reason12,
  resolvable,
});

/** Predicates whose verdict hangs on nothing but the Pod's shape and the node: found out once, it holds until one changes. */
const kept = new WeakSet<FitPredicate>();

/** Marks `predicate` as one whose verdicts may be kept for Pods of the same shape. */
export function keep(predicate: FitPredicate): FitPredicate {
  kept.add(predicate);
  return predicate;
}

export const isKept = (predicate: FitPredicate): boolean => kept.has(predicate);

/** Predicates that have something to say only about some Pods. */
const concerned = new WeakMap<FitPredicate, (pod: PodInfo) => boolean>();

/** Marks `predicate` as one that every node passes unless `when` holds of the Pod: for other Pods it is not even asked. */
export function askedWhen(when: (pod: PodInfo) => boolean, predicate: FitPredicate): FitPredicate {
  concerned.set(predicate, when);
  return predicate;
}

export const isAsked = (predicate: FitPredicate, pod: PodInfo): boolean => concerned.get(predicate)?.(pod) ?? true;
