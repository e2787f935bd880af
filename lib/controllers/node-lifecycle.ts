/**
 * The node lifecycle controller: notices that a Node has fallen silent, says so in its conditions, keeps new Pods away from
 * it by taints, and marks the Pods on it as not ready, so that no Service sends them traffic. What is deleted, and when, is
 * the taint eviction controller's affair.
 *
 * ```
 *   kubelet: heartbeat, lease ──► silent for 50 s ──► Ready=Unknown ──► taint unreachable: NoSchedule, NoExecute
 *                                                          └──► its Pods: Ready=False
 * ```
 *
 * The chapter's Kubernetes waited 40 seconds, and five minutes more before it deleted the Pods; the five minutes are today
 * each Pod's own toleration.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/nodelifecycle/node_lifecycle_controller.go
 */
import { leases as leaseResource, nodes as nodeResource, pods as podResource } from '../api/resources.js';
import { isConflict, isNotFound } from '../api/status.js';
import type { DeepReadonly, Lease, Node, Pod } from '../api/types.js';
import { EventRecorder, type Informer } from '../client/index.js';
import { ticks, timestamp } from '../util/index.js';
import type { Deps, Runnable } from './controller.js';
import { observe, readyOf, silenced, taintsFor, type NodeHealth } from './node-health.js';
import { conditionOf, equal, podIndexes } from './pods.js';

export interface NodeLifecycleOptions {
  /** How long a Node may be silent, in milliseconds: 50 s if left out. The chapter's Kubernetes: 40 s. */
  readonly gracePeriodMs?: number;
  /** The same for a Node that has never said anything: 60 s if left out. */
  readonly startupGracePeriodMs?: number;
  /** How often Nodes are looked at, in milliseconds: 5 s if left out. */
  readonly periodMs?: number;
  /** At most one Node in so many milliseconds has its Pods evicted: 10 s if left out. */
  readonly evictionPeriodMs?: number;
}

/** Of more than this share of silent Nodes, and more than two, the fault is looked for elsewhere: nothing is evicted. */
const unhealthyShare = 0.55;
/** In a cluster of more Nodes than this, evictions then become ten times rarer instead. */
const largeCluster = 50;

export class NodeLifecycleController implements Runnable {
  readonly name = 'node-lifecycle-controller';
  readonly #deps: Deps;
  readonly #options: Required<NodeLifecycleOptions>;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  /** By name of the Node. */
  readonly #health = new Map<string, NodeHealth>();
  /** Nodes whose Pods must still be marked: the mark may have failed. */
  readonly #unmarked = new Set<string>();
  /** When the next Node may be evicted. */
  #nextEvictionMs = 0;

