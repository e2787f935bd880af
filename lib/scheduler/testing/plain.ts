/**
 * 1.2's predicates and priorities once more: from nothing but the objects, for each Pod and node anew, in the plainest words.
 * Written apart from the scheduler's own, which must come to the same results by its sums and memories.
 */
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  ReplicationController,
  Service,
} from '../../api/types.js';

/** A cluster, in the order in which things came. All of it is in the namespace `default`. */
export interface World {
  nodes: Node[];
  /** Bound Pods. */
  running: Pod[];
  services: Service[];
  controllers: ReplicationController[];
  replicaSets: ReplicaSet[];
  volumes: PersistentVolume[];
  claims: PersistentVolumeClaim[];
}

type Predicate = (world: World, pod: Pod, node: Node) => boolean;
/** The scores of the nodes that fit, in their order. */
type Priority = (world: World, pod: Pod, fitting: readonly Node[]) => number[];

const on = ({ running }: World, node: Node): Pod[] =>
  running.filter(({ spec }) => spec.nodeName === node.metadata.name);
const labelsOf = ({ metadata }: Node | Pod | PersistentVolume): Record<string, string> =>
  (metadata.labels as Record<string, string> | undefined) ?? {};

/** Amounts of the tests: `250m` of processor, `100Mi` of memory. */
const milli = (text: string): number => Number(text.replace('m', ''));
const mebi = (text: string): number => Number(text.replace('Mi', ''));
const requestsOf = ({ spec }: Pod): Record<string, string | undefined>[] =>
  spec.containers.map(({ resources }) => resources?.requests ?? {});
const cpuOf = (pod: Pod, missing: number): number =>
  requestsOf(pod).reduce((sum, { cpu }) => sum + (cpu === undefined ? missing : milli(cpu)), 0);
const memoryOf = (pod: Pod, missing: number): number =>
  requestsOf(pod).reduce((sum, { memory }) => sum + (memory === undefined ? missing : mebi(memory)), 0);
const total = (pods: readonly Pod[], of: (pod: Pod) => number): number => pods.reduce((sum, pod) => sum + of(pod), 0);

/** Which nodes 1.2 looked at. */
export function isConsidered({ spec, status }: Node): boolean {
  for (const { type, status: value } of status.conditions ?? []) {
    if (type === 'Ready' && value !== 'True') return false;
    if (type === 'OutOfDisk' && value !== 'False') return false;
  }
  return !spec.unschedulable;
}

export const predicates: Readonly<Record<string, Predicate>> = {
  PodFitsResources(world, pod, node) {
    const { cpu, memory, pods } = node.status.allocatable!;
    const all = [pod, ...on(world, node)];
    if (all.length > Number(pods)) return false;
    if (cpuOf(pod, 0) === 0 && memoryOf(pod, 0) === 0) return true;
    return total(all, (p) => cpuOf(p, 0)) <= milli(cpu!) && total(all, (p) => memoryOf(p, 0)) <= mebi(memory!);
  },
  PodFitsHostPorts(world, pod, node) {
    const portsOf = ({ spec }: Pod) =>
      spec.containers.flatMap(({ ports = [] }) => ports.map(({ hostPort }) => hostPort)).filter(Boolean);
    const taken = on(world, node).flatMap(portsOf);
    return !portsOf(pod).some((port) => taken.includes(port));
  },
  HostName: (_world, pod, node) => !pod.spec.nodeName || pod.spec.nodeName === node.metadata.name,
  MatchNodeSelector: (_world, pod, node) =>
    Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => labelsOf(node)[key] === value) &&
    affinitiesOf(pod).every(({ requiredDuringSchedulingIgnoredDuringExecution: required }) => {
      if (!required) return true;
      for (const term of required.nodeSelectorTerms) {
        if (term.matchExpressions.some(isInvalid)) return false;
        if (termHolds(term, node)) return true;
      }
      return false;
    }),
  NoDiskConflict: (world, pod, node) =>
    !on(world, node).some((other) =>
      (pod.spec.volumes ?? []).some((ours) =>
        (other.spec.volumes ?? []).some((theirs) => {
          const [gce, gce2] = [ours.gcePersistentDisk, theirs.gcePersistentDisk];
          const [ebs, ebs2] = [ours.awsElasticBlockStore, theirs.awsElasticBlockStore];
          const [rbd, rbd2] = [ours.rbd, theirs.rbd];
          if (gce && gce2 && gce.pdName === gce2.pdName && !(gce.readOnly && gce2.readOnly)) return true;
          if (ebs && ebs2 && ebs.volumeID === ebs2.volumeID) return true;
          return (
            !!rbd &&
            !!rbd2 &&
            rbd.image === rbd2.image &&
            rbd.pool === rbd2.pool &&
            rbd.monitors.some((monitor) => rbd2.monitors.includes(monitor))
          );
        }),
      ),
    ),
  NoVolumeZoneConflict(world, pod, node) {
    const keys = ['failure-domain.beta.kubernetes.io/zone', 'failure-domain.beta.kubernetes.io/region'];
    if (keys.every((key) => labelsOf(node)[key] === undefined)) return true;
    return volumesOf(world, pod).every((volume) =>
      keys.every((key) => labelsOf(volume)[key] === undefined || labelsOf(volume)[key] === labelsOf(node)[key]),
    );
  },
  MaxEBSVolumeCount: maxVolumes(({ awsElasticBlockStore: disk }) => disk?.volumeID),
  MaxGCEPDVolumeCount: maxVolumes(({ gcePersistentDisk: disk }) => disk?.pdName),
};

