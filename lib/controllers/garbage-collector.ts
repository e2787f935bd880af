/**
 * The garbage collector: what is owned by nothing that exists is deleted. Objects name their owners; from that it keeps a
 * graph of everything the API server serves, and follows it when an owner goes:
 *
 * - *background*: the owner is gone; each dependent that has no other owner is deleted in its turn;
 * - *foreground*: the owner is marked (`foregroundDeletion`) and stays until its dependents are gone that block it;
 * - *orphan*: the owner is marked (`orphan`) and stays until its dependents have forgotten it.
 *
 * Before anything is deleted, the API server is asked whether the owner is really absent: the graph may be behind.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/garbagecollector/garbagecollector.go
 */
import { groupVersion, type Resource } from '../api/resources.js';
import { isConflict, isNotFound } from '../api/status.js';
import type { DeepReadonly, KubernetesObject, OwnerReference } from '../api/types.js';
import { EventRecorder, WorkQueue } from '../client/index.js';
import { sleep } from '../util/index.js';
import { done, runController, type Deps, type Result, type Runnable } from './controller.js';
import { discover } from './discovery.js';
import { OwnerGraph, type GraphNode } from './owner-graph.js';

/** How often the API server is asked whether it serves further kinds. */
const discoveryPeriodMs = 30_000;
const discoveryRetryMs = 1000;
/** Events own nothing and are owned by nothing; there are too many of them. */
const ignored = ['events.', 'events.events.k8s.io'];

