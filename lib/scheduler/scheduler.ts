/**
 * The loop: takes the Pod whose turn it is, decides, assumes, binds. Deciding is synchronous and alone; bindings travel by the
 * dozen meanwhile. (Extenders are asked over HTTP: with them, one Pod is decided about at a time, as in 1.2.)
 *
 * ```
 *   informers ──► cache, queue        queue ──pop──► algorithm ──► assume ──► POST pods/…/binding ──► event Scheduled
 *                                       ▲               │ no node fits
 *                                       └── putBack ◄───┴──► event FailedScheduling, condition PodScheduled=False
 * ```
 * A Pod is ours if it names us ({@link schedulerNameOf}), is bound to no node, has no scheduling gates, and is neither ended nor
 * being deleted.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
 */
import { setImmediate as macrotask } from 'node:timers/promises';
import * as resources from '../api/resources.js';
import { keyOf, type ObjectKey } from '../api/meta.js';
import { isConflict, isNotFound } from '../api/status.js';
import type { DeepReadonly, KubernetesObject, Node, Pod } from '../api/types.js';
import {
  EventRecorder,
  informerFactory,
  served,
  type Client,
  type Informer,
  type InformerFactory,
} from '../client/index.js';
import { Scope, type Clock, type Log } from '../util/index.js';
import type { Algorithm, Decision, Stopwatch } from './algorithm.js';
import { SchedulerCache } from './cache.js';
import { defaultProvider } from './defaults.js';
import { defaultSchedulerName, hasEnded, schedulerNameOf, wantsToRun } from './eligible.js';
import { Explanations, type Attempt, type Explanation } from './explain.js';
import { outcomeOf } from './explanation.js';
import type { Preemption } from './extension-points.js';
import { fitError } from './fit-error.js';
import { SchedulerMetrics } from './metrics.js';
import type { NodeInfo } from './node-info.js';
import { PodInfo } from './pod-info.js';
import { SchedulingQueue, type QueuedPod } from './queue.js';
import { resolveProvider, type AlgorithmFactory } from './registry.js';
import { Snapshot } from './snapshot.js';
import { Writes } from './writes.js';

/** For how long decisions are made in a row before other work of this process gets its turn, in milliseconds. */
const sliceMs = 5;
/** How often it is looked for assumptions that have expired, in milliseconds. */
const expiryPeriodMs = 1_000;

/** What an algorithm may ask for beyond Nodes and Pods, where it is served. */
export const schedulerResources: readonly resources.Resource<any>[] = [
  resources.services,
  resources.replicationControllers,
  resources.replicaSets,
  resources.statefulSets,
  resources.persistentVolumes,
  resources.persistentVolumeClaims,
  resources.storageClasses,
  resources.csiNodes,
  resources.namespaces,
  resources.podDisruptionBudgets,
];

