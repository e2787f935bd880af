import type { Priority } from './priority.js';

/**
 * *BalancedResourceAllocation*: prefers the node on which, with the Pod, CPU and memory are asked for in equal parts. Meant
 * to be used together with LeastRequestedPriority, for a full node can be well balanced too.
 *
 * ```
 *   f(resource) = T / A, or 1 if A = 0
 *   score       = 0 if a fraction is ≥ 1, else ⌊10 − |f(cpu) − f(memory)| · 10⌋
 * ```
 * T: requested on the node and by the Pod, 100 m and 200 MiB where a container says nothing; A: allocatable.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/priorities.go
 */
export const balancedResourceAllocation: Priority = {
  kept: true,
  map(pod, { allocatable, scored }) {
    const cpu = fraction(scored.milliCPU + pod.scored.milliCPU, allocatable.milliCPU);
    const memory = fraction(scored.memory + pod.scored.memory, allocatable.memory);
    // The order of these steps matters: 0.6 − 0.5 is not exactly 0.1.
    return cpu >= 1 || memory >= 1 ? 0 : Math.floor(10 - Math.abs(cpu - memory) * 10);
  },
};

const fraction = (requested: number, allocatable: number): number => (allocatable === 0 ? 1 : requested / allocatable);
