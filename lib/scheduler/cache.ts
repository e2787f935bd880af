/**
 * What the scheduler knows: nodes with their Pods added up, kept in step by informers, and a step ahead of them by its own
 * decisions. A Pod is *assumed* on its node from the moment of the decision, for the next one must not give the same room
 * away while the binding travels; if the binding is never heard of, the assumption expires.
 *
 * ```
 *                assume            addPod (the informer has seen it bound)
 *   (unknown) ───────────► assumed ───────────────────────────────────────► added ──► removed
 *                  ▲          │ forget (bind refused), or expired 30 s after finishBinding
 *                  └──────────┘
 * ```
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/scheduler/backend/cache/interface.go
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import { groupResource, persistentVolumeClaims, persistentVolumes, type Resource } from '../api/resources.js';
import { selectorOf, selectorOfLabels, type Selector } from '../api/selectors.js';
import type {
  DeepReadonly,
  KubernetesObject,
  LabelSelector,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  Service,
} from '../api/types.js';
import { Journal, RecordedMap } from './journal.js';
import type { PluginArgs } from './plugin-args.js';
import { NodeInfo, Recency } from './node-info.js';
import { PeerGroup, type Peers } from './peers.js';
import { PodInfo } from './pod-info.js';

/** How long after its binding an assumed Pod is believed in, in milliseconds, unless the informer confirms it. */
export const assumedPodExpiryMs = 30_000;

/** For how many different sets of labels of one namespace it is remembered to which group they belong. */
const labelSetsKept = 1000;

interface PodState {
  readonly info: PodInfo;
  readonly nodeName: string;
  /** Its place among all Pods: by when they came. */
  readonly order: number;
  /** Undefined: confirmed. `Infinity`: the binding is under way. */
  readonly expiresAtMs: number | undefined;
}

/** What selects Pods: a Service or a controller. */
interface Selecting {
  readonly namespace: string;
  readonly selector: Selector;
  /** Its place among its like: by when it came. */
  readonly order: number;
}

/** A controller with a LabelSelector, such as a ReplicaSet. */
type LabelSelecting = DeepReadonly<{ metadata: Pod['metadata']; spec: { selector?: LabelSelector } }>;

