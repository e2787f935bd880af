/**
 * The replication controller: keeps as many Pods alive as each ReplicationController asks for. It is the cluster's memory
 * of what was wanted: a Pod that dies, or whose Node does, is nobody's Pod any more, but its number is still missing here.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/replicaset/replica_set.go
 */
import { controllerOf, controllerReference, keyOf, type ObjectKey } from '../api/meta.js';
import { pods as podResource, replicationControllers } from '../api/resources.js';
import { isInvalid, isNotFound, notFound, StatusError } from '../api/status.js';
import type { DeepReadonly, Pod, ReplicationController, ReplicationControllerStatus } from '../api/types.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { timestamp } from '../util/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { Expectations } from './expectations.js';
import { equal, isActive, isAvailable, isReady, orphansOf, podIndexes, selects } from './pods.js';
import { inOrderOfDeletion } from './pod-ranking.js';

/** How many Pods are created or deleted in one go, for one ReplicationController. */
const burst = 500;

/** Event reasons. */
const created = 'SuccessfulCreate';
const failedCreate = 'FailedCreate';
const deleted = 'SuccessfulDelete';
const failedDelete = 'FailedDelete';

type Controlled = DeepReadonly<ReplicationController>;

export class ReplicationManager implements Controller, Runnable {
  readonly name = 'replicationcontroller-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #controllers: Informer<ReplicationController>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #events: EventRecorder;

