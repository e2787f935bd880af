/** One node: a container runtime, and the kubelet that drives it. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/index.js';
import { Kubelet } from '../kubelet/kubelet.js';
import { KubeletServer } from '../kubelet/server/index.js';
import type { ContainerRuntime } from '../kubelet/runtime/runtime.js';
import type { Clock, Log, Scope } from '../util/index.js';
import { packageFile, type RuntimeName } from './options.js';
import type { KeyPair, Pki } from './pki.js';

export interface NodeOptions {
  readonly client: Client;
  readonly nodeName: string;
  readonly runtime: RuntimeName;
  /** The cluster's; the node has a folder below it. */
  readonly dataFolder: string;
  /** Where the kubelet's port listens, and what the Node says its address is. */
  readonly address: string;
  /** The kubelet's port; another one is taken when it is not free, unless `portFixed`. */
  readonly port: number;
  readonly portFixed?: boolean;
  readonly pki: Pki;
  /** Who signed the certificates of those that may call the kubelet; the cluster's authority if left out. */
  readonly clientCA?: string;
  /** The kubelet's certificate; one signed by the cluster's authority if left out. */
  readonly servingPair?: KeyPair;
  readonly allowHostCommands?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts the node; `scope` ends it. Its containers run on unless it is {@link drain}ed first. */
export async function startNode(scope: Scope, options: NodeOptions): Promise<StartedNode> {
  const { client, nodeName, dataFolder, address, pki, clock } = options;
  const log = options.log.with({ node: nodeName });
  const runtime = scope.use(await openRuntime(options.runtime, options));
  const serving =
    options.servingPair ??
    (await pki.pair(`kubelet-${nodeName}`, {
      commonName: `system:node:${nodeName}`,
      organization: 'system:nodes',
      dnsNames: [nodeName, 'localhost'],
      addresses: [...new Set(['127.0.0.1', address])],
    }));
  const tls = { ...serving, clientCA: options.clientCA ?? pki.ca };
  let port = 0;
  const kubelet = scope.use(
    await Kubelet.start({
      client,
      nodeName,
      runtime,
      clock,
      log,
      dataFolder: join(nodeFolder(dataFolder, nodeName), 'kubelet'),
      address,
      async serve(host) {
        const open = (port: number) => KubeletServer.start({ host, bind: address, port, tls, clock, log });
        // Another kubelet of this machine may have the usual port: the Node says which one this is.
        const server = await open(options.port).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EADDRINUSE' || options.portFixed) throw error;
          return open(0);
        });
        port = server.port;
        return server;
      },
    }),
  );
  return { kubelet, url: `https://${address}:${port}` };
}

/** How long a pod may take to end when its node stops; then it is killed. */
const drainGraceSeconds = 5;

/** Ends all that runs on the nodes, so that nothing of them is left on this machine. */
export async function drain(nodes: readonly StartedNode[]): Promise<void> {
  await Promise.all(nodes.map(({ kubelet }) => kubelet.drain({ graceSeconds: drainGraceSeconds })));
}

export interface StartedNode {
  readonly kubelet: Kubelet;
  /** The kubelet's port: `https://127.0.0.1:10250`. */
  readonly url: string;
}

/** A file that says that a Docker engine may hold something of this cluster. */
const dockerMark = 'docker';

type RuntimeContext = Pick<NodeOptions, 'nodeName' | 'dataFolder' | 'allowHostCommands' | 'clock' | 'log'>;

/** Loads a runtime only where a node has it: dockerode takes a while. */
async function openRuntime(name: RuntimeName, context: RuntimeContext): Promise<ContainerRuntime> {
  const { nodeName, dataFolder, allowHostCommands, clock, log } = context;
  switch (name) {
    case 'hollow': {
      const { HollowRuntime } = await import('../kubelet/runtime/hollow/hollow.js');
      return new HollowRuntime({ clock, name: nodeName });
    }
    case 'process': {
      const { ProcessRuntime } = await import('../kubelet/runtime/process/process.js');
      return ProcessRuntime.open({ folder: processFolder(dataFolder, nodeName), allowHostCommands, clock, log });
    }
    case 'docker': {
      const { DockerRuntime } = await import('../kubelet/runtime/docker/index.js');
      await mkdir(dataFolder, { recursive: true });
      await writeFile(join(dataFolder, dockerMark), '');
      return DockerRuntime.open({ cluster: dataFolder, nodeName, images: packageFile('images'), clock, log });
    }
  }
}

const nodeFolder = (dataFolder: string, nodeName: string): string => join(dataFolder, 'nodes', nodeName);

const processFolder = (dataFolder: string, nodeName: string): string =>
  join(nodeFolder(dataFolder, nodeName), 'process');

/**
 * Ends what a former run, killed before it could, left of nodes that do not exist now, or that have another runtime now.
 * What it left of present nodes is adopted by their kubelets. Without nodes, everything of the cluster is removed.
 *
 * @param nodes the present ones, by name
 */
export async function removeForgottenNodes(
  nodes: ReadonlyMap<string, RuntimeName>,
  { dataFolder, clock, log }: Omit<RuntimeContext, 'nodeName'>,
): Promise<void> {
  for (const nodeName of await readdir(join(dataFolder, 'nodes')).catch(() => [])) {
    if (nodes.get(nodeName) !== 'process' && existsSync(processFolder(dataFolder, nodeName))) {
      const { ProcessRuntime } = await import('../kubelet/runtime/process/process.js');
      await using runtime = await ProcessRuntime.open({ folder: processFolder(dataFolder, nodeName), clock, log });
      await runtime.removeAll();
    }
    if (!nodes.has(nodeName)) await rm(nodeFolder(dataFolder, nodeName), { recursive: true, force: true });
  }
  if (!existsSync(join(dataFolder, dockerMark))) return;
  const { findEngine, removeAll } = await import('../kubelet/runtime/docker/index.js');
  const engine = await findEngine();
  if (!engine) return log.warn('the Docker engine does not answer: containers of a former run may be left in it');
  const keepNodes = [...nodes.keys()].filter((name) => nodes.get(name) === 'docker');
  await removeAll({ cluster: dataFolder, engine, keepNodes });
  if (keepNodes.length === 0) await rm(join(dataFolder, dockerMark));
}
