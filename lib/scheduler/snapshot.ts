/**
 * A frozen cluster: what scheduling is about, as plain objects, at one moment. It can be saved and read again elsewhere, and
 * it can be asked what would be if: every change makes another snapshot, nothing is ever done to the cluster it came from.
 *
 * ```ts
 * const now = scheduler.snapshot();
 * writeFileSync('cluster.json', JSON.stringify(now));            // a v1 List: kubectl and `kubebook place` read it too
 *
 * (await now.place()).outcomes;                                          // where would the Pods that wait go?
 * (await now.place({ algorithmProvider: 'Textbook' })).outcomes;         // … and with another provider?
 * await now.with(aBigNode).place();                                    // … with one node more?
 * await now.drained('node-2').place();                                 // … without node-2, its Pods to be placed anew?
 * await now.labelled('node-1', { disk: 'ssd' }).place();               // … if node-1 had a label?
 * ```
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import * as resources from '../api/resources.js';
import type { DeepReadonly, Draft, KubernetesObject, Node, Pod } from '../api/types.js';
import { SchedulerCache } from './cache.js';
import { defaultProvider } from './defaults.js';
import type { Preemption } from './extension-points.js';
import { fitError } from './fit-error.js';
import { hasEnded, schedulerNameOf, wantsToRun } from './eligible.js';
import { outcomeOf, reportOn, type Explained } from './explanation.js';
import { readManifest } from './manifest.js';
import { PodInfo } from './pod-info.js';
import { resolveProvider, type AlgorithmFactory } from './registry.js';

/** What {@link Snapshot.place} places, and how. */
export interface PlaceOptions {
  /** A registered name; `DefaultProvider` if left out. */
  readonly algorithmProvider?: string;
  /** Builds the algorithm, where it is none of a registered provider (a policy file's, say). */
  readonly create?: AlgorithmFactory;
  /** Leaves Pods to the schedulers that they name: only those for this one are placed. All are if left out. */
  readonly schedulerName?: string;
  /** Leaves the tables empty: for thousands of Pods on thousands of nodes, of which only the outcome matters. */
  readonly brief?: boolean;
  /** Pods to be placed after those that wait, one after the other. */
  readonly pods?: readonly DeepReadonly<Draft<Pod>>[];
}

/** What became of Pods that were placed in a {@link Snapshot}. */
export interface Placements {
  /** One for each Pod that was to be placed, in their order. */
  readonly outcomes: readonly Explained[];
  /** The cluster with the Pods where they were placed. */
  readonly after: Snapshot;
}

/**
 * A cluster at one moment, as the objects that scheduling looks at. It never changes: `with`, `without`, `labelled`, `drained`
 * and `place` give another one, so that "what if" leaves everything as it is.
 *
 * ```ts
 * const { outcomes, after } = await snapshot.drained('node-1').place({ algorithmProvider: 'DefaultProvider' });
 * ```
 */
export class Snapshot {
  /** In the order in which they came. Shared: not to be changed. */
  readonly objects: readonly DeepReadonly<KubernetesObject>[];

  constructor(objects: Iterable<DeepReadonly<KubernetesObject>>) {
    this.objects = [...objects];
  }

  /**
   * From JSON or YAML, such as a snapshot that was saved.
   *
   * @param from names the text in errors
   * @throws ManifestError
   */
  static read(text: string, { from = 'the snapshot' }: { readonly from?: string } = {}): Snapshot {
    return new Snapshot(readManifest(text, { from }));
  }

  /** A `v1` List. */
  toJSON(): { kind: 'List'; apiVersion: 'v1'; items: readonly DeepReadonly<KubernetesObject>[] } {
    return { kind: 'List', apiVersion: 'v1', items: this.objects };
  }

  /** All objects of a kind: `all<Node>('Node')`. */
  all<T extends KubernetesObject>(kind: T['kind']): DeepReadonly<T>[] {
    return this.objects.filter((object) => object.kind === kind) as DeepReadonly<T>[];
  }

