/**
 * A Pod as the scheduler sees it: everything that predicates and priorities ask for, reckoned once when the Pod arrives, so
 * that no quantity is parsed and no selector compiled while nodes are compared.
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import { parseQuantity } from '../api/quantity.js';
import type { Container, DeepReadonly, Pod, Toleration, Volume } from '../api/types.js';
import { nodeAffinityOf, type NodeAffinity } from './node-affinity.js';

/** What a container that names no CPU request is taken to ask for when nodes are scored, in millicores. */
export const defaultMilliCPURequest = 100;
/** The same for memory, in bytes: 200 MiB. */
export const defaultMemoryRequest = 200 * 1024 * 1024;

/** Amounts of a node or a pod: `cpu` in millicores, `memory` and all others in their own unit (bytes, pieces). */
export interface Resources {
  milliCPU: number;
  memory: number;
  /** Whatever else is asked for: `ephemeral-storage`, `example.com/gadget`. */
  others: Map<string, number>;
}

/**
 * A Pod with what is asked of it while nodes are compared: `cpu` in millicores, `memory` in bytes. The Pod is shared: it must
 * not change. What costs more (its shape) is reckoned when it is first asked for.
 */
export class PodInfo {
  readonly pod: DeepReadonly<Pod>;
  readonly key: ObjectKey;
  /** What is filtered by: containers and sidecars together, or the largest init container if that is more. */
  readonly requested: DeepReadonly<Resources>;
  /** What 1.2 filtered by: the sum of the containers alone. It knew no init containers, overhead or requests of a whole Pod. */
  readonly plainRequested: { readonly milliCPU: number; readonly memory: number };
  /** What is scored by: each container's requests, with 1.2's defaults where there is none. */
  readonly scored: { readonly milliCPU: number; readonly memory: number };
  /** The same as today: init containers, overhead and the Pod's own requests count as in {@link requested}. */
  readonly nonZeroRequested: { readonly milliCPU: number; readonly memory: number };
  /** Ports of the host that the Pod wants for itself. */
  readonly hostPorts: readonly number[];
  /** Volumes of the kinds that two Pods, or too many Pods, cannot have on one node. */
  readonly disks: readonly DeepReadonly<Volume>[];
  readonly claimNames: readonly string[];
  readonly tolerations: readonly DeepReadonly<Toleration>[];
  readonly images: readonly string[];
  readonly nodeAffinity: NodeAffinity;
  #shape: string | undefined;
  #labelsText: string | undefined;

  constructor(pod: DeepReadonly<Pod>) {
    const { containers, volumes = [], tolerations = [] } = pod.spec;
    this.pod = pod;
    this.key = keyOf(pod);
    this.requested = requestsOfPod(pod);
    this.plainRequested = hasOnlyContainers(pod)
      ? this.requested
      : {
          milliCPU: sum(containers, (c) => amount('cpu', c.resources?.requests?.cpu) ?? 0),
          memory: sum(containers, (c) => amount('memory', c.resources?.requests?.memory) ?? 0),
        };
    this.scored = {
      milliCPU: sum(containers, (c) => amount('cpu', c.resources?.requests?.cpu) ?? defaultMilliCPURequest),
      memory: sum(containers, (c) => amount('memory', c.resources?.requests?.memory) ?? defaultMemoryRequest),
    };
    this.nonZeroRequested = hasOnlyContainers(pod)
      ? this.scored
      : requestsOfPod(pod, { milliCPU: defaultMilliCPURequest, memory: defaultMemoryRequest });
    this.hostPorts = containers.flatMap((c) => (c.ports ?? []).map((p) => p.hostPort ?? 0)).filter((port) => port > 0);
    this.disks = volumes.filter((v) => v.gcePersistentDisk ?? v.awsElasticBlockStore ?? v.rbd);
    this.claimNames = volumes.flatMap((v) => v.persistentVolumeClaim?.claimName ?? []);
    this.tolerations = tolerations;
    this.images = containers.map((c) => c.image ?? '');
    this.nodeAffinity = nodeAffinityOf(pod);
  }

  get namespace(): string {
    return this.pod.metadata.namespace ?? '';
  }

  get labels(): Readonly<Record<string, string>> {
    return this.pod.metadata.labels ?? {};
  }

