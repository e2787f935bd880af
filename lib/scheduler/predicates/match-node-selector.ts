import { keep, unfit } from './predicate.js';

/**
 * *MatchNodeSelector* (in the book: *PodSelectorMatches*): the node carries every label of `spec.nodeSelector`, and the
 * required node affinity holds. (Today's name: *NodeAffinity*.)
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
 */
export const matchNodeSelector = keep(
  (pod, node) => pod.nodeAffinity.matches(node.node!) || unfit(["node(s) didn't match Pod's node affinity/selector"]),
);
