/**
 * The replica managers: one for ReplicationControllers, one for ReplicaSets, and both the same. Each keeps as many Pods alive
 * as an object asks for. It is the cluster's memory of what was wanted: a Pod that dies, or whose Node does, is nobody's Pod
 * any more, but its number is still missing here.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/replicaset/replica_set.go
 */
import { controllerOf, controllerReference, keyOf, type ObjectKey } from '../api/meta.js';
import { pods as podResource, replicaSets, replicationControllers, type Resource } from '../api/resources.js';
import { selectorOf, selectorOfLabels, type Selector } from '../api/selectors.js';
import { isConflict, isInvalid, isNotFound, notFound, StatusError } from '../api/status.js';
import type {
  DeepReadonly,
  KubernetesObject,
  Pod,
  Replicated,
  ReplicaSet,
  ReplicaSetStatus,
  ReplicationController,
} from '../api/types.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { timestamp } from '../util/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { Expectations } from './expectations.js';
import { availableFromMs, equal, isActive, isAvailable, isReady, isTerminating, orphansOf, podIndexes, selects } from './pods.js'; // prettier-ignore
import { inOrderOfDeletion } from './pod-ranking.js';

/** How many Pods are created or deleted in one go, for one object. */
const burst = 500;

/** Event reasons. */
const created = 'SuccessfulCreate';
const failedCreate = 'FailedCreate';
const deleted = 'SuccessfulDelete';
const failedDelete = 'FailedDelete';

/** What differs between the kinds. */
export interface ReplicaKind<T extends Replicated> {
  readonly resource: Resource<T>;
  /** The controller's name, and the name under which it tells events. */
  readonly name: string;
  readonly component: string;
  readonly selector: (object: DeepReadonly<T>) => Selector;
  /** The status tells how many Pods are on their way to their end. */
  readonly countsTerminating: boolean;
}

export const replicationControllerKind: ReplicaKind<ReplicationController> = {
  resource: replicationControllers,
  name: 'replicationcontroller-controller',
  component: 'replication-controller',
  selector: ({ spec }) => selectorOfLabels(spec.selector),
  countsTerminating: false,
};

export const replicaSetKind: ReplicaKind<ReplicaSet> = {
  resource: replicaSets,
  name: 'replicaset-controller',
  component: 'replicaset-controller',
  selector: ({ spec }) => selectorOf(spec.selector),
  countsTerminating: true,
};

export class ReplicaManager<T extends Replicated> implements Controller, Runnable {
  readonly name: string;
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #kind: ReplicaKind<T>;
  readonly #deps: Deps;
  readonly #objects: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #expectations: Expectations;
  readonly #events: EventRecorder;

