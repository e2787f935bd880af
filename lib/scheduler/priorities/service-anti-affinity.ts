import type { PluginArgs } from '../plugin-args.js';
import { maxPriority, type Priority } from './priority.js';

/**
 * *ServiceAntiAffinityPriority*, with an argument of a policy: spreads the Pods of the first Service that selects the Pod
 * over the values of `label` (racks, say). A node without the label gets 0, one with it
 * `⌊10 · (n − peers on nodes with its value) / n⌋`, n being all peers; 10 if there are none.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/selector_spreading.go
 */
export const serviceAntiAffinity = (label: string, args: PluginArgs): Priority => ({
  reduce(pod, nodes, scores) {
    const service = args.services(pod)[0];
    const peers = service ? args.podsMatching(pod.namespace, service) : [];
    const byValue = new Map<string, number>();
    for (const { nodeName } of peers) {
      const value = args.nodeNamed(nodeName)?.labels[label];
      if (value !== undefined) byValue.set(value, (byValue.get(value) ?? 0) + 1);
    }
    nodes.forEach((node, i) => {
      const value = node.labels[label];
      if (value === undefined) scores[i] = 0;
      else if (peers.length === 0) scores[i] = maxPriority;
      else scores[i] = Math.floor((maxPriority * (peers.length - (byValue.get(value) ?? 0))) / peers.length);
    });
  },
});
