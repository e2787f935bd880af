import type { PersistentVolume, DeepReadonly, Volume } from '../../api/types.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import { askedWhen, unfit, type FitPredicate } from './predicate.js';

/** A kind of disk of which a node can hold only so many, told apart by id. */
export interface DiskKind {
  readonly limit: number;
  /** Undefined: it is of another kind. */
  idOf(source: DeepReadonly<Volume> | DeepReadonly<PersistentVolume['spec']>): string | undefined;
}

/** Amazon attaches 40 volumes to a machine; one is its root. */
export const ebs: DiskKind = { limit: 39, idOf: (source) => source.awsElasticBlockStore?.volumeID };
/** Google attaches 16 persistent disks to a machine. */
export const gcePd: DiskKind = { limit: 16, idOf: (source) => source.gcePersistentDisk?.pdName };

/**
 * *MaxEBSVolumeCount*, *MaxGCEPDVolumeCount*: the distinct disks of one kind on the node, also those behind claims, with the
 * new ones stay within the limit: 39 and 16, or `KUBE_MAX_PD_VOLS` of the environment for both. A Pod without such disks
 * always fits. (Today's name: *NodeVolumeLimits*.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const maxVolumeCount = (kind: DiskKind, args: PluginArgs): FitPredicate =>
  askedWhen(hasVolumes, (pod, node) => {
    const ids = new Set<string>();
    collect(pod, ids);
    if (ids.size === 0) return true;
    for (const other of node.pods.values()) collect(other, ids);
    return ids.size <= kind.limit || unfit(['node(s) exceed max volume count'], { resolvable: true });

    function collect({ disks, claimNames, namespace }: PodInfo, into: Set<string>): void {
      for (const disk of disks) add(kind.idOf(disk), into);
      for (const name of claimNames) {
        const bound = args.volume(args.claim(namespace, name)?.spec.volumeName);
        if (bound) add(kind.idOf(bound.spec), into);
      }
    }
  });

const hasVolumes = ({ disks, claimNames }: PodInfo): boolean => disks.length + claimNames.length > 0;

function add(id: string | undefined, to: Set<string>): void {
  if (id !== undefined) to.add(id);
}
