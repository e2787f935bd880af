/**
 * The endpoints controller: makes each Service's Endpoints list the addresses of the Pods that it selects. kube-proxy reads
 * nothing else: a Pod that is not ready is not in `addresses`, and so gets no traffic.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/endpoint/endpoints_controller.go
 */
import { keyOf, splitKey, type ObjectKey } from '../api/meta.js';
import { endpoints as endpointsResource, pods as podResource, services as serviceResource } from '../api/resources.js';
import { isAlreadyExists, isConflict, isForbidden, isNotFound } from '../api/status.js';
import type {
  DeepReadonly,
  Draft,
  EndpointAddress,
  Endpoints,
  EndpointSubset,
  Pod,
  Service,
  ServicePort,
} from '../api/types.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { conditionOf, equal, isReady, isTerminal, podIndexes } from './pods.js';
import { wakeServices } from './service-pods.js';

/** An Endpoints object holds no more addresses than this; what is over is left to EndpointSlices. */
const capacity = 1000;
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
/** When the change happened that this Endpoints object shows: the delay until proxies know is measured from here. */
const lastChange = 'endpoints.kubernetes.io/last-change-trigger-time';
const managedBy = 'endpoints.kubernetes.io/managed-by';
export const headless = 'service.kubernetes.io/headless';

export class EndpointsController implements Controller, Runnable {
  readonly name = 'endpoints-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #events: EventRecorder;

  constructor(deps: Deps) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#events = new EventRecorder({ client, clock, log, component: 'endpoint-controller' });
    this.#services = informers.informer(serviceResource);
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
    this.#endpoints = informers.informer(endpointsResource);
    this.informers = [this.#services, this.#pods, this.#endpoints];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    using _wake = wakeServices(this.#services, this.#pods, (key) => this.queue.add(key));
    using _endpoints = this.#endpoints.addEventHandler({
      onDelete: (object) => this.queue.add(keyOf(object)),
    });
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const { client } = this.#deps;
    const service = this.#services.get(key);
    const current = this.#endpoints.get(key);
    if (!service) return this.#remove(key, signal);
    if (!service.spec.selector) return done; // its author writes the Endpoints by hand
    const pods = this.#pods.matching(service.metadata.namespace, service.spec.selector);
    const desired = endpointsFor(service, pods, current);
    if (current && sameEndpoints(current, desired)) return done;
    try {
      if (!current) await client.create(endpointsResource, desired, { signal });
      // Sending back the version we read turns a stale cache into a Conflict, and a Conflict into a retry.
      else
        await client.update(
          endpointsResource,
          { ...desired, metadata: { ...current.metadata, ...desired.metadata } } as Endpoints,
          { signal },
        );
    } catch (error) {
      if (isForbidden(error) && !current) return done; // the Namespace is ending: nothing new in there
      // A cache that lags behind our own last write is no news for the Service's owner: the retry sees it.
      const stale = isAlreadyExists(error) || isConflict(error);
      if (!signal.aborted && !stale) {
        const [reason, verb] = current ? ['FailedToUpdateEndpoint', 'update'] : ['FailedToCreateEndpoint', 'create'];
        this.#events.event(service, 'Warning', reason!, `Failed to ${verb} endpoint for service ${key}: ${(error as Error).message}`); // prettier-ignore
      }
      throw error;
    }
    return done;
  };

  async #remove(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    const { namespace, name } = splitKey(key);
    try {
      await this.#deps.client.delete(endpointsResource, { namespace, name }, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return done;
  }
}

