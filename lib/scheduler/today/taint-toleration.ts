import type { Priority } from '../priorities/priority.js';
import { tolerates } from '../predicates/pod-tolerates-node-taints.js';
import { normalize } from './scale.js';

/**
 * *TaintToleration*, the score: the fewer of the node's `PreferNoSchedule` taints the Pod does not bear, the better. 100 for
 * none, 0 for the most that any node has.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export const taintToleration: Priority = {
  kept: true,
  map: (pod, { node }) =>
    (node!.spec?.taints ?? []).filter(
      (taint) => taint.effect === 'PreferNoSchedule' && !tolerates(pod.tolerations, taint),
    ).length,
  reduce: (_pod, _nodes, scores) => normalize(scores, true),
};