  constructor(deps: Deps) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#expectations = new Expectations(clock);
    this.#events = new EventRecorder({ client, clock, log, component: 'replication-controller' });
    this.#controllers = informers.informer(replicationControllers);
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
    this.informers = [this.#controllers, this.#pods];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    using _controllers = this.#controllers.addEventHandler({
      onAdd: (rc) => this.queue.add(keyOf(rc)),
      onUpdate: (_, rc) => this.queue.add(keyOf(rc)),
      onDelete: (rc) => {
        this.#expectations.forget(keyOf(rc));
        this.queue.add(keyOf(rc));
      },
    });
    using _pods = this.#pods.addEventHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (old, pod) => this.#podUpdated(old, pod),
      onDelete: (pod) => this.#podDeleted(pod),
    });
    await runController(this, this.#deps.log, signal);
  }

  // Handlers: which ReplicationControllers does this Pod concern, and what did we expect to hear of it?

  #podAdded(pod: DeepReadonly<Pod>): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod); // seen for the first time on its way out
    const owner = this.#ownerOf(pod);
    if (owner) {
      this.#expectations.creationObserved(keyOf(owner));
      this.queue.add(keyOf(owner));
    } else this.#wakeAdopters(pod);
  }

  #podUpdated(old: DeepReadonly<Pod>, pod: DeepReadonly<Pod>): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod); // it still runs, but it no longer counts
    const [before, owner] = [this.#ownerOf(old), this.#ownerOf(pod)];
    if (before && before !== owner) this.queue.add(keyOf(before));
    if (owner) {
      this.queue.add(keyOf(owner));
      const { minReadySeconds = 0 } = owner.spec;
      // It becomes available without any further event. A second more, as times are written without fractions.
      if (minReadySeconds > 0 && !isReady(old) && isReady(pod))
        this.queue.addAfter(keyOf(owner), (minReadySeconds + 1) * 1000);
    } else if (!controllerOf(pod) && (controllerOf(old) || !equal(old.metadata.labels, pod.metadata.labels)))
      this.#wakeAdopters(pod);
  }

  #podDeleted(pod: DeepReadonly<Pod>): void {
    const owner = this.#ownerOf(pod);
    if (!owner) return;
    this.#expectations.deletionObserved(keyOf(owner), pod.metadata.uid!);
    this.queue.add(keyOf(owner));
  }

  /** The ReplicationController that manages `pod`; not a namesake of it. */
  #ownerOf({ metadata }: DeepReadonly<Pod>): Controlled | undefined {
    const reference = metadata.ownerReferences?.find((owner) => owner.controller);
    if (reference?.kind !== replicationControllers.kind || reference.apiVersion !== 'v1') return undefined;
    const owner = this.#controllers.get(`${metadata.namespace}/${reference.name}`);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  #wakeAdopters({ metadata }: DeepReadonly<Pod>): void {
    for (const rc of this.#controllers.list(metadata.namespace))
      if (selects(rc.spec.selector, metadata.labels)) this.queue.add(keyOf(rc));
  }

  // Reconciliation.

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const rc = this.#controllers.get(key);
    if (!rc) {
      this.#expectations.forget(key);
      return done;
    }
    // Asked before the Pods are counted: what is heard of in between then leads to another look, not to a wrong number.
    const cacheIsCurrent = this.#expectations.satisfied(key);
    const { namespace, uid } = rc.metadata;
    const candidates = [
      ...this.#pods.byIndex('controller', uid!),
      ...this.#pods.byIndex('controller', orphansOf(namespace!)),
    ].filter(isActive);
    const own = await this.#claim(rc, candidates, signal);

    let failure: unknown;
    if (cacheIsCurrent && !rc.metadata.deletionTimestamp) {
      failure = await this.#manage(key, rc, own, signal).catch((error: unknown) => error);
    }
    const status = statusOf(rc, own, failure, this.#deps.clock.now());
    await this.#writeStatus(rc, status, signal);
    if (failure) throw failure;

    const { minReadySeconds = 0, replicas = 1 } = rc.spec;
    const becoming = minReadySeconds > 0 && status.readyReplicas === replicas && status.availableReplicas !== replicas;
    return becoming ? { requeueAfterMs: minReadySeconds * 1000 } : done;
  };

  /**
   * Those of `pods` that are `rc`'s to count. A Pod that it manages and no longer selects is released; one that it selects
   * and nobody manages is adopted.
   */
  async #claim(rc: Controlled, pods: readonly DeepReadonly<Pod>[], signal: AbortSignal): Promise<DeepReadonly<Pod>[]> {
    const { client } = this.#deps;
    const leaving = rc.metadata.deletionTimestamp !== undefined;
    const claimed: DeepReadonly<Pod>[] = [];
    /** Our cache may show an owner that is gone; nothing is adopted in its name. Asked once, and only if needed. */
    let confirmed: Promise<void> | undefined;
    const confirm = async (): Promise<void> => {
      const fresh = await client.get(replicationControllers, named(rc), { signal });
      if (fresh.metadata.uid !== rc.metadata.uid || fresh.metadata.deletionTimestamp)
        throw notFound(replicationControllers, rc.metadata.name);
    };
    for (const pod of pods) {
      const matches = selects(rc.spec.selector, pod.metadata.labels);
      const { uid } = pod.metadata;
      const patch = async (ownerReferences: unknown[]): Promise<boolean> => {
        try {
          await client.patch(podResource, named(pod), { metadata: { uid, ownerReferences } }, { signal });
          return true;
        } catch (error) {
          if (isNotFound(error) || isInvalid(error)) return false; // gone, or another Pod of this name: not our concern
          throw error;
        }
      };
      if (controllerOf(pod)) {
        if (matches) claimed.push(pod);
        else if (!leaving) await patch([{ $patch: 'delete', uid: rc.metadata.uid }]);
      } else if (matches && !leaving) {
        await (confirmed ??= confirm());
        if (await patch([controllerReference(replicationControllers, rc)])) claimed.push(pod);
      }
    }
    return claimed;
  }

  /** Creates what is missing, deletes what is too much. Throws the first failure after all was tried. */
  async #manage(key: ObjectKey, rc: Controlled, own: readonly DeepReadonly<Pod>[], signal: AbortSignal): Promise<void> {
    const missing = (rc.spec.replicas ?? 1) - own.length;
    if (missing > 0) {
      const count = Math.min(missing, burst);
      this.#expectations.expectCreations(key, count);
      const { succeeded, failure } = await slowStart(count, () => this.#create(rc, signal));
      for (let i = succeeded; i < count; i++) this.#expectations.creationObserved(key);
      if (failure) throw failure;
    } else if (missing < 0) {
      const victims = inOrderOfDeletion(own, this.#deps.clock.now()).slice(0, Math.min(-missing, burst));
      this.#expectations.expectDeletions(
        key,
        victims.map((pod) => pod.metadata.uid!),
      );
      const results = await Promise.allSettled(victims.map((pod) => this.#delete(key, rc, pod, signal)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }

  async #create(rc: Controlled, signal: AbortSignal): Promise<void> {
    const { template } = rc.spec;
    const { labels, annotations, finalizers } = template?.metadata ?? {};
    const { namespace, name } = rc.metadata;
    const ownerReferences = [controllerReference(replicationControllers, rc)];
    const metadata = { generateName: `${name}-`, namespace, labels, annotations, finalizers, ownerReferences };
    try {
      const pod = await this.#deps.client.create(podResource, { metadata, spec: template?.spec } as Pod, { signal });
      this.#events.event(rc, 'Normal', created, `Created pod: ${pod.metadata.name}`);
    } catch (error) {
      if (isNamespaceEnding(error)) throw error; // it will all be gone in a moment, and nobody reads why
      if (!signal.aborted) this.#events.event(rc, 'Warning', failedCreate, `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  async #delete(key: ObjectKey, rc: Controlled, pod: DeepReadonly<Pod>, signal: AbortSignal): Promise<void> {
    const { name, uid } = pod.metadata;
    try {
      await this.#deps.client.delete(podResource, named(pod), { signal });
      this.#events.event(rc, 'Normal', deleted, `Deleted pod: ${name}`);
    } catch (error) {
      this.#expectations.deletionObserved(key, uid!); // it did not happen, or it had happened before
      if (isNotFound(error)) return;
      if (!signal.aborted) this.#events.event(rc, 'Warning', failedDelete, `Error deleting: ${messageOf(error)}`);
      throw error;
    }
  }

  async #writeStatus(rc: Controlled, status: ReplicationControllerStatus, signal: AbortSignal): Promise<void> {
    if (equal(rc.status, status)) return;
    try {
      // With the version we read: had the object changed meanwhile, this would be the status of another one.
      await this.#deps.client.updateStatus(replicationControllers, { ...rc, status } as ReplicationController, {
        signal,
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/**
 * What is to be said of `rc`, whose Pods are `own`. Zeros are left out, but for `replicas`.
 *
 * @param failure why Pods could not be created or deleted just now
 */
export function statusOf(
  rc: Controlled,
  own: readonly DeepReadonly<Pod>[],
  failure: unknown,
  nowMs: number,
): ReplicationControllerStatus {
  const { minReadySeconds = 0, template, replicas = 1 } = rc.spec;
  const labels = template?.metadata?.labels ?? {};
  const count = (test: (pod: DeepReadonly<Pod>) => boolean): number | undefined => own.filter(test).length || undefined;
  let conditions = (rc.status?.conditions ?? []).filter(({ type }) => failure || type !== 'ReplicaFailure');
  if (failure && !conditions.some(({ type }) => type === 'ReplicaFailure')) {
    const reason = own.length < replicas ? failedCreate : failedDelete;
    const lastTransitionTime = timestamp(nowMs);
    conditions = [
      ...conditions,
      { type: 'ReplicaFailure', status: 'True', lastTransitionTime, reason, message: messageOf(failure) },
    ];
  }
  return {
    replicas: own.length,
    fullyLabeledReplicas: count((pod) => selects(labels, pod.metadata.labels)),
    readyReplicas: count(isReady),
    availableReplicas: count((pod) => isAvailable(pod, minReadySeconds, nowMs)),
    observedGeneration: rc.metadata.generation,
    ...(conditions.length > 0 && { conditions: conditions as ReplicationControllerStatus['conditions'] }),
  };
}

/**
 * Calls `action` `count` times: once, then twice at a time, four times … as long as all succeed. A quota that is used up
 * or a broken template is then found out with one request, not with five hundred.
 */
export async function slowStart(
  count: number,
  action: () => Promise<void>,
): Promise<{ succeeded: number; failure?: unknown }> {
  let succeeded = 0;
  for (let batch = 1, left = count; left > 0; batch *= 2) {
    const results = await Promise.allSettled(Array.from({ length: Math.min(batch, left) }, action));
    const failed = results.filter((result) => result.status === 'rejected');
    succeeded += results.length - failed.length;
    if (failed[0]) return { succeeded, failure: failed[0].reason };
    left -= results.length;
  }
  return { succeeded };
}

const named = ({ metadata: { namespace, name } }: DeepReadonly<Pod | ReplicationController>) => ({ namespace, name });
const messageOf = (error: unknown): string => (error as Error).message ?? String(error);
const isNamespaceEnding = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
