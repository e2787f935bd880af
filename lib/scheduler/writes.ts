/**
 * What the scheduler writes: bindings, the reasons why a Pod is not bound, evictions. Each is sent while the next Pods are
 * decided about; so many travel at once, and no more.
 */
import { keyOf } from '../api/meta.js';
import * as resources from '../api/resources.js';
import { isConflict, isNotFound, isTransient } from '../api/status.js';
import type { DeepReadonly, Pod } from '../api/types.js';
import type { Client, EventRecorder, Lister } from '../client/index.js';
import { timestamp, type Clock, type Log } from '../util/index.js';
import type { PodInfo } from './pod-info.js';

/** How many writes travel at once. */
const writesInFlight = 48;

export interface WritesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  /** What is known of Pods, to leave a condition alone that says the same already. */
  readonly pods: Lister<Pod>;
  /** As whom we evict. */
  readonly schedulerName: string;
}

export class Writes {
  readonly #options: WritesOptions;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: WritesOptions) {
    this.#options = options;
  }

  /** Counts `writing` among those under way until it settles. */
  add(writing: Promise<void>): void {
    const { log } = this.#options;
    const done = writing
      .catch((error: unknown) => log.warn('a plug-in is broken', { error })) // nothing else is left to fail
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  /** Resolves when another may be sent. */
  async room(): Promise<void> {
    while (this.#underWay.size >= writesInFlight) await Promise.race(this.#underWay);
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Binds the Pod. @throws as the client does; `Conflict`: it is bound already, or another Pod has its name */
  async bind({ pod }: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    };
    const { client } = this.#options;
    try {
      await client.createSubresource(resources.pods, { namespace, name: name! }, 'binding', binding, { signal });
    } catch (error) {
      // Where the answer was lost, the room may be taken: whoever gives it away again books it twice.
      if (!isTransient(error) || !(await this.#isBound(pod, node, signal))) throw error;
    }
    this.#options.recorder.event(pod, 'Normal', 'Scheduled', `Successfully assigned ${keyOf(pod)} to ${node}`);
  }

  async #isBound(pod: DeepReadonly<Pod>, node: string, signal: AbortSignal): Promise<boolean> {
    const { namespace, name, uid } = pod.metadata;
    try {
      const now = await this.#options.client.get(resources.pods, { namespace, name }, { signal });
      return now.metadata.uid === uid && now.spec.nodeName === node;
    } catch {
      return false; // if it is bound after all, the informer will say so
    }
  }

  /** The event alone. */
  warn({ pod }: PodInfo, message: string): void {
    this.#options.recorder.event(pod, 'Warning', 'FailedScheduling', message);
  }

  /**
   * Says why `info` has no node: in an event, and in the Pod's condition if it says something else so far. Writes down to which
   * node it is nominated, or that it is to none. Never rejects.
   */
  async tellFailure(
    info: PodInfo,
    { reason, message, nominatedNodeName }: { reason: string; message: string; nominatedNodeName?: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, log, pods } = this.#options;
    this.warn(info, message);
    const status = (pods.get(info.key) ?? info.pod).status as DeepReadonly<Pod['status']> & {
      nominatedNodeName?: string;
    };
    const known = status?.conditions?.find(({ type }) => type === 'PodScheduled');
    const isSaid = known?.status === 'False' && known.reason === reason && known.message === message;
    if (isSaid && (status.nominatedNodeName || undefined) === nominatedNodeName) return;
    const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : timestamp(clock.now());
    const { namespace, name, uid, generation } = info.pod.metadata;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    // With the uid, a namesake made meanwhile is not given this one's condition.
    const patch = {
      metadata: { uid },
      status: {
        conditions: [condition],
        ...((status?.nominatedNodeName ?? nominatedNodeName) && { nominatedNodeName: nominatedNodeName ?? null }),
      },
    };
    try {
      await client.patch(resources.pods, { namespace, name }, patch, { subresource: 'status', signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return;
      log.warn('the condition PodScheduled cannot be written', { pod: info.key, error });
    }
  }

  /** Writes down that `info` is nominated to no node any more. Never rejects. */
  async clearNomination(info: PodInfo, signal: AbortSignal): Promise<void> {
    const { client, log, pods } = this.#options;
    const { namespace, name, uid } = info.pod.metadata;
    if (!(pods.get(info.key)?.status as { nominatedNodeName?: string } | undefined)?.nominatedNodeName) return;
    const patch = { metadata: { uid }, status: { nominatedNodeName: null } };
    try {
      await client.patch(resources.pods, { namespace, name }, patch, { subresource: 'status', signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return;
      log.warn('a nomination cannot be taken back', { pod: info.key, error });
    }
  }

  /** Deletes `victim`, with its grace, to make room for `preemptor`; says so to its owner. Never rejects. */
  async evict(victim: PodInfo, preemptor: PodInfo, node: string, signal: AbortSignal): Promise<void> {
    const { client, clock, log, recorder, schedulerName } = this.#options;
    const { namespace, name, uid, deletionTimestamp } = victim.pod.metadata;
    if (deletionTimestamp !== undefined) return; // it is going already
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastProbeTime: null,
      lastTransitionTime: timestamp(clock.now()),
    };
    try {
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(resources.pods, { namespace, name }, patch, { subresource: 'status', signal });
      await client.delete(resources.pods, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return; // gone: that is what we wanted
      return log.warn('a pod cannot be evicted', { pod: victim.key, for: preemptor.key, error });
    }
    const message = `Preempted by pod ${preemptor.pod.metadata.uid} on node ${node}`;
    recorder.event(victim.pod, 'Normal', 'Preempted', message);
  }
}