/** What the scheduler knows, as the top of this file tells. Not for several at once: whoever feeds it also reads it, in turn. */
export class SchedulerCache implements PluginArgs {
  /** Of everything that decisions are made from: what is kept in `RecordedMap`s can be had {@link at} an earlier moment. */
  readonly #journal = new Journal();
  readonly #nodeObjects = new RecordedMap<string, DeepReadonly<Node>>(this.#journal);
  /** By name; also those that only Pods speak of. */
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #recency = new Recency();
  /** Slots of nodes that are forgotten, and how many there are with those in use. */
  readonly #freeSlots: number[] = [];
  #slots = 0;
  /** Nodes that are there, by descending name; made anew when one comes or goes. */
  #sorted: readonly NodeInfo[] | undefined;
  readonly #pods = new RecordedMap<ObjectKey, PodState>(this.#journal);
  /** Grows with everything that comes and whose order matters. */
  #order = 0;
  readonly #assumed = new Set<ObjectKey>();
  readonly #services = new RecordedMap<ObjectKey, Selecting>(this.#journal);
  readonly #controllers = new RecordedMap<ObjectKey, Selecting>(this.#journal);
  /** Everything else, by resource and key. */
  readonly #objects = new Map<string, RecordedMap<ObjectKey, DeepReadonly<KubernetesObject>>>();
  readonly #nominations = new RecordedMap<ObjectKey, { readonly info: PodInfo; readonly nodeName: string }>(
    this.#journal,
  );
  /** The same by node; made anew when there is a change. */
  #nominated: ReadonlyMap<string, readonly PodInfo[]> | undefined;
  /** By namespace, then by what selects; forgotten when Services or controllers of the namespace change. */
  readonly #groups = new Map<string, Map<string, PeerGroup>>();
  /** By namespace, kind of selection and labels: which group a Pod is in. Forgotten together with the groups. */
  readonly #groupOf = new Map<string, Map<string, PeerGroup>>();
  /** By namespace and labels: to which groups such a Pod belongs. Forgotten when there is another group. */
  readonly #memberships = new Map<string, Map<string, readonly PeerGroup[]>>();

  /** The nodes to choose from, by descending name: 1.2's order among equals. The same array until a node comes, goes, or moves to another zone. */
  get nodes(): readonly NodeInfo[] {
    return (this.#sorted ??= this.#sort());
  }

  #sort(): readonly NodeInfo[] {
    for (const info of this.#nodes.values()) info.position = -1;
    const sorted = [...this.#nodes.values()]
      .filter(({ node }) => node !== undefined)
      .sort((a, b) => (a.name < b.name ? 1 : -1));
    sorted.forEach((info, position) => (info.position = position));
    return sorted;
  }

  /** How much it holds. */
  get size(): Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>> {
    return { nodes: this.nodes.length, pods: this.#pods.size, assumed_pods: this.#assumed.size };
  }

  /** This moment, for {@link at}. */
  get mark(): number {
    return this.#journal.mark;
  }

  /** Nobody will ask for a moment before `mark`. */
  forgetBefore(mark: number): void {
    this.#journal.forgetBefore(mark);
  }

  /**
   * A cache of its own with what this one held at `mark`, assumed Pods included; what happens to either does not concern the
   * other. Undefined if that is too long ago.
   */
  at(mark: number = this.mark): SchedulerCache | undefined {
    if (!this.#journal.reaches(mark)) return undefined;
    const copy = new SchedulerCache();
    for (const node of this.#nodeObjects.at(mark).values()) copy.setNode(node);
    for (const [key, one] of inOrder(this.#services.at(mark))) copy.#services.set(key, one);
    for (const [key, one] of inOrder(this.#controllers.at(mark))) copy.#controllers.set(key, one);
    for (const [name, objects] of this.#objects)
      for (const [key, object] of objects.at(mark)) copy.#objectsOf(name).set(key, object);
    for (const [, state] of inOrder(this.#pods.at(mark))) copy.#put(state);
    for (const { info, nodeName } of this.#nominations.at(mark).values()) copy.nominate(info, nodeName);
    copy.#order = this.#order;
    return copy;
  }

  nodeNamed(name: string): NodeInfo | undefined {
    return this.#nodes.get(name);
  }

  setNode(node: DeepReadonly<Node>): void {
    this.#nodeObjects.set(node.metadata.name, node);
    const info = this.#node(node.metadata.name);
    const isThere = info.node !== undefined;
    const { zone } = info;
    info.setNode(node);
    if (!isThere || info.zone !== zone) this.#sorted = undefined;
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#nodeObjects.delete(name);
    info.setNode(undefined);
    this.#sorted = undefined;
    this.#forgetEmpty(info);
  }

  /** Where `key` runs, as far as is known or assumed. */
  nodeOf(key: ObjectKey): string | undefined {
    return this.#pods.get(key)?.nodeName;
  }

  isAssumed(key: ObjectKey): boolean {
    return this.#assumed.has(key);
  }

  /** The informer shows `pod` bound and not ended: what was assumed of it is confirmed, or corrected. */
  setPod(pod: DeepReadonly<Pod>): void {
    const known = this.#pods.get(keyOf(pod));
    // What the scheduler looks at in a bound Pod hardly ever changes; its status does all the time.
    if (known && known.nodeName === pod.spec.nodeName && looksTheSame(known.info.pod, pod)) {
      this.#assumed.delete(keyOf(pod));
      this.#pods.replace(keyOf(pod), { ...known, expiresAtMs: undefined });
      return;
    }
    const isSame = known && known.info.pod.metadata.uid === pod.metadata.uid; // changed, it keeps its place
    this.removePod(keyOf(pod));
    this.#put({
      info: new PodInfo(pod),
      nodeName: pod.spec.nodeName!,
      order: isSame ? known.order : this.#order++,
      expiresAtMs: undefined,
    });
  }

  /** The Pod is gone, has ended, or was never there. Harmless if it is not known. */
  removePod(key: ObjectKey): void {
    const state = this.#pods.get(key);
    if (!state) return;
    this.#pods.delete(key);
    this.#assumed.delete(key);
    const node = this.#nodes.get(state.nodeName)!;
    node.removePod(key);
    for (const group of this.#groupsWith(state.info)) group.remove(node.slot);
    this.#forgetEmpty(node);
  }

  without<R>(pods: Iterable<ObjectKey>, look: () => R): R {
    const states = [...pods].flatMap((key) => this.#pods.get(key) ?? []);
    const assumed = states.filter(({ info }) => this.#assumed.has(info.key));
    const { mark } = this;
    for (const { info } of states) this.removePod(info.key);
    try {
      return look();
    } finally {
      for (const state of states) this.#put(state);
      for (const { info } of assumed) this.#assumed.add(info.key);
      this.#journal.cancel(mark);
    }
  }

  with<R>(pods: Iterable<PodInfo>, nodeName: string, look: () => R): R {
    const added = [...pods].filter(({ key }) => !this.#pods.has(key));
    const { mark } = this;
    for (const info of added) this.#put({ info, nodeName, order: this.#order, expiresAtMs: undefined });
    try {
      return look();
    } finally {
      for (const { key } of added) this.removePod(key);
      this.#journal.cancel(mark);
    }
  }

  /** `info` waits for room that is being made on `nodeName`. */
  nominate(info: PodInfo, nodeName: string): void {
    this.#nominations.set(info.key, { info, nodeName });
    this.#nominated = undefined;
  }

  /** It does not, or not any more. */
  denominate(key: ObjectKey): void {
    if (this.#nominations.delete(key)) this.#nominated = undefined;
  }

  nominations(): ReadonlyMap<string, readonly PodInfo[]> {
    if (this.#nominated) return this.#nominated;
    const nominated = new Map<string, PodInfo[]>();
    for (const { info, nodeName } of this.#nominations.values()) entry(nominated, nodeName, () => []).push(info);
    return (this.#nominated = nominated);
  }

  /** Takes `info` for bound to `nodeName`, until {@link forget} or its expiry. */
  assume(info: PodInfo, nodeName: string): void {
    if (this.#pods.has(info.key)) throw new Error(`pod ${info.key} is in the cache, so it cannot be assumed`);
    this.#put({ info, nodeName, order: this.#order++, expiresAtMs: Infinity });
    this.#assumed.add(info.key);
  }

  /** The binding was accepted: from now on the informer has {@link assumedPodExpiryMs} to confirm it. */
  finishBinding(info: PodInfo, nowMs: number): void {
    const state = this.#assumption(info);
    if (state) this.#pods.replace(info.key, { ...state, expiresAtMs: nowMs + assumedPodExpiryMs });
  }

  /** The binding failed: the room is free again. A Pod confirmed meanwhile stays, and so does a namesake. */
  forget(info: PodInfo): void {
    if (this.#assumption(info)) this.removePod(info.key);
  }

  #assumption({ key, pod }: PodInfo): PodState | undefined {
    const state = this.#pods.get(key);
    return this.#assumed.has(key) && state?.info.pod.metadata.uid === pod.metadata.uid ? state : undefined;
  }

  /** Drops assumptions that were not confirmed in time; returns their Pods. */
  expire(nowMs: number): PodInfo[] {
    const expired = [...this.#assumed]
      .map((key) => this.#pods.get(key)!)
      .filter(({ expiresAtMs }) => expiresAtMs !== undefined && expiresAtMs <= nowMs);
    for (const { info } of expired) this.removePod(info.key);
    return expired.map(({ info }) => info);
  }

  /** A Service without a selector selects nothing. */
  setService({ metadata, spec }: DeepReadonly<Service>): void {
    this.#select(this.#services, metadata, spec.selector && selectorOfLabels(spec.selector));
  }

  removeService(service: DeepReadonly<Service>): void {
    this.#select(this.#services, service.metadata, undefined);
  }

  setController({ metadata, spec }: DeepReadonly<ReplicationController>): void {
    this.#select(this.#controllers, metadata, spec.selector && selectorOfLabels(spec.selector));
  }

  setReplicaSet({ metadata, spec }: LabelSelecting): void {
    this.#select(this.#controllers, metadata, selectorOf(spec.selector), 'rs');
  }

  removeController({ metadata }: DeepReadonly<ReplicationController>): void {
    this.#select(this.#controllers, metadata, undefined);
  }

  removeReplicaSet({ metadata }: LabelSelecting): void {
    this.#select(this.#controllers, metadata, undefined, 'rs');
  }

  /** An object of any kind but Node and Pod: what selects Pods is kept as that, everything else for those who ask. */
  set<T extends KubernetesObject>(resource: Resource<T>, object: DeepReadonly<T>): void {
    this.#objectsOf(groupResource(resource)).set(keyOf(object), object);
    if (resource.resource === 'services') this.setService(object as unknown as DeepReadonly<Service>);
    if (resource.resource === 'replicationcontrollers')
      this.setController(object as unknown as DeepReadonly<ReplicationController>);
    if (resource.resource === 'replicasets') this.setReplicaSet(object as unknown as LabelSelecting);
  }

  remove<T extends KubernetesObject>(resource: Resource<T>, object: DeepReadonly<T>): void {
    this.#objectsOf(groupResource(resource)).delete(keyOf(object));
    if (resource.resource === 'services') this.removeService(object as unknown as DeepReadonly<Service>);
    if (resource.resource === 'replicationcontrollers')
      this.removeController(object as unknown as DeepReadonly<ReplicationController>);
    if (resource.resource === 'replicasets') this.removeReplicaSet(object as unknown as LabelSelecting);
  }

  get<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): DeepReadonly<T> | undefined {
    return this.#objectsOf(groupResource(resource)).get(key) as DeepReadonly<T> | undefined;
  }

  list<T extends KubernetesObject>(resource: Resource<T>): readonly DeepReadonly<T>[] {
    return [...this.#objectsOf(groupResource(resource)).values()] as unknown as DeepReadonly<T>[];
  }

  claim(namespace: string, name: string): DeepReadonly<PersistentVolumeClaim> | undefined {
    return this.get(persistentVolumeClaims, `${namespace}/${name}`);
  }

  volume(name: string | undefined): DeepReadonly<PersistentVolume> | undefined {
    return name === undefined ? undefined : this.get(persistentVolumes, name);
  }

  services(pod: PodInfo): readonly Selector[] {
    return selecting(this.#services, pod).map(([, { selector }]) => selector);
  }

  podsMatching(namespace: string, selector: Selector): { readonly pod: PodInfo; readonly nodeName: string }[] {
    const matching = [...this.#pods].filter(
      ([, { info }]) => info.namespace === namespace && selector.matches(info.labels),
    );
    return inOrder(new Map(matching)).map(([, { info, nodeName }]) => ({ pod: info, nodeName }));
  }

  peers(pod: PodInfo, of: 'services' | 'services and controllers'): Peers {
    const { namespace } = pod;
    const known = entry(this.#groupOf, namespace, () => new Map<string, PeerGroup>());
    if (known.size > labelSetsKept) known.clear(); // labels that are each Pod's own (an index, a job's name)
    const group = entry(known, `${of} ${pod.labelsText}`, () => this.#newGroup(pod, of));
    group.reach(this.#slots);
    return group;
  }

  #newGroup(pod: PodInfo, of: 'services' | 'services and controllers'): PeerGroup {
    const { namespace } = pod;
    const found = selecting(this.#services, pod);
    if (of === 'services and controllers') found.push(...selecting(this.#controllers, pod, 'of controllers'));
    const groups = entry(this.#groups, namespace, () => new Map<string, PeerGroup>());
    return entry(groups, found.map(([key]) => key).join(' '), () => {
      this.#memberships.delete(namespace); // there is one more to belong to
      return this.#gather(namespace, new PeerGroup(found.map(([, { selector }]) => selector)));
    });
  }

  /** Fills a new group with those who are there. */
  #gather(namespace: string, group: PeerGroup): PeerGroup {
    for (const { info, nodeName } of this.#pods.values()) {
      const isPeer = info.namespace === namespace && info.pod.metadata.deletionTimestamp === undefined;
      if (isPeer && group.selects(info)) group.add(this.#nodes.get(nodeName)!.slot);
    }
    return group;
  }

  #put(state: PodState): void {
    this.#pods.set(state.info.key, state);
    const node = this.#node(state.nodeName);
    node.addPod(state.info);
    for (const group of this.#groupsWith(state.info)) group.add(node.slot);
  }

  /** The groups that `pod` belongs to. One that is being deleted is about to be replaced, and belongs to none. */
  #groupsWith(pod: PodInfo): readonly PeerGroup[] {
    const groups = this.#groups.get(pod.namespace);
    if (!groups || pod.pod.metadata.deletionTimestamp !== undefined) return [];
    const known = entry(this.#memberships, pod.namespace, () => new Map<string, readonly PeerGroup[]>());
    if (known.size > labelSetsKept) known.clear();
    return entry(known, pod.labelsText, () => [...groups.values()].filter((group) => group.selects(pod)));
  }

  #objectsOf(name: string): RecordedMap<ObjectKey, DeepReadonly<KubernetesObject>> {
    return entry(this.#objects, name, () => new RecordedMap(this.#journal));
  }

  #node(name: string): NodeInfo {
    return entry(this.#nodes, name, () => new NodeInfo(name, this.#freeSlots.pop() ?? this.#slots++, this.#recency));
  }

  #forgetEmpty(info: NodeInfo): void {
    if (info.node || info.pods.size > 0) return;
    this.#nodes.delete(info.name);
    this.#recency.remove(info);
    this.#freeSlots.push(info.slot);
  }

  #select(
    all: Map<ObjectKey, Selecting>,
    metadata: DeepReadonly<Pod['metadata']>,
    selector: Selector | undefined,
    prefix = '',
  ): void {
    const key = `${prefix}${keyOf({ metadata })}`;
    const namespace = metadata.namespace ?? '';
    if (all.get(key)?.selector.toString() === selector?.toString()) return; // a status update, or nothing selected before either
    if (selector) all.set(key, { namespace, selector, order: all.get(key)?.order ?? this.#order++ });
    else all.delete(key);
    this.#groups.delete(namespace);
    this.#groupOf.delete(namespace);
    this.#memberships.delete(namespace);
  }
}

const inOrder = <K, V extends { readonly order: number }>(map: ReadonlyMap<K, V>): [K, V][] =>
  [...map].sort(([, a], [, b]) => a.order - b.order);

/** The members of `all` that select `pod`, with their keys. */
const selecting = (all: ReadonlyMap<ObjectKey, Selecting>, pod: PodInfo, mark = ''): [string, Selecting][] =>
  [...all]
    .filter(
      ([, { namespace, selector }]) => namespace === pod.namespace && !selector.empty && selector.matches(pod.labels),
    )
    .map(([key, one]) => [key + mark, one]);

/** Whether two states of one bound Pod are one to the scheduler. */
const looksTheSame = (a: DeepReadonly<Pod>, b: DeepReadonly<Pod>): boolean =>
  a === b ||
  (a.metadata.uid === b.metadata.uid &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels) &&
    sameContainers(a, b));

/** Of a bound Pod's spec only the requests can change that matter here (an in-place resize). */
const sameContainers = (a: DeepReadonly<Pod>, b: DeepReadonly<Pod>): boolean =>
  a.spec.containers.length === b.spec.containers.length &&
  a.spec.containers.every(
    ({ resources }, i) => JSON.stringify(resources) === JSON.stringify(b.spec.containers[i]!.resources),
  );

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
