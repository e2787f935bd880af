/** The controller manager: all controllers in one process, over one set of informers. */
import { setMaxListeners } from 'node:events';
import { informerFactory, type Client, type InformerFactory } from '../client/index.js';
import { childAbort, type Clock, type Log } from '../util/index.js';
import type { Deps, Runnable } from './controller.js';
import { EndpointsController } from './endpoints.js';
import { EndpointSliceController } from './endpointslice.js';
import { EndpointSliceMirroringController } from './endpointslice-mirroring.js';
import { GarbageCollector } from './garbage-collector.js';
import { NamespaceController } from './namespace.js';
import { NodeLifecycleController, type NodeLifecycleOptions } from './node-lifecycle.js';
import { NodeTtlController } from './node-ttl.js';
import { PodGarbageCollector } from './pod-gc.js';
import { ReplicaManager, replicaSetKind, replicationControllerKind } from './replication.js';
import { RootCAPublisher, ServiceAccountController } from './serviceaccount.js';
import { TaintEvictionController } from './taint-eviction.js';
import { VolumeBinderController } from './volume-binder.js';
import { ClaimProtectionController, VolumeProtectionController } from './volume-protection.js';

export interface ControllersOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** The certificate that Pods are told to trust, PEM; without one, `kube-root-ca.crt` is not published. */
  readonly rootCA?: string;
  /** Which to run; all if left out. */
  readonly controllers?: readonly ControllerName[];
  /** Shared with others, who run them; the controllers run their own if left out. */
  readonly informers?: InformerFactory;
  /** When a Node is taken for dead, and how fast its Pods go. */
  readonly nodes?: NodeLifecycleOptions;
}

/** By upstream's names (`--controllers`). */
const makers = {
  'endpoints-controller': (deps: Deps) => new EndpointsController(deps),
  'endpointslice-controller': (deps: Deps) => new EndpointSliceController(deps),
  'endpointslice-mirroring-controller': (deps: Deps) => new EndpointSliceMirroringController(deps),
  'garbage-collector-controller': (deps: Deps) => new GarbageCollector(deps),
  'namespace-controller': (deps: Deps) => new NamespaceController(deps),
  'node-lifecycle-controller': (deps: Deps, { nodes }: ControllersOptions) => new NodeLifecycleController(deps, nodes),
  'persistentvolume-binder-controller': (deps: Deps) => new VolumeBinderController(deps),
  'persistentvolume-protection-controller': (deps: Deps) => new VolumeProtectionController(deps),
  'persistentvolumeclaim-protection-controller': (deps: Deps) => new ClaimProtectionController(deps),
  'pod-garbage-collector-controller': (deps: Deps) => new PodGarbageCollector(deps),
  'replicaset-controller': (deps: Deps) => new ReplicaManager(deps, replicaSetKind),
  'replicationcontroller-controller': (deps: Deps) => new ReplicaManager(deps, replicationControllerKind),
  'root-ca-certificate-publisher-controller': (deps: Deps, { rootCA }: ControllersOptions) =>
    rootCA ? new RootCAPublisher(deps, rootCA) : undefined,
  'serviceaccount-controller': (deps: Deps) => new ServiceAccountController(deps),
  'taint-eviction-controller': (deps: Deps) => new TaintEvictionController(deps),
  'ttl-controller': (deps: Deps) => new NodeTtlController(deps),
} satisfies Record<string, (deps: Deps, options: ControllersOptions) => Runnable | undefined>;

export type ControllerName = keyof typeof makers;

export const controllerNames = Object.keys(makers) as ControllerName[];

/**
 * Runs controllers until `signal` aborts. No failure of the API server ends it; rejects only when a controller breaks, which
 * stops the others.
 *
 * @throws Error for a name that is no controller's
 */
export async function runControllers(options: ControllersOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, controllers = controllerNames } = options;
  const unknown = controllers.find((name) => !(name in makers));
  if (unknown) throw new Error(`there is no controller "${unknown}"; there are ${controllerNames.join(', ')}`);
  using stop = childAbort(signal);
  setMaxListeners(0, stop.signal);
  const informers = options.informers ?? informerFactory({ client, clock, log });
  const running = controllers
    .map((name) => makers[name]({ client, clock, log: log.with({ controller: name }), informers }, options))
    .filter((controller) => controller !== undefined)
    .map((controller) => controller.run(stop.signal));
  const all = options.informers ? running : [...running, informers.run(stop.signal)];
  try {
    await Promise.all(all);
  } finally {
    stop.abort();
    await Promise.allSettled(all);
  }
}
