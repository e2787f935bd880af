/** One node: a container runtime, and the kubelet that drives it. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client/index.js';
import { Kubelet } from '../kubelet/index.js';
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
  /** The kubelet's port. */
  readonly port: number;
  readonly pki: Pki;
  /** Who signed the certificates of those that may call the kubelet; the cluster's authority if left out. */
  readonly clientCA?: string;
  /** The kubelet's certificate; one signed by the cluster's authority if left out. */
  readonly servingPair?: KeyPair;
  readonly allowHostCommands?: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Starts the node; `scope` ends it: its pods are stopped first, and nothing of them is left. */
export async function startNode(scope: Scope, options: NodeOptions): Promise<Kubelet> {
  const { client, nodeName, dataFolder, address, port, pki, clock, log } = options;
  const runtime = scope.use(await makeRuntime(options.runtime, options));
  const serving =
    options.servingPair ??
    (await pki.pair(`kubelet-${nodeName}`, {
      commonName: `system:node:${nodeName}`,
      organization: 'system:nodes',
      dnsNames: [nodeName, 'localhost'],
      addresses: [...new Set(['127.0.0.1', address])],
    }));
  return scope.use(
    await Kubelet.start({
      client,
      nodeName,
      runtime,
      clock,
      log: log.with({ component: 'kubelet', node: nodeName }),
      dataFolder: nodeFolder(dataFolder, nodeName),
      address,
      port,
      tls: { ...serving, clientCA: options.clientCA ?? pki.ca },
      drainOnStop: true,
    }),
  );
}

type RuntimeContext = Pick<NodeOptions, 'nodeName' | 'dataFolder' | 'allowHostCommands' | 'clock' | 'log'>;

/** Loads a runtime only where a node has it: dockerode takes a while. */
async function makeRuntime(
  name: RuntimeName,
  { nodeName, dataFolder, allowHostCommands = false, clock, log }: RuntimeContext,
): Promise<ContainerRuntime> {
  const folder = nodeFolder(dataFolder, nodeName);
  await mkdir(folder, { recursive: true });
  switch (name) {
    case 'hollow': {
      const { HollowRuntime } = await import('../kubelet/runtime/hollow/hollow.js');
      return new HollowRuntime({ clock, name: nodeName });
    }
    case 'process': {
      const { ProcessRuntime } = await import('../kubelet/runtime/process/index.js');
      return ProcessRuntime.open({
        folder: join(folder, 'process'),
        nodeName,
        images: packageFile('images'),
        allowHostCommands,
        clock,
        log,
      });
    }
    case 'docker': {
      const { DockerRuntime } = await import('../kubelet/runtime/docker/index.js');
      return DockerRuntime.open({ cluster: dataFolder, nodeName, images: packageFile('images'), clock, log });
    }
  }
}

const nodeFolder = (dataFolder: string, nodeName: string): string => join(dataFolder, 'nodes', nodeName);

/** Ends what a former run, killed before it could, left on nodes that do not exist any more. */
export async function removeForgottenNodes({
  dataFolder,
  nodeNames,
  clock,
  log,
}: {
  dataFolder: string;
  nodeNames: readonly string[];
  clock: Clock;
  log: Log;
}): Promise<void> {
  const folders = await readdir(join(dataFolder, 'nodes')).catch(() => []);
  for (const nodeName of folders.filter((name) => !nodeNames.includes(name))) {
    await using runtime = await makeRuntime('process', { nodeName, dataFolder, clock, log });
    for (const sandbox of await runtime.list()) await runtime.removeSandbox(sandbox.id);
    await rm(nodeFolder(dataFolder, nodeName), { recursive: true, force: true });
  }
}
