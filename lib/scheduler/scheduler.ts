/**
 * The loop: takes the Pod that waited longest, decides, assumes, binds. Deciding is synchronous and alone; bindings travel by
 * the dozen meanwhile.
 *
 * ```
 *   informers ──► cache, queue        queue ──pop──► algorithm ──► assume ──► POST pods/…/binding ──► event Scheduled
 *                                       ▲               │ no node fits
 *                                       └── putBack ◄───┴──► event FailedScheduling, condition PodScheduled=False
 * ```
 * A Pod is ours if `spec.schedulerName` says so, it is bound to no node, has no scheduling gates, and is neither ended nor
 * being deleted.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
 */
import { setImmediate as macrotask } from 'node:timers/promises';
import * as resources from '../api/resources.js';
import { keyOf, type ObjectKey } from '../api/meta.js';
import { isConflict, isNotFound } from '../api/status.js';
import type { DeepReadonly, Node, Pod } from '../api/types.js';
import { EventRecorder, informerFactory, type Client, type Informer, type InformerFactory } from '../client/index.js';
import { Scope, timestamp, type Clock, type Log } from '../util/index.js';
import type { Algorithm, Decision } from './algorithm.js';
import { SchedulerCache } from './cache.js';
import { defaultProvider } from './defaults.js';
import { explain, Explanations, type Explanation } from './explain.js';
import { fitError } from './fit-error.js';
import { PodInfo } from './pod-info.js';
import { SchedulingQueue, type QueuedPod } from './queue.js';
import { createFromProvider } from './registry.js';

export const defaultSchedulerName = 'default-scheduler';

/** How many bindings and status updates travel at once. */
const writesInFlight = 48;
/** For how long decisions are made in a row before other work of this process gets its turn, in milliseconds. */
const sliceMs = 5;
/** How often it is looked for assumptions that have expired, in milliseconds. */
const expiryPeriodMs = 1_000;

export interface SchedulerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Shared informers; the scheduler runs its own if left out. */
  readonly informers?: InformerFactory;
  /** Which Pods are ours; `default-scheduler` if left out. */
  readonly schedulerName?: string;
  /** A registered name; `DefaultProvider` if left out. */
  readonly algorithmProvider?: string;
  /** How many decisions are remembered for {@link Scheduler.explain}: 1,000 if left out. */
  readonly decisionsKept?: number;
}

/** Schedules until `signal` aborts. @throws if the algorithm provider, or a name in it, is not registered */
export const runScheduler = (options: SchedulerOptions, signal: AbortSignal): Promise<void> =>
  new Scheduler(options).run(signal);

