/**
 * Starts a whole cluster in this process, one piece after the other, each with what it needs from those before it:
 *
 * ```
 * store ─▶ API server ─▶ controllers ─▶ scheduler ─▶ nodes ─▶ proxy
 * ```
 *
 * From the API server on, every piece knows nothing but its address: they meet in objects, over HTTP.
 */
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from '../apiserver/index.js';
import type { EtcdPlace } from '../apiserver/storage/index.js';
import { connect, informerFactory, type Client, type ClientOptions } from '../client/index.js';
import { runControllers } from '../controllers/index.js';
import { runProxy, serviceRoute } from '../proxy/index.js';
import { Scheduler, type SchedulerOptions, todayProvider } from '../scheduler/index.js';
import { type Clock, type Log, realClock, Scope, silent } from '../util/index.js';
import { startControlPlane } from './control-plane.js';
import { type LeaderElectionFlags, runElected } from './leading.js';
import { drain, removeForgottenNodes, startNode, type StartedNode } from './node.js';
import { schedulerUrlFile, type RuntimeName } from './options.js';
import { serveScheduler } from './scheduling.js';

/** The first node's kubelet listens here, the next one port further. */
const firstKubeletPort = 10250;

/** Whether these are well is shown as a ComponentStatus. */
const controlPlane = new Set(['controller-manager', 'scheduler']);

export interface ClusterOptions {
  /** Where everything is kept that outlives this process; made if it is not there. */
  readonly dataFolder: string;
  /** Where the objects are, if not in the data folder. */
  readonly etcd?: EtcdPlace;
  /** One entry a node, `node-1` first: what runs its containers. Three process nodes if left out; empty is the control plane alone. */
  readonly runtimes?: readonly RuntimeName[];
  /** The open port, on 127.0.0.1; 8080 if left out, 0 is any free one. */
  readonly port?: number;
  /** The port for HTTPS; off if left out or 0. */
  readonly securePort?: number;
  /** The scheduler's own port, on 127.0.0.1: off if left out or 0; `usual` is 10259, or another one if that is taken. */
  readonly schedulerPort?: number | 'usual';
  /** Where cluster IPs come from; 10.0.0.0/24 if left out. */
  readonly serviceRange?: string;
  /** Whether process nodes may run any command of this machine, not only the sample images. */
  readonly allowHostCommands?: boolean;
  /** How the scheduler decides: a registered provider, or what builds an algorithm. `today` if left out. */
  readonly scheduler?: Pick<SchedulerOptions, 'algorithmProvider' | 'createAlgorithm'>;
  /** Whether its controllers and its scheduler compete with others, elsewhere, of which one works; they work at once if left out. */
  readonly leaderElection?: LeaderElectionFlags;
  readonly clock?: Clock;
  readonly log?: Log;
}

/** One line of the table that `npm start` prints. */
export interface Piece {
  readonly name: string;
  /** `http://127.0.0.1:8080`, `process runtime`, a folder. */
  readonly where: string;
  readonly note?: string;
}

export interface Cluster extends AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** `https://127.0.0.1:6443`, where that port is open. */
  readonly secureUrl: string | undefined;
  /** The kubeconfig's path, in the data folder. */
  readonly kubeconfig: string;
  /** For a client of one's own: `connect(cluster.clientOptions)`. */
  readonly clientOptions: ClientOptions;
  /** To be asked for its reasons, or given another algorithm, while it runs. */
  readonly scheduler: Scheduler;
  readonly pieces: readonly Piece[];
}