/** The Endpoints of `service`, whose selector finds `pods`; `current` is what there is, whose own annotations stay. */
export function endpointsFor(
  service: DeepReadonly<Service>,
  pods: readonly DeepReadonly<Pod>[],
  current?: DeepReadonly<Endpoints>,
): Draft<Endpoints> & { metadata: { name: string } } {
  const { name, namespace, labels } = service.metadata;
  const publishNotReady = service.spec.publishNotReadyAddresses === true;
  const groups = new Map<string, EndpointSubset>();
  let count = 0;
  for (const pod of pods) {
    if (!pod.status.podIP || isTerminal(pod)) continue;
    if (pod.metadata.deletionTimestamp && !publishNotReady) continue;
    const ports = portsOf(service, pod);
    if (ports.length === 0 && (service.spec.ports ?? []).length > 0) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { addresses: [], notReadyAddresses: [], ...(ports.length > 0 && { ports }) };
    groups.set(key, group);
    const ready = publishNotReady || isReady(pod);
    (ready ? group.addresses! : group.notReadyAddresses!).push(addressOf(pod, service));
    count++;
  }
  const subsets = truncated(
    [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group),
    capacity,
  );
  const { [lastChange]: _time, [overCapacity]: _over, ...annotations } = current?.metadata.annotations ?? {};
  const changed = lastChangeOf(service, pods);
  return {
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [managedBy]: 'endpoint-controller',
        ...(service.spec.clusterIP === 'None' && { [headless]: '' }),
      },
      annotations: {
        ...annotations,
        ...(changed && { [lastChange]: changed }),
        ...(count > capacity && { [overCapacity]: 'truncated' }),
      },
    },
    ...(subsets.length > 0 && { subsets }),
  };
}

/** The ports under which `pod` serves `service`; a named port is whatever number the Pod gives it. */
export function portsOf(service: DeepReadonly<Service>, pod: DeepReadonly<Pod>) {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPort(port, pod);
    if (number === undefined) return [];
    const { name, protocol = 'TCP', appProtocol } = port;
    return [{ ...(name && { name }), port: number, protocol, ...(appProtocol && { appProtocol }) }];
  });
}

function targetPort(port: DeepReadonly<ServicePort>, pod: DeepReadonly<Pod>): number | undefined {
  const { targetPort = port.port, protocol = 'TCP' } = port;
  if (typeof targetPort === 'number') return targetPort || port.port;
  // A sidecar is an init container that stays: its ports count too.
  const sidecars = (pod.spec.initContainers ?? []).filter((container) => (container as { restartPolicy?: string }).restartPolicy === 'Always'); // prettier-ignore
  return [...pod.spec.containers, ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)?.containerPort;
}

function addressOf(pod: DeepReadonly<Pod>, service: DeepReadonly<Service>): EndpointAddress {
  const { namespace, name, uid } = pod.metadata;
  const hostname = hostnameIn(service, pod);
  return {
    ip: pod.status.podIP!,
    ...(hostname && { hostname }),
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** The name that DNS gives `pod` beneath `service`'s, if it asks for one. */
export const hostnameIn = (service: DeepReadonly<Service>, pod: DeepReadonly<Pod>): string | undefined =>
  pod.spec.subdomain === service.metadata.name && pod.metadata.namespace === service.metadata.namespace
    ? pod.spec.hostname
    : undefined;

/** Sorted by address, at most `limit` addresses, the ready ones first; empty lists left out. */
function truncated(subsets: readonly EndpointSubset[], limit: number): EndpointSubset[] {
  let left = limit;
  const take = (addresses: readonly EndpointAddress[]): EndpointAddress[] => {
    const taken = [...addresses].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0)).slice(0, left);
    left -= taken.length;
    return taken;
  };
  const ready = subsets.map((subset) => take(subset.addresses ?? []));
  const notReady = subsets.map((subset) => take(subset.notReadyAddresses ?? []));
  return subsets
    .map(({ ports }, i) => ({
      ...(ready[i]!.length > 0 && { addresses: ready[i]! }),
      ...(notReady[i]!.length > 0 && { notReadyAddresses: notReady[i]! }),
      ...(ports && { ports }),
    }))
    .filter(({ addresses, notReadyAddresses }) => addresses || notReadyAddresses);
}

/** When the Service was made or the last of its Pods became ready or unready, whichever was later. */
export function lastChangeOf(service: DeepReadonly<Service>, pods: readonly DeepReadonly<Pod>[]): string | undefined {
  const times = pods.map(
    (pod) => conditionOf(pod, 'Ready')?.lastTransitionTime ?? pod.metadata.creationTimestamp ?? '',
  );
  return [service.metadata.creationTimestamp ?? '', ...times].reduce((a, b) => (a > b ? a : b)) || undefined;
}

/** Whether nothing that matters differs: a later trigger time alone is no reason to write. */
const sameEndpoints = (current: DeepReadonly<Endpoints>, desired: Draft<Endpoints>): boolean =>
  equal(current.subsets ?? [], desired.subsets ?? []) &&
  equal(current.metadata.labels, desired.metadata.labels) &&
  current.metadata.annotations?.[overCapacity] === desired.metadata.annotations?.[overCapacity];
