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

/** One Pod's question to each node. */
export type PreparedPredicate = (node: NodeInfo) => Verdict;

type Prepare = (pod: PodInfo, nodes: readonly NodeInfo[]) => PreparedPredicate | undefined;

/** Predicates that look at the whole cluster before they are asked about one node. */
const preparations = new WeakMap<FitPredicate, Prepare>();

/**
 * A predicate that first looks at the Pod, and at the cluster if it must, and then at each node: what it needs to know of all
 * nodes it finds out once per Pod. (Today's *PreFilter*.)
 *
 * @param prepare undefined: it has nothing to say about this Pod, every node will do
 */
export function preparing(prepare: Prepare): FitPredicate {
  const predicate: FitPredicate = (pod, node) => prepare(pod, [node])?.(node) ?? true;
  preparations.set(predicate, prepare);
  return predicate;
}

/** A predicate that every node passes unless `when` holds of the Pod: for other Pods it is not even asked. */
export const askedWhen = (when: (pod: PodInfo) => boolean, predicate: FitPredicate): FitPredicate =>
  preparing((pod) => (when(pod) ? (node) => predicate(pod, node) : undefined));

/** `predicate` as `pod` asks it of each of `nodes`; undefined: it need not be asked. */
export const prepared = (
  predicate: FitPredicate,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
): PreparedPredicate | undefined => {
  const prepare = preparations.get(predicate);
  return prepare ? prepare(pod, nodes) : (node) => predicate(pod, node);
};