  constructor(deps: Deps, options: NodeLifecycleOptions = {}) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.#options = {
      gracePeriodMs: 50_000,
      startupGracePeriodMs: 60_000,
      periodMs: 5000,
      evictionPeriodMs: 10_000,
      ...options,
    };
    this.#events = new EventRecorder({ client, clock, log, component: 'node-controller' });
    this.#nodes = informers.informer(nodeResource);
    this.#leases = informers.informer(leaseResource, { namespace: 'kube-node-lease' });
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    const { clock, log } = this.#deps;
    await Promise.all([this.#nodes, this.#leases, this.#pods].map((informer) => informer.synced(signal)));
    // Taints follow what kubelet and kubectl say at once; only silence has to be waited for.
    let turn = Promise.resolve();
    const taintSoon = (node: DeepReadonly<Node>): void => {
      turn = turn.then(() => this.#attempt(node, (fresh) => this.#taint(fresh, false, signal), signal));
    };
    using _nodes = this.#nodes.addEventHandler({
      onAdd: (node) => {
        this.#say(
          node,
          'RegisteredNode',
          `Node ${node.metadata.name} event: Registered Node ${node.metadata.name} in Controller`,
        );
        taintSoon(node);
      },
      onUpdate: (old, node) => {
        const state = ({ spec, status }: DeepReadonly<Node>) => [spec?.unschedulable, spec?.taints, (status?.conditions ?? []).map((c) => [c.type, c.status])]; // prettier-ignore
        if (!equal(state(old), state(node))) taintSoon(node);
      },
      onDelete: (node) => {
        this.#health.delete(node.metadata.name);
        this.#unmarked.delete(node.metadata.name);
        this.#say(
          node,
          'RemovingNode',
          `Node ${node.metadata.name} event: Removing Node ${node.metadata.name} from Controller`,
        );
      },
    });
    for await (const nowMs of ticks(clock, this.#options.periodMs, signal)) {
      for (const node of this.#nodes.list())
        await this.#attempt(node, (fresh) => this.#monitor(fresh, nowMs, signal), signal);
      await this.#evict(nowMs, signal);
    }
    await turn.catch((error: unknown) => log.warn('taints were not finished', { error }));
  }

  /** One Node's failure is not the others'; it comes round again. */
  async #attempt(
    node: DeepReadonly<Node>,
    action: (node: DeepReadonly<Node>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const fresh = this.#nodes.get(node.metadata.name);
    if (!fresh || signal.aborted) return;
    try {
      await action(fresh);
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return;
      this.#deps.log.warn('cannot look after a node, will retry', { node: node.metadata.name, error });
    }
  }

  async #monitor(node: DeepReadonly<Node>, nowMs: number, signal: AbortSignal): Promise<void> {
    const { client } = this.#deps;
    const { name } = node.metadata;
    const lease = this.#leases.get(`kube-node-lease/${name}`);
    const health = observe(this.#health.get(name), node, lease?.spec?.renewTime, nowMs);
    this.#health.set(name, health);
    const before = readyOf(node);
    const { gracePeriodMs, startupGracePeriodMs } = this.#options;
    let current = node;
    if (nowMs - health.signOfLifeMs > (before ? gracePeriodMs : startupGracePeriodMs)) {
      const conditions = silenced(node, nowMs);
      if (conditions !== node.status?.conditions) {
        const status = { ...node.status, conditions };
        current = await client.updateStatus(nodeResource, { ...node, status } as Node, { signal });
        if (before?.status === 'True') this.#say(node, 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
      }
    }
    if (readyOf(current)?.status === 'True') this.#unmarked.delete(name);
    else if (before?.status === 'True') this.#unmarked.add(name);
    // A kubelet that itself says it is not ready is believed too; its Pods may have been ready until now.
    else if (before && this.#pods.byIndex('node', name).some((pod) => conditionOf(pod, 'Ready')?.status === 'True'))
      this.#unmarked.add(name);
    if (this.#unmarked.has(name)) {
      for (const pod of this.#pods.byIndex('node', name)) await this.#markNotReady(pod, nowMs, signal);
      this.#unmarked.delete(name);
    }
    await this.#taint(current, false, signal);
  }

  async #markNotReady(pod: DeepReadonly<Pod>, nowMs: number, signal: AbortSignal): Promise<void> {
    if (conditionOf(pod, 'Ready')?.status !== 'True') return;
    const { namespace, name, uid } = pod.metadata;
    const condition = { type: 'Ready', status: 'False', lastTransitionTime: timestamp(nowMs) };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await this.#deps.client.patch(podResource, { namespace, name }, patch, { subresource: 'status', signal });
      this.#events.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** @param evict adds `NoExecute` too; one that is there stays as long as its reason does */
  async #taint(node: DeepReadonly<Node>, evict: boolean, signal: AbortSignal): Promise<void> {
    const already = (node.spec?.taints ?? []).some(({ effect, key }) => effect === 'NoExecute' && key.startsWith('node.kubernetes.io/')); // prettier-ignore
    const taints = taintsFor(node, evict || already, this.#deps.clock.now());
    if (equal(node.spec?.taints ?? [], taints)) return;
    // With the version we read: taints are one list, and somebody may have tainted the Node meanwhile.
    await this.#deps.client.update(nodeResource, { ...node, spec: { ...node.spec, taints } } as Node, { signal });
  }

  /** Puts `NoExecute` on Nodes that need it, one after the other; on none while nearly all are silent. */
  async #evict(nowMs: number, signal: AbortSignal): Promise<void> {
    const nodes = this.#nodes.list();
    const bad = nodes.filter((node) => ['False', 'Unknown'].includes(readyOf(node)?.status ?? ''));
    if (bad.length === 0) return;
    if (bad.length === nodes.length) return; // it is we who are cut off
    const partial = bad.length > 2 && bad.length / nodes.length >= unhealthyShare;
    if (partial && nodes.length <= largeCluster) return;
    const periodMs = this.#options.evictionPeriodMs * (partial ? 10 : 1);
    for (const node of bad) {
      if (nowMs < this.#nextEvictionMs) return;
      if (equal(taintsFor(node, true, nowMs), node.spec?.taints ?? [])) continue;
      await this.#attempt(node, (fresh) => this.#taint(fresh, true, signal), signal);
      this.#nextEvictionMs = nowMs + periodMs;
    }
  }

  #say(node: DeepReadonly<Node>, reason: string, message: string): void {
    const { name, uid } = node.metadata;
    this.#events.event({ kind: 'Node', apiVersion: 'v1', name, uid }, 'Normal', reason, message);
  }
}