  /** Equal for Pods with equal labels, in the same order. */
  get labelsText(): string {
    return (this.#labelsText ??= JSON.stringify(this.labels));
  }

  get priority(): number {
    return (this.pod.spec as { priority?: number }).priority ?? 0;
  }

  /**
   * Equal for Pods that every predicate and priority of this folder treats alike on every node (peers apart): the replicas of
   * one controller. What was found out about one of them holds for the next.
   */
  get shape(): string {
    if (this.#shape !== undefined) return this.#shape;
    const { containers, initContainers = [] } = this.pod.spec;
    return (this.#shape = JSON.stringify([
      this.pod.spec.nodeName,
      this.requested.milliCPU,
      this.requested.memory,
      [...this.requested.others],
      this.plainRequested.milliCPU,
      this.plainRequested.memory,
      this.scored,
      this.nonZeroRequested,
      containers.map(({ ports }) => ports),
      initContainers.map(({ ports }) => ports),
      this.disks,
      this.tolerations,
      this.images,
      this.pod.spec.nodeSelector,
      this.pod.spec.affinity?.nodeAffinity,
      this.pod.metadata.annotations?.['scheduler.alpha.kubernetes.io/affinity'],
    ]));
  }
}

/** An amount in the scheduler's unit; undefined if `text` is. */
export function amount(resource: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const known = resource === 'cpu' ? milliValues : values;
  let value = known.get(text);
  if (value === undefined) {
    const quantity = parseQuantity(text);
    value = resource === 'cpu' ? quantity.milliValue() : quantity.value();
    if (known.size >= textsKept) known.clear();
    known.set(text, value);
  }
  return value;
}

/** Few different amounts are asked for, by many Pods: they are parsed once. */
const milliValues = new Map<string, number>();
const values = new Map<string, number>();
const textsKept = 1000;

/** The amounts of a resource list, such as `status.allocatable` of a Node. */
export function resourcesOf(list: Readonly<Record<string, string>> | undefined): Resources {
  const resources: Resources = { milliCPU: 0, memory: 0, others: new Map() };
  for (const [name, text] of Object.entries(list ?? {})) {
    const value = amount(name, text)!;
    if (name === 'cpu') resources.milliCPU = value;
    else if (name === 'memory') resources.memory = value;
    else resources.others.set(name, value);
  }
  return resources;
}

/**
 * Init containers run one after another, before the rest, and beside the sidecars that came before them: the Pod needs the
 * most that is needed at any one time. What the Pod requests as a whole goes before that. (1.2 knew neither; without them
 * this is its plain sum.)
 *
 * @param missing what a container is taken to request where it says nothing
 * @see https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
function requestsOfPod(pod: DeepReadonly<Pod>, missing = { milliCPU: 0, memory: 0 }): Resources {
  const requestsOf = ({ resources }: DeepReadonly<Container>): Resources => {
    const requests = resourcesOf(resources?.requests);
    if (resources?.requests?.cpu === undefined) requests.milliCPU = missing.milliCPU;
    if (resources?.requests?.memory === undefined) requests.memory = missing.memory;
    return requests;
  };
  const { containers, initContainers, overhead } = pod.spec;
  const total = resourcesOf({});
  for (const container of containers) add(total, requestsOf(container));
  if (hasOnlyContainers(pod)) return total;

  const sidecars = resourcesOf({});
  const starting = resourcesOf({});
  for (const container of initContainers ?? []) {
    const requests = requestsOf(container);
    if ((container as { restartPolicy?: string }).restartPolicy === 'Always') {
      add(total, requests);
      add(sidecars, requests);
      raise(starting, sidecars);
    } else {
      add(requests, sidecars);
      raise(starting, requests);
    }
  }
  raise(total, starting);
  override(total, resourcesOf(ofPodItself(pod)));
  add(total, resourcesOf(overhead));
  return total;
}

/** As in 1.2: then its requests are those of its containers. */
const hasOnlyContainers = ({ spec }: DeepReadonly<Pod>): boolean =>
  !spec.initContainers?.length && !spec.overhead && !('resources' in spec);

/** Of a Pod as a whole, processor, memory and huge pages can be requested. */
const ofPodItself = ({ spec }: DeepReadonly<Pod>): Record<string, string> =>
  Object.fromEntries(
    Object.entries((spec as { resources?: { requests?: Record<string, string> } }).resources?.requests ?? {}).filter(
      ([name]) => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-'),
    ),
  );

function override(to: Resources, given: Resources): void {
  if (given.milliCPU > 0) to.milliCPU = given.milliCPU;
  if (given.memory > 0) to.memory = given.memory;
  for (const [name, value] of given.others) to.others.set(name, value);
}

function add(to: Resources, more: Resources): void {
  to.milliCPU += more.milliCPU;
  to.memory += more.memory;
  for (const [name, value] of more.others) to.others.set(name, (to.others.get(name) ?? 0) + value);
}

function raise(to: Resources, floor: Resources): void {
  to.milliCPU = Math.max(to.milliCPU, floor.milliCPU);
  to.memory = Math.max(to.memory, floor.memory);
  for (const [name, value] of floor.others) to.others.set(name, Math.max(to.others.get(name) ?? 0, value));
}

const sum = (containers: readonly DeepReadonly<Container>[], of: (container: DeepReadonly<Container>) => number) =>
  containers.reduce((total, container) => total + of(container), 0);
