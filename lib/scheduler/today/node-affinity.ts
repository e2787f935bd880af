import type { Refusal } from '../algorithm.js';
import { keep, preparing, unfit } from '../predicates/predicate.js';
import type { PodInfo } from '../pod-info.js';
import type { Priority } from '../priorities/priority.js';
import { normalize } from './scale.js';

/**
 * *NodeAffinity*: the node carries every label of `spec.nodeSelector`, and the required node affinity holds. Of a Pod that names
 * its nodes in every term (`metadata.name`, as a DaemonSet's does) only these are looked at.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
 */
export const nodeAffinity = keep(
  preparing((pod) => {
    const { nodeSelector, affinity } = pod.pod.spec;
    if (!nodeSelector && !affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) return undefined;
    const named = namedNodes(pod);
    return (node) => {
      if (named?.size === 0) return conflict;
      if (named && !named.has(node.name)) return unfit(["node(s) didn't satisfy plugin(s) [NodeAffinity]"]);
      return pod.nodeAffinity.today.matches(node.node!) || unfit(["node(s) didn't match Pod's node affinity/selector"]);
    };
  }),
);

const conflict = unfit(['pod affinity terms conflict']);

/** Why no node will do, whatever the nodes are: each term names nodes, and none that it could mean. */
export const affinityAgrees = (pod: PodInfo): Refusal | undefined =>
  namedNodes(pod)?.size === 0 ? { ...conflict, predicate: 'NodeAffinity' } : undefined;

/** The nodes that the terms name; undefined if one of them names none. */
function namedNodes({ pod }: PodInfo): ReadonlySet<string> | undefined {
  const terms =
    pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const names = terms.map(({ matchFields = [] }) =>
    matchFields
      .filter(({ key, operator }) => key === 'metadata.name' && operator === 'In')
      .map(({ values = [] }) => new Set(values))
      .reduce<ReadonlySet<string> | undefined>(
        (a, b) => (a ? new Set([...a].filter((name) => b.has(name))) : b),
        undefined,
      ),
  );
  if (names.length === 0 || names.includes(undefined)) return undefined;
  return new Set(names.flatMap((some) => [...some!]));
}

/**
 * *NodeAffinity*, the score: the weights of the preferred terms that hold, added up, as a share of the largest sum:
 * `⌊100 · sum / largest sum⌋`, 0 everywhere if nothing is preferred.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity-weight
 */
export const nodeAffinityPriority: Priority = {
  kept: true,
  uniform: (pod) => (pod.nodeAffinity.today.indifferent ? 0 : undefined),
  map: (pod, { node }) => (pod.nodeAffinity.today.indifferent ? 0 : pod.nodeAffinity.today.preference(node!)),
  reduce: (_pod, _nodes, scores) => normalize(scores),
};
