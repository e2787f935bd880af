import { keep, unfit } from './predicate.js';

/**
 * *PodFitsResources*: one more Pod, and what it requests, must still fit into `status.allocatable`. A Pod that requests
 * nothing only has to be counted. (Today's name: *NodeResourcesFit*.)
 *
 * @see https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
 */
export const podFitsResources = keep((pod, node) => {
  const { requested } = pod;
  const { allocatable, requested: used } = node;
  const short: { name: string; requested: number; used: number; capacity: number }[] = [];

  if (node.pods.size + 1 > node.allocatablePods)
    short.push({ name: 'pods', requested: 1, used: node.pods.size, capacity: node.allocatablePods });
  if (requested.milliCPU > 0 || requested.memory > 0) {
    if (used.milliCPU + requested.milliCPU > allocatable.milliCPU)
      short.push({ name: 'cpu', requested: requested.milliCPU, used: used.milliCPU, capacity: allocatable.milliCPU });
    if (used.memory + requested.memory > allocatable.memory)
      short.push({ name: 'memory', requested: requested.memory, used: used.memory, capacity: allocatable.memory });
  }
  for (const [name, wanted] of requested.others) {
    const capacity = allocatable.others.get(name) ?? 0;
    const taken = used.others.get(name) ?? 0;
    if (wanted > 0 && taken + wanted > capacity) short.push({ name, requested: wanted, used: taken, capacity });
  }
  if (short.length === 0) return true;

  const first = short[0]!;
  return unfit(
    short.map(({ name }) => (name === 'pods' ? 'Too many pods' : `Insufficient ${name}`)),
    {
      // What would not fit into the empty node does not fit after an eviction either.
      resolvable: short.every(({ name, requested, capacity }) => name === 'pods' || requested <= capacity),
      reason12: `Node didn't have enough resource: ${names12[first.name] ?? first.name}, requested: ${first.requested}, used: ${first.used}, capacity: ${first.capacity}`,
    },
  );
});

/** What 1.2 called them. */
const names12: Readonly<Record<string, string>> = { pods: 'PodCount', cpu: 'CPU', memory: 'Memory' };