export const labelPresence =
  (labels: readonly string[], presence: boolean): Predicate =>
  (_world, _pod, node) =>
    labels.every((label) => label in labelsOf(node) === presence);

export const serviceAffinity =
  (labels: readonly string[]): Predicate =>
  (world, pod, node) => {
    const service = world.services.find((one) => selects(one, pod));
    const peer = service && world.running.find((other) => selects(service, other));
    const home = peer && world.nodes.find(({ metadata }) => metadata.name === peer.spec.nodeName);
    return labels.every((label) => {
      const wanted = pod.spec.nodeSelector?.[label] ?? (home && labelsOf(home)[label]);
      return wanted === undefined || labelsOf(node)[label] === wanted;
    });
  };

/** The tests' limit, which the environment can set. */
const maxDisks = (): number => Number(process.env.KUBE_MAX_PD_VOLS);

function maxVolumes(idOf: (source: Record<string, any>) => string | undefined): Predicate {
  return (world, pod, node) => {
    const disks = (one: Pod): string[] =>
      [...(one.spec.volumes ?? []), ...volumesOf(world, one).map(({ spec }) => spec)].flatMap((s) => idOf(s) ?? []);
    if (disks(pod).length === 0) return true;
    return new Set([...disks(pod), ...on(world, node).flatMap(disks)]).size <= maxDisks();
  };
}

/** The volumes behind a Pod's claims. */
const volumesOf = ({ claims, volumes }: World, { spec }: Pod): PersistentVolume[] =>
  (spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) => {
    const claim = claims.find(({ metadata }) => metadata.name === persistentVolumeClaim?.claimName);
    return volumes.filter(({ metadata }) => metadata.name === claim?.spec.volumeName);
  });

interface Term {
  readonly matchExpressions: readonly { readonly key: string; readonly operator: string; readonly values?: string[] }[];
}
interface NodeAffinity {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly Term[] };
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly preference: Term;
  }[];
}

/** Of the spec, and of 1.2's annotation. */
function affinitiesOf({ metadata, spec }: Pod): NodeAffinity[] {
  const text = metadata.annotations?.['scheduler.alpha.kubernetes.io/affinity'];
  const annotated = text === undefined ? undefined : (JSON.parse(text) as { nodeAffinity?: NodeAffinity }).nodeAffinity;
  return [spec.affinity?.nodeAffinity as NodeAffinity | undefined, annotated].filter((one) => one !== undefined);
}

const isInvalid = ({ operator, values = [] }: Term['matchExpressions'][number]): boolean =>
  ['Exists', 'DoesNotExist'].includes(operator) ? values.length > 0 : values.length === 0;

const termHolds = ({ matchExpressions }: Term, node: Node): boolean =>
  matchExpressions.length > 0 &&
  matchExpressions.every(({ key, operator, values = [] }) => {
    const value = labelsOf(node)[key];
    if (operator === 'In') return value !== undefined && values.includes(value);
    if (operator === 'NotIn') return value === undefined || !values.includes(value);
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    if (value === undefined || value === '' || Number.isNaN(Number(value))) return false;
    return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0]);
  });

/** Whether a Service, or a controller, selects the Pod. */
function selects({ spec }: Service | ReplicationController | ReplicaSet, pod: Pod): boolean {
  const selector = (spec.selector ?? {}) as Record<string, unknown>;
  const pairs = Object.entries((selector.matchLabels ?? selector) as Record<string, string>);
  return pairs.length > 0 && pairs.every(([key, value]) => labelsOf(pod)[key] === value);
}

const zoneOf = (node: Node): string | undefined => {
  const labels = labelsOf(node);
  const [region, zone] = ['region', 'zone'].map((what) => labels[`failure-domain.beta.kubernetes.io/${what}`]);
  return region === undefined && zone === undefined ? undefined : `${region}|${zone}`;
};

