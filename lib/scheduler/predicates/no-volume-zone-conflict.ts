import type { PluginArgs } from '../plugin-args.js';
import { askedWhen, unfit, type FitPredicate } from './predicate.js';

const zoneLabels = ['failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region'] as const;

/**
 * *NoVolumeZoneConflict*: a volume that lives in a zone is mounted there. A node without zone labels takes every volume.
 * (Today's name: *VolumeZone*.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const noVolumeZoneConflict = (args: PluginArgs): FitPredicate =>
  askedWhen(
    (pod) => pod.claimNames.length > 0,
    (pod, node) => {
      if (zoneLabels.every((label) => node.labels[label] === undefined)) return true;
      const fits = pod.claimNames.every((name) => {
        const labels = args.volume(args.claim(pod.namespace, name)?.spec.volumeName)?.metadata.labels ?? {};
        return zoneLabels.every((label) => labels[label] === undefined || labels[label] === node.labels[label]);
      });
      return fits || unfit(['node(s) had no available volume zone']);
    },
  );
