/**
 * The endpointslice controller: the same as Endpoints, cut into slices of a hundred, so that one Pod's change is a small
 * write and a small event for every node. `kubectl describe service` and today's proxies read these.
 *
 * Left out, compared with upstream: topology hints, IPv6.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/endpointslice/endpointslice_controller.go
 */
import { controllerReference, type ObjectKey } from '../api/meta.js';
import {
  endpointSlices,
  nodes as nodeResource,
  pods as podResource,
  services as serviceResource,
} from '../api/resources.js';
import { isForbidden, isNotFound } from '../api/status.js';
import type { DeepReadonly, EndpointSlice, Node, Pod, Service } from '../api/types.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { headless, hostnameIn, portsOf } from './endpoints.js';
import { equal, isReady, isTerminal, podIndexes } from './pods.js';
import { wakeServices } from './service-pods.js';
import { planSlices, serviceNameLabel, managedByLabel, sliceIndexes, type SliceContent } from './slices.js';

const managedBy = 'endpointslice-controller.k8s.io';

type Endpoint = EndpointSlice['endpoints'][number];

export class EndpointSliceController implements Controller, Runnable {
  readonly name = 'endpointslice-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: Informer<EndpointSlice>;
  readonly #events: EventRecorder;

  constructor(deps: Deps) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#events = new EventRecorder({ client, clock, log, component: 'endpoint-slice-controller' });
    this.#services = informers.informer(serviceResource);
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
    this.#nodes = informers.informer(nodeResource);
    this.#slices = informers.informer(endpointSlices, { indexes: sliceIndexes });
    this.informers = [this.#services, this.#pods, this.#nodes, this.#slices];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    using _wake = wakeServices(this.#services, this.#pods, (key) => this.queue.add(key));
    const wakeService = ({ metadata }: DeepReadonly<EndpointSlice>): void => {
      const service = metadata.labels?.[serviceNameLabel];
      if (service && metadata.labels?.[managedByLabel] === managedBy)
        this.queue.add(`${metadata.namespace}/${service}`);
    };
    using _slices = this.#slices.addEventHandler({
      onUpdate: (old, slice) => (wakeService(old), wakeService(slice)),
      onDelete: wakeService,
    });
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const service = this.#services.get(key);
    // Slices of a Service that is gone are left to the garbage collector: the Service owns them.
    if (!service?.spec.selector || service.metadata.deletionTimestamp) return done;
    const existing = this.#slices
      .byIndex('service', key)
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedBy && !metadata.deletionTimestamp);
    let nodeMissing = false;
    const groups = new Map<string, SliceContent>();
    for (const pod of this.#pods.matching(service.metadata.namespace, service.spec.selector)) {
      if (!pod.status.podIP || isTerminal(pod)) continue;
      const node = pod.spec.nodeName ? this.#nodes.get(pod.spec.nodeName) : undefined;
      // A Node that is not there yet, or no more: without it the endpoint's place is not known.
      if (pod.spec.nodeName && !node) {
        nodeMissing = true;
        continue;
      }
      const ports = portsOf(service, pod).map(({ name = '', ...port }) => ({ name, ...port }));
      const group = groups.get(JSON.stringify(ports)) ?? { ports, endpoints: [] };
      groups.set(JSON.stringify(ports), group);
      group.endpoints.push(endpointOf(service, pod, node));
    }
    const { toCreate, toUpdate, toDelete } = planSlices([...groups.values()], existing);
    const { client } = this.#deps;
    const { name, namespace } = service.metadata;
    const labels = {
      ...service.metadata.labels,
      [serviceNameLabel]: name,
      [managedByLabel]: managedBy,
      ...(service.spec.clusterIP === 'None' && { [headless]: '' }),
    };
    try {
      for (const content of toCreate) {
        const ownerReferences = [controllerReference(serviceResource, service)];
        const metadata = { generateName: `${name}-`, namespace, labels, ownerReferences };
        await client.create(endpointSlices, { metadata, addressType: 'IPv4', ...content }, { signal });
      }
      const relabelled = existing.filter((slice) => !equal(slice.metadata.labels, labels));
      for (const slice of new Set([...toUpdate.keys(), ...relabelled])) {
        if (toDelete.includes(slice)) continue;
        const content = toUpdate.get(slice) ?? {};
        const metadata = { ...slice.metadata, labels };
        await client.update(endpointSlices, { ...slice, ...content, metadata } as unknown as EndpointSlice, { signal });
      }
      for (const { metadata } of toDelete) {
        await client.delete(endpointSlices, { namespace, name: metadata.name }, { signal }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
      }
    } catch (error) {
      if (isForbidden(error) && existing.length === 0) return done; // the Namespace is ending
      if (!signal.aborted) {
        const message = `Error updating Endpoint Slices for Service ${key}: ${(error as Error).message}`;
        this.#events.event(service, 'Warning', 'FailedToUpdateEndpointSlices', message);
      }
      throw error;
    }
    return nodeMissing ? { requeueAfterMs: 1000 } : done;
  };
}

function endpointOf(
  service: DeepReadonly<Service>,
  pod: DeepReadonly<Pod>,
  node: DeepReadonly<Node> | undefined,
): Endpoint {
  const { namespace, name, uid, deletionTimestamp } = pod.metadata;
  const serving = isReady(pod);
  const terminating = deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname = hostnameIn(service, pod);
  const zone = node?.metadata.labels?.['topology.kubernetes.io/zone'];
  return {
    addresses: [pod.status.podIP!],
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec.nodeName && { nodeName: pod.spec.nodeName }),
    ...(zone && { zone }),
  };
}
