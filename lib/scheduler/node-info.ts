/**
 * A Node with what runs on it added up: the one thing that predicates and priorities look at. It is kept as Pods come and
 * go, never recomputed, so that a decision costs the same with ten Pods on a node or a hundred.
 */
import type { DeepReadonly, Node, Taint } from '../api/types.js';
import { resourcesOf, type PodInfo, type Resources } from './pod-info.js';

/**
 * The nodes of one cache in the order of their last changes, so that those who remember what they found out need to look only
 * at the nodes that have changed since.
 */
export class Recency {
  /** What changed last; the one before it is its {@link NodeInfo.older}, and so on. */
  newest: NodeInfo | undefined;
  #lastGeneration = 0;

  /** `node` has changed, or is new. */
  touch(node: NodeInfo): void {
    node.generation = ++this.#lastGeneration;
    if (this.newest === node) return;
    this.remove(node);
    node.older = this.newest;
    if (this.newest) this.newest.newer = node;
    this.newest = node;
  }

  remove(node: NodeInfo): void {
    if (this.newest === node) this.newest = node.older;
    if (node.newer) node.newer.older = node.older;
    if (node.older) node.older.newer = node.newer;
    node.newer = node.older = undefined;
  }
}

/**
 * A Node with its Pods added up: `cpu` in millicores, `memory` in bytes. The cache owns and changes it; who decides may only
 * read it, and not keep it: what it says is of this moment.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/schedulercache/node_info.go
 */
export class NodeInfo {
  readonly name: string;
  /** Where this node stands in arrays that are kept by node; a number of its own as long as it lives. */
  readonly slot: number;
  /** Where it stands in the cache's list of nodes; -1 while no Node of the name is there. */
  position = -1;
  readonly recency: Recency;
  newer: NodeInfo | undefined;
  older: NodeInfo | undefined;
  /** Grows with every change: two equal generations mean that nothing has changed between. */
  generation = 0;
  /** Undefined while Pods are bound to a name that no Node has (yet, or any more). */
  node: DeepReadonly<Node> | undefined;
  allocatable: Resources = resourcesOf({});
  allocatablePods = 0;
  /** By key; with the Pods that were just assumed to be here. */
  readonly pods = new Map<string, PodInfo>();
  readonly requested: Resources = resourcesOf({});
  /** As {@link PodInfo.plainRequested}. */
  readonly plainRequested = { milliCPU: 0, memory: 0 };
  /** As {@link PodInfo.scored}. */
  readonly scored = { milliCPU: 0, memory: 0 };
  /** As {@link PodInfo.nonZeroRequested}. */
  readonly nonZeroRequested = { milliCPU: 0, memory: 0 };
  /** How many Pods use each host port. */
  readonly hostPorts = new Map<number, number>();
  /** Sizes in bytes of the images that the node has, by each of their names. */
  imageSizes: ReadonlyMap<string, number> = new Map();
  /** Which {@link zoneNumber} it is in; it changes only together with the cache's list of nodes. */
  zone = 0;
  /** The taints that keep Pods away: those with effect NoSchedule or NoExecute. */
  repelling: readonly DeepReadonly<Taint>[] = [];

  constructor(name: string, slot: number, recency: Recency) {
    this.name = name;
    this.slot = slot;
    this.recency = recency;
    recency.touch(this);
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node?.metadata.labels ?? {};
  }

  setNode(node: DeepReadonly<Node> | undefined): void {
    this.node = node;
    this.allocatable = resourcesOf(node?.status?.allocatable);
    this.allocatablePods = this.allocatable.others.get('pods') ?? 0;
    const images = [...(node?.status?.images ?? [])].reverse(); // of two with one name the first counts
    this.imageSizes = new Map(
      images.flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes] as const)),
    );
    this.zone = zoneNumber(zoneOf(this.labels));
    this.repelling = (node?.spec?.taints ?? []).filter(
      ({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute',
    );
    this.recency.touch(this);
  }

  addPod(pod: PodInfo): void {
    this.pods.set(pod.key, pod);
    this.#reckon(pod, 1);
  }

  removePod(key: string): void {
    const pod = this.pods.get(key);
    if (!pod) return;
    this.pods.delete(key);
    this.#reckon(pod, -1);
  }

  #reckon(pod: PodInfo, sign: 1 | -1): void {
    this.requested.milliCPU += sign * pod.requested.milliCPU;
    this.requested.memory += sign * pod.requested.memory;
    for (const [name, value] of pod.requested.others) {
      this.requested.others.set(name, (this.requested.others.get(name) ?? 0) + sign * value);
    }
    this.plainRequested.milliCPU += sign * pod.plainRequested.milliCPU;
    this.plainRequested.memory += sign * pod.plainRequested.memory;
    this.scored.milliCPU += sign * pod.scored.milliCPU;
    this.scored.memory += sign * pod.scored.memory;
    this.nonZeroRequested.milliCPU += sign * pod.nonZeroRequested.milliCPU;
    this.nonZeroRequested.memory += sign * pod.nonZeroRequested.memory;
    for (const port of pod.hostPorts) this.hostPorts.set(port, (this.hostPorts.get(port) ?? 0) + sign);
    this.recency.touch(this);
  }
}

const regionLabel = 'failure-domain.beta.kubernetes.io/region';
const zoneLabel = 'failure-domain.beta.kubernetes.io/zone';

/** Zones by number, so that they can be counted in arrays. 0: no zone. */
const zoneNumbers = new Map<string, number>([['', 0]]);

/** The number of a zone, as {@link zoneOf} names it: always the same for the same one. */
export function zoneNumber(zone: string): number {
  let number = zoneNumbers.get(zone);
  if (number === undefined) zoneNumbers.set(zone, (number = zoneNumbers.size));
  return number;
}

/** `region/zone`, by 1.2's labels, or today's names of them; empty if the Node has neither. */
export function zoneOf(labels: Readonly<Record<string, string>>): string {
  const region = labels[regionLabel] ?? labels['topology.kubernetes.io/region'] ?? '';
  const zone = labels[zoneLabel] ?? labels['topology.kubernetes.io/zone'] ?? '';
  return region === '' && zone === '' ? '' : `${region}/${zone}`;
}
