/**
 * The node's own object: made at registration, kept current by heartbeats.
 *
 * Two kinds of heartbeat: a *lease* renewed every ten seconds, which costs next to nothing, and the node's status, written
 * when it has changed, or every five minutes. Where the API server knows no leases (before 1.13), the status is written
 * every ten seconds, as the book describes.
 *
 * @see https://kubernetes.io/docs/reference/node/node-status/
 */
import { statfs, readFile } from 'node:fs/promises';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { nodes, type Resource } from '../api/resources.js';
import { isAlreadyExists, isConflict, isNotFound } from '../api/status.js';
import type { DeepReadonly, KubernetesObject, Node, NodeCondition, NodeStatus } from '../api/types.js';
import type { Client } from '../client/client.js';
import { Backoff, microTimestamp, sleep, timestamp, type Clock, type Log } from '../util/index.js';
import type { RuntimeImage } from './runtime/runtime.js';

/** How often a node shows that it is alive, and how often it reports a status that has not changed. */
const heartbeatMs = 10_000;
const reportMs = 300_000;
/** How long others may rely on a lease. */
const leaseDurationSeconds = 40;
/** What upstream keeps back so that the node itself does not run out of memory. */
const reservedMemoryBytes = 100 * 2 ** 20;
/** How many images a node's status names at most. */
const maxImages = 50;

export interface NodeDescription {
  readonly name: string;
  /** Where pods of host networks, and the kubelet itself, are reached. */
  readonly address: string;
  /** The kubelet's own port; 0: it has none. */
  readonly port: number;
  /** `v1.36.2` */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints?: NonNullable<Node['spec']['taints']>;
  /** `{ cpu: '4', memory: '8Gi', pods: '110' }` */
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly nodeInfo: Omit<NonNullable<NodeStatus['nodeInfo']>, 'containerRuntimeVersion'>;
}

/** What changes from one heartbeat to the next. */
export interface NodeHealth {
  /** `process://1.0.0`; undefined when the runtime did not answer. */
  readonly runtimeVersion?: string;
  /** Why the node is not ready; undefined: it is. */
  readonly problem?: string;
  readonly images: readonly RuntimeImage[];
}

/** What the host has, as a node's capacity. Three nodes on one host each show all of it: so do they share it. */
export async function hostCapacity(folder: string, pods: number): Promise<Record<string, string>> {
  const disk = await statfs(folder).catch(() => undefined);
  return {
    cpu: String(Math.max(1, cpus().length)),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: String(pods),
    ...(disk && { 'ephemeral-storage': `${Math.floor((disk.blocks * disk.bsize) / 1024)}Ki` }),
  };
}

/** What remains for pods. */
export function allocatableOf(capacity: Readonly<Record<string, string>>): Record<string, string> {
  const [, ki] = /^(\d+)Ki$/.exec(capacity.memory ?? '') ?? [];
  return ki === undefined
    ? { ...capacity }
    : { ...capacity, memory: `${Math.max(0, Number(ki) - reservedMemoryBytes / 1024)}Ki` };
}

export async function hostInfo(version: string): Promise<NodeDescription['nodeInfo']> {
  const read = (file: string): Promise<string> =>
    readFile(file, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  const [machineID, bootID, systemUUID, osRelease] = await Promise.all(
    ['/etc/machine-id', '/proc/sys/kernel/random/boot_id', '/sys/class/dmi/id/product_uuid', '/etc/os-release'].map(
      read,
    ),
  );
  return {
    architecture: goArch,
    operatingSystem: platform(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease!)?.[1] ?? platform(),
    machineID: machineID!,
    systemUUID: systemUUID || machineID!,
    bootID: bootID!,
    kubeletVersion: version,
    kubeProxyVersion: '',
  };
}

const goArch = { x64: 'amd64', ia32: '386' }[arch() as string] ?? arch();

export const defaultLabels = (name: string): Record<string, string> => ({
  'beta.kubernetes.io/arch': goArch,
  'beta.kubernetes.io/os': platform(),
  'kubernetes.io/arch': goArch,
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': platform(),
});

/** The node's status now. Pure: `old` lends the times of transitions. */
export function nodeStatus(
  node: NodeDescription,
  health: NodeHealth,
  old: DeepReadonly<NodeStatus> | undefined,
  nowMs: number,
): NodeStatus {
  const fine: [type: string, reason: string, message: string][] = [
    ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ];
  const conditions: Omit<NodeCondition, 'lastHeartbeatTime' | 'lastTransitionTime'>[] = [
    ...fine.map(([type, reason, message]) => ({ type, status: 'False', reason, message })),
    health.problem === undefined
      ? { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' }
      : { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: health.problem },
  ];
  return {
    addresses: [
      { type: 'InternalIP', address: node.address },
      { type: 'Hostname', address: node.name },
    ],
    capacity: node.capacity,
    allocatable: node.allocatable,
    conditions: conditions.map((condition) => {
      const before = old?.conditions?.find(({ type }) => type === condition.type);
      const unchanged = before?.status === condition.status && before.lastTransitionTime;
      return {
        ...condition,
        lastHeartbeatTime: timestamp(nowMs),
        lastTransitionTime: unchanged ? before.lastTransitionTime : timestamp(nowMs),
      };
    }),
    daemonEndpoints: { kubeletEndpoint: { Port: node.port } },
    nodeInfo: {
      ...node.nodeInfo,
      containerRuntimeVersion: health.runtimeVersion ?? old?.nodeInfo?.containerRuntimeVersion ?? '',
    },
    images: [...health.images]
      .sort((a, b) => b.sizeBytes - a.sizeBytes)
      .slice(0, maxImages)
      .map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes })),
  };
}

