/**
 * The TTL controller: tells each kubelet, by an annotation on its Node, how long it may trust its copies of Secrets and
 * ConfigMaps. The more Nodes, the longer: a thousand kubelets that ask every second are the API server's whole day.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/ttl/ttl_controller.go
 */
import type { ObjectKey } from '../api/meta.js';
import { nodes as nodeResource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { Node } from '../api/types.js';
import { WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';

const annotation = 'node.alpha.kubernetes.io/ttl';
/** Up to so many Nodes, so many seconds. */
const steps = [
  { nodes: 100, seconds: 0 },
  { nodes: 500, seconds: 15 },
  { nodes: 1000, seconds: 30 },
  { nodes: 2000, seconds: 60 },
  { nodes: Infinity, seconds: 300 },
];
/** A step is gone back only when there are a tenth fewer Nodes than its limit, so that one Node more or less changes nothing. */
const slack = 0.9;

export class NodeTtlController implements Controller, Runnable {
  readonly name = 'ttl-controller';
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #nodes: Informer<Node>;
  #step = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.queue = new WorkQueue({ clock: deps.clock });
    this.#nodes = deps.informers.informer(nodeResource);
    this.informers = [this.#nodes];
  }

  async run(signal: AbortSignal): Promise<void> {
    let count = 0;
    const counted = (change: number): void => {
      count += change;
      while (count > steps[this.#step]!.nodes) this.#step++;
      while (this.#step > 0 && count < steps[this.#step - 1]!.nodes * slack) this.#step--;
    };
    using _nodes = this.#nodes.addEventHandler({
      onAdd: ({ metadata }) => (counted(1), this.queue.add(metadata.name)),
      onUpdate: (_, { metadata }) => this.queue.add(metadata.name),
      onDelete: () => counted(-1),
    });
    await runController(this, this.#deps.log, signal);
  }

  readonly reconcile = async (name: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const ttl = String(steps[this.#step]!.seconds);
    const node = this.#nodes.get(name);
    if (!node || node.metadata.annotations?.[annotation] === ttl) return done;
    try {
      await this.#deps.client.patch(
        nodeResource,
        { name },
        { metadata: { annotations: { [annotation]: ttl } } },
        { signal },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return done;
  };
}
