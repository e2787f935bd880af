/**
 * The loop: Services and Endpoints change, and the open ports follow.
 *
 * A port is open while its Service has an endpoint; without one a client is refused at once rather than left waiting.
 * Endpoints that change leave running connections alone; a Service that goes takes its connections with it.
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import { endpoints as endpointsResource, services as servicesResource } from '../api/resources.js';
import type { DeepReadonly, Service } from '../api/types.js';
import { EventRecorder, informerFactory, WorkQueue, type Client } from '../client/index.js';
import { type Clock, type Log, silent } from '../util/index.js';
import { Balancer } from './balancer.js';
import type { Forwarder } from './forwarder.js';
import { notServed, portalsOf, type Portal } from './portals.js';
import { forwardTcp } from './tcp.js';
import { forwardUdp } from './udp.js';

export interface ProxyOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log?: Log;
  /** The Node that speaks in Events. */
  readonly nodeName: string;
  /** Where node ports answer; 127.0.0.1 if left out. */
  readonly nodeAddresses?: readonly string[];
}

/** Serves all Services of the cluster on this machine, until `signal` aborts; then every port is closed. */
export async function runProxy(options: ProxyOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log = silent, nodeName, nodeAddresses = ['127.0.0.1'] } = options;
  await using recorder = new EventRecorder({ client, clock, log, component: 'kube-proxy', host: nodeName });
  const informers = informerFactory({ client, clock, log });
  const services = informers.informer(servicesResource);
  const endpoints = informers.informer(endpointsResource);
  const queue = new WorkQueue<ObjectKey>({ clock, baseMs: 1000, maxMs: 30_000 });
  const wake = (object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): void =>
    queue.add(keyOf(object));
  using _services = services.addEventHandler({
    onAdd: wake,
    onUpdate: (_old, service) => wake(service),
    onDelete: wake,
  });
  using _endpoints = endpoints.addEventHandler({ onAdd: wake, onUpdate: (_old, each) => wake(each), onDelete: wake });

  /** By Service key: what was last said not to be served. */
  const said = new Map<ObjectKey, string>();
  const sayWhatIsNotServed = (key: ObjectKey, service: DeepReadonly<Service> | undefined): void => {
    const what = service ? notServed(service).join(', ') : '';
    if (what === (said.get(key) ?? '')) return;
    if (what === '' || !service) return void said.delete(key);
    said.set(key, what);
    log.info('part of a service is not served', { service: key, what });
    const message = `Not served by this proxy: ${what}. The Service is reached at its cluster IP and node ports`;
    recorder.event(service, 'Warning', 'NotServed', message);
  };

  /** By Service key: what was last said not to be open; attempts that end the same way are not logged again. */
  const failed = new Map<ObjectKey, string>();
  await using ports = new OpenPorts(clock);
  const running = informers.run(signal);
  await Promise.all([services.synced(signal), endpoints.synced(signal)]);
  for await (const key of queue.keys(signal)) {
    const service = services.get(key);
    sayWhatIsNotServed(key, service);
    const failures = await ports.update(key, service ? portalsOf(service, endpoints.get(key), nodeAddresses) : []);
    queue.done(key);
    const why = failures.map(sentence).join('; ');
    if (failures.length === 0) {
      queue.forget(key);
      failed.delete(key);
      continue;
    }
    recorder.event(service as DeepReadonly<Service>, 'Warning', 'FailedToOpenPort', why);
    if (failed.get(key) !== why) log.warn('service is not reached, will retry', { service: key, why });
    failed.set(key, why);
    queue.addRateLimited(key);
  }
  await running;
}

interface Failure {
  readonly address: string;
  readonly port: number;
  readonly error: NodeJS.ErrnoException;
}

function sentence({ address, port, error }: Failure): string {
  if (error.code === 'EADDRINUSE') return `Port ${port} of ${address} is taken by another program`;
  if (error.code === 'EACCES') return `Port ${port} of ${address} is under 1024, which only root may open`;
  if (error.code === 'EADDRNOTAVAIL')
    return `${address} is not an address of this machine: it lies outside of the range of Services`;
  return `Port ${port} of ${address} cannot be opened: ${error.message}`;
}

interface OpenPortal {
  /** Who is next, at whichever address a client comes. */
  readonly balancer: Balancer;
  /** The open ports by `address:port`. */
  readonly forwarders: Map<string, Forwarder>;
  /** Closed to new connections, with old ones still running. */
  readonly draining: Set<Forwarder>;
}

/** What is open now. */
class OpenPorts implements AsyncDisposable {
  readonly #clock: Clock;
  /** By service key, then by portal name. */
  readonly #open = new Map<ObjectKey, Map<string, OpenPortal>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Opens and closes until exactly `portals` are open for the Service. @returns what could not be opened */
  async update(key: ObjectKey, portals: readonly Portal[]): Promise<Failure[]> {
    const open = this.#open.get(key) ?? new Map<string, OpenPortal>();
    const failures: Failure[] = [];
    // First close, so that a port may move from one name to another.
    for (const [name, { forwarders, draining }] of open) {
      const portal = portals.find((each) => each.name === name);
      const wanted = new Set(portal && portal.endpoints.length > 0 ? portal.places.map(placeName) : []);
      for (const [place, forwarder] of forwarders) {
        if (wanted.has(place)) continue;
        forwarders.delete(place);
        if (portal?.places.some((each) => placeName(each) === place)) {
          // Only for want of endpoints: the last of them may still be answering.
          draining.add(forwarder);
          void forwarder.stopListening().then(() => draining.delete(forwarder));
        } else await forwarder[Symbol.asyncDispose]();
      }
      if (portal) continue;
      open.delete(name);
      await Promise.all([...draining].map((forwarder) => forwarder[Symbol.asyncDispose]()));
    }
    for (const { name, protocol, places, endpoints, affinity } of portals) {
      const state = open.get(name) ?? { balancer: new Balancer(), forwarders: new Map(), draining: new Set() };
      open.set(name, state);
      state.balancer.update(endpoints, affinity);
      for (const { address, port } of endpoints.length > 0 ? places : []) {
        const place = placeName({ address, port });
        if (state.forwarders.has(place)) continue;
        try {
          const forward = protocol === 'TCP' ? forwardTcp : forwardUdp;
          state.forwarders.set(place, await forward({ address, port, balancer: state.balancer, clock: this.#clock }));
        } catch (error) {
          failures.push({ address, port, error: error as NodeJS.ErrnoException });
        }
      }
    }
    if (open.size > 0) this.#open.set(key, open);
    else this.#open.delete(key);
    return failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#open.keys()].map((key) => this.update(key, [])));
  }
}

const placeName = ({ address, port }: { readonly address: string; readonly port: number }): string =>
  `${address}:${port}`;
