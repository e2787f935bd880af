import type { PluginArgs } from '../plugin-args.js';
import { preparing, unfit, type FitPredicate } from './predicate.js';

/**
 * *CheckServiceAffinity*, with an argument of a policy: the Pods of a Service stay together on nodes that have the same
 * values for `labels` (one region, say). Values that the Pod's nodeSelector does not name are those of the node where its
 * Service's first Pod runs; with none known, every node will do.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const checkServiceAffinity = (labels: readonly string[], args: PluginArgs): FitPredicate =>
  preparing((pod) => {
    const wanted = new Map<string, string>();
    for (const label of labels) {
      const value = pod.pod.spec.nodeSelector?.[label];
      if (value !== undefined) wanted.set(label, value);
    }
    if (wanted.size < labels.length) {
      const service = args.services(pod)[0];
      const peer = service && args.podsMatching(pod.namespace, service)[0];
      const peersLabels = peer && args.nodeNamed(peer.nodeName)?.labels;
      for (const label of labels) {
        const value = peersLabels?.[label];
        if (!wanted.has(label) && value !== undefined) wanted.set(label, value);
      }
    }
    if (wanted.size === 0) return undefined;
    return (node) =>
      [...wanted].every(([label, value]) => node.labels[label] === value) ||
      unfit(["node(s) didn't match service affinity"]);
  });