interface Lease extends KubernetesObject {
  spec: { holderIdentity: string; leaseDurationSeconds: number; renewTime: string };
}

const leases: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface NodeReporterOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: NodeDescription;
  readonly health: () => Promise<NodeHealth>;
  readonly event: (about: DeepReadonly<Node>, type: 'Normal' | 'Warning', reason: string, message: string) => void;
}

export class NodeReporter {
  readonly #options: NodeReporterOptions;
  #node: DeepReadonly<Node> | undefined;
  /** What was written last, without the times of heartbeats. */
  #reported = '';
  #reportedAtMs = -Infinity;
  #leased = false;

  constructor(options: NodeReporterOptions) {
    this.#options = options;
  }

  /** The node as last read or written. */
  get node(): DeepReadonly<Node> | undefined {
    return this.#node;
  }

  /** Makes the node, or takes over the one that is there; again until it is done. Resolves early when `signal` aborts. */
  async register(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const backoff = new Backoff({ baseMs: 200, maxMs: 7000 });
    while (!signal.aborted) {
      try {
        await this.#register(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        log.warn('node not registered, will retry', { error });
        await sleep(clock, backoff.next(''), signal);
      }
    }
  }

  /** Heartbeats until `signal` aborts. A failure of the API server ends nothing. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    while (!signal.aborted) {
      this.#leased = await this.#renewLease(signal).catch((error) => {
        if (!signal.aborted) log.warn('lease not renewed', { error });
        return this.#leased;
      });
      try {
        await this.report(signal);
      } catch (error) {
        if (!signal.aborted) log.warn('node status not written', { error });
      }
      await sleep(clock, heartbeatMs, signal);
    }
  }

  /** Writes the status if it is new, if somebody else has written another one, or if it is due. */
  async report(signal: AbortSignal): Promise<void> {
    const { client, clock, node, health } = this.#options;
    try {
      // Whoever missed our heartbeats, while the API server could not be reached, has noted that we are gone.
      const old = this.#node && (await client.get(nodes, { name: node.name }, { signal }));
      if (!old) return this.#register(signal);
      const nowMs = clock.now();
      const status = nodeStatus(node, await health(), old.status, nowMs);
      const summary = summaryOf(status);
      const periodMs = this.#leased ? reportMs : heartbeatMs;
      const due = nowMs - this.#reportedAtMs >= periodMs;
      if (summary === this.#reported && !due && shows(old, status)) return;
      const patch = { status: { ...status, images: status.images ?? null } };
      this.#node = await client.patch(nodes, { name: node.name }, patch, { subresource: 'status', signal });
      this.#reported = summary;
      this.#reportedAtMs = nowMs;
      this.#tell(old, status);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#node = undefined; // somebody deleted it: a node that lives registers again
      return this.#register(signal);
    }
  }

  /** An Event for each condition that is another one now. */
  #tell(old: DeepReadonly<Node>, status: NodeStatus): void {
    const { node, event } = this.#options;
    for (const { type, status: now } of status.conditions ?? []) {
      const before = old.status.conditions?.find((condition) => condition.type === type)?.status;
      if (before === now) continue;
      if (type === 'Ready') {
        const reason = now === 'True' ? 'NodeReady' : 'NodeNotReady';
        event(old, 'Normal', reason, `Node ${node.name} status is now: ${reason}`);
      } else {
        const reason = healthy[type as keyof typeof healthy];
        event(old, 'Normal', reason, `Node ${node.name} status is now: ${reason}`);
      }
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { client, clock, node, health, log } = this.#options;
    const status = nodeStatus(node, await health(), undefined, clock.now());
    const labels = { ...defaultLabels(node.name), ...node.labels };
    const object = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name: node.name,
        labels,
        annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
      },
      spec: { ...(node.taints && { taints: node.taints }) },
      status,
    };
    try {
      // As upstream's, a new node is born with a status: it need not wait for the first heartbeat to be known.
      this.#node = await client.create(nodes, object as Node, { signal });
      log.info('node registered', { node: node.name });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const patch = { metadata: { labels } }; // what others have put there stays
      this.#node = await client.patch(nodes, { name: node.name }, patch, { signal });
      log.info('node was registered before', { node: node.name });
    }
    this.#reported = '';
    await this.report(signal);
  }

  /** @returns false where the API server knows no leases */
  async #renewLease(signal: AbortSignal): Promise<boolean> {
    const { client, clock, node } = this.#options;
    const name = { namespace: 'kube-node-lease', name: node.name };
    const spec = {
      holderIdentity: node.name,
      leaseDurationSeconds,
      renewTime: microTimestamp(clock.now()),
    };
    try {
      await client.patch(leases, name, { spec }, { type: 'merge', signal });
      return true;
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const uid = this.#node?.metadata.uid;
    const ownerReferences = uid ? [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid }] : [];
    try {
      const metadata = { ...name, ownerReferences };
      await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }, { signal });
      return true;
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) return true;
      if (isNotFound(error)) return false; // no such resource, or no such namespace
      throw error;
    }
  }
}

const healthy = {
  MemoryPressure: 'NodeHasSufficientMemory',
  DiskPressure: 'NodeHasNoDiskPressure',
  PIDPressure: 'NodeHasSufficientPID',
} as const;

/** Whether the node as it is stored has our conditions. */
const shows = ({ status: stored }: DeepReadonly<Node>, { conditions = [] }: NodeStatus): boolean =>
  conditions.every(({ type, status, reason }) =>
    stored?.conditions?.some((each) => each.type === type && each.status === status && each.reason === reason),
  );

const summaryOf = (status: NodeStatus): string =>
  JSON.stringify({
    ...status,
    conditions: status.conditions?.map(({ type, status: value, reason, message }) => [type, value, reason, message]),
  });
