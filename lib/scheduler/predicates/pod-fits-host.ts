import { keep, unfit } from './predicate.js';

/**
 * *HostName* (in the book: *PodFitsHost*): a Pod that names its node runs there or nowhere. (Today's name: *NodeName*.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const podFitsHost = keep(
  (pod, node) =>
    !pod.pod.spec.nodeName ||
    pod.pod.spec.nodeName === node.name ||
    unfit(["node(s) didn't match the requested node name"]),
);
