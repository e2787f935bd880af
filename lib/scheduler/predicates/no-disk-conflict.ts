import type { DeepReadonly, Volume } from '../../api/types.js';
import { keep, unfit } from './predicate.js';

/**
 * *NoDiskConflict*: no disk of the Pod is mounted by another Pod of the node. A GCE disk may be shared by readers; an EBS
 * volume not at all; two RBD images are one if they have a monitor, the pool and the image in common.
 * (Today's name: *VolumeRestrictions*.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const noDiskConflict = keep((pod, node) => {
  if (pod.disks.length === 0) return true;
  for (const other of node.pods.values()) {
    for (const theirs of other.disks) {
      if (pod.disks.some((ours) => conflict(ours, theirs))) {
        return unfit(['node(s) had no available disk'], { resolvable: true });
      }
    }
  }
  return true;
});

function conflict(a: DeepReadonly<Volume>, b: DeepReadonly<Volume>): boolean {
  const [gce, otherGce] = [a.gcePersistentDisk, b.gcePersistentDisk];
  if (gce && otherGce) return gce.pdName === otherGce.pdName && !(gce.readOnly && otherGce.readOnly);
  const [ebs, otherEbs] = [a.awsElasticBlockStore, b.awsElasticBlockStore];
  if (ebs && otherEbs) return ebs.volumeID === otherEbs.volumeID;
  const [rbd, otherRbd] = [a.rbd, b.rbd];
  if (!rbd || !otherRbd) return false;
  const pool = ({ pool = 'rbd' }: { readonly pool?: string }): string => pool;
  return (
    rbd.monitors.some((monitor) => otherRbd.monitors.includes(monitor)) &&
    pool(rbd) === pool(otherRbd) &&
    rbd.image === otherRbd.image
  );
}