/** What a scheduler works with, and as. */
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
  /** Builds the algorithm, where it is none of a registered provider: a policy file's. */
  readonly createAlgorithm?: AlgorithmFactory;
  /** How many attempts are remembered for {@link Scheduler.explain}: 1,000 if left out. */
  readonly attemptsKept?: number;
  /** Times the parts of an attempt; the clock's whole milliseconds if left out. */
  readonly stopwatch?: Stopwatch;
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
  readonly #metrics: SchedulerMetrics;
  readonly #stopwatch: Stopwatch;
  readonly #pods: Informer<Pod>;
  readonly #informers: InformerFactory;
  #algorithm: Algorithm;
  /** Built {@link #algorithm}, and builds it again for the cluster as it was. */
  #create: AlgorithmFactory;
  #algorithmProvider: string;
  /** It runs, and its informers have told everything. */
  #synced = false;
  /** While it runs. */
  #writes!: Writes;

  constructor(options: SchedulerOptions) {
    const { client, clock, log, schedulerName = defaultSchedulerName, createAlgorithm } = options;
    this.#options = options;
    this.#name = schedulerName;
    this.#stopwatch = options.stopwatch ?? (() => clock.now());
    this.#explanations = new Explanations({
      cache: this.#cache,
      size: options.attemptsKept,
      stopwatch: this.#stopwatch,
    });
    this.#algorithmProvider = createAlgorithm ? 'Policy' : (options.algorithmProvider ?? defaultProvider);
    this.#create = createAlgorithm ?? resolveProvider(this.#algorithmProvider);
    this.#algorithm = this.#create(this.#cache);
    this.#queue = new SchedulingQueue({ clock, order: this.#algorithm.options.queue });
    this.#metrics = new SchedulerMetrics({
      profile: schedulerName,
      pending: () => this.#queue.lengths,
      cacheSize: () => this.#cache.size,
    });
    this.#informers = options.informers ?? informerFactory({ client, clock, log });
    this.#pods = this.#informers.informer(resources.pods);
  }

  /** Schedules until `signal` aborts. Once. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, clock, log, informers } = this.#options;
    await using scope = new Scope();
    // The name of the machine is missing: this may be one of several in a process.
    const recorder = scope.use(new EventRecorder({ client, clock, log, component: this.#name }));
    this.#writes = new Writes({ client, clock, log, recorder, pods: this.#pods, schedulerName: this.#name });
    scope.defer(() => this.#queue.close());
    const others = await served({ client, clock, log }, schedulerResources, signal);
    const synced = this.#listen(others, scope);
    const running = informers ? undefined : this.#informers.run(signal);
    scope.defer(() => running);

    // A half-filled cache shows nodes emptier than they are.
    await Promise.all(synced.map((informer) => informer.synced(signal)));
    this.#synced = true;
    scope.defer(() => void (this.#synced = false));
    this.#expireEvery(expiryPeriodMs, scope);
    log.info('scheduling', { scheduler: this.#name, algorithmProvider: this.#algorithmProvider });
    while (!signal.aborted) {
      await this.#queue.active(signal);
      await this.#drain(signal);
    }
    await this.#writes.idle();
  }

  /**
   * Decides with another algorithm from the next Pod on; none is lost.
   *
   * @param name a registered provider, as it is registered now; or any name for what `create` builds
   * @throws if the provider is not registered
   */
  useProvider(name: string, create: AlgorithmFactory = resolveProvider(name)): void {
    this.#algorithm = create(this.#cache);
    this.#create = create;
    this.#algorithmProvider = name;
    this.#queue.sortBy(this.#algorithm.options.queue ?? 'fifo');
    this.#queue.moveAll();
  }

  /** The name of the provider that decides now; `Policy` for a policy file. */
  get algorithmProvider(): string {
    return this.#algorithmProvider;
  }

  /** How many Pods wait: active, backing off, unschedulable. */
  get waiting(): SchedulingQueue['lengths'] {
    return this.#queue.lengths;
  }

  /** Whether it has heard of everything that was there when it started, and schedules. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The figures, as Prometheus reads them. */
  metrics(): string {
    return this.#metrics.text();
  }

  /** The last attempts, the newest first: all that are remembered, or those at one Pod (`default/web-0`). */
  attempts(pod?: ObjectKey): Attempt[] {
    return this.#explanations.list(pod);
  }

  /**
   * Why `pod` (`default/web-0`) is where it is, or nowhere: every predicate's verdict and every priority's score on every
   * node, as they were at the last attempt. For a Pod of which none is remembered, as they would be now. Undefined if the Pod
   * is not known.
   */
  explain(pod: ObjectKey): Explanation | undefined {
    const remembered = this.#explanations.explain(pod);
    const object = this.#pods.get(pod);
    if (!object || object.metadata.uid === remembered?.attempt?.uid) return remembered;
    const now = this.#cache.at()!;
    now.removePod(pod);
    const undecided = new PodInfo(withoutNode(object)); // one that names its node leaves no choice to explain
    const outcome = outcomeOf(this.#create(now).schedule(undecided, now.nodes), this.#algorithmProvider);
    const report = this.#explanations.report(this.#create(now), undecided, now);
    const { nodeName } = object.spec;
    if (!nodeName) {
      const message = this.#whyNotOurs(object) ?? outcome.message;
      return { ...outcome, ...(message !== undefined && { message }), basis: 'present', ...report };
    }
    // It was placed, by whomever: what is told is how it stands where it is.
    const { runnerUp: _runnerUp, message: _message, ...rest } = outcome;
    const score = report.table.find(({ node }) => node === nodeName)?.total ?? 0;
    return { ...rest, node: nodeName, score, basis: 'present', ...report };
  }

  /** Why nobody here decides about a Pod that waits; undefined: it will be its turn. */
  #whyNotOurs(pod: DeepReadonly<Pod>): string | undefined {
    if (pod.spec.schedulingGates?.length) return 'Scheduling is blocked due to non-empty scheduling gates';
    const name = schedulerNameOf(pod);
    return name === this.#name
      ? undefined
      : `it waits for the scheduler ${JSON.stringify(name)}, not for ${this.#name}`;
  }

  /** The cluster as the scheduler knows it now, frozen: to be saved, or asked what would be if. */
  snapshot(): Snapshot {
    const pods = this.#pods.list().map((pod) => {
      const nodeName = pod.spec.nodeName ?? this.#cache.nodeOf(keyOf(pod)); // on its way there, perhaps
      return nodeName === pod.spec.nodeName ? pod : { ...pod, spec: { ...pod.spec, nodeName } };
    });
    const others = schedulerResources.flatMap((resource) => this.#cache.list(resource));
    return new Snapshot([...this.#cache.nodes.map(({ node }) => node!), ...others, ...pods]);
  }

  /** Hands what informers tell to the cache and the queue. Returns those that must be synced first. */
  #listen(others: readonly resources.Resource[], scope: Scope): Informer<any>[] {
    const cache = this.#cache;
    const nodes = this.#informers.informer(resources.nodes);
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
    const informers = others.map((resource) => {
      const informer: Informer<KubernetesObject> = this.#informers.informer(resource);
      scope.use(
        informer.addEventHandler({
          onAdd: (object) => {
            cache.set(resource, object);
            this.#queue.moveAll();
          },
          onUpdate: (old, object) => {
            cache.set(resource, object);
            if (!sameBesidesStatus(old, object) || statusMatters.includes(resource)) this.#queue.moveAll();
          },
          onDelete: (object) => cache.remove(resource, object),
        }),
      );
      return informer;
    });
    return [nodes, this.#pods, ...informers];
  }

  #podChanged(pod: DeepReadonly<Pod>, old?: DeepReadonly<Pod>): void {
    const key = keyOf(pod);
    if (old && old.metadata.uid !== pod.metadata.uid) this.#podGone(old); // deleted, and made anew, while nobody looked
    if (hasEnded(pod)) return this.#podGone(pod);
    if (pod.spec.nodeName) {
      this.#queue.remove(key);
      this.#cache.denominate(key);
      this.#cache.setPod(pod);
      if (!old?.spec.nodeName)
        this.#queue.moveAll(minds); // somebody's friend, or one more of those to be spread
      else if (isOther(old, pod)) this.#queue.moveAll();
    } else if (this.#isOurs(pod)) {
      if (this.#cache.isAssumed(key)) return; // a status that was written before the binding
      const info = new PodInfo(pod);
      const { nominatedNodeName } = pod.status as { nominatedNodeName?: string };
      if (nominatedNodeName) this.#cache.nominate(info, nominatedNodeName);
      else this.#cache.denominate(key);
      this.#queue.add(info, old !== undefined && !sameRequest(old, pod));
    } else {
      this.#queue.remove(key);
      this.#cache.denominate(key);
    }
  }

  #podGone(pod: DeepReadonly<Pod>): void {
    const key = keyOf(pod);
    this.#queue.remove(key);
    this.#cache.denominate(key);
    if (this.#cache.nodeOf(key) === undefined) return;
    this.#cache.removePod(key);
    this.#queue.moveAll(); // there is room
  }

  #isOurs(pod: DeepReadonly<Pod>): boolean {
    return schedulerNameOf(pod) === this.#name && wantsToRun(pod);
  }

  /** Decides about all active Pods, as fast as their bindings can be sent. */
  async #drain(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    let sliceEndsMs = clock.now() + sliceMs;
    while (!signal.aborted) {
      await this.#writes.room();
      const queued = this.#queue.pop();
      if (!queued) return;
      await this.#cycle(queued, signal);
      if (clock.now() >= sliceEndsMs) {
        await macrotask();
        sliceEndsMs = clock.now() + sliceMs;
      }
    }
  }

  /** One Pod: from the queue to a decision, and what follows from it on its way. Synchronous without extenders. */
  #cycle(queued: QueuedPod, signal: AbortSignal): void | Promise<void> {
    const { clock } = this.#options;
    const { info } = queued;
    const algorithm = this.#algorithm;
    const about = { algorithmProvider: this.#algorithmProvider, create: this.#create, attempt: queued.attempts };
    const { nodes, mark } = this.#cache;
    const atMs = clock.now();
    const decided = (decision: Decision): void => {
      if (signal.aborted || !this.#queue.isWanted(queued)) return; // deleted while extenders were asked
      this.#metrics.decided(decision);
      // That is what extenders take their time for.
      if (decision.node && !decision.node.node) throw new Error(`node ${JSON.stringify(decision.node.name)} not found`);
      const message = decision.node ? undefined : this.#leave(queued, decision, algorithm, nodes, signal);
      this.#explanations.add(decision, { ...about, mark, atMs, message });
      if (decision.node) this.#place(queued, decision, algorithm, signal);
    };
    const failed = (error: unknown): void => this.#broken(queued, error, signal);
    if (algorithm.options.extenders?.length)
      return algorithm.scheduleWithExtenders(info, nodes, signal, this.#stopwatch).then(decided).catch(failed);
    try {
      decided(algorithm.schedule(info, nodes, this.#stopwatch));
    } catch (error) {
      failed(error);
    }
  }

  /** A plug-in is broken, or an extender does not answer. The next Pod may not meet it. */
  #broken(queued: QueuedPod, error: unknown, signal: AbortSignal): void {
    const { info } = queued;
    if (signal.aborted || !this.#queue.isWanted(queued)) return;
    this.#metrics.failed('error', 0);
    this.#options.log.warn('a pod could not be decided about, will retry', { pod: info.key, error });
    this.#queue.putBack(queued, 'failed');
    this.#writes.add(this.#writes.tellFailure(info, { reason: 'SchedulerError', message: messageOf(error) }, signal));
  }

  /** There is a node: the Pod is taken for bound to it from here on. */
  #place(queued: QueuedPod, decision: Decision, { options: { reservation } }: Algorithm, signal: AbortSignal): void {
    const { info } = queued;
    const node = decision.node!;
    this.#cache.assume(info, node.name);
    try {
      reservation?.reserve(info, node);
    } catch (error) {
      this.#cache.forget(info);
      throw error;
    }
    this.#cache.denominate(info.key);
    this.#writes.add(this.#bind(queued, decision, reservation, signal));
  }

  async #bind(
    queued: QueuedPod,
    decision: Decision,
    reservation: Algorithm['options']['reservation'],
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, log } = this.#options;
    const { info } = queued;
    const node = decision.node!;
    const algorithmMs = decision.predicatesMs + decision.prioritiesMs;
    const startMs = this.#stopwatch();
    try {
      if (reservation) {
        await reservation.prepare(info, node, { client, signal });
        if (!node.node) throw new Error(`node ${JSON.stringify(node.name)} not found`); // it went meanwhile
      }
      await this.#writes.bind(info, node.name, signal);
    } catch (error) {
      reservation?.unreserve(info, node);
      this.#explanations.bound(info.key, 'refused', this.#stopwatch() - startMs);
      this.#metrics.failed('error', algorithmMs + this.#stopwatch() - startMs);
      this.#cache.forget(info);
      this.#queue.putBack(queued, 'failed');
      this.#queue.moveAll();
      if (signal.aborted || isNotFound(error)) return; // deleted meanwhile
      log.warn('binding was refused, will retry', { pod: info.key, node: node.name, error });
      const message = `binding rejected: running Bind plugin "DefaultBinder": ${messageOf(error)}`;
      if (isConflict(error)) return this.#writes.warn(info, message); // its status is somebody else's by now
      return this.#writes.tellFailure(info, { reason: 'SchedulerError', message }, signal);
    }
    const bindingMs = this.#stopwatch() - startMs;
    this.#explanations.bound(info.key, 'bound', bindingMs);
    this.#metrics.bound(queued.attempts, { algorithmMs, bindingMs });
    if (this.#queue.isWanted(queued)) this.#queue.remove(info.key); // else a namesake waits there by now
    this.#cache.finishBinding(info, clock.now());
  }

  /** There is no node: it is said why, and room may be made. Returns the sentence. */
  #leave(
    queued: QueuedPod,
    decision: Decision,
    algorithm: Algorithm,
    nodes: readonly NodeInfo[],
    signal: AbortSignal,
  ): string {
    const { info } = queued;
    const preemption: Preemption | undefined = algorithm.options.postFilter?.(decision, { algorithm, nodes });
    const { nominatedNodeName, victims = [] } = preemption ?? {};
    const message = fitError(decision, preemption?.message);
    if (preemption) this.#metrics.preempted(victims.length);
    this.#metrics.failed('unschedulable', decision.predicatesMs);
    if (nominatedNodeName) this.#outbid(info, nominatedNodeName, signal);
    else this.#cache.denominate(info.key);
    this.#queue.putBack(queued, 'unschedulable');
    for (const victim of victims) this.#writes.add(this.#writes.evict(victim, info, nominatedNodeName!, signal));
    this.#writes.add(this.#writes.tellFailure(info, { reason: 'Unschedulable', message, nominatedNodeName }, signal));
    return message;
  }

  /** `info` is nominated to a node; the room that Pods of lower priority wait for there is not theirs any more. */
  #outbid(info: PodInfo, nodeName: string, signal: AbortSignal): void {
    for (const other of this.#cache.nominations().get(nodeName) ?? []) {
      if (other.priority >= info.priority) continue;
      this.#cache.denominate(other.key);
      this.#writes.add(this.#writes.clearNomination(other, signal));
    }
    this.#cache.nominate(info, nodeName);
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A controller's status changes with each Pod of its own, and makes room for none. */
const sameBesidesStatus = (a: DeepReadonly<KubernetesObject>, b: DeepReadonly<KubernetesObject>): boolean =>
  besidesStatus(a) === besidesStatus(b);

const besidesStatus = (object: DeepReadonly<KubernetesObject>): string => {
  const { labels, annotations } = object.metadata;
  return JSON.stringify([labels, annotations, { ...object, metadata: undefined, status: undefined }]);
};

/** Of these, it is the status that says whether they can be used. */
const statusMatters: readonly resources.Resource<any>[] = [
  resources.persistentVolumes,
  resources.persistentVolumeClaims,
];

/** Nodes report every few seconds: only what the scheduler reads is a change to it. */
const sameForScheduling = (a: DeepReadonly<Node>, b: DeepReadonly<Node>): boolean => seen(a) === seen(b);

const seen = ({ metadata, spec, status }: DeepReadonly<Node>): string =>
  JSON.stringify([
    [metadata.labels, metadata.annotations, spec?.unschedulable, spec?.taints, status?.allocatable, status?.images],
    status?.conditions?.map(({ type, status }) => [type, status]),
  ]);

/** Where others run makes a difference to this Pod. */
const minds = ({ pod: { spec } }: PodInfo): boolean =>
  Boolean(spec.affinity?.podAffinity ?? spec.affinity?.podAntiAffinity ?? spec.topologySpreadConstraints?.length);

/** A running Pod asks for less, maybe, or is labelled otherwise. */
const isOther = ({ metadata: a }: DeepReadonly<Pod>, { metadata: b }: DeepReadonly<Pod>): boolean =>
  a.generation !== b.generation || JSON.stringify(a.labels) !== JSON.stringify(b.labels);

/** Its own condition, written by us, does not make a Pod schedulable. */
const sameRequest = (a: DeepReadonly<Pod>, b: DeepReadonly<Pod>): boolean =>
  a.spec === b.spec || JSON.stringify([a.spec, a.metadata.labels]) === JSON.stringify([b.spec, b.metadata.labels]);
