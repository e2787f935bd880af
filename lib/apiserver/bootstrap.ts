/**
 * What is there before anybody asks: the namespaces and priority classes that every cluster has, and the Service
 * `kubernetes`, by which pods find the API server. Created at the start where they are missing.
 */
import type { Kind } from '../api/kinds/kind.js';
import { systemPriorityClasses } from '../api/kinds/priorityclass.js';
import { groupVersion } from '../api/resources.js';
import { isAlreadyExists } from '../api/status.js';
import type { KubernetesObject, ObjectMeta } from '../api/types.js';
import type { User } from './authentication/authentication.js';
import type { RequestContext } from './registry/context.js';
import { copyOf } from './registry/present.js';
import type { Registry } from './registry/registry.js';
import { keyInStore, type ServedKinds } from './served.js';

/** The API server, when it acts by itself. */
const itself: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export async function createSystemNamespaces(registry: Registry, served: ServedKinds): Promise<void> {
  const namespaces = served.find('', 'v1', 'namespaces');
  if (!namespaces) return;
  for (const name of systemNamespaces) await ensure(registry, namespaces, { metadata: { name } });
}

export async function createSystemPriorityClasses(registry: Registry, served: ServedKinds): Promise<void> {
  const classes = served.find('scheduling.k8s.io', 'v1', 'priorityclasses');
  if (!classes) return;
  for (const each of systemPriorityClasses) await ensure(registry, classes, each);
}

export interface KubernetesService {
  /** The first address of the services' range: `10.0.0.1`. */
  readonly clusterIP: string;
  /** Where the secure port listens. */
  readonly host: string;
  readonly port: number;
}

/** The Service `kubernetes`, and, instead of a selector, where it leads. */
export async function createKubernetesService(
  registry: Registry,
  served: ServedKinds,
  { clusterIP, host, port }: KubernetesService,
): Promise<void> {
  const metadata = { name: 'kubernetes', namespace: 'default' };
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const services = served.find('', 'v1', 'services');
  if (services) {
    const ports = [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }];
    await ensure(registry, services, { metadata: { ...metadata, labels }, spec: { clusterIP, ports } });
  }
  const endpoints = served.find('', 'v1', 'endpoints');
  if (endpoints) {
    const subsets = [{ addresses: [{ ip: host }], ports: [{ name: 'https', port, protocol: 'TCP' }] }];
    const skipMirroring = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    await ensure(registry, endpoints, { metadata: { ...metadata, labels: skipMirroring }, subsets }, { subsets });
  }
  const slices = served.find('discovery.k8s.io', 'v1', 'endpointslices');
  if (slices) {
    const owned = { 'kubernetes.io/service-name': 'kubernetes' };
    const fields = {
      addressType: 'IPv4',
      endpoints: [{ addresses: [host], conditions: { ready: true } }],
      ports: [{ name: 'https', port, protocol: 'TCP' }],
    };
    await ensure(registry, slices, { metadata: { ...metadata, labels: owned }, ...fields }, fields);
  }
}

type Draft = Readonly<Record<string, unknown>> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string } };

/** Creates what is not there; of what is there only `update` is set. */
async function ensure(registry: Registry, kind: Kind, draft: Draft, update?: object): Promise<void> {
  const { name, namespace = '' } = draft.metadata;
  const context: RequestContext = {
    kind,
    namespace,
    name: '',
    subresource: '',
    user: itself,
    dryRun: false,
    trusted: true,
    fieldManager: 'kube-apiserver',
    warn() {},
  };
  if (registry.cache.of(kind).get(keyInStore(kind, namespace, name))) {
    if (!update) return;
    const change = { type: 'part', verbs: [], prepareForUpdate() {}, validateUpdate: () => [] } as const;
    await registry.update({ ...context, name }, (current) => Object.assign(copyOf(kind, current), update), {
      part: change,
    });
    return;
  }
  const object = {
    kind: kind.kind,
    apiVersion: groupVersion(kind),
    ...structuredClone(draft),
  } as unknown as KubernetesObject;
  kind.default?.(object);
  try {
    await registry.create(context, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error; // another server of the same store was faster
  }
}
