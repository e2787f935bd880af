/**
 * The endpointslice mirroring controller: Endpoints written by hand, for a Service without a selector, appear as slices too,
 * so that whoever reads slices needs to read nothing else.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/endpointslicemirroring/endpointslicemirroring_controller.go
 */
import { controllerReference, keyOf, type ObjectKey } from '../api/meta.js';
import { endpoints as endpointsResource, endpointSlices, services as serviceResource } from '../api/resources.js';
import { isForbidden, isNotFound } from '../api/status.js';
import type { DeepReadonly, Endpoints, EndpointAddress, EndpointSlice, Service } from '../api/types.js';
import { WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { managedByLabel, planSlices, serviceNameLabel, sliceIndexes } from './slices.js';

const managedBy = 'endpointslicemirroring-controller.k8s.io';
/** An Endpoints object with this label is not mirrored. */
const skip = 'endpointslice.kubernetes.io/skip-mirror';
/** Leaders were once elected by this annotation: such Endpoints change every second and have no addresses. */
const leader = 'control-plane.alpha.kubernetes.io/leader';

export class EndpointSliceMirroringController implements Controller, Runnable {
  readonly name = 'endpointslice-mirroring-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: Informer<EndpointSlice>;

  constructor(deps: Deps) {
    const { clock, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#services = informers.informer(serviceResource);
    this.#endpoints = informers.informer(endpointsResource);
    this.#slices = informers.informer(endpointSlices, { indexes: sliceIndexes });
    this.informers = [this.#services, this.#endpoints, this.#slices];
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = (object: DeepReadonly<Service | Endpoints>): void => this.queue.add(keyOf(object));
    const all = { onAdd: wake, onUpdate: (_: unknown, object: DeepReadonly<Service | Endpoints>) => wake(object), onDelete: wake }; // prettier-ignore
    using _services = this.#services.addEventHandler(all);
    using _endpoints = this.#endpoints.addEventHandler(all);
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const { client } = this.#deps;
    const service = this.#services.get(key);
    const source = this.#endpoints.get(key);
    const existing = this.#slices
      .byIndex('service', key)
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === managedBy && !metadata.deletionTimestamp);
    const mirrored = service && !service.spec.selector && source && isMirrored(source);
    const groups = mirrored
      ? (source.subsets ?? []).map(({ ports = [], addresses = [], notReadyAddresses = [] }) => ({
          ports: ports.map(({ name = '', ...port }) => ({ name, ...port })),
          endpoints: [
            ...addresses.map((address) => endpointOf(address, true)),
            ...notReadyAddresses.map((address) => endpointOf(address, false)),
          ],
        }))
      : [];
    const plan =
      groups.length > 0 ? planSlices(groups, existing) : { toCreate: [], toUpdate: new Map(), toDelete: existing };
    try {
      for (const content of plan.toCreate) {
        const { name, namespace, labels } = source!.metadata;
        const metadata = {
          generateName: `${name}-`,
          namespace,
          labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: managedBy },
          ownerReferences: [controllerReference(endpointsResource, source!)],
        };
        await client.create(endpointSlices, { metadata, addressType: 'IPv4', ...content }, { signal });
      }
      for (const [slice, content] of plan.toUpdate)
        await client.update(endpointSlices, { ...slice, ...content } as unknown as EndpointSlice, { signal });
      for (const { metadata } of plan.toDelete)
        await client.delete(endpointSlices, metadata, { signal }).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
    } catch (error) {
      if (isForbidden(error) && existing.length === 0) return done; // the Namespace is ending
      throw error;
    }
    return done;
  };
}

const isMirrored = ({ metadata }: DeepReadonly<Endpoints>): boolean =>
  metadata.labels?.[skip] !== 'true' && metadata.annotations?.[leader] === undefined && !metadata.deletionTimestamp;

const endpointOf = ({ ip, hostname, nodeName, targetRef }: DeepReadonly<EndpointAddress>, ready: boolean) => ({
  addresses: [ip],
  conditions: { ready },
  ...(hostname && { hostname }),
  ...(nodeName && { nodeName }),
  ...(targetRef && { targetRef }),
});