export class GarbageCollector implements Runnable {
  readonly name = 'garbage-collector-controller';
  readonly #deps: Deps;
  readonly #graph = new OwnerGraph();
  /** Uids of objects that may have to be deleted, and of owners that are to be deleted without their dependents. */
  readonly #toDelete: WorkQueue;
  readonly #toOrphan: WorkQueue;
  /** What is watched, by kind as references name it: `v1 Pod`. */
  readonly #resources = new Map<string, Resource>();
  readonly #events: EventRecorder;
  /** Owners that the API server said are absent, by place and uid: one question is enough for a thousand dependents. */
  readonly #absent = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    const { client, clock, log } = deps;
    this.#toDelete = new WorkQueue({ clock });
    this.#toOrphan = new WorkQueue({ clock });
    this.#events = new EventRecorder({ client, clock, log, component: 'garbage-collector-controller' });
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    const { log } = this.#deps;
    let ready!: () => void;
    const known = new Promise<void>((resolve) => (ready = resolve));
    await Promise.all([
      this.#followDiscovery(ready, signal),
      known.then(() =>
        Promise.all([
          runController(
            { name: this.name, informers: [], queue: this.#toDelete, reconcile: this.#attemptToDelete },
            log,
            signal,
          ),
          runController(
            { name: this.name, informers: [], queue: this.#toOrphan, reconcile: this.#attemptToOrphan },
            log,
            signal,
          ),
        ]),
      ),
    ]);
  }

  /** Watches every kind that can be listed, watched and deleted; calls `ready` when the first round is in the graph. */
  async #followDiscovery(ready: () => void, signal: AbortSignal): Promise<void> {
    const { client, clock, log, informers } = this.#deps;
    while (!signal.aborted) {
      let periodMs = discoveryPeriodMs;
      try {
        const served = await discover(client, signal);
        for (const { verbs, ...resource } of served) {
          const name = `${groupVersion(resource)} ${resource.kind}`;
          if (this.#resources.has(name) || ignored.includes(`${resource.resource}.${resource.group}`)) continue;
          if (!['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))) continue;
          this.#resources.set(name, resource);
          const informer = informers.informer(resource);
          informer.addEventHandler({
            onAdd: (object) => this.#seen(resource, object),
            onUpdate: (_old, object) => this.#seen(resource, object),
            onDelete: (object) => this.#gone(object.metadata.uid!),
          });
          await informer.synced(signal);
        }
        ready();
      } catch (error) {
        if (!signal.aborted) log.warn('cannot discover what is served, will retry', { error });
        periodMs = discoveryRetryMs;
      }
      await sleep(clock, periodMs, signal);
    }
    ready();
  }

  // The graph follows what happens; what it means is decided by the workers.

  #seen(resource: Resource, object: DeepReadonly<KubernetesObject>): void {
    const { node, strangers, changedOwners } = this.#graph.put(resource, object);
    // An owner nobody has seen: it may never have existed.
    if (strangers || changedOwners) this.#toDelete.add(node.uid);
    if (!node.beingDeleted) return;
    if (node.finalizers.includes('orphan')) this.#toOrphan.add(node.uid);
    if (node.finalizers.includes('foregroundDeletion')) {
      this.#toDelete.add(node.uid);
      for (const dependent of node.dependents) this.#toDelete.add(dependent.uid);
    }
  }

  #gone(uid: string): void {
    const node = this.#graph.remove(uid);
    if (!node) return;
    this.#absent.add(uid);
    if (this.#absent.size > 10_000) this.#absent.delete(this.#absent.values().next().value!);
    for (const dependent of node.dependents) this.#toDelete.add(dependent.uid);
    // An owner that waits for its dependents may have waited for this one.
    for (const { uid: owner } of node.owners) if (this.#graph.get(owner)?.beingDeleted) this.#toDelete.add(owner);
  }

  readonly #attemptToDelete = async (uid: string, signal: AbortSignal): Promise<Result> => {
    const { client } = this.#deps;
    const node = this.#graph.get(uid);
    const resource = node?.resource; // the graph forgets it when the object goes, which may be while we ask
    if (!node || !resource) return done;
    const waitsForDependents = node.beingDeleted && node.finalizers.includes('foregroundDeletion');
    if (node.beingDeleted && !waitsForDependents) return done;
    const live = await client.get(resource, node, { signal }).catch(unlessGone);
    if (live?.metadata.uid !== uid) {
      this.#gone(uid);
      return done;
    }
    if (waitsForDependents) return this.#finishForeground(node, resource, live, signal);
    const references = live.metadata.ownerReferences ?? [];
    if (references.length === 0) return done;

    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const reference of references) {
      const owner = await this.#lookUp(node, reference, signal);
      if (owner === 'absent') dangling.push(reference);
      else if (owner === 'waiting' && reference.blockOwnerDeletion) waiting.push(reference);
      else solid.push(reference);
    }
    if (solid.length > 0) {
      if (dangling.length + waiting.length > 0)
        await this.#forgetOwners(node, resource, [...dangling, ...waiting], signal);
      return done;
    }
    const finalizers = live.metadata.finalizers ?? [];
    const propagationPolicy =
      waiting.length > 0 && node.dependents.size > 0
        ? 'Foreground' // its owner waits for it, so it waits for its own dependents
        : finalizers.includes('orphan')
          ? 'Orphan'
          : finalizers.includes('foregroundDeletion')
            ? 'Foreground'
            : 'Background';
    // Owners may have changed since we looked; the version says so.
    const preconditions = { uid, resourceVersion: live.metadata.resourceVersion };
    await client.delete(resource, node, { propagationPolicy, preconditions, signal }).catch(unlessGone);
    return done;
  };

  /** The owner goes when nothing blocks it any more; until then, what blocks it is looked at. */
  async #finishForeground(
    node: GraphNode,
    resource: Resource,
    live: KubernetesObject,
    signal: AbortSignal,
  ): Promise<Result> {
    const blocking = [...node.dependents].filter(({ owners }) =>
      owners.some((owner) => owner.uid === node.uid && owner.blockOwnerDeletion),
    );
    if (blocking.length === 0) await this.#removeFinalizer(node, resource, live, 'foregroundDeletion', signal);
    else for (const { uid, beingDeleted } of blocking) if (!beingDeleted) this.#toDelete.add(uid);
    return done;
  }

