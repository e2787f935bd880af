/**
 * *NodeResourcesFit* and *NodeResourcesBalancedAllocation*: whether what a Pod requests is still there, and where it is used best.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing/
 */
import type { NodeInfo } from '../node-info.js';
import { keep, unfit } from '../predicates/predicate.js';
import type { Priority } from '../priorities/priority.js';
import { maxNodeScore } from './scale.js';

/**
 * *NodeResourcesFit*: one more Pod, and what it requests (cpu in millicores, all else in its own unit), must still fit into
 * `status.allocatable`. What is short is told, all of it. A resource of which the Pod wants none is not looked at.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
 */
export const nodeResourcesFit = keep(({ requested }, node) => {
  const { allocatable, requested: used } = node;
  const short: string[] = [];
  // What would not fit into the empty node does not fit after an eviction either.
  let resolvable = true;
  const check = (name: string, wanted: number, taken: number, capacity: number): void => {
    if (wanted === 0 || wanted <= capacity - taken) return;
    short.push(`Insufficient ${name}`);
    if (wanted > capacity) resolvable = false;
  };

  if (node.pods.size + 1 > node.allocatablePods) short.push('Too many pods');
  check('cpu', requested.milliCPU, used.milliCPU, allocatable.milliCPU);
  check('memory', requested.memory, used.memory, allocatable.memory);
  for (const [name, wanted] of requested.others)
    check(name, wanted, used.others.get(name) ?? 0, allocatable.others.get(name) ?? 0);
  return short.length === 0 || unfit(short, { resolvable });
});

/**
 * *NodeResourcesFit*, the score, in its usual form *LeastAllocated*: prefers the node with the largest part unused. Who requests nothing is taken to request a little (100 m and
 * 200 MiB a container), or all such Pods would end on one node.
 *
 * ```
 *   s(resource) = ⌊(A − T) · 100 / A⌋, 0 if T > A     T: requested there and by the Pod, A: allocatable
 *   score       = ⌊(s(cpu) + s(memory)) / 2⌋          a resource of which the node has none does not count
 * ```
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing/
 */
export const leastAllocated: Priority = {
  kept: true,
  map: ({ nonZeroRequested: pod }, { allocatable, nonZeroRequested: node }) =>
    meanOf([
      [node.milliCPU + pod.milliCPU, allocatable.milliCPU],
      [node.memory + pod.memory, allocatable.memory],
    ]),
};

function meanOf(resources: readonly (readonly [total: number, allocatable: number])[]): number {
  const present = resources.filter(([, allocatable]) => allocatable > 0);
  const unused = present.map(([total, allocatable]) =>
    total > allocatable ? 0 : Math.floor(((allocatable - total) * maxNodeScore) / allocatable),
  );
  return unused.length === 0 ? 0 : Math.floor(unused.reduce((a, b) => a + b, 0) / unused.length);
}

/**
 * *NodeResourcesBalancedAllocation*: prefers nodes on which the Pod makes CPU and memory be used in more equal parts than before. A Pod that requests neither
 * changes nothing, and is not asked about.
 *
 * ```
 *   balance = ⌊(1 − |f(cpu) − f(memory)| / 2) · 100⌋,   f(resource) = min(T / A, 1), of what is really requested
 *   score   = 50 + ⌊(50 + balance with the Pod − balance without it) / 2⌋
 * ```
 * Nothing changes: 75. An empty node is balanced, though, and the first Pod on it tips the balance a little: 74. So Pods that are
 * small beside their nodes gather on one, until LeastAllocated takes a point off it too; upstream's do the same.
 *
 * @see https://github.com/kubernetes/kubernetes/pull/135573
 */
export const balancedAllocation: Priority = {
  kept: true,
  map: ({ requested }, node) =>
    isBestEffort(requested)
      ? 0
      : 50 + Math.floor((50 + balanceWith(requested, node) - balanceWith({ milliCPU: 0, memory: 0 }, node)) / 2),
};

const isBestEffort = ({ milliCPU, memory }: Amounts): boolean => milliCPU === 0 && memory === 0;

type Amounts = Readonly<Record<'milliCPU' | 'memory', number>>;

function balanceWith(more: Amounts, { allocatable, requested }: NodeInfo): number {
  const [cpu, memory] = (['milliCPU', 'memory'] as const).map((resource) =>
    allocatable[resource] === 0
      ? undefined
      : Math.min((requested[resource] + more[resource]) / allocatable[resource], 1),
  );
  // With one resource there is nothing to balance.
  const deviation = cpu === undefined || memory === undefined ? 0 : Math.abs((cpu - memory) / 2);
  return Math.trunc((1 - deviation) * maxNodeScore);
}
