/**
 * What is to be believed of a Node: pure decisions of the node lifecycle controller.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/nodes/#node-status
 */
import type { DeepReadonly, Node, NodeCondition, Taint } from '../api/types.js';
import { timestamp } from '../util/index.js';

export const notReady = 'node.kubernetes.io/not-ready';
export const unreachable = 'node.kubernetes.io/unreachable';
const unschedulable = 'node.kubernetes.io/unschedulable';

/** What the controller remembers of a Node between two looks. */
export interface NodeHealth {
  /** When, by our own clock, the Node last gave a sign of life: clocks of other machines are not trusted. */
  readonly signOfLifeMs: number;
  /** The sign itself: the times of its heartbeat and of its lease. */
  readonly sign: string;
}

export const readyOf = (node: DeepReadonly<Node>): DeepReadonly<NodeCondition> | undefined =>
  node.status?.conditions?.find(({ type }) => type === 'Ready');

/** A sign that differs from the one before is a sign of life. @param renewTime of the Node's lease */
export function observe(
  before: NodeHealth | undefined,
  node: DeepReadonly<Node>,
  renewTime: string | undefined,
  nowMs: number,
): NodeHealth {
  const sign = `${readyOf(node)?.lastHeartbeatTime ?? ''} ${renewTime ?? ''}`;
  if (before?.sign === sign) return before;
  // A Node that never said anything is given time from the moment it was made.
  if (!before && !readyOf(node)) return { sign, signOfLifeMs: Date.parse(node.metadata.creationTimestamp!) || nowMs };
  return { sign, signOfLifeMs: nowMs };
}

/** Conditions that mean nothing once the kubelet is silent. */
const reported = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** `node`'s conditions when it has been silent for too long: all unknown. The same array if they are that already. */
export function silenced(node: DeepReadonly<Node>, nowMs: number): readonly DeepReadonly<NodeCondition>[] {
  const conditions = node.status?.conditions ?? [];
  if (reported.every((type) => conditions.some((c) => c.type === type && c.status === 'Unknown'))) return conditions;
  const lastTransitionTime = timestamp(nowMs);
  const result = conditions.map((condition) =>
    reported.includes(condition.type) && condition.status !== 'Unknown'
      ? { ...condition, status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.', lastTransitionTime } // prettier-ignore
      : condition,
  );
  for (const type of reported) {
    if (conditions.some((condition) => condition.type === type)) continue;
    const lastHeartbeatTime = node.metadata.creationTimestamp;
    result.push({ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message: 'Kubelet never posted node status.', lastHeartbeatTime, lastTransitionTime }); // prettier-ignore
  }
  return result;
}

/** Which condition, in which state, keeps new Pods away by which taint. */
const taintOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReady, Unknown: unreachable },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};
const ours = [unschedulable, ...Object.values(taintOf).flatMap((states) => Object.values(states))];

/**
 * The taints that `node` should have: `NoSchedule` for each bad condition and for cordoning, `NoExecute` for being not ready
 * or unreachable where `evict` says so. Taints of others stay as they are, and so does the time at which one of ours was added.
 */
export function taintsFor(node: DeepReadonly<Node>, evict: boolean, nowMs: number): DeepReadonly<Taint>[] {
  const current = node.spec?.taints ?? [];
  const keys = (node.status?.conditions ?? []).flatMap(({ type, status }) => taintOf[type]?.[status] ?? []);
  const ready = readyOf(node)?.status;
  const executed = ready === 'False' ? notReady : ready === 'Unknown' ? unreachable : undefined;
  const wanted: Taint[] = [
    ...(node.spec?.unschedulable ? [unschedulable, ...keys] : keys).map((key) => ({ key, effect: 'NoSchedule' })),
    ...(evict && executed ? [{ key: executed, effect: 'NoExecute' }] : []),
  ];
  // The API server itself puts `not-ready` on a new Node; as long as nothing is known of the Node, it stays.
  if (ready === undefined && current.some(({ key, effect }) => key === notReady && effect === 'NoSchedule'))
    wanted.push({ key: notReady, effect: 'NoSchedule' });
  const same = (a: DeepReadonly<Taint>, b: DeepReadonly<Taint>): boolean => a.key === b.key && a.effect === b.effect;
  const isOurs = ({ key, effect }: DeepReadonly<Taint>): boolean =>
    effect === 'NoExecute' ? key === notReady || key === unreachable : effect === 'NoSchedule' && ours.includes(key);
  const kept = current.filter((taint) => !isOurs(taint) || wanted.some((each) => same(each, taint)));
  const added = wanted.filter((taint) => !current.some((each) => same(each, taint)));
  return [...kept, ...added.map((taint) => ({ ...taint, timeAdded: timestamp(nowMs) }))];
}
