/**
 * The kubelet: keeps what runs on one node in step with the pods that are bound to it.
 *
 * ```
 *  API server ──watch pods of this node──> one worker a pod ──> container runtime
 *      ▲                                       ▲    │                │
 *      └──── statuses, events, heartbeats ─────┼────┘                │
 *                                              └── exits, probes <───┘
 * ```
 */
import { mkdir } from 'node:fs/promises';
import { configMaps, pods, secrets, services } from '../api/resources.js';
import { badRequest, notFound } from '../api/status.js';
import type { ConfigMap, DeepReadonly, Node, Pod, Secret } from '../api/types.js';
import type { Client } from '../client/client.js';
import { EventRecorder } from '../client/event-recorder.js';
import type { Informer } from '../client/informer.js';
import { informerFactory } from '../client/informers.js';
import { Scope, silent, ticks, type Clock, type Log } from '../util/index.js';
import { admit } from './admission.js';
import { ImagePuller } from './images.js';
import { allocatableOf, hostCapacity, hostInfo, NodeReporter, type NodeDescription, type NodeHealth } from './node.js';
import { ObjectCache } from './object-cache.js';
import { PodCache } from './pod-cache.js';
import { allContainers } from './pod-view.js';
import { PodWorker, type PodWorkerDeps } from './pod-worker.js';
import { ProbeManager, type ProbeRecord } from './probes/manager.js';
import type { ProbeType } from './probes/observe.js';
import { hollowProber, RealProber } from './probes/prober.js';
import type { ContainerRuntime, ContainerStats, RuntimeContainer } from './runtime/runtime.js';
import { StatusManager } from './status-manager.js';
import { HostVolumes, noVolumes } from './volumes/manager.js';
import { TokenManager } from './volumes/tokens.js';

/** The version whose behaviour this kubelet has. */
export const kubeletVersion = 'v1.36.2';

/** How many pods a node takes, as upstream's default. */
const maxPods = 110;
/** How often the runtime is asked for everything, in case a hint was lost. */
const relistMs = 60_000;
/** How long what was left behind by a pod that is gone may take to end, in seconds. */
const orphanGraceSeconds = 2;

export interface KubeletOptions {
  /** Ours from now on only to use: whoever made it disposes of it. */
  readonly client: Client;
  readonly clock: Clock;
  readonly log?: Log;
  readonly nodeName: string;
  /** The kubelet does not dispose of it. */
  readonly runtime: ContainerRuntime;
  /** Where volumes and termination messages are kept; made if it is not there. */
  readonly dataFolder: string;
  /** The node's own address; 127.0.0.1 if left out. Must differ between nodes only where pods use the host's network. */
  readonly address?: string;
  /** The kubelet's port, where somebody else opens it. */
  readonly port?: number;
  /** Opens the kubelet's own port, before the node is registered with it; disposed of at the end. */
  readonly serve?: (kubelet: Kubelet) => Promise<AsyncDisposable & { readonly port: number }>;
  /** Further labels of the node. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Taints a new node is born with. */
  readonly taints?: NonNullable<Node['spec']['taints']>;
  /** In place of what the host has: `{ cpu: '4', memory: '8Gi' }`. */
  readonly capacity?: Readonly<Record<string, string>>;
}

/** Where a container is to be found: for logs, exec, attach and port-forward. */
export interface FoundContainer {
  readonly runtime: ContainerRuntime;
  readonly containerID: string;
  readonly sandboxID: string;
  readonly container: RuntimeContainer;
}

export class Kubelet implements AsyncDisposable {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  readonly #options: KubeletOptions;
  readonly #log: Log;
  readonly #scope = new Scope();
  readonly #stop = new AbortController();
  readonly #workers = new Map<string, PodWorker>();
  readonly #cache: PodCache;
  readonly #statuses: StatusManager;
  readonly #probes: ProbeManager;
  #pods!: Informer<Pod>;
  #reporter!: NodeReporter;
  #deps!: PodWorkerDeps;

