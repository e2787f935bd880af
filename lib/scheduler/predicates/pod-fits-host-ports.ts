import { keep, unfit } from './predicate.js';

/**
 * *PodFitsHostPorts*, formerly *PodFitsPorts*: no host port of the Pod is taken on the node. As in 1.2, a port is taken for
 * every protocol and every address of the host. (Today's name: *NodePorts*.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const podFitsHostPorts = keep(
  (pod, node) =>
    pod.hostPorts.every((port) => !node.hostPorts.get(port)) ||
    unfit(["node(s) didn't have free ports for the requested pod ports"], { resolvable: true }),
);
