/**
 * Which Pods go first when there are too many: those that serve least, then those that have served least.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-down-a-replicaset
 */
import type { DeepReadonly, Pod } from '../api/types.js';
import { conditionOf, isReady } from './pods.js';

/** With this annotation an owner says what losing a Pod would cost; the cheapest go first. */
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/**
 * `pods`, the first to be deleted first.
 *
 * @param related those who do the same work, `pods` among them: where many stand on one Node, they crowd each other
 */
export function inOrderOfDeletion(
  pods: readonly DeepReadonly<Pod>[],
  nowMs: number,
  related: readonly DeepReadonly<Pod>[] = pods,
): DeepReadonly<Pod>[] {
  const onNode = new Map<string | undefined, number>();
  for (const { spec } of related) onNode.set(spec.nodeName, (onNode.get(spec.nodeName) ?? 0) + 1);
  const order: readonly ((a: DeepReadonly<Pod>, b: DeepReadonly<Pod>) => number)[] = [
    (a, b) => Number(Boolean(a.spec.nodeName)) - Number(Boolean(b.spec.nodeName)), // without a Node
    (a, b) => phaseRank(a) - phaseRank(b), // pending, then unknown, then running
    (a, b) => Number(isReady(a)) - Number(isReady(b)), // not ready
    (a, b) => cost(a) - cost(b), // cheap
    (a, b) => (onNode.get(b.spec.nodeName) ?? 0) - (onNode.get(a.spec.nodeName) ?? 0), // among many of its kind
    (a, b) => (isReady(a) && isReady(b) ? ages(readySince(a), readySince(b), a, b, nowMs) : 0), // ready for a short time
    (a, b) => restarts(b) - restarts(a), // restarted often
    (a, b) => ages(a.metadata.creationTimestamp, b.metadata.creationTimestamp, a, b, nowMs), // young
  ];
  return [...pods].sort((a, b) => {
    for (const compare of order) {
      const difference = compare(a, b);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

const phaseRank = ({ status }: DeepReadonly<Pod>): number =>
  ({ Pending: 0, Unknown: 1, Running: 2 })[status.phase ?? ''] ?? 0;
const cost = ({ metadata }: DeepReadonly<Pod>): number => Number(metadata.annotations?.[deletionCost] ?? 0) || 0;
const restarts = ({ status }: DeepReadonly<Pod>): number =>
  Math.max(0, ...(status.containerStatuses ?? []).map(({ restartCount }) => restartCount));
const readySince = (pod: DeepReadonly<Pod>): string | undefined => conditionOf(pod, 'Ready')?.lastTransitionTime;

/**
 * Younger first, but ages of one order of magnitude are equal and decided by uid, that is by chance: otherwise the oldest
 * Pods, which an upgrade of Nodes leaves together, would never be chosen.
 */
function ages(
  one: string | undefined,
  other: string | undefined,
  a: DeepReadonly<Pod>,
  b: DeepReadonly<Pod>,
  nowMs: number,
): number {
  if (one === other) return 0;
  if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
  const difference = magnitude(nowMs - Date.parse(one)) - magnitude(nowMs - Date.parse(other));
  if (difference !== 0) return difference;
  return a.metadata.uid! < b.metadata.uid! ? -1 : 1;
}

const magnitude = (ms: number): number => (ms <= 0 ? -1 : Math.floor(Math.log2(ms * 1_000_000)));
