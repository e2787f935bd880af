/**
 * The pod garbage collector: removes Pods that nobody else will: those on Nodes that are gone, those that were deleted before
 * they had a Node, and the oldest finished ones when there are very many.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podgc/gc_controller.go
 */
import { nodes as nodeResource, pods as podResource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { DeepReadonly, Node, Pod } from '../api/types.js';
import type { Informer } from '../client/index.js';
import { ticks, timestamp } from '../util/index.js';
import type { Deps, Runnable } from './controller.js';
import { isTerminal, podIndexes } from './pods.js';

const periodMs = 20_000;
/** How long a Node must be missing before its Pods are taken for orphans: it may have been replaced. */
const quarantineMs = 40_000;
/** So many finished Pods are kept. */
const terminatedKept = 12_500;

export class PodGarbageCollector implements Runnable {
  readonly name = 'pod-garbage-collector-controller';
  readonly #deps: Deps;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  /** Since when each Node that Pods speak of has been missing. */
  readonly #missingSinceMs = new Map<string, number>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#pods = deps.informers.informer(podResource, { indexes: podIndexes });
    this.#nodes = deps.informers.informer(nodeResource);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    await Promise.all([this.#pods.synced(signal), this.#nodes.synced(signal)]);
    for await (const nowMs of ticks(clock, periodMs, signal)) {
      try {
        await this.#collect(nowMs, signal);
      } catch (error) {
        if (!signal.aborted) log.warn('cannot collect pods, will retry', { error });
      }
    }
  }

  async #collect(nowMs: number, signal: AbortSignal): Promise<void> {
    const pods = this.#pods.list();
    const finished = pods.filter(isTerminal);
    if (finished.length > terminatedKept) {
      const age = ({ metadata }: DeepReadonly<Pod>): string => metadata.creationTimestamp ?? '';
      finished.sort((a, b) => (age(a) < age(b) ? -1 : 1));
      for (const pod of finished.slice(0, finished.length - terminatedKept)) await this.#remove(pod, nowMs, signal);
    }
    for (const nodeName of new Set(pods.map(({ spec }) => spec.nodeName))) {
      if (nodeName && !this.#nodes.get(nodeName))
        this.#missingSinceMs.set(nodeName, this.#missingSinceMs.get(nodeName) ?? nowMs);
    }
    for (const [nodeName, sinceMs] of this.#missingSinceMs) {
      if (this.#nodes.get(nodeName)) this.#missingSinceMs.delete(nodeName);
      else if (nowMs - sinceMs >= quarantineMs) {
        this.#missingSinceMs.delete(nodeName);
        if (await this.#isGone(nodeName, signal)) {
          for (const pod of this.#pods.byIndex('node', nodeName))
            await this.#remove(pod, nowMs, signal, 'PodGC: node no longer exists');
        }
      }
    }
    for (const pod of pods)
      if (pod.metadata.deletionTimestamp && !pod.spec.nodeName) await this.#remove(pod, nowMs, signal);
  }

  /** Our cache may be behind: a Node is gone when the API server says so. */
  async #isGone(name: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#deps.client.get(nodeResource, { name }, { signal });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  /** At once: no kubelet is there to end it. @param why says that the Pod was disturbed, not finished */
  async #remove(pod: DeepReadonly<Pod>, nowMs: number, signal: AbortSignal, why?: string): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const { client } = this.#deps;
    try {
      if (!isTerminal(pod)) {
        const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', message: why, lastTransitionTime: timestamp(nowMs) }; // prettier-ignore
        const patch = { metadata: { uid }, status: { phase: 'Failed', ...(why && { conditions: [condition] }) } };
        await client.patch(podResource, { namespace, name }, patch, { subresource: 'status', signal });
      }
      await client.delete(podResource, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