  private constructor(options: KubeletOptions) {
    const { client, clock, log = silent, nodeName, runtime } = options;
    this.#options = options;
    this.nodeName = nodeName;
    this.runtime = runtime;
    this.#log = log.with({ component: 'kubelet', node: nodeName });
    this.#cache = new PodCache(runtime);
    this.#statuses = new StatusManager({ client, clock, log: this.#log });
    this.#probes = new ProbeManager({
      clock,
      log: this.#log,
      prober: runtime.name === 'hollow' ? hollowProber : new RealProber({ clock, runtime }),
      onVerdict: (uid) => this.#workers.get(uid)?.wake(),
      onEvent: (pod, container, message) =>
        this.#deps.event(pod, 'Warning', 'Unhealthy', message, { fieldPath: `spec.containers{${container}}` }),
    });
  }

  /**
   * Registers the node and begins to run its pods. Resolves when the node is registered and its pods are known; not when
   * they all run.
   *
   * ```ts
   * await using kubelet = await Kubelet.start({ client, clock: realClock, nodeName: 'node-1', runtime, dataFolder });
   * ```
   */
  static async start(options: KubeletOptions): Promise<Kubelet> {
    const kubelet = new Kubelet(options);
    try {
      await kubelet.#begin();
      return kubelet;
    } catch (error) {
      await kubelet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The pods of this node, with their statuses as the kubelet knows them now. */
  pods(): DeepReadonly<Pod>[] {
    return this.#pods.list().map((pod) => ({ ...pod, status: this.#statuses.get(pod) }));
  }

  pod(namespace: string, name: string): DeepReadonly<Pod> | undefined {
    const pod = this.#pods.get(`${namespace}/${name}`);
    return pod && { ...pod, status: this.#statuses.get(pod) };
  }

  /** The node's own object, as last written. */
  node(): DeepReadonly<Node> | undefined {
    return this.#reporter.node;
  }

  /** Processor and memory use of every running container. */
  stats(): Promise<ContainerStats[]> {
    return this.runtime.stats();
  }

  /** The last attempts at one probe of a container, oldest first: to draw them. */
  probeHistory(namespace: string, pod: string, container: string, type: ProbeType): readonly ProbeRecord[] {
    const uid = this.#pods.get(`${namespace}/${pod}`)?.metadata.uid;
    return uid === undefined ? [] : this.#probes.history(uid, container, type);
  }

  /**
   * Finds a container by the names that the API uses; the newest of that name, running or ended, or the one before it.
   * @throws NotFound, BadRequest when it has not been started yet, or does not exist in the pod
   */
  findContainer(
    namespace: string,
    pod: string,
    container: string,
    { previous = false }: { readonly previous?: boolean } = {},
  ): FoundContainer {
    const { object, sandboxes } = this.#find(namespace, pod);
    if (!allContainers(object).some(({ name }) => name === container))
      throw badRequest(`container ${container} is not valid for pod ${pod}`);
    const named = sandboxes
      .flatMap(({ id, containers }) => containers.map((each) => ({ sandboxID: id, container: each })))
      .filter(({ container: { name, state } }) => name === container && state !== 'created')
      .sort((a, b) => b.container.attempt - a.container.attempt);
    const found = named[previous ? 1 : 0];
    if (!found && previous)
      throw badRequest(
        `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)} not found`,
      );
    if (!found) {
      const status = this.#statuses.get(object);
      const state = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
        ({ name }) => name === container,
      )?.state;
      const why = state?.waiting?.reason ?? 'ContainerCreating';
      const where = `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)}`;
      throw badRequest(`${where} is waiting to start: ${waitingText[why] ?? why}`);
    }
    return { runtime: this.runtime, ...found, containerID: found.container.id };
  }

  /** The pod's sandbox, for port-forward. @throws NotFound when the pod is not here or has no sandbox yet */
  findSandbox(namespace: string, pod: string): { readonly runtime: ContainerRuntime; readonly sandboxID: string } {
    const { sandboxes } = this.#find(namespace, pod);
    const ready = sandboxes.find(({ state }) => state === 'ready');
    if (!ready) throw notFound(pods, pod);
    return { runtime: this.runtime, sandboxID: ready.id };
  }

  /**
   * Ends every container of the node and removes what is left of its pods on the host, each after at most `graceSeconds`.
   * The pods stay in the API: a kubelet that starts again runs them again.
   */
  async drain({ graceSeconds = 30 }: { readonly graceSeconds?: number } = {}): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.drain(graceSeconds)));
  }

  /** Stops all loops. Containers run on, and the next kubelet of this node finds them. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    await this.#statuses.stop();
    await this.#scope[Symbol.asyncDispose]();
  }

  #find(namespace: string, name: string) {
    const object = this.#pods.get(`${namespace}/${name}`);
    if (!object) throw notFound(pods, name);
    return { object, sandboxes: this.#cache.known(object.metadata.uid!) };
  }

  async #begin(): Promise<void> {
    const { client, clock, nodeName, runtime, dataFolder, address = '127.0.0.1', serve } = this.#options;
    const log = this.#log;
    const scope = this.#scope;
    const { signal } = this.#stop;
    await mkdir(dataFolder, { recursive: true });
    const recorder = scope.use(new EventRecorder({ client, clock, log, component: 'kubelet', host: nodeName }));
    const tokens = new TokenManager({ client, clock });
    const objects = scope.use(
      new ObjectCache({ client, clock, log, onChange: (uid) => this.#workers.get(uid)?.refresh() }),
    );
    const informers = informerFactory({ client, clock, log });
    const allServices = informers.informer(services);
    this.#pods = informers.informer(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    const port = serve ? scope.use(await serve(this)).port : (this.#options.port ?? 0);
    const description = await this.#describe(port, address);
    this.#reporter = new NodeReporter({
      client,
      clock,
      log,
      node: description,
      health: () => this.#health(),
      event: (about, ...event) => recorder.event(about, ...event),
    });
    const volumes =
      runtime.name === 'hollow'
        ? noVolumes
        : new HostVolumes({
            folder: dataFolder,
            sources: { objects, token: tokens.get, node: () => description.allocatable },
          });
    this.#deps = {
      client,
      clock,
      log,
      runtime,
      volumes,
      objects,
      images: new ImagePuller({ clock, runtime }),
      probes: this.#probes,
      prober: runtime.name === 'hollow' ? hollowProber : new RealProber({ clock, runtime }),
      statuses: this.#statuses,
      hostIP: address,
      sandboxes: (uid) => this.#cache.fresh(uid),
      environment: (uid) => ({
        configMap: (namespace, name) => objects.get<ConfigMap>(uid, configMaps, namespace, name),
        secret: (namespace, name) => objects.get<Secret>(uid, secrets, namespace, name),
        services: (namespace) => allServices.list(namespace),
        node: description.allocatable,
      }),
      event: (pod, ...event) => recorder.event(pod, ...event),
      admit: (pod) => this.#admit(pod),
      tokenRenewAtMs: (uid) => tokens.renewAtMs(uid),
      release: (uid) => {
        objects.release(uid);
        tokens.release(uid);
      },
      onGone: (uid) => void this.#workers.delete(uid),
    };
    scope.use(this.#probes);
    scope.use(runtime.onChange((uid) => this.#workers.get(uid)?.wake()));
    this.#run(() => informers.run(signal));
    await this.#reporter.register(signal);
    const node = this.#reporter.node;
    if (node) recorder.event(node, 'Normal', 'Starting', 'Starting kubelet.');
    this.#run(() => this.#reporter.run(signal));
    // Without the Services known, the first containers would not learn their addresses.
    await Promise.all([allServices.synced(signal), this.#pods.synced(signal)]);
    // Pods that were here first keep their place when not all fit.
    const known = this.#pods.list().sort((a, b) => age(a) - age(b));
    for (const pod of known) this.#take(pod);
    scope.use(
      this.#pods.addEventHandler({
        onAdd: (pod) => this.#take(pod),
        onUpdate: (_old, pod) => this.#take(pod),
        onDelete: (pod) => this.#workers.get(pod.metadata.uid!)?.remove(),
      }),
    );
    this.#run(() => this.#relist(signal));
  }

  /** Runs a loop until the kubelet ends, which waits for it. */
  #run(loop: () => Promise<void>): void {
    const ended = loop().catch((error) => this.#log.warn('a loop of the kubelet has failed', { error }));
    this.#scope.defer(() => ended);
  }

  #take(pod: DeepReadonly<Pod>): void {
    if (this.#stop.signal.aborted) return;
    const uid = pod.metadata.uid!;
    const worker = this.#workers.get(uid);
    if (worker) {
      if (worker.pod.metadata.resourceVersion === pod.metadata.resourceVersion) return;
      this.#statuses.observe(pod);
      worker.update(pod);
      return;
    }
    const fresh = new PodWorker(pod, this.#deps);
    this.#workers.set(uid, fresh);
    fresh.wake();
  }

  #admit(pod: DeepReadonly<Pod>) {
    const node = this.#reporter.node;
    if (!node) return undefined;
    const others = [...this.#workers.values()].filter((worker) => worker.active && worker.pod !== pod);
    return admit(
      pod,
      node,
      others.map((worker) => worker.pod),
    );
  }

  /** Looks for what a lost hint would have told, and for what nobody owns any more. */
  async #relist(signal: AbortSignal): Promise<void> {
    for await (const _ of ticks(this.#options.clock, relistMs, signal)) {
      try {
        const changed = await this.#cache.relist();
        for (const uid of changed) this.#workers.get(uid)?.wake();
        await this.#removeOrphans();
      } catch (error) {
        this.#log.warn('containers not listed', { error });
      }
    }
  }

  /** Adopted is what belongs to a pod of this node; everything else a former kubelet has left goes. */
  async #removeOrphans(): Promise<void> {
    const isOrphan = (uid: string): boolean =>
      !this.#workers.has(uid) && !this.#pods.list().some(({ metadata }) => metadata.uid === uid);
    const { runtime } = this;
    for (const sandbox of await runtime.list()) {
      if (!isOrphan(sandbox.podUID)) continue;
      this.#log.info('removing what is left of a pod that is gone', { pod: `${sandbox.namespace}/${sandbox.name}` });
      await Promise.all(sandbox.containers.map(({ id }) => runtime.stopContainer(id, orphanGraceSeconds)));
      await runtime.removeSandbox(sandbox.id);
    }
    for (const uid of await this.#deps.volumes.pods()) if (isOrphan(uid)) await this.#deps.volumes.remove(uid);
  }

  async #describe(port: number, address: string): Promise<NodeDescription> {
    const { nodeName: name, dataFolder, labels = {}, taints, capacity: given = {} } = this.#options;
    const capacity = { ...(await hostCapacity(dataFolder, maxPods)), ...given };
    return {
      name,
      address,
      port,
      version: kubeletVersion,
      labels,
      ...(taints && { taints }),
      capacity,
      allocatable: allocatableOf(capacity),
      nodeInfo: await hostInfo(kubeletVersion),
    };
  }

  async #health(): Promise<NodeHealth> {
    try {
      const runtimeVersion = await this.runtime.version();
      return { runtimeVersion, images: await this.runtime.images() };
    } catch (error) {
      return { problem: `container runtime is down: ${(error as Error).message}`, images: [] };
    }
  }
}

/** Runs a kubelet until `signal` aborts. With `drain`, all its pods are ended then; otherwise they run on. */
export async function runKubelet(
  options: KubeletOptions & { readonly drain?: boolean | { readonly graceSeconds?: number } },
  signal: AbortSignal,
): Promise<void> {
  await using kubelet = await Kubelet.start(options);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  if (options.drain) await kubelet.drain(options.drain === true ? {} : options.drain);
}

/** How upstream puts it to someone who asks for the logs. */
const waitingText: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

const age = ({ metadata }: DeepReadonly<Pod>): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