/** A scheduler that can be asked for its reasons, and given another algorithm, while it runs. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #name: string;
  readonly #cache = new SchedulerCache();
  readonly #queue: SchedulingQueue;
  readonly #explanations: Explanations;
  readonly #pods: Informer<Pod>;
  readonly #informers: InformerFactory;
  #algorithm: Algorithm;
  #algorithmProvider: string;
  #recorder: EventRecorder | undefined;
  /** Bindings and status updates under way. */
  readonly #writes = new Set<Promise<void>>();

  constructor(options: SchedulerOptions) {
    const { client, clock, log, schedulerName = defaultSchedulerName, algorithmProvider = defaultProvider } = options;
    this.#options = options;
    this.#name = schedulerName;
    this.#queue = new SchedulingQueue({ clock });
    this.#explanations = new Explanations(options.decisionsKept);
    this.#algorithmProvider = algorithmProvider;
    this.#algorithm = createFromProvider(algorithmProvider, this.#cache);
    this.#informers = options.informers ?? informerFactory({ client, clock, log });
    this.#pods = this.#informers.informer(resources.pods);
  }

  /** Schedules until `signal` aborts. Once. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, log, informers } = this.#options;
    await using scope = new Scope();
    // The name of the machine is missing: this may be one of several in a process.
    this.#recorder = scope.use(new EventRecorder({ client, clock, log, component: this.#name }));
    scope.defer(() => this.#queue.close());
    const synced = this.#listen(scope);
    const running = informers ? undefined : this.#informers.run(signal);
    scope.defer(() => running);

    // A half-filled cache shows nodes emptier than they are.
    await Promise.all(synced.map((informer) => informer.synced(signal)));
    this.#expireEvery(expiryPeriodMs, scope);
    log.info('scheduling', { scheduler: this.#name, algorithmProvider: this.#algorithmProvider });
    while (!signal.aborted) {
      await this.#queue.active(signal);
      await this.#drain(signal);
    }
    await Promise.all(this.#writes);
  }

  /** Decides with another provider from the next Pod on; none is lost. @throws if it is not registered */
  useProvider(name: string): void {
    this.#algorithm = createFromProvider(name, this.#cache);
    this.#algorithmProvider = name;
    this.#queue.moveAll();
  }

  get algorithmProvider(): string {
    return this.#algorithmProvider;
  }

  /** How many Pods wait: active, backing off, unschedulable. */
  get waiting(): SchedulingQueue['lengths'] {
    return this.#queue.lengths;
  }

  /** The last decisions, the newest first. */
  decisions(): Explanation[] {
    return this.#explanations.list();
  }

  /**
   * Why `pod` (`default/web-0`) is where it is, or nowhere. Where the table of all nodes was not written down, it is made for
   * the cluster as it is now, the Pod itself left out of the sums it stands in. Undefined if the Pod is not known.
   */
  explain(pod: ObjectKey): Explanation | undefined {
    const remembered = this.#explanations.about(pod);
    if (remembered?.table) return remembered;
    const object = this.#pods.get(pod);
    if (!object) return remembered;
    const { nodes } = this.#cache;
    // A Pod that is bound names its node, which would leave no choice to explain.
    const undecided = object.spec.nodeName ? new PodInfo(withoutNode(object)) : new PodInfo(object);
    const table = this.#cache.without([pod], () => this.#algorithm.report(undecided, nodes));
    if (remembered) return { ...remembered, table };
    const algorithmProvider = this.#algorithmProvider;
    return {
      pod,
      uid: object.metadata.uid,
      atMs: this.#options.clock.now(),
      tookMs: 0,
      algorithmProvider,
      node: object.spec.nodeName,
      score: table.find(({ node }) => node === object.spec.nodeName)?.total ?? 0,
      runnerUp: undefined,
      nodes: nodes.length,
      feasible: table.filter(({ fits }) => fits).length,
      message: undefined,
      message12: undefined,
      table,
    };
  }

  /** Hands what informers tell to the cache and the queue. Returns those that must be synced first. */
  #listen(scope: Scope): Informer<any>[] {
    const nodes = this.#informers.informer(resources.nodes);
    const services = this.#informers.informer(resources.services);
    const controllers = this.#informers.informer(resources.replicationControllers);
    const cache = this.#cache;

    scope.use(
      nodes.addEventHandler({
        onAdd: (node) => {
          cache.setNode(node);
          this.#queue.moveAll();
        },
        onUpdate: (old, node) => {
          if (sameForScheduling(old, node)) return; // a heartbeat
          cache.setNode(node);
          this.#queue.moveAll();
        },
        onDelete: (node) => cache.removeNode(node.metadata.name),
      }),
    );
    scope.use(
      this.#pods.addEventHandler({
        onAdd: (pod) => this.#podChanged(pod),
        onUpdate: (old, pod) => this.#podChanged(pod, old),
        onDelete: (pod) => this.#podGone(pod),
      }),
    );
    scope.use(
      services.addEventHandler({
        onAdd: (service) => cache.setService(service),
        onUpdate: (_old, service) => cache.setService(service),
        onDelete: (service) => cache.removeService(service),
      }),
    );
    scope.use(
      controllers.addEventHandler({
        onAdd: (controller) => cache.setController(controller),
        onUpdate: (_old, controller) => cache.setController(controller),
        onDelete: (controller) => cache.removeController(controller),
      }),
    );
    return [nodes, this.#pods, services, controllers];
  }

  #podChanged(pod: DeepReadonly<Pod>, old?: DeepReadonly<Pod>): void {
    const key = keyOf(pod);
    if (hasEnded(pod)) return this.#podGone(pod);
    if (pod.spec.nodeName) {
      this.#queue.remove(key);
      this.#cache.setPod(pod);
    } else if (this.#isOurs(pod)) {
      if (this.#cache.isAssumed(key)) return; // a status that was written before the binding
      this.#queue.add(new PodInfo(pod), old !== undefined && !sameRequest(old, pod));
    } else this.#queue.remove(key);
  }

  #podGone(pod: DeepReadonly<Pod>): void {
    const key = keyOf(pod);
    this.#queue.remove(key);
    if (this.#cache.nodeOf(key) === undefined) return;
    this.#cache.removePod(key);
    this.#queue.moveAll(); // there is room
  }

  #isOurs({ metadata, spec }: DeepReadonly<Pod>): boolean {
    const gates = (spec as { schedulingGates?: readonly unknown[] }).schedulingGates ?? [];
    return (
      (spec.schedulerName ?? defaultSchedulerName) === this.#name &&
      metadata.deletionTimestamp === undefined &&
      gates.length === 0
    );
  }

  /** Decides about all active Pods, as fast as their bindings can be sent. */
  async #drain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let sliceEndsMs = clock.now() + sliceMs;
    while (!signal.aborted) {
      while (this.#writes.size >= writesInFlight) await Promise.race(this.#writes);
      const queued = this.#queue.pop();
      if (!queued) return;
      this.#cycle(queued, signal);
      if (clock.now() >= sliceEndsMs) {
        await macrotask();
        sliceEndsMs = clock.now() + sliceMs;
      }
    }
  }

  /** One Pod: from the queue to a decision, synchronously. */
  #cycle(queued: QueuedPod, signal: AbortSignal): void {
    const { clock, log } = this.#options;
    const { info } = queued;
    const startedMs = clock.now();
    const { nodes } = this.#cache;
    let decision: Decision;
    try {
      decision = this.#algorithm.schedule(info, nodes);
      const algorithm = this.#algorithm;
      const tookMs = clock.now() - startedMs;
      const about = { algorithm, algorithmProvider: this.#algorithmProvider, nodes, atMs: startedMs, tookMs };
      this.#explanations.add(explain(decision, about));
    } catch (error) {
      // A predicate or priority is broken. The next Pod may not meet it.
      log.warn('a pod could not be decided about, will retry', { pod: info.key, error });
      this.#queue.putBack(queued, 'failed');
      return this.#write(this.#tellFailure(info, 'SchedulerError', messageOf(error), signal));
    }
    if (decision.node) {
      this.#cache.assume(info, decision.node.name);
      this.#write(this.#bind(queued, decision.node.name, signal));
    } else {
      this.#queue.putBack(queued, 'unschedulable');
      this.#write(this.#tellFailure(info, 'Unschedulable', fitError(decision), signal));
    }
  }

  async #bind(queued: QueuedPod, node: string, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#options;
    const { info } = queued;
    const { namespace, name, uid } = info.pod.metadata;
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: node },
    };
    try {
      await client.createSubresource(resources.pods, { namespace, name }, 'binding', binding, { signal });
    } catch (error) {
      // Also when the answer was lost: if the binding did arrive, the informer says so, and the Pod leaves the queue again.
      this.#cache.forget(info.key);
      this.#queue.putBack(queued, 'failed');
      this.#queue.moveAll();
      if (signal.aborted || isNotFound(error)) return; // deleted meanwhile
      log.warn('binding was refused, will retry', { pod: info.key, node, error });
      if (isConflict(error)) return this.#warn(info, rejected(error)); // its status is somebody else's by now
      return this.#tellFailure(info, 'SchedulerError', rejected(error), signal);
    }
    this.#queue.remove(info.key);
    this.#cache.finishBinding(info.key, clock.now());
    this.#recorder!.event(info.pod, 'Normal', 'Scheduled', `Successfully assigned ${info.key} to ${node}`);
  }

  /** Says so in an event and in the Pod's condition; the latter only when it has changed. */
  async #tellFailure(info: PodInfo, reason: string, message: string, signal: AbortSignal): Promise<void> {
    const { client, clock, log } = this.#options;
    this.#warn(info, message);
    const now = this.#pods.get(info.key);
    const known = (now ?? info.pod).status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (known?.status === 'False' && known.reason === reason && known.message === message) return;
    const lastTransitionTime = known?.status === 'False' ? known.lastTransitionTime : timestamp(clock.now());
    const { namespace, name, uid, generation } = info.pod.metadata;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime,
      ...(generation !== undefined && { observedGeneration: generation }),
    };
    // With the uid, a namesake made meanwhile is not given this one's condition.
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    try {
      await client.patch(resources.pods, { namespace, name }, patch, { subresource: 'status', signal });
    } catch (error) {
      if (signal.aborted || isNotFound(error) || isConflict(error)) return;
      log.warn('the condition PodScheduled cannot be written', { pod: info.key, error });
    }
  }

  #warn(info: PodInfo, message: string): void {
    this.#recorder!.event(info.pod, 'Warning', 'FailedScheduling', message);
  }

  #write(writing: Promise<void>): void {
    const done = writing.finally(() => this.#writes.delete(done));
    this.#writes.add(done);
  }

  /** Pods whose binding was accepted but never seen: if they are unbound after all, they are scheduled again. */
  #expireEvery(periodMs: number, scope: Scope): void {
    const { clock, log } = this.#options;
    let timer: Disposable;
    const tick = (): void => {
      for (const { key } of this.#cache.expire(clock.now())) {
        log.warn('an assumed pod was not confirmed in time', { pod: key });
        const pod = this.#pods.get(key);
        if (pod) this.#podChanged(pod);
      }
      timer = clock.after(periodMs, tick);
    };
    timer = clock.after(periodMs, tick);
    scope.defer(() => timer[Symbol.dispose]());
  }
}

const withoutNode = (pod: DeepReadonly<Pod>): DeepReadonly<Pod> => ({
  ...pod,
  spec: { ...pod.spec, nodeName: undefined },
});

const hasEnded = ({ status }: DeepReadonly<Pod>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const rejected = (error: unknown): string =>
  `binding rejected: running Bind plugin "DefaultBinder": ${messageOf(error)}`;

/** Nodes report every few seconds: only what the scheduler reads is a change to it. */
const sameForScheduling = (a: DeepReadonly<Node>, b: DeepReadonly<Node>): boolean => seen(a) === seen(b);

const seen = ({ metadata, spec, status }: DeepReadonly<Node>): string =>
  JSON.stringify([
    [metadata.labels, metadata.annotations, spec?.unschedulable, spec?.taints, status?.allocatable, status?.images],
    status?.conditions?.map(({ type, status }) => [type, status]),
  ]);

/** Its own condition, written by us, does not make a Pod schedulable. */
const sameRequest = (a: DeepReadonly<Pod>, b: DeepReadonly<Pod>): boolean =>
  a.spec === b.spec || JSON.stringify([a.spec, a.metadata.labels]) === JSON.stringify([b.spec, b.metadata.labels]);
