import { keep, unfit } from './predicate.js';
import { tolerates } from './pod-tolerates-node-taints.js';

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const;

/**
 * *NodeUnschedulable*: a node that was cordoned (`spec.unschedulable`) takes only Pods that tolerate that. Later than 1.2.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/nodes/#manual-node-administration
 */
export const checkNodeUnschedulable = keep(
  (pod, node) =>
    !node.node!.spec.unschedulable ||
    tolerates(pod.tolerations, unschedulableTaint) ||
    unfit(['node(s) were unschedulable']),
);
