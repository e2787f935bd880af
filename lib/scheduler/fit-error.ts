/**
 * Why a Pod found no node, in the one sentence that its event and its PodScheduled condition carry, worded as today:
 *
 * `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption:
 * 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.`
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/scheduler/framework/types.go
 */
import type { Decision, NodeReport } from './algorithm.js';
import type { PodInfo } from './pod-info.js';
import type { Unfit } from './predicates/predicate.js';

export const noNodes = 'no nodes available to schedule pods';

/**
 * The sentence for a decision without a node.
 *
 * @param preemption what came of making room; if nobody tried, it is said whether that might have helped, were there Pods of
 * lower priority. Empty: nothing is said of it.
 */
export function fitError({ pod, nodes, refusals, refused }: Decision, preemption = hopes(pod, refusals)): string {
  if (nodes === 0) return noNodes;
  const reasons = refusals.flatMap((refusal) => refusal?.reasons ?? []);
  // What was said without looking at nodes is said once.
  const sentence = refused ? `${noneOf(nodes)} ${refused.reasons.join(', ')}.` : available(nodes, reasons);
  return preemption === '' ? sentence : `${sentence} no new claims to deallocate, preemption: ${preemption}`;
}

function hopes(pod: Decision['pod'], refusals: Decision['refusals']): string {
  if ((pod.pod.spec as { preemptionPolicy?: string }).preemptionPolicy === 'Never') {
    return 'not eligible due to preemptionPolicy=Never.';
  }
  const each = refusals.map((refusal) =>
    refusal!.resolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  );
  return available(refusals.length, each);
}

/** 1.2's text: one line per node that it considered, each with the one reason at which its filters stopped. */
export function fitError12(pod: PodInfo, reports: readonly NodeReport[]): string {
  const lines = reports.flatMap(({ node, predicates }) => {
    const first = predicates.find(({ verdict }) => verdict !== true);
    if (!first || first.name === 'CheckNodeCondition') return [];
    return `fit failure on node (${node}): ${(first.verdict as Unfit).reason12 ?? first.name}`;
  });
  return lines.length === 0
    ? noNodes
    : [`pod (${pod.pod.metadata.name}) failed to fit in any node`, ...lines].join('\n');
}

/** Reasons counted and sorted as texts, number first: that is how upstream does it. */
export function available(nodes: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const list = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `${noneOf(nodes)} ${list.join(', ')}.`;
}

const noneOf = (nodes: number): string => `0/${nodes} nodes are available:`;