  constructor(deps: Deps, kind: ReplicaKind<T>) {
    const { client, clock, log, informers } = deps;
    this.name = kind.name;
    this.#kind = kind;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#expectations = new Expectations(clock);
    this.#events = new EventRecorder({ client, clock, log, component: kind.component });
    this.#objects = informers.informer(kind.resource, { indexes: { controller } });
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
    this.informers = [this.#objects, this.#pods];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    using _objects = this.#objects.addEventHandler({
      onAdd: (object) => this.queue.add(keyOf(object)),
      onUpdate: (old, object) => {
        if (old.metadata.uid !== object.metadata.uid) this.#expectations.forget(keyOf(old)); // a namesake
        this.queue.add(keyOf(object));
      },
      onDelete: (object) => {
        this.#expectations.forget(keyOf(object));
        this.queue.add(keyOf(object));
      },
    });
    using _pods = this.#pods.addEventHandler({
      onAdd: (pod) => this.#podAdded(pod),
      onUpdate: (old, pod) => this.#podUpdated(old, pod),
      onDelete: (pod) => this.#podDeleted(pod),
    });
    await runController(this, this.#deps.log, signal);
  }

  // Handlers: which objects does this Pod concern, and what did we expect to hear of it?

  #podAdded(pod: DeepReadonly<Pod>): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod); // seen for the first time on its way out
    const owner = this.#ownerOf(pod);
    if (owner) {
      this.#expectations.creationObserved(keyOf(owner));
      this.queue.add(keyOf(owner));
    } else if (!controllerOf(pod)) this.#wakeAdopters(pod);
  }

  #podUpdated(old: DeepReadonly<Pod>, pod: DeepReadonly<Pod>): void {
    if (pod.metadata.deletionTimestamp) return this.#podDeleted(pod); // it still runs, but it no longer counts
    const [before, owner] = [this.#ownerOf(old), this.#ownerOf(pod)];
    if (before && before !== owner) this.queue.add(keyOf(before));
    if (owner) this.queue.add(keyOf(owner));
    else if (!controllerOf(pod) && (controllerOf(old) || !equal(old.metadata.labels, pod.metadata.labels)))
      this.#wakeAdopters(pod);
  }

  #podDeleted(pod: DeepReadonly<Pod>): void {
    const owner = this.#ownerOf(pod);
    if (!owner) return;
    this.#expectations.deletionObserved(keyOf(owner), pod.metadata.uid!);
    this.queue.add(keyOf(owner));
  }

  /** The object that manages `pod`; not a namesake of it. */
  #ownerOf(pod: DeepReadonly<Pod>): DeepReadonly<T> | undefined {
    const reference = controllerOf(pod);
    if (reference?.kind !== this.#kind.resource.kind) return undefined;
    const owner = this.#objects.get(`${pod.metadata.namespace}/${reference.name}`);
    return owner?.metadata.uid === reference.uid ? owner : undefined;
  }

  #wakeAdopters({ metadata }: DeepReadonly<Pod>): void {
    for (const object of this.#objects.list(metadata.namespace))
      if (this.#kind.selector(object).matches(metadata.labels)) this.queue.add(keyOf(object));
  }

  // Reconciliation.

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const object = this.#objects.get(key);
    if (!object) {
      this.#expectations.forget(key);
      return done;
    }
    // Asked before the Pods are counted: what is heard of in between then leads to another look, not to a wrong number.
    const cacheIsCurrent = this.#expectations.satisfied(key);
    const { namespace, uid, deletionTimestamp } = object.metadata;
    const managed = this.#pods.byIndex('controller', uid!);
    const orphans = this.#pods.byIndex('controller', orphansOf(namespace!));
    const own = await this.#claim(object, [...managed, ...orphans].filter(isActive), signal);

    let failure: unknown;
    if (cacheIsCurrent && !deletionTimestamp) {
      failure = await this.#manage(key, object, own, signal).catch((error: unknown) => error);
    }
    const nowMs = this.#deps.clock.now();
    const terminating = this.#kind.countsTerminating ? this.#leaving(object, managed) : undefined;
    const status = statusOf(object, { own, terminating, failure, nowMs });
    await this.#writeStatus(object, status, signal);
    if (failure) throw failure;

    // Some become available without any further event.
    const { minReadySeconds = 0 } = object.spec;
    const nextMs = own
      .map((pod) => availableFromMs(pod, minReadySeconds))
      .filter((fromMs) => fromMs > nowMs)
      .reduce((earlier, fromMs) => Math.min(earlier, fromMs), Infinity);
    return nextMs < Infinity ? { requeueAfterMs: nextMs - nowMs } : done;
  };

  /**
   * Those of `pods` that are `object`'s to count. A Pod that it manages and no longer selects is released; one that it
   * selects and nobody manages is adopted. Throws the first failure after all was tried.
   */
  async #claim(
    object: DeepReadonly<T>,
    pods: readonly DeepReadonly<Pod>[],
    signal: AbortSignal,
  ): Promise<DeepReadonly<Pod>[]> {
    const { client } = this.#deps;
    const { resource } = this.#kind;
    const selector = this.#kind.selector(object);
    const leaving = object.metadata.deletionTimestamp !== undefined;
    /** Our cache may show an owner that is gone; nothing is adopted in its name. Asked once, and only if needed. */
    let confirmed: Promise<void> | undefined;
    const confirm = async (): Promise<void> => {
      const fresh = await client.get(resource, named(object), { signal });
      if (fresh.metadata.uid !== object.metadata.uid || fresh.metadata.deletionTimestamp)
        throw notFound(resource, object.metadata.name);
    };
    const patch = async (pod: DeepReadonly<Pod>, ownerReferences: unknown[]): Promise<boolean> => {
      try {
        const metadata = { uid: pod.metadata.uid, ownerReferences };
        await client.patch(podResource, named(pod), { metadata }, { signal });
        return true;
      } catch (error) {
        if (isNotFound(error) || isInvalid(error)) return false; // gone, or another Pod of this name: not our concern
        throw error;
      }
    };
    const claim = async (pod: DeepReadonly<Pod>): Promise<boolean> => {
      const matches = selector.matches(pod.metadata.labels);
      if (controllerOf(pod)) {
        if (!matches && !leaving) await patch(pod, [{ $patch: 'delete', uid: object.metadata.uid }]);
        return matches;
      }
      if (!matches || leaving) return false;
      await (confirmed ??= confirm());
      return patch(pod, [controllerReference(resource, object)]);
    };

    const claimed: DeepReadonly<Pod>[] = [];
    let failure: unknown;
    for (const pod of pods) {
      try {
        if (await claim(pod)) claimed.push(pod);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure) throw failure;
    return claimed;
  }

  /** Those that `object` manages and still selects, and that are on their way to their end. */
  #leaving(object: DeepReadonly<T>, managed: readonly DeepReadonly<Pod>[]): DeepReadonly<Pod>[] {
    const selector = this.#kind.selector(object);
    return managed.filter((pod) => isTerminating(pod) && selector.matches(pod.metadata.labels));
  }

  /** Creates what is missing, deletes what is too much. Throws the first failure after all was tried. */
  async #manage(
    key: ObjectKey,
    object: DeepReadonly<T>,
    own: readonly DeepReadonly<Pod>[],
    signal: AbortSignal,
  ): Promise<void> {
    const missing = (object.spec.replicas ?? 1) - own.length;
    if (missing > 0) {
      const count = Math.min(missing, burst);
      this.#expectations.expectCreations(key, count);
      const { succeeded, failure } = await slowStart(count, () => this.#create(object, signal));
      for (let i = succeeded; i < count; i++) this.#expectations.creationObserved(key);
      if (failure) throw failure;
    } else if (missing < 0) {
      const ranked = inOrderOfDeletion(own, this.#deps.clock.now(), this.#related(object, own));
      const victims = ranked.slice(0, Math.min(-missing, burst));
      this.#expectations.expectDeletions(
        key,
        victims.map((pod) => pod.metadata.uid!),
      );
      const results = await Promise.allSettled(victims.map((pod) => this.#delete(key, object, pod, signal)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    }
  }

  /** The Pods of all that share `object`'s controller: the versions of a Deployment do one work. */
  #related(object: DeepReadonly<T>, own: readonly DeepReadonly<Pod>[]): readonly DeepReadonly<Pod>[] {
    const owner = controllerOf(object);
    if (!owner) return own;
    return this.#objects
      .byIndex('controller', owner.uid)
      .flatMap(({ metadata }) => this.#pods.byIndex('controller', metadata.uid!))
      .filter(isActive);
  }

  async #create(object: DeepReadonly<T>, signal: AbortSignal): Promise<void> {
    const { template } = object.spec;
    const { labels, annotations, finalizers } = template?.metadata ?? {};
    if (!labels || Object.keys(labels).length === 0) throw new Error('unable to create pods, no labels');
    const { namespace, name } = object.metadata;
    const generateName = name.length < longestName ? `${name}-` : name;
    const ownerReferences = [controllerReference(this.#kind.resource, object)];
    const metadata = { generateName, namespace, labels, annotations, finalizers, ownerReferences };
    try {
      const pod = await this.#deps.client.create(podResource, { metadata, spec: template?.spec } as Pod, { signal });
      this.#events.event(object, 'Normal', created, `Created pod: ${pod.metadata.name}`);
    } catch (error) {
      if (isNamespaceEnding(error)) return; // it will all be gone in a moment: nothing to complain of, or to try again
      if (!signal.aborted) this.#events.event(object, 'Warning', failedCreate, `Error creating: ${messageOf(error)}`);
      throw error;
    }
  }

  async #delete(key: ObjectKey, object: DeepReadonly<T>, pod: DeepReadonly<Pod>, signal: AbortSignal): Promise<void> {
    const { name, uid } = pod.metadata;
    try {
      await this.#deps.client.delete(podResource, named(pod), { signal });
      this.#events.event(object, 'Normal', deleted, `Deleted pod: ${name}`);
    } catch (error) {
      this.#expectations.deletionObserved(key, uid!); // it did not happen, or it had happened before
      if (isNotFound(error)) return;
      if (!signal.aborted) this.#events.event(object, 'Warning', failedDelete, `Error deleting: ${messageOf(error)}`);
      throw new Error(`unable to delete pods: ${messageOf(error)}`, { cause: error });
    }
  }

  async #writeStatus(object: DeepReadonly<T>, status: ReplicaSetStatus, signal: AbortSignal): Promise<void> {
    if (equal(object.status, status)) return;
    try {
      // With the version we read: had the object changed meanwhile, this would be the status of another one.
      await this.#deps.client.updateStatus(this.#kind.resource, { ...object, status } as T, { signal });
    } catch (error) {
      // Gone, or changed: the change is on its way here, and leads to another look.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** What a status is made of. */
export interface Observed {
  /** The Pods that count. */
  readonly own: readonly DeepReadonly<Pod>[];
  /** Those that no longer do and still run; undefined where the kind does not tell. */
  readonly terminating?: readonly DeepReadonly<Pod>[] | undefined;
  /** Why Pods could not be created or deleted just now. */
  readonly failure?: unknown;
  readonly nowMs: number;
}

/** What is to be said of `object`. Zeros are left out, but for `replicas` and `terminatingReplicas`. */
export function statusOf(
  object: DeepReadonly<Replicated>,
  { own, terminating, failure, nowMs }: Observed,
): ReplicaSetStatus {
  const { minReadySeconds = 0, template, replicas = 1 } = object.spec;
  const labels = template?.metadata?.labels ?? {};
  const count = (test: (pod: DeepReadonly<Pod>) => boolean): number | undefined => own.filter(test).length || undefined;
  let conditions = (object.status?.conditions ?? []).filter(({ type }) => failure || type !== 'ReplicaFailure');
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
    ...(terminating && { terminatingReplicas: terminating.length }),
    observedGeneration: object.metadata.generation,
    ...(conditions.length > 0 && { conditions: conditions as ReplicaSetStatus['conditions'] }),
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

/** Characters that a name may have. */
const longestName = 253;

const controller = (object: DeepReadonly<Replicated>): string[] => {
  const owner = controllerOf(object);
  return owner ? [owner.uid] : [];
};
const named = ({ metadata: { namespace, name } }: DeepReadonly<KubernetesObject>) => ({ namespace, name });
const messageOf = (error: unknown): string => (error as Error).message ?? String(error);
const isNamespaceEnding = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
