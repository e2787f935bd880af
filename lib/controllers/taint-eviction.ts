/**
 * The taint eviction controller: deletes Pods from Nodes with a `NoExecute` taint that they do not tolerate, or no longer:
 * most tolerate `not-ready` and `unreachable` for 300 seconds, the five minutes of which the chapter speaks.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/tainteviction/taint_eviction.go
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import { nodes as nodeResource, pods as podResource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { DeepReadonly, Node, Pod, Taint, Toleration } from '../api/types.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { timestamp } from '../util/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { equal, podIndexes } from './pods.js';

export class TaintEvictionController implements Controller, Runnable {
  readonly name = 'taint-eviction-controller';
  readonly informers: readonly Informer<any>[];
  /** Keys of Pods. */
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;
  /** Pods whose time runs. */
  readonly #marked = new Set<ObjectKey>();

  constructor(deps: Deps) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#events = new EventRecorder({ client, clock, log, component: 'taint-eviction-controller' });
    this.#nodes = informers.informer(nodeResource);
    this.#pods = informers.informer(podResource, { indexes: podIndexes });
    this.informers = [this.#nodes, this.#pods];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    const wakePodsOf = ({ metadata }: DeepReadonly<Node>): void => {
      for (const pod of this.#pods.byIndex('node', metadata.name)) this.queue.add(keyOf(pod));
    };
    using _nodes = this.#nodes.addEventHandler({
      onAdd: (node) => executing(node).length > 0 && wakePodsOf(node),
      onUpdate: (old, node) => !equal(executing(old), executing(node)) && wakePodsOf(node),
    });
    const wakeIfTainted = (pod: DeepReadonly<Pod>): void => {
      const node = pod.spec.nodeName ? this.#nodes.get(pod.spec.nodeName) : undefined;
      if (node && executing(node).length > 0) this.queue.add(keyOf(pod));
    };
    using _pods = this.#pods.addEventHandler({
      onAdd: wakeIfTainted,
      onUpdate: (old, pod) => {
        if (old.spec.nodeName !== pod.spec.nodeName || !equal(old.spec.tolerations, pod.spec.tolerations))
          wakeIfTainted(pod);
      },
      onDelete: (pod) => this.#marked.delete(keyOf(pod)),
    });
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const { client, clock } = this.#deps;
    const pod = this.#pods.get(key);
    if (!pod || pod.metadata.deletionTimestamp) return done;
    const node = pod.spec.nodeName ? this.#nodes.get(pod.spec.nodeName) : undefined;
    const nowMs = clock.now();
    const deadlineMs = node ? deadline(pod.spec.tolerations ?? [], executing(node), nowMs) : Infinity;
    if (deadlineMs === Infinity) {
      if (this.#marked.delete(key))
        this.#events.event(pod, 'Normal', 'TaintManagerEviction', `Cancelling deletion of Pod ${key}`);
      return done;
    }
    this.#marked.add(key);
    if (deadlineMs > nowMs) return { requeueAfterMs: deadlineMs - nowMs };
    this.#events.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    const { namespace, name, uid } = pod.metadata;
    try {
      const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint', lastTransitionTime: timestamp(nowMs) }; // prettier-ignore
      const patch = { metadata: { uid }, status: { conditions: [condition] } };
      await client.patch(podResource, { namespace, name }, patch, { subresource: 'status', signal });
      await client.delete(podResource, { namespace, name }, { preconditions: { uid }, signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#marked.delete(key);
    return done;
  };
}

const executing = (node: DeepReadonly<Node>): DeepReadonly<Taint>[] =>
  (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');

/**
 * When a Pod with `tolerations` must leave a Node with these `NoExecute` taints: at once if it does not tolerate one of
 * them, never (`Infinity`) if it tolerates all without limit, otherwise when the shortest toleration is used up.
 */
export function deadline(
  tolerations: readonly DeepReadonly<Toleration>[],
  taints: readonly DeepReadonly<Taint>[],
  nowMs: number,
): number {
  return Math.min(
    Infinity,
    ...taints.map((taint) => {
      const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
      if (matching.length === 0) return nowMs;
      const seconds = Math.min(...matching.map(({ tolerationSeconds = Infinity }) => tolerationSeconds));
      return (taint.timeAdded ? Date.parse(taint.timeAdded) : nowMs) + Math.max(0, seconds) * 1000;
    }),
  );
}

const tolerates = (
  { key, operator = 'Equal', value = '', effect }: DeepReadonly<Toleration>,
  taint: DeepReadonly<Taint>,
): boolean =>
  (!effect || effect === taint.effect) &&
  (!key ? operator === 'Exists' : key === taint.key) &&
  (operator === 'Exists' || value === (taint.value ?? ''));
