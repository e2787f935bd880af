import { maxPriority, type Priority } from './priority.js';

/**
 * *NodeAffinityPriority*: prefers nodes by the weights of the preferred node affinities that they fulfil.
 * `⌊10 · (sum / W)⌋` with W the largest sum; 0 everywhere if nothing is preferred.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/node_affinity.go
 */
export const nodeAffinity: Priority = {
  kept: true,
  uniform: (pod) => (pod.nodeAffinity.indifferent ? 0 : undefined),
  map: (pod, { node }) => pod.nodeAffinity.preference(node!),
  reduce(_pod, _nodes, scores) {
    const most = scores.reduce((a, b) => Math.max(a, b), 0);
    if (most === 0) return void scores.fill(0);
    for (let i = 0; i < scores.length; i++) scores[i] = Math.floor(maxPriority * (scores[i]! / most));
  },
};
