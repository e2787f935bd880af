/** A kubelet of a node `node-1` against a real API server in memory, with a clock that the test moves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { events, nodes, pods } from '../../lib/api/resources.js';
import { isNotFound } from '../../lib/api/status.js';
import type { Event, Node, Pod, PodSpec, PodStatus } from '../../lib/api/types.js';
import { ApiServer } from '../../lib/apiserver/index.js';
import { MemoryStorage } from '../../lib/apiserver/storage/memory.js';
import type { Client } from '../../lib/client/client.js';
import { connect } from '../../lib/client/connect.js';
import { Scope, silent, SteppedClock, type Clock } from '../../lib/util/index.js';
import { Kubelet, type KubeletOptions } from '../../lib/kubelet/kubelet.js';
import { HollowRuntime, type HollowOptions } from '../../lib/kubelet/runtime/hollow/hollow.js';
import type { ContainerRuntime } from '../../lib/kubelet/runtime/runtime.js';
import { aContainer } from './kubelet-builders.js';

/** How long a test waits for what must come, in milliseconds of the real clock. */
const patienceMs = 10_000;

export class Harness implements AsyncDisposable {
  readonly #scope: Scope;
  readonly client: Client;
  readonly folder: string;
  readonly server: ApiServer;
  readonly clock: Clock;
  kubelet!: Kubelet;

  private constructor(scope: Scope, server: ApiServer, client: Client, clock: Clock, folder: string) {
    this.#scope = scope;
    this.server = server;
    this.client = client;
    this.clock = clock;
    this.folder = folder;
  }

  static async open(clock: Clock = new SteppedClock()): Promise<Harness> {
    await using scope = new Scope();
    const folder = await mkdtemp(join(tmpdir(), 'kubebook-kubelet-'));
    scope.defer(() => rm(folder, { recursive: true, force: true }));
    const storage = scope.use(new MemoryStorage());
    const server = scope.use(await ApiServer.start({ storage, clock, log: silent, port: 0, admission: () => [] }));
    const client = scope.use(connect({ server: server.url, userAgent: 'kubelet' }));
    return new Harness(scope.move(), server, client, clock, folder);
  }

  /** With a kubelet and a hollow runtime. */
  static async hollow(
    program?: HollowOptions['program'],
    more: Partial<KubeletOptions> = {},
  ): Promise<Harness & { runtime: HollowRuntime; clock: SteppedClock }> {
    const harness = await Harness.open();
    const { clock } = harness;
    const runtime = harness.#scope.use(
      new HollowRuntime({ clock, podRange: '100.64.0.0/24', ...(program && { program }) }),
    );
    await harness.start(runtime, more);
    return Object.assign(harness, { runtime }) as Harness & { runtime: HollowRuntime; clock: SteppedClock };
  }

  async start(runtime: ContainerRuntime, more: Partial<KubeletOptions> = {}): Promise<Kubelet> {
    const { client, clock, folder } = this;
    const options = { client, clock, runtime, nodeName: 'node-1', dataFolder: join(folder, 'kubelet'), ...more };
    return (this.kubelet = await Kubelet.start(options));
  }

  /** Creates a pod that is bound to the node. */
  create(name: string, spec: Partial<PodSpec> = {}, metadata: object = {}): Promise<Pod> {
    return this.client.create(pods, {
      metadata: { name, namespace: 'default', ...metadata },
      spec: { nodeName: 'node-1', containers: [aContainer()], ...spec } as PodSpec,
    });
  }

  get(name: string): Promise<Pod> {
    return this.client.get(pods, { namespace: 'default', name });
  }

  node(): Promise<Node> {
    return this.client.get(nodes, { name: 'node-1' });
  }

  delete(name: string, gracePeriodSeconds?: number): Promise<void> {
    return this.client.delete(
      pods,
      { namespace: 'default', name },
      gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds },
    );
  }

  /** Resolves with the pod once its status is as wanted. */
  pod(name: string, is: (status: PodStatus, pod: Pod) => unknown): Promise<Pod> {
    return this.until(async () => {
      const pod = await this.get(name);
      return is(pod.status, pod) ? pod : undefined;
    }, `pod ${name}: ${is}`);
  }

  ready(name: string): Promise<Pod> {
    return this.pod(name, ({ conditions }) =>
      conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
  }

  gone(name: string): Promise<unknown> {
    return this.until(async () => {
      const pod = await this.get(name).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      return pod === undefined;
    }, `pod ${name} gone`);
  }

  /** `Normal Started Container started`, of one pod, in the order of their first time. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.client.list<Event>(events, { namespace: 'default' });
    return items
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ type, reason, message }) => `${type} ${reason} ${message}`);
  }

  event(name: string, text: string | RegExp): Promise<string> {
    return this.until(
      async () =>
        (await this.events(name)).find((event) => (typeof text === 'string' ? event === text : text.test(event))),
      `event ${text}`,
    );
  }

  /** Looks again and again until there is something. Time of the harness's clock stands still meanwhile. */
  async until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
    const endMs = performance.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > endMs) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kubelet?.[Symbol.asyncDispose]();
    await this.#scope[Symbol.asyncDispose]();
  }
}
