import type { Priority } from './priority.js';

/**
 * *LeastRequestedPriority*: prefers the node of which the least is asked for.
 *
 * ```
 *   s(resource) = 0 if T > A or A = 0, else ⌊(A − T) · 10 / A⌋      T: requested there and by the Pod, A: allocatable
 *   score       = ⌊(s(cpu) + s(memory)) / 2⌋
 * ```
 * In millicores and bytes; a container that says nothing counts as 100 m and 200 MiB.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/priorities.go
 */
export const leastRequested: Priority = {
  kept: true,
  map(pod, { allocatable, scored }) {
    const cpu = unused(scored.milliCPU + pod.scored.milliCPU, allocatable.milliCPU);
    const memory = unused(scored.memory + pod.scored.memory, allocatable.memory);
    return Math.floor((cpu + memory) / 2);
  },
};

const unused = (requested: number, allocatable: number): number =>
  allocatable === 0 || requested > allocatable ? 0 : Math.floor(((allocatable - requested) * 10) / allocatable);