  readonly #attemptToOrphan = async (uid: string, signal: AbortSignal): Promise<Result> => {
    const node = this.#graph.get(uid);
    const resource = node?.resource;
    if (!node || !resource) return done;
    for (const dependent of [...node.dependents]) {
      const reference = dependent.owners.find((owner) => owner.uid === uid);
      if (dependent.resource && reference) await this.#forgetOwners(dependent, dependent.resource, [reference], signal);
    }
    const live = await this.#deps.client.get(resource, node, { signal }).catch(unlessGone);
    if (live?.metadata.uid === uid) await this.#removeFinalizer(node, resource, live, 'orphan', signal);
    return done;
  };

  /** Whether the owner exists, is absent, or waits for its dependents to go. */
  async #lookUp(
    node: GraphNode,
    reference: OwnerReference,
    signal: AbortSignal,
  ): Promise<'solid' | 'absent' | 'waiting'> {
    const { apiVersion, kind, name, uid } = reference;
    if (this.#absent.has(uid) && !this.#graph.get(uid)) return 'absent';
    const resource = this.#resources.get(`${apiVersion} ${kind}`) ?? this.#otherVersion(apiVersion, kind);
    // A kind that is not served: nobody can say whether it exists, so nothing is deleted for its sake.
    if (!resource) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`);
    if (resource.namespaced && !node.namespace) {
      const message = `ownerRef [${apiVersion}/${kind}, namespace: , name: ${name}, uid: ${uid}] does not exist in namespace ""`;
      const about = {
        apiVersion: node.resource && groupVersion(node.resource),
        kind: node.resource?.kind,
        name: node.name,
        uid: node.uid,
      };
      this.#events.event(about, 'Warning', 'OwnerRefInvalidNamespace', message);
      return 'solid'; // what is in no Namespace cannot be owned by what is in one: left alone
    }
    const place = { name, ...(resource.namespaced && { namespace: node.namespace }) };
    const owner = await this.#deps.client.get(resource, place, { signal }).catch(unlessGone);
    if (owner?.metadata.uid !== uid) {
      if (!this.#graph.get(uid)?.resource) this.#absent.add(uid);
      return 'absent';
    }
    const isWaiting = owner.metadata.deletionTimestamp && owner.metadata.finalizers?.includes('foregroundDeletion');
    return isWaiting ? 'waiting' : 'solid';
  }

  /** The kind in the version that we watch, where a reference names another one of the same group. */
  #otherVersion(apiVersion: string, kind: string): Resource | undefined {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
    return [...this.#resources.values()].find((resource) => resource.group === group && resource.kind === kind);
  }

  async #forgetOwners(
    node: GraphNode,
    resource: Resource,
    owners: readonly OwnerReference[],
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#deps;
    const live = await client.get(resource, node, { signal }).catch(unlessGone);
    if (live?.metadata.uid !== node.uid) return;
    const left = (live.metadata.ownerReferences ?? []).filter(({ uid }) => !owners.some((owner) => owner.uid === uid));
    const { uid, resourceVersion } = live.metadata;
    const metadata = { uid, resourceVersion, ownerReferences: left.length > 0 ? left : null };
    await client.patch(resource, node, { metadata }, { type: 'merge', signal }).catch(unlessGone);
  }

  async #removeFinalizer(
    node: GraphNode,
    resource: Resource,
    live: KubernetesObject,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> {
    const left = (live.metadata.finalizers ?? []).filter((each) => each !== finalizer);
    const metadata = { resourceVersion: live.metadata.resourceVersion, finalizers: left };
    try {
      await this.#deps.client.patch(resource, node, { metadata }, { type: 'merge', signal });
    } catch (error) {
      if (isConflict(error)) throw error; // it changed meanwhile: read it again
      if (!isNotFound(error)) throw error;
    }
  }
}

const unlessGone = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error;
  return undefined;
};
