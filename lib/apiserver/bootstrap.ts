/**
 * What is there before anybody asks: the namespaces and priority classes that every cluster has, and the Service
 * `kubernetes`, by which pods find the API server. Created at the start where they are missing.
 */
import type { Kind } from '../api/kinds/kind.js';
import { systemPriorityClasses } from '../api/kinds/priorityclass.js';
import { groupVersion } from '../api/resources.js';
import { isAlreadyExists, isNotFound } from '../api/status.js';
import type { KubernetesObject, ObjectMeta } from '../api/types.js';
import type { User } from './authentication/authentication.js';
import type { RequestContext } from './registry/context.js';
import { deleteObject } from './registry/delete.js';
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

/** Where a server's secure port listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

const kubernetes = { name: 'kubernetes', namespace: 'default' };

/** The Service `kubernetes`. @param clusterIP the first address of the services' range: `10.0.0.1` */
export async function createKubernetesService(
  registry: Registry,
  served: ServedKinds,
  { clusterIP, port }: { readonly clusterIP: string; readonly port: number },
): Promise<void> {
  const services = served.find('', 'v1', 'services');
  if (!services) return;
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const ports = [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }];
  await ensure(registry, services, { metadata: { ...kubernetes, labels }, spec: { clusterIP, ports } });
}

/** Where the Service `kubernetes` leads, instead of a selector: to all servers, those of one port together. */
export async function publishServers(
  registry: Registry,
  served: ServedKinds,
  servers: readonly Address[],
): Promise<void> {
  const byPort = [...new Set(servers.map(({ port }) => port))]
    .sort((a, b) => a - b)
    .map((port) => ({
      port,
      hosts: servers
        .filter((each) => each.port === port)
        .map(({ host }) => host)
        .sort(),
    }));
  const portOf = (port: number) => [{ name: 'https', port, protocol: 'TCP' }];

  const endpoints = served.find('', 'v1', 'endpoints');
  if (endpoints) {
    const subsets = byPort.map(({ port, hosts }) => ({ addresses: hosts.map((ip) => ({ ip })), ports: portOf(port) }));
    const skipMirroring = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    await ensure(registry, endpoints, { metadata: { ...kubernetes, labels: skipMirroring }, subsets }, { subsets });
  }
  const slices = served.find('discovery.k8s.io', 'v1', 'endpointslices');
  if (!slices) return;
  const labels = { 'kubernetes.io/service-name': 'kubernetes' };
  // A slice has one set of ports: servers with another port have a slice of their own.
  const wanted = byPort.map(({ port, hosts }, index) => ({
    name: index === 0 ? 'kubernetes' : `kubernetes-${port}`,
    fields: {
      addressType: 'IPv4',
      endpoints: hosts.map((host) => ({ addresses: [host], conditions: { ready: true } })),
      ports: portOf(port),
    },
  }));
  for (const { name, fields } of wanted)
    await ensure(registry, slices, { metadata: { ...kubernetes, name, labels }, ...fields }, fields);
  for (const { object } of registry.cache.of(slices).list(keyInStore(slices, kubernetes.namespace, 'kubernetes'))) {
    const { name } = object.metadata;
    if (!/^kubernetes-\d+$/.test(name) || wanted.some((each) => each.name === name)) continue;
    await deleteObject(registry, { ...context(slices, kubernetes.namespace), name }, {}).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

type Draft = Readonly<Record<string, unknown>> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string } };

/** Creates what is not there; of what is there only `update` is set. */
async function ensure(registry: Registry, kind: Kind, draft: Draft, update?: object): Promise<void> {
  const { name, namespace = '' } = draft.metadata;
  const itsContext = context(kind, namespace);
  if (registry.cache.of(kind).get(keyInStore(kind, namespace, name))) {
    if (!update) return;
    const change = { type: 'part', verbs: [], prepareForUpdate() {}, validateUpdate: () => [] } as const;
    await registry.update({ ...itsContext, name }, (current) => Object.assign(copyOf(kind, current), update), {
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
    await registry.create(itsContext, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error; // another server of the same store was faster
  }
}

const context = (kind: Kind, namespace: string): RequestContext => ({
  kind,
  namespace,
  name: '',
  subresource: '',
  user: itself,
  dryRun: false,
  trusted: true,
  fieldManager: 'kube-apiserver',
  warn() {},
});