  /** Pods without a node that some scheduler would give one: neither ended, nor being deleted, nor gated. */
  get waiting(): DeepReadonly<Pod>[] {
    return this.all<Pod>('Pod').filter((pod) => !pod.spec.nodeName && wantsToRun(pod));
  }

  /** With these objects more, or instead of those of the same kind and name. */
  with(...objects: readonly DeepReadonly<KubernetesObject>[]): Snapshot {
    const added = new Map(objects.map((object) => [idOf(object), object]));
    const kept = this.objects.map((object) => {
      const instead = added.get(idOf(object));
      added.delete(idOf(object));
      return instead ?? object;
    });
    return new Snapshot([...kept, ...added.values()]);
  }

  /** Without one object: `without('Pod', 'default/web-0')`, `without('Node', 'node-1')`. @throws if it is not there */
  without(kind: string, key: ObjectKey): Snapshot {
    const gone = this.#find(kind, key);
    return new Snapshot(this.objects.filter((object) => object !== gone));
  }

  /** As `kubectl label node` would leave it; `null` removes a label. @throws if there is no such node */
  labelled(node: string, labels: Readonly<Record<string, string | null>>): Snapshot {
    const object = this.#find<Node>('Node', node);
    const all = Object.entries({ ...object.metadata.labels, ...labels });
    const left = Object.fromEntries(all.filter(([, value]) => value !== null)) as Record<string, string>;
    return this.with({ ...object, metadata: { ...object.metadata, labels: left } });
  }

  /**
   * As `kubectl drain` would leave it: the node takes no more Pods, and those it has (but for the daemons', which belong to
   * it) wait for another one. @throws if there is no such node
   */
  drained(node: string): Snapshot {
    const object = this.#find<Node>('Node', node);
    const cordoned = { ...object, spec: { ...object.spec, unschedulable: true } };
    const evicted = this.all<Pod>('Pod').filter(
      (pod) => pod.spec.nodeName === node && wantsToRun(pod) && !belongsToNode(pod),
    );
    return this.with(cordoned, ...evicted.map((pod) => unbound(pod)));
  }

  /** As it is, seen by an algorithm: in a cache of its own. */
  cache(): SchedulerCache {
    const cache = new SchedulerCache();
    for (const object of this.objects) if (object.kind !== 'Pod') tell(cache, object);
    for (const pod of this.all<Pod>('Pod')) if (pod.spec.nodeName && !hasEnded(pod)) cache.setPod(pod);
    return cache;
  }

  /**
   * Gives each Pod that waits a node, in the order in which they came, each seen by the next; and says why. Extenders, if the
   * algorithm has any, are asked. Whom preemption would evict is told, but nobody is.
   *
   * @throws if the provider, or a name in it, is not registered; or if an extender cannot be asked
   */
  async place(options: PlaceOptions = {}): Promise<Placements> {
    const { algorithmProvider = defaultProvider, create = resolveProvider(algorithmProvider), schedulerName } = options;
    const cache = this.cache();
    const algorithm = create(cache);
    const ours = (pod: DeepReadonly<Pod>): boolean =>
      schedulerName === undefined || schedulerNameOf(pod) === schedulerName;
    const { signal } = new AbortController();
    const placed: DeepReadonly<Pod>[] = [];
    const outcomes: Explained[] = [];
    for (const pod of [...this.waiting.filter(ours), ...(options.pods ?? []).map(completed)]) {
      const info = new PodInfo(pod);
      const decision = algorithm.options.extenders?.length
        ? await algorithm.scheduleWithExtenders(info, cache.nodes, signal)
        : algorithm.schedule(info, cache.nodes);
      const report = options.brief
        ? { table: [] }
        : reportOn(algorithm, info, cache.nodes, { extended: decision.extended });
      if (!decision.node) {
        const preemption = algorithm.options.postFilter?.(decision, { algorithm, nodes: cache.nodes });
        const message = fitError(decision, preemption?.message);
        outcomes.push({ ...outcomeOf(decision, algorithmProvider, message), ...evictionsOf(preemption), ...report });
        continue;
      }
      outcomes.push({ ...outcomeOf(decision, algorithmProvider), ...report });
      algorithm.options.reservation?.reserve(info, decision.node);
      cache.assume(info, decision.node.name);
      placed.push({ ...pod, spec: { ...pod.spec, nodeName: decision.node.name } });
    }
    return { outcomes, after: this.with(...placed) };
  }

