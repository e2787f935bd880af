/**
 * What keeps a Pod from a node because of volumes that are there already:
 *
 * - *VolumeRestrictions*: disks that only one may mount, and claims that are for one Pod alone (`ReadWriteOncePod`);
 * - *NodeVolumeLimits*: how many volumes the node's drivers can attach;
 * - *VolumeZone*: volumes live in a zone, and are mounted there.
 *
 * @see https://kubernetes.io/docs/concepts/storage/storage-limits/
 */
import { csiNodes, storageClasses } from '../../api/resources.js';
import { storageClassOf } from '../../api/kinds/volumemodes.js';
import type { DeepReadonly, Volume } from '../../api/types.js';
import type { NodeInfo } from '../node-info.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import { preparing, unfit, type FitPredicate } from '../predicates/predicate.js';
import { claimsOf, claimsWithVolumes } from './pod-claims.js';

/**
 * *VolumeRestrictions*: disks that only one Pod of a node may mount, and claims that only one Pod may use (`ReadWriteOncePod`).
 *
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
 */
export const volumeRestrictions = (args: Pick<PluginArgs, 'claim'>): FitPredicate =>
  preparing((pod, nodes) => {
    const exclusive = claimsOf(pod).filter(({ name }) =>
      args.claim(pod.namespace, name)?.spec.accessModes?.includes('ReadWriteOncePod'),
    );
    const disks = disksOf(pod);
    if (disks.length === 0 && exclusive.length === 0) return undefined;
    const names = new Set(exclusive.map(({ name }) => name));
    const isInUse = names.size > 0 && nodes.some((node) => uses(node, pod, names));
    const inUse = 'node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode';
    return (node) => {
      if (disks.length > 0 && holds(node, disks)) return unfit(['node(s) had no available disk'], { resolvable: true });
      return !isInUse || unfit([inUse], { resolvable: uses(node, pod, names) });
    };
  });

const disksOf = ({ pod }: PodInfo): readonly DeepReadonly<Volume>[] =>
  (pod.spec.volumes ?? []).filter((v) => v.gcePersistentDisk ?? v.awsElasticBlockStore ?? v.rbd ?? v.iscsi);

function holds(node: NodeInfo, disks: readonly DeepReadonly<Volume>[]): boolean {
  for (const other of node.pods.values())
    if (disksOf(other).some((theirs) => disks.some((ours) => conflict(ours, theirs)))) return true;
  return false;
}

/** Whether two volumes are one disk that cannot be mounted twice. But for EBS, readers may share it. */
function conflict(a: DeepReadonly<Volume>, b: DeepReadonly<Volume>): boolean {
  const bothRead = (a?: { readonly readOnly?: boolean }, b?: { readonly readOnly?: boolean }): boolean =>
    Boolean(a?.readOnly && b?.readOnly);
  if (a.gcePersistentDisk)
    return (
      a.gcePersistentDisk.pdName === b.gcePersistentDisk?.pdName && !bothRead(a.gcePersistentDisk, b.gcePersistentDisk)
    );
  if (a.awsElasticBlockStore) return a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID;
  if (a.iscsi) return a.iscsi.iqn === b.iscsi?.iqn && !bothRead(a.iscsi, b.iscsi);
  const [rbd, other] = [a.rbd, b.rbd];
  if (!rbd || !other) return false;
  const isSame =
    rbd.monitors.some((monitor) => other.monitors.includes(monitor)) &&
    (rbd.pool ?? 'rbd') === (other.pool ?? 'rbd') &&
    rbd.image === other.image;
  return isSame && !bothRead(rbd, other);
}

function uses(node: NodeInfo, { namespace, key }: PodInfo, names: ReadonlySet<string>): boolean {
  for (const other of node.pods.values()) {
    if (other.namespace !== namespace || other.key === key) continue;
    if (claimsOf(other).some(({ name }) => names.has(name))) return true;
  }
  return false;
}

/**
 * *NodeVolumeLimits*: how many volumes of a driver a node can attach stands in its CSINode; without one there is no limit.
 *
 * @see https://kubernetes.io/docs/concepts/storage/storage-limits/
 */
export const nodeVolumeLimits = (args: Pick<PluginArgs, 'claim' | 'volume' | 'get'>): FitPredicate =>
  preparing((pod) => {
    const wanted = attachments(pod, args);
    if (wanted.size === 0) return undefined;
    return (node) => {
      const drivers = args.get(csiNodes, node.name)?.spec.drivers ?? [];
      const limits = new Map(drivers.map(({ name, allocatable }) => [name, allocatable?.count]));
      const attached = new Map<string, string>();
      for (const other of node.pods.values())
        for (const [id, driver] of attachments(other, args)) attached.set(id, driver);
      for (const driver of new Set(wanted.values())) {
        const idsOf = (all: ReadonlyMap<string, string>) => [...all.keys()].filter((id) => all.get(id) === driver);
        const added = idsOf(wanted).filter((id) => !attached.has(id));
        const limit = limits.get(driver) ?? Infinity;
        if (added.length > 0 && idsOf(attached).length + added.length > limit)
          return unfit(['node(s) exceed max volume count'], { resolvable: true });
      }
      return true;
    };
  });

/** The volumes that a driver attaches for `pod`: which, and by which driver. Where the volume is not there, it is one to come. */
function attachments(pod: PodInfo, args: Pick<PluginArgs, 'claim' | 'volume' | 'get'>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const { claim, volume } of claimsWithVolumes(pod, args)) {
    const csi = volume?.spec.csi;
    if (csi) found.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    if (volume) continue;
    const provisioner = args.get(storageClasses, storageClassOf(claim) ?? '')?.provisioner;
    if (provisioner) found.set(`${pod.namespace}/${claim.metadata.name}`, provisioner);
  }
  return found;
}

/** Each label of a place, and what it was called before 1.17. */
const placeLabels = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
} as const;
const allPlaceLabels = [...Object.keys(placeLabels), ...Object.values(placeLabels)];

/**
 * *VolumeZone*: a volume whose labels name a zone, or several (`a__b`), is mounted there. A node that says nothing of its place
 * takes every volume.
 *
 * @see https://kubernetes.io/docs/setup/best-practices/multiple-zones/
 */
export const volumeZone = (args: Pick<PluginArgs, 'claim' | 'volume'>): FitPredicate =>
  preparing((pod) => {
    const places = claimsWithVolumes(pod, args).flatMap(({ volume }) =>
      allPlaceLabels.flatMap((label) => {
        const value = volume?.metadata.labels?.[label];
        // A volume that is replicated over zones names them all.
        return value === undefined ? [] : { label, values: new Set(value.split('__')) };
      }),
    );
    if (places.length === 0) return undefined;
    return ({ labels }) => {
      if (allPlaceLabels.every((label) => labels[label] === undefined)) return true;
      const fits = places.every(({ label, values }) => {
        const own = labels[label] ?? labels[placeLabels[label as keyof typeof placeLabels]];
        return own !== undefined && values.has(own);
      });
      return fits || unfit(['node(s) had no available volume zone']);
    };
  });
