/**
 * The namespace controller: when a Namespace is deleted, deletes everything in it, and then lets it go. Pods go first, with
 * their grace, so that nothing they use disappears under them while they end.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/namespace/deletion/namespaced_resources_deleter.go
 */
import { pathOf, groupResource, namespaces as namespaceResource, pods as podResource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { Condition, Namespace, Pod } from '../api/types.js';
import { retryOnConflict, WorkQueue, type Informer } from '../client/index.js';
import { timestamp } from '../util/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { discover, type ServedResource } from './discovery.js';
import { isTerminal } from './pods.js';

/** The finalizer by which a Namespace waits for this controller. */
const finalizer = 'kubernetes';
/** How long somebody else's finalizer is given before we look again, in seconds. */
const finalizerEstimateSeconds = 15;

export class NamespaceController implements Controller, Runnable {
  readonly name = 'namespace-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #namespaces: Informer<Namespace>;

  constructor(deps: Deps) {
    this.#deps = deps;
    // Upstream's own rate for this queue: what keeps a Namespace from ending is looked at again within a minute.
    this.queue = new WorkQueue({ clock: deps.clock, maxMs: 60_000 });
    this.#namespaces = deps.informers.informer(namespaceResource);
    this.informers = [this.#namespaces];
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = ({
      metadata,
    }: {
      readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
    }) => {
      if (metadata.deletionTimestamp) this.queue.add(metadata.name);
    };
    using _namespaces = this.#namespaces.addEventHandler({
      onAdd: wake,
      // Our own writing of conditions is no reason to look again.
      onUpdate: (old, namespace) => {
        if (!old.metadata.deletionTimestamp || old.spec?.finalizers?.length !== namespace.spec?.finalizers?.length)
          wake(namespace);
      },
    });
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (name: string, signal: AbortSignal): Promise<Result> => {
    const { client, clock } = this.#deps;
    if (!this.#namespaces.get(name)?.metadata.deletionTimestamp) return done;
    const namespace = await client.get(namespaceResource, { name }, { signal }).catch(unlessGone);
    if (!namespace?.metadata.deletionTimestamp) return done;
    if (!namespace.spec?.finalizers?.includes(finalizer)) return done;

    const outcome = await deleteContent(this.#deps, namespace, signal);
    await retryOnConflict(
      clock,
      async () => {
        const current = await client.get(namespaceResource, { name }, { signal }).catch(unlessGone);
        if (!current) return;
        const conditions = withConditions(current.status?.conditions ?? [], outcome, clock.now());
        if (!conditions) return;
        const status = { ...current.status, phase: 'Terminating', conditions } as Namespace['status'];
        await client.updateStatus(namespaceResource, { ...current, status }, { signal });
      },
      signal,
    );
    if (outcome.failures.length > 0) throw outcome.failures[0];
    // Half the time that is left: what is done before its time is noticed early, what is late is not asked for too often.
    if (outcome.estimateSeconds > 0) return { requeueAfterMs: (Math.floor(outcome.estimateSeconds / 2) + 1) * 1000 };
    await this.#finalize(name, signal);
    return done;
  };

  /** Nothing is left: takes our finalizer away, whereupon the API server removes the Namespace. */
  async #finalize(name: string, signal: AbortSignal): Promise<void> {
    const { client, clock } = this.#deps;
    await retryOnConflict(
      clock,
      async () => {
        const namespace = await client.get(namespaceResource, { name }, { signal }).catch(unlessGone);
        if (!namespace) return;
        const finalizers = (namespace.spec?.finalizers ?? []).filter((each) => each !== finalizer);
        const body = { ...namespace, spec: { ...namespace.spec, finalizers } };
        const path = pathOf(namespaceResource, { name, subresource: 'finalize' });
        await client.raw('PUT', path, body, { signal }).catch(unlessGone);
      },
      signal,
    );
  }
}

/** What one attempt at emptying a Namespace came to. */
interface Outcome {
  /** When to look again, in seconds; 0: it is empty, or it failed. */
  estimateSeconds: number;
  readonly failures: unknown[];
  discoveryFailure?: unknown;
  /** How many objects are left, by resource, and by the finalizer they wait for. */
  readonly remaining: Map<string, number>;
  readonly finalizers: Map<string, number>;
}

async function deleteContent(deps: Deps, namespace: Namespace, signal: AbortSignal): Promise<Outcome> {
  const { client } = deps;
  const outcome: Outcome = { estimateSeconds: 0, failures: [], remaining: new Map(), finalizers: new Map() };
  let resources: ServedResource[] = [];
  try {
    resources = (await discover(client, signal)).filter(
      ({ namespaced, verbs }) => namespaced && verbs.includes('delete'),
    );
  } catch (error) {
    outcome.discoveryFailure = error;
    outcome.failures.push(error);
  }
  const isPods = ({ group, resource }: ServedResource): boolean => group === '' && resource === 'pods';
  // As upstream, Pods that are left are not yet counted in the conditions: nothing else has been looked at.
  const pods: Outcome = { ...outcome, remaining: new Map(), finalizers: new Map() };
  for (const resource of resources.filter(isPods)) await deleteAll(deps, resource, namespace, pods, signal);
  outcome.estimateSeconds = pods.estimateSeconds;
  if (pods.failures.length > 0 || pods.remaining.size > 0) return outcome;
  for (const resource of resources) {
    if (!isPods(resource)) await deleteAll(deps, resource, namespace, outcome, signal);
  }
  return outcome;
}

/** Deletes all objects of one resource in `namespace`, and enters into `outcome` what is left of them. */
async function deleteAll(
  { client, clock }: Deps,
  resource: ServedResource,
  namespace: Namespace,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<void> {
  const inside = { namespace: namespace.metadata.name, signal };
  try {
    let estimateSeconds = 0;
    if (resource.resource === 'pods' && resource.group === '') {
      const running = (await client.list(podResource, inside)).items.filter((pod: Pod) => !isTerminal(pod));
      estimateSeconds = Math.max(0, ...running.map((pod) => pod.spec.terminationGracePeriodSeconds ?? 0));
      const elapsedMs = clock.now() - Date.parse(namespace.metadata.deletionTimestamp!);
      if (elapsedMs >= estimateSeconds * 1000) estimateSeconds = 0;
    }
    if (resource.verbs.includes('deletecollection')) {
      await client.deleteCollection(resource, inside, { propagationPolicy: 'Background' });
    } else if (resource.verbs.includes('list')) {
      for (const { metadata } of (await client.list(resource, inside)).items) {
        const name = { namespace: metadata.namespace, name: metadata.name };
        await client.delete(resource, name, { propagationPolicy: 'Background', signal }).catch(unlessGone);
      }
    }
    if (!resource.verbs.includes('list')) return;
    const { items } = await client.list(resource, inside);
    if (items.length === 0) return;
    outcome.remaining.set(`${resource.resource}.${resource.group}`, items.length);
    for (const each of items.flatMap(({ metadata }) => metadata.finalizers ?? []))
      outcome.finalizers.set(each, (outcome.finalizers.get(each) ?? 0) + 1);
    if (estimateSeconds === 0 && items.some(({ metadata }) => (metadata.finalizers ?? []).length > 0))
      estimateSeconds = finalizerEstimateSeconds;
    if (estimateSeconds === 0)
      throw new Error(`unexpected items still remain in namespace: ${inside.namespace} for ${groupResource(resource)}`);
    outcome.estimateSeconds = Math.max(outcome.estimateSeconds, estimateSeconds);
  } catch (error) {
    if (signal.aborted) throw error;
    outcome.failures.push(error);
  }
}

/**
 * The five conditions of a Namespace that ends, brought up to date; undefined if nothing changed. Each is `False` when all
 * is well.
 */
function withConditions(
  old: readonly Partial<Condition>[],
  { failures, discoveryFailure, remaining, finalizers }: Outcome,
  nowMs: number,
): Partial<Condition>[] | undefined {
  const contentFailures = failures.filter((failure) => failure !== discoveryFailure);
  const list = (counts: ReadonlyMap<string, number>, verb: string): string =>
    [...counts]
      .map(([name, count]) => `${name} ${verb} ${count} resource instances`)
      .sort()
      .join(', ');
  const rows: [type: string, bad: string | false, badReason: string, goodReason: string, good: string][] = [
    ['NamespaceDeletionDiscoveryFailure', discoveryFailure !== undefined && `Discovery failed for some groups, ${messageOf(discoveryFailure)}`, 'DiscoveryFailed', 'ResourcesDiscovered', 'All resources successfully discovered'],
    ['NamespaceDeletionGroupVersionParsingFailure', false, 'GroupVersionParsingFailed', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
    ['NamespaceDeletionContentFailure', contentFailures.length > 0 && `Failed to delete all resource types, ${contentFailures.length} remaining: ${contentFailures.map(messageOf).sort().join(', ')}`, 'ContentDeletionFailed', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
    ['NamespaceContentRemaining', remaining.size > 0 && `Some resources are remaining: ${list(remaining, 'has')}`, 'SomeResourcesRemain', 'ContentRemoved', 'All content successfully removed'],
    ['NamespaceFinalizersRemaining', finalizers.size > 0 && `Some content in the namespace has finalizers remaining: ${list(finalizers, 'in')}`, 'SomeFinalizersRemain', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
  ]; // prettier-ignore
  let changed = false;
  const conditions = [...old];
  for (const [type, bad, badReason, goodReason, good] of rows) {
    const [status, reason, message] = bad ? ['True', badReason, bad] : ['False', goodReason, good];
    const index = conditions.findIndex((condition) => condition.type === type);
    const before = conditions[index];
    if (before && before.status === status && before.reason === reason && before.message === message) continue;
    changed = true;
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : timestamp(nowMs);
    conditions.splice(index < 0 ? conditions.length : index, index < 0 ? 0 : 1, { type, status, lastTransitionTime, reason, message } as Condition); // prettier-ignore
  }
  return changed ? conditions : undefined;
}

const messageOf = (error: unknown): string => (error as Error | undefined)?.message ?? String(error);
const unlessGone = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error;
  return undefined;
};
