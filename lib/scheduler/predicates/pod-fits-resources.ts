import { keep, unfit } from './predicate.js';

/**
 * *PodFitsResources*: one more Pod, and what its containers request of cpu (millicores) and memory (bytes), must still fit into
 * `status.allocatable`. A Pod that requests neither only has to be counted. 1.2 looked at nothing else: no other resource, no
 * init containers, no overhead, which came later. (Today's name: *NodeResourcesFit*.)
 *
 * ```
 *   fits, if  pods + 1 ≤ A(pods)  and, for cpu and memory,  used + requested ≤ A      A: allocatable
 * ```
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const podFitsResources = keep((pod, node) => {
  const { plainRequested: requested } = pod;
  const { plainRequested: used, allocatable } = node;
  const short: { name: string; requested: number; used: number; capacity: number }[] = [];

  if (node.pods.size + 1 > node.allocatablePods)
    short.push({ name: 'pods', requested: 1, used: node.pods.size, capacity: node.allocatablePods });
  if (requested.milliCPU > 0 || requested.memory > 0) {
    if (used.milliCPU + requested.milliCPU > allocatable.milliCPU)
      short.push({ name: 'cpu', requested: requested.milliCPU, used: used.milliCPU, capacity: allocatable.milliCPU });
    if (used.memory + requested.memory > allocatable.memory)
      short.push({ name: 'memory', requested: requested.memory, used: used.memory, capacity: allocatable.memory });
  }
  if (short.length === 0) return true;

  const first = short[0]!;
  return unfit(
    short.map(({ name }) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
    {
      // What would not fit into the empty node does not fit after an eviction either.
      resolvable: short.every(({ name, requested, capacity }) => name === 'pods' || requested <= capacity),
      reason12: `Node didn't have enough resource: ${names12[first.name]}, requested: ${first.requested}, used: ${first.used}, capacity: ${first.capacity}`,
    },
  );
});

/** What 1.2 called them. */
const names12: Readonly<Record<string, string>> = { pods: 'PodCount', cpu: 'CPU', memory: 'Memory' };
