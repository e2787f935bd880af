/**
 * The names under which kinds are served. A {@link Resource} tells a client which path to ask and which type it gets;
 * what the server does with a kind stands in the table of kinds (`kinds/`), whose entries are resources too.
 */
import type {
  ConfigMap,
  CSINode,
  Endpoints,
  EndpointSlice,
  Event,
  KubernetesObject,
  Lease,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  RuntimeClass,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  StorageClass,
} from './types.js';

export interface Resource<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural in the path: `pods`. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Only for the type checker. */
  readonly object?: T;
}

const core = <T extends KubernetesObject>(resource: string, kind: string, namespaced = true): Resource<T> => ({
  group: '',
  version: 'v1',
  resource,
  kind,
  namespaced,
});

export const pods = core<Pod>('pods', 'Pod');
export const services = core<Service>('services', 'Service');
export const endpoints = core<Endpoints>('endpoints', 'Endpoints');
export const nodes = core<Node>('nodes', 'Node', false);
export const namespaces = core<Namespace>('namespaces', 'Namespace', false);
export const replicationControllers = core<ReplicationController>('replicationcontrollers', 'ReplicationController');
export const events = core<Event>('events', 'Event');
export const secrets = core<Secret>('secrets', 'Secret');
export const configMaps = core<ConfigMap>('configmaps', 'ConfigMap');
export const serviceAccounts = core<ServiceAccount>('serviceaccounts', 'ServiceAccount');
export const persistentVolumes = core<PersistentVolume>('persistentvolumes', 'PersistentVolume', false);
export const persistentVolumeClaims = core<PersistentVolumeClaim>('persistentvolumeclaims', 'PersistentVolumeClaim');

export const endpointSlices: Resource<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
export const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};

const apps = <T extends KubernetesObject>(resource: string, kind: string): Resource<T> => ({
  group: 'apps',
  version: 'v1',
  resource,
  kind,
  namespaced: true,
});

export const replicaSets = apps<ReplicaSet>('replicasets', 'ReplicaSet');
export const statefulSets = apps<StatefulSet>('statefulsets', 'StatefulSet');

export const podDisruptionBudgets: Resource<PodDisruptionBudget> = {
  group: 'policy',
  version: 'v1',
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};
export const storageClasses: Resource<StorageClass> = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};
export const csiNodes: Resource<CSINode> = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'csinodes',
  kind: 'CSINode',
  namespaced: false,
};
export const runtimeClasses: Resource<RuntimeClass> = {
  group: 'node.k8s.io',
  version: 'v1',
  resource: 'runtimeclasses',
  kind: 'RuntimeClass',
  namespaced: false,
};
export const priorityClasses: Resource<PriorityClass> = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
};

/** `v1`, `events.k8s.io/v1` */
export const groupVersion = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** `pods`, `events.events.k8s.io`: how messages name a resource. */
export const groupResource = ({ group, resource }: Pick<Resource, 'group' | 'resource'>): string =>
  group === '' ? resource : `${resource}.${group}`;

/**
 * The path of a collection, or of one object: `/api/v1/namespaces/default/pods/web-0`, `/api/v1/nodes`.
 * Without `namespace`, the collection of all namespaces.
 */
export function pathOf(
  resource: Resource,
  { namespace, name, subresource }: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  return [
    root,
    ...(resource.namespaced && namespace ? ['namespaces', namespace] : []),
    resource.resource,
    name,
    subresource,
  ]
    .filter((part): part is string => part !== undefined)
    .map((part, index) => (index === 0 ? part : encodeURIComponent(part)))
    .join('/');
}
