/**
 * What every Namespace is given: the ServiceAccount `default`, without which no Pod can be made in it, and the ConfigMap
 * `kube-root-ca.crt` with the certificate by which Pods know the API server. Whoever deletes or changes them gets them back.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/serviceaccount/serviceaccounts_controller.go
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/certificates/rootcacertpublisher/publisher.go
 */
import type { ObjectKey } from '../api/meta.js';
import { configMaps, namespaces as namespaceResource, serviceAccounts } from '../api/resources.js';
import { isAlreadyExists, isForbidden, isNotFound } from '../api/status.js';
import type { ConfigMap, DeepReadonly, KubernetesObject, Namespace, ServiceAccount } from '../api/types.js';
import { WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { equal } from './pods.js';

const accountName = 'default';
const configMapName = 'kube-root-ca.crt';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keys are names of Namespaces. */
abstract class PerNamespace<T extends KubernetesObject> implements Controller, Runnable {
  abstract readonly name: string;
  abstract readonly reconcile: Controller['reconcile'];
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  protected readonly namespaces: Informer<Namespace>;

  constructor(
    protected readonly deps: Deps,
    protected readonly objects: Informer<T>,
  ) {
    this.queue = new WorkQueue({ clock: deps.clock });
    this.namespaces = deps.informers.informer(namespaceResource);
    this.informers = [this.namespaces, objects];
  }

  async run(signal: AbortSignal): Promise<void> {
    using _namespaces = this.namespaces.addEventHandler({
      onAdd: ({ metadata }) => this.queue.add(metadata.name),
      onUpdate: (_, { metadata }) => this.queue.add(metadata.name),
    });
    const wake = ({ metadata }: DeepReadonly<T>): void => this.queue.add(metadata.namespace!);
    using _objects = this.objects.addEventHandler({ onUpdate: (_, object) => wake(object), onDelete: wake });
    await runController(this, this.deps.log, signal);
  }

  protected isActive(name: ObjectKey): boolean {
    const namespace = this.namespaces.get(name);
    return (
      namespace !== undefined && namespace.status?.phase !== 'Terminating' && !namespace.metadata.deletionTimestamp
    );
  }
}

export class ServiceAccountController extends PerNamespace<ServiceAccount> {
  readonly name = 'serviceaccount-controller';

  constructor(deps: Deps) {
    super(deps, deps.informers.informer(serviceAccounts));
  }

  readonly reconcile = async (namespace: ObjectKey, signal: AbortSignal): Promise<Result> => {
    if (!this.isActive(namespace) || this.objects.get(`${namespace}/${accountName}`)) return done;
    await unlessTooLate(
      this.deps.client.create(serviceAccounts, { metadata: { name: accountName, namespace } }, { signal }),
    );
    return done;
  };
}

export class RootCAPublisher extends PerNamespace<ConfigMap> {
  readonly name = 'root-ca-certificate-publisher-controller';

  /** @param rootCA the certificate, PEM */
  constructor(
    deps: Deps,
    readonly rootCA: string,
  ) {
    super(deps, deps.informers.informer(configMaps, { fieldSelector: `metadata.name=${configMapName}` }));
  }

  readonly reconcile = async (namespace: ObjectKey, signal: AbortSignal): Promise<Result> => {
    if (!this.isActive(namespace)) return done;
    const { client } = this.deps;
    const data = { 'ca.crt': this.rootCA };
    const annotations = { 'kubernetes.io/description': description };
    const current = this.objects.get(`${namespace}/${configMapName}`);
    if (!current) {
      const metadata = { name: configMapName, namespace, annotations };
      await unlessTooLate(client.create(configMaps, { metadata, data }, { signal }));
    } else if (
      !equal(current.data, data) ||
      !equal({ ...current.metadata.annotations, ...annotations }, current.metadata.annotations)
    ) {
      const metadata = { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } };
      await unlessTooLate(client.update(configMaps, { ...current, metadata, data } as ConfigMap, { signal }));
    }
    return done;
  };
}

/** It is there already, or the Namespace is ending or gone: all as it should be. */
async function unlessTooLate(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isAlreadyExists(error) && !isForbidden(error) && !isNotFound(error)) throw error;
  }
}