  /**
   * Why a Pod is, or would be, where it is: as if it had not been placed yet. @throws if there is no such Pod, or as
   * {@link place}
   */
  async explain(pod: ObjectKey, options: Omit<PlaceOptions, 'pods'> = {}): Promise<Explained> {
    const object = this.#find<Pod>('Pod', pod);
    const others = this.objects.filter((one) => one !== object && (one.kind !== 'Pod' || (one as Pod).spec.nodeName));
    const { outcomes } = await new Snapshot(others).place({ ...options, pods: [unbound(object)] });
    return outcomes[0]!;
  }

  #find<T extends KubernetesObject>(kind: string, key: ObjectKey): DeepReadonly<T> {
    const found = this.objects.find((object) => object.kind === kind && keyOf(object) === key);
    if (!found) throw new Error(`there is no ${kind} ${JSON.stringify(key)} in this snapshot`);
    return found as DeepReadonly<T>;
  }
}

const evictionsOf = (preemption: Preemption | undefined): Pick<Explained, 'preemption'> =>
  preemption?.nominatedNodeName === undefined
    ? {}
    : { preemption: { node: preemption.nominatedNodeName, victims: preemption.victims.map(({ key }) => key) } };

/** A Pod, with where it went under the one and under the other algorithm. */
export interface Difference {
  readonly pod: ObjectKey;
  readonly a: Explained;
  readonly b: Explained;
}

/** Where two placements of the same Pods differ. */
export function differences(a: Placements, b: Placements): Difference[] {
  const others = new Map(b.outcomes.map((outcome) => [outcome.pod, outcome]));
  return a.outcomes.flatMap((outcome) => {
    const other = others.get(outcome.pod);
    return other && other.node !== outcome.node ? [{ pod: outcome.pod, a: outcome, b: other }] : [];
  });
}

const idOf = (object: DeepReadonly<KubernetesObject>): string => `${object.kind} ${keyOf(object)}`;

/** Makes one object that is no Pod known to `cache`. Kinds that scheduling does not look at are passed over. */
function tell(cache: SchedulerCache, object: DeepReadonly<KubernetesObject>): void {
  if (object.kind === 'Node') return cache.setNode(object as Node);
  const resource = Object.values(resources).find((one) => typeof one === 'object' && one.kind === object.kind);
  if (resource) cache.set(resource as resources.Resource, object);
}

/** A daemon, or a Pod that the kubelet runs from a file: it goes with its node. */
const belongsToNode = ({ metadata }: DeepReadonly<Pod>): boolean =>
  metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined ||
  (metadata.ownerReferences ?? []).some(({ kind, controller }) => controller && kind === 'DaemonSet');

/** What a draft may leave out, and scheduling asks for. */
const completed = (draft: DeepReadonly<Draft<Pod>>): DeepReadonly<Pod> => {
  const metadata = { namespace: 'default', name: 'pod', ...draft.metadata };
  return { status: {}, ...draft, apiVersion: 'v1', kind: 'Pod', metadata } as DeepReadonly<Pod>;
};

function unbound(pod: DeepReadonly<Pod>): DeepReadonly<Pod> {
  const { nodeName: _, ...spec } = pod.spec;
  return { ...pod, spec, status: { phase: 'Pending' } };
}