/**
 * Brings a cluster up; resolves when every piece runs. Disposing it stops all of them, in reverse order, and leaves no
 * process, container, port or route behind; the objects stay in the data folder.
 *
 * @throws Error when a port is taken (`EADDRINUSE`), or the data folder is another program's
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const {
    dataFolder,
    etcd,
    runtimes = ['process', 'process', 'process'],
    port = 8080,
    securePort = 0,
    clock = realClock,
    log = silent,
  } = options;
  await using scope = new Scope();
  const pieces: Piece[] = [];
  /** What runs beside the API server, and whether it still does. */
  const components = new Map<string, Check>();
  /** Runs a component until the cluster ends; one that fails by itself is said, and does not take the others along. */
  const run = (name: string, component: (signal: AbortSignal, log: Log) => Promise<void>): void => {
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // an informer each
    const itsLog = log.with({ component: name });
    if (controlPlane.has(name)) components.set(name, () => {});
    const running = component(stop.signal, itsLog).catch((error: unknown) => {
      if (components.has(name)) components.set(name, () => Promise.reject(error as Error));
      itsLog.warn('component has failed', { error });
    });
    scope.defer(() => (stop.abort(), running));
  };
  const clientFor = (userAgent: string) => scope.use(connect({ server: server.url, userAgent }));
  /** `work`, while this process leads. */
  const elected =
    (lease: string, client: Client, work: (signal: AbortSignal, log: Log) => Promise<void>) =>
    (signal: AbortSignal, log: Log): Promise<void> => {
      const { leaderElection: flags } = options;
      if (!flags) return work(signal, log);
      return runElected(flags, lease, { client, clock, log }, (signal) => work(signal, log), signal);
    };

  const route = scope.use(await serviceRoute(options.serviceRange ?? '10.0.0.0/24'));
  const { server, pki, kubeconfig } = await startControlPlane(scope, {
    dataFolder,
    etcd,
    port,
    securePort,
    serviceRange: route.range,
    components,
    clock,
    log,
  });
  pieces.push({ name: 'store', where: etcd ? `etcd at ${etcd.endpoints.join(', ')}` : join(dataFolder, 'store') });
  pieces.push({ name: 'apiserver', where: [server.url, server.secureUrl].filter(Boolean).join('  ') });

  // What controllers and scheduler watch is kept once: they are one process here.
  const controllerClient = clientFor('kube-controller-manager');
  const informers = informerFactory({ client: controllerClient, clock, log });
  run('informers', (signal) => informers.run(signal));
  run(
    'controller-manager',
    elected('kube-controller-manager', controllerClient, (signal, log) =>
      runControllers({ client: controllerClient, clock, log, informers, rootCA: pki.ca }, signal),
    ),
  );
  const schedulerClient = clientFor('kube-scheduler');
  const scheduler = new Scheduler({
    client: schedulerClient,
    clock,
    log: log.with({ component: 'scheduler' }),
    informers,
    stopwatch: () => performance.now(),
    algorithmProvider: todayProvider,
    ...options.scheduler,
  });
  run(
    'scheduler',
    elected('kube-scheduler', schedulerClient, (signal) => scheduler.run(signal)),
  );
  const reasons = await serveScheduler({ scheduler, log, port: options.schedulerPort ?? 0 });
  if (reasons) {
    scope.use(reasons);
    await writeFile(join(dataFolder, schedulerUrlFile), `${reasons.url}\n`);
    scope.defer(() => rm(join(dataFolder, schedulerUrlFile), { force: true }));
  }
  pieces.push(
    { name: 'controller-manager', where: 'in this process' },
    { name: 'scheduler', where: reasons?.url ?? 'in this process' },
  );

  const nodes = new Map(runtimes.map((runtime, index) => [`node-${index + 1}`, runtime]));
  await removeForgottenNodes(nodes, { dataFolder, clock, log });
  scope.defer(() => removeForgottenNodes(new Map(), { dataFolder, clock, log }));
  let kubeletPort = firstKubeletPort;
  const started: StartedNode[] = [];
  for (const [nodeName, runtime] of nodes) {
    const node = await startNode(scope, {
      client: clientFor('kubelet'),
      nodeName,
      runtime,
      dataFolder,
      address: '127.0.0.1',
      port: kubeletPort++,
      pki,
      allowHostCommands: options.allowHostCommands,
      clock,
      log,
    });
    pieces.push({ name: nodeName, where: `${runtime} runtime`, note: node.url });
    started.push(node);
  }
  scope.defer(() => drain(started));
  if (nodes.size > 0) {
    const proxyClient = clientFor('kube-proxy');
    run('proxy', (signal, log) => runProxy({ client: proxyClient, clock, log, nodeName: 'node-1' }, signal));
    pieces.push({ name: 'proxy', where: route.range, note: route.note });
  }

  const rest = scope.move();
  return {
    url: server.url,
    secureUrl: server.secureUrl,
    kubeconfig,
    clientOptions: { server: server.url, userAgent: 'kubebook' },
    scheduler,
    pieces,
    [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose](),
  };
}

/** Empties a data folder, but only one that is ours. @throws Error naming what is not */
export async function removeData(dataFolder: string): Promise<void> {
  if (!existsSync(dataFolder)) return;
  const foreign = (await readdir(dataFolder)).find(
    (name) =>
      !['pki', 'store', 'nodes', 'docker', schedulerUrlFile].includes(name) && !/^kubeconfig(-\d+)?$/.test(name),
  );
  if (foreign)
    throw new Error(`${dataFolder} holds "${foreign}", which is not of kubebook's making: nothing was removed.`);
  await rm(dataFolder, { recursive: true });
}