const spreading =
  (selectors: (world: World) => readonly (Service | ReplicationController | ReplicaSet)[]): Priority =>
  (world, pod, fitting) => {
    const selecting = selectors(world).filter((one) => selects(one, pod));
    const peers = (node: Node) =>
      on(world, node).filter(
        (other) => !other.metadata.deletionTimestamp && selecting.some((one) => selects(one, other)),
      ).length;
    const most = Math.max(0, ...world.nodes.map(peers));
    const inZone = (zone: string) => total2(fitting.filter((node) => zoneOf(node) === zone).map(peers));
    const fullest = Math.max(0, ...fitting.flatMap((node) => (zoneOf(node) ? [inZone(zoneOf(node)!)] : [])));
    return fitting.map((node) => {
      const own = most === 0 ? 10 : (10 * (most - peers(node))) / most;
      if (most === 0 || fullest === 0 || !zoneOf(node)) return Math.floor(own);
      const zones = (10 * (fullest - inZone(zoneOf(node)!))) / fullest;
      // A hair more, for 1.2 reckoned in numbers that are coarser than these.
      return Math.floor(own / 3 + (zones * 2) / 3 + 1e-6);
    });
  };
const total2 = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** What is asked for on the node with the Pod, and what there is; without requests, 100m and 200Mi are taken to be meant. */
function loads(world: World, pod: Pod, node: Node): { used: number; all: number }[] {
  const pods = [pod, ...on(world, node)];
  const { cpu, memory } = node.status.allocatable!;
  return [
    { used: total(pods, (p) => cpuOf(p, 100)), all: milli(cpu!) },
    { used: total(pods, (p) => memoryOf(p, 200)), all: mebi(memory!) },
  ];
}

export const priorities: Readonly<Record<string, Priority>> = {
  EqualPriority: (_world, _pod, fitting) => fitting.map(() => 1),
  LeastRequestedPriority: (world, pod, fitting) =>
    fitting.map((node) => {
      const [cpu, memory] = loads(world, pod, node).map(({ used, all }) =>
        used > all || all === 0 ? 0 : Math.floor(((all - used) * 10) / all),
      );
      return Math.floor((cpu! + memory!) / 2);
    }),
  BalancedResourceAllocation: (world, pod, fitting) =>
    fitting.map((node) => {
      const [cpu, memory] = loads(world, pod, node).map(({ used, all }) => (all === 0 ? 1 : used / all));
      return cpu! >= 1 || memory! >= 1 ? 0 : Math.floor(10 - Math.abs(cpu! - memory!) * 10);
    }),
  SelectorSpreadPriority: spreading(({ services, controllers, replicaSets }) => [
    ...services,
    ...controllers,
    ...replicaSets,
  ]),
  ServiceSpreadingPriority: spreading(({ services }) => services),
  NodeAffinityPriority(_world, pod, fitting) {
    const sums = fitting.map((node) =>
      affinitiesOf(pod)
        .flatMap((one) => one.preferredDuringSchedulingIgnoredDuringExecution ?? [])
        .filter(({ preference }) => !preference.matchExpressions.some(isInvalid) && termHolds(preference, node))
        .reduce((sum, { weight }) => sum + weight, 0),
    );
    const most = Math.max(0, ...sums);
    return sums.map((sum) => (most === 0 ? 0 : Math.floor(10 * (sum / most))));
  },
  ImageLocalityPriority: (_world, pod, fitting) =>
    fitting.map((node) => {
      const sizeOf = (image: string | undefined) =>
        (node.status.images ?? []).find(({ names }) => names!.includes(image!))?.sizeBytes ?? 0;
      const megabytes = pod.spec.containers.reduce((sum, { image }) => sum + sizeOf(image), 0) / 2 ** 20;
      if (megabytes < 23) return 0;
      return megabytes >= 1000 ? 10 : Math.floor((10 * (megabytes - 23)) / (1000 - 23)) + 1;
    }),
};

export const labelPreference =
  (label: string, presence: boolean): Priority =>
  (_world, _pod, fitting) =>
    fitting.map((node) => (label in labelsOf(node) === presence ? 10 : 0));

export const serviceAntiAffinity =
  (label: string): Priority =>
  (world, pod, fitting) => {
    const service = world.services.find((one) => selects(one, pod));
    const peers = service ? world.running.filter((other) => selects(service, other)) : [];
    const valueAt = (name: string | undefined) => {
      const node = world.nodes.find(({ metadata }) => metadata.name === name);
      return node && labelsOf(node)[label];
    };
    return fitting.map((node) => {
      const value = labelsOf(node)[label];
      if (value === undefined) return 0;
      if (peers.length === 0) return 10;
      const there = peers.filter(({ spec }) => valueAt(spec.nodeName) === value).length;
      return Math.floor((10 * (peers.length - there)) / peers.length);
    });
  };
