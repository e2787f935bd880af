/**
 * Why a Pod found no node, in the one sentence that its event and its PodScheduled condition carry, worded as today:
 *
 * `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption:
 * 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.`
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/scheduler/framework/types.go
 */
import type { Decision } from './algorithm.js';

export const noNodes = 'no nodes available to schedule pods';

/** The sentence for a decision without a node. */
export function fitError({ pod, nodes, refusals }: Decision): string {
  if (nodes === 0) return noNodes;
  const reasons = refusals.flatMap((refusal) => refusal?.reasons ?? []);
  return `${available(nodes, reasons)} no new claims to deallocate, preemption: ${preemption()}`;

  /** Nobody is evicted: it is said whether that might have helped, were there Pods of lower priority. */
  function preemption(): string {
    if ((pod.pod.spec as { preemptionPolicy?: string }).preemptionPolicy === 'Never') {
      return 'not eligible due to preemptionPolicy=Never.';
    }
    const hopes = refusals.map((refusal) =>
      refusal!.resolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
    );
    return available(nodes, hopes);
  }
}

/** 1.2's text: one line per node, each with the one reason at which its filters stopped. */
export const fitError12 = ({ pod, refusals }: Decision, nodes: readonly { readonly name: string }[]): string =>
  [
    `pod (${pod.pod.metadata.name}) failed to fit in any node`,
    ...refusals.map(
      (refusal, i) => `fit failure on node (${nodes[i]!.name}): ${refusal!.reason12 ?? refusal!.predicate}`,
    ),
  ].join('\n');

/** Reasons counted and sorted as texts, number first: that is how upstream does it. */
function available(nodes: number, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const list = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${list.join(', ')}.`;
}
