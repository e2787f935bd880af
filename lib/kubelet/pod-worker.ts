/**
 * One pod's life on this node, from binding to its last trace. One worker a pod, one step at a time; whatever happens
 * meanwhile (a newer pod, an exit, a verdict of a probe) only says that there is a further step to take.
 *
 * ```
 * syncing ──────────────> terminating ──────────> terminated ────────> gone
 *   status, volumes,        preStop, SIGTERM,       status written,      volumes and sandbox removed,
 *   sandbox, containers     grace, SIGKILL          sandbox stopped      pod deleted from the API
 *             deleted, over,                                  deleted
 *             deadline, refused
 * ```
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/pod_workers.go
 */
import { isDeepStrictEqual } from 'node:util';
import { pods } from '../api/resources.js';
import { isConflict, isNotFound } from '../api/status.js';
import type { Container, DeepReadonly, Pod, PodStatus } from '../api/types.js';
import type { Client } from '../client/client.js';
import { Backoff, timestamp, type Clock, type Log } from '../util/index.js';
import { podActions, type ContainerVerdicts } from './actions.js';
import { admit, type Rejection } from './admission.js';
import { expand, makeEnvironment, type EnvironmentSources } from './environment.js';
import { ConfigError } from './fields.js';
import type { ImagePuller } from './images.js';
import { CrashBackoff, goDuration, runHook, StartError, type ContainerEvent, type Hook } from './lifecycle.js';
import type { ObjectCache } from './object-cache.js';
import { allContainers, viewOf, type PodView } from './pod-view.js';
import type { ProbeManager } from './probes/manager.js';
import type { Prober } from './probes/prober.js';
import { amount, isSidecar } from './resources.js';
import { ContainerStartError, type ContainerRuntime, type RuntimeContainer, type Sandbox } from './runtime/runtime.js';
import { podStatus, type StatusInput } from './status.js';
import type { StatusManager } from './status-manager.js';
import { VolumeError, type Volumes } from './volumes/manager.js';

/** How long a container has to end at least, in seconds: fewer would be a kill. */
const minimumGraceSeconds = 2;
/** How soon something that failed is tried again: the first time and at most, in milliseconds. */
const retryMs = { baseMs: 500, maxMs: 122_000 };
/** A container whose configuration is incomplete is looked at again after this, unless something it needs appears. */
const configRetryMs = 10_000;
/** How long a failure stands in the status before the wait for the next attempt does. */
const shownMs = 1000;

export interface PodWorkerDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly runtime: ContainerRuntime;
  readonly volumes: Volumes;
  readonly objects: ObjectCache;
  readonly images: ImagePuller;
  readonly probes: ProbeManager;
  readonly prober: Prober;
  readonly statuses: StatusManager;
  readonly hostIP: string;
  /** What the runtime holds of the pod, read after this was called. */
  readonly sandboxes: (podUID: string) => Promise<readonly Sandbox[]>;
  readonly environment: (podUID: string) => EnvironmentSources;
  readonly event: (
    pod: DeepReadonly<Pod>,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options?: { readonly fieldPath?: string },
  ) => void;
  /** Whether the node takes the pod. */
  readonly admit: (pod: DeepReadonly<Pod>) => ReturnType<typeof admit>;
  /** When a token of the pod must be renewed. */
  readonly tokenRenewAtMs: (podUID: string) => number | undefined;
  /** Forget tokens and whatever else is kept for the pod. */
  readonly release: (podUID: string) => void;
  readonly onGone: (podUID: string) => void;
}

type State = 'syncing' | 'terminating' | 'terminated' | 'gone';
type Verdict = NonNullable<StatusInput['verdict']>;

export class PodWorker {
  readonly uid: string;
  readonly #deps: PodWorkerDeps;
  #pod: DeepReadonly<Pod>;
  #state: State = 'syncing';
  /** The object is no longer in the API. */
  #removed = false;
  #admitted = false;
  #verdict: Verdict | undefined;
  /** Leave nothing behind and tell nobody: the node shuts down. */
  #drain: { readonly graceSeconds: number } | undefined;

  /** There is a further step to take. Written by everyone, cleared by the loop. */
  #dirty = false;
  #running: Promise<void> | undefined;
  #timer: Disposable | undefined;
  #timerAtMs = Infinity;
  readonly #backoff = new Backoff(retryMs);
  /** Cuts short what a termination shall not wait for: a pull, a postStart hook. */
  readonly #starting = new AbortController();
  readonly #stopped = new AbortController();

  #volumesDirty = true;
  #view: PodView = viewOf([]);
  /** Why a container is not there, by name, and until when it is not tried again. Read by the status. */
  readonly #waiting = new Map<string, { reason: string; message: string; retryAtMs: number }>();
  readonly #crashes = new Map<string, CrashBackoff>();
  /** When a container could not even be created, by name: counts as the end of a run for its back-off. */
  readonly #failedAtMs = new Map<string, number>();
  /** Containers whose postStart hook still runs. */
  readonly #hooking = new Set<string>();
  /** By container id: what it left in its termination message. */
  readonly #lastWords = new Map<string, string>();
  /** While terminating: the grace in force, which may only be shortened. */
  #graceSeconds = Infinity;

  constructor(pod: DeepReadonly<Pod>, deps: PodWorkerDeps) {
    this.uid = pod.metadata.uid!;
    this.#pod = pod;
    this.#deps = deps;
    if (isOver(pod.status)) this.#state = 'terminated';
  }

  get pod(): DeepReadonly<Pod> {
    return this.#pod;
  }

  get view(): PodView {
    return this.#view;
  }

  /** Whether it counts against the node's resources. */
  get active(): boolean {
    return this.#state !== 'terminated' && this.#state !== 'gone' && this.#admitted;
  }

  /** The API has a newer state of the pod. */
  update(pod: DeepReadonly<Pod>): void {
    const old = this.#pod;
    this.#pod = pod;
    const { labels, annotations, generation } = pod.metadata;
    if (!isDeepStrictEqual([labels, annotations], [old.metadata.labels, old.metadata.annotations]))
      this.#volumesDirty = true; // they may be shown as files
    if (generation !== old.metadata.generation) {
      this.#crashes.clear(); // what crashed was the old definition
      this.#tryNow();
    }
    if (this.#state === 'terminating') this.#shorten();
    this.wake();
  }

  /** The API no longer has the pod. */
  remove(): void {
    this.#removed = true;
    if (this.#state === 'terminating') this.#shorten();
    this.wake();
  }

  /** An object that the pod refers to has changed. */
  refresh(): void {
    this.#volumesDirty = true;
    this.#tryNow((reason) => reason === 'CreateContainerConfigError');
    this.wake();
  }

  /** Something may have happened: take a step, after the one that is being taken. */
  wake(): void {
    if (this.#stopped.signal.aborted || this.#state === 'gone') return;
    this.#dirty = true;
    if (this.#running) {
      if (this.#state === 'terminating') void this.#report().catch(() => {}); // it will be reported again at the end
      if (this.#leaving) this.#starting.abort();
      return;
    }
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  /** Ends all containers and removes every trace on the host; the API keeps the pod as it is. */
  async drain(graceSeconds: number): Promise<void> {
    this.#drain = { graceSeconds };
    if (this.#state === 'terminating') this.#shorten();
    this.wake();
    while (this.#running) await this.#running;
  }

  /** Takes no further step; resolves when the current one has ended. Containers run on. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#starting.abort();
    this.#timer?.[Symbol.dispose]();
    await this.#running;
  }

  /** What a container waits for may have come. */
  #tryNow(which: (reason: string) => boolean = () => true): void {
    for (const waits of this.#waiting.values()) if (which(waits.reason)) waits.retryAtMs = 0;
  }

  get #leaving(): boolean {
    return this.#removed || this.#drain !== undefined || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  get #key(): string {
    return `${this.#pod.metadata.namespace}/${this.#pod.metadata.name}`;
  }

  async #run(): Promise<void> {
    while (this.#dirty && !this.#stopped.signal.aborted && this.#state !== 'gone') {
      this.#dirty = false;
      try {
        await this.#step();
        this.#backoff.forget('step');
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        this.#deps.log.warn('pod not synced, will retry', { pod: this.#key, error });
        this.#wakeAt(this.#deps.clock.now() + this.#backoff.next('step'));
        return;
      }
    }
  }

  /** Wakes the worker at a moment, unless it is to be woken earlier already. */
  #wakeAt(atMs: number): void {
    const { clock } = this.#deps;
    if (atMs >= this.#timerAtMs || this.#stopped.signal.aborted) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAtMs = atMs;
    this.#timer = clock.after(atMs - clock.now(), () => {
      this.#timerAtMs = Infinity;
      this.wake();
    });
  }

  async #step(): Promise<void> {
    await this.#look();
    if (this.#state === 'syncing' && this.#leaving) this.#terminate();
    switch (this.#state) {
      case 'syncing':
        return this.#sync();
      case 'terminating':
        return this.#end();
      case 'terminated':
        return this.#cleanUp();
    }
  }

  /** Sees what the runtime holds, and what its containers have left. */
  async #look(): Promise<void> {
    const { sandboxes, volumes, runtime } = this.#deps;
    const found = await sandboxes(this.uid);
    const completed: Sandbox[] = [];
    for (const sandbox of found) {
      const containers: RuntimeContainer[] = [];
      for (const container of sandbox.containers) {
        if (container.state === 'exited' && !this.#lastWords.has(container.id)) {
          let words = await volumes.lastWords(this.uid, container.name, container.attempt);
          const spec = allContainers(this.#pod).find(({ name }) => name === container.name);
          if (!words && spec?.terminationMessagePolicy === 'FallbackToLogsOnError' && container.exitCode !== 0)
            words = await tailOf(runtime, container.id, this.#stopped.signal);
          this.#lastWords.set(container.id, words);
        }
        const message = this.#lastWords.get(container.id) || container.message;
        containers.push(message ? { ...container, message } : container);
      }
      completed.push({ ...sandbox, containers });
    }
    this.#view = viewOf(completed);
  }

  /** Looks and reports, while a longer step is under way. */
  async #report(): Promise<void> {
    await this.#look();
    this.#writeStatus();
  }

  #verdicts: ContainerVerdicts = {
    unhealthy: (container) => this.#deps.probes.unhealthy(this.uid, container),
    started: (container) => {
      const spec = allContainers(this.#pod).find(({ name }) => name === container.name);
      return !this.#hooking.has(container.id) && (!spec || this.#deps.probes.started(this.uid, container, spec));
    },
  };

  #writeStatus(): PodStatus {
    const { statuses, clock, hostIP, probes } = this.#deps;
    const status = podStatus({
      pod: this.#pod,
      view: this.#view,
      old: statuses.get(this.#pod),
      nowMs: clock.now(),
      hostIP,
      waiting: this.#waiting,
      ready: (container) => {
        const spec = allContainers(this.#pod).find(({ name }) => name === container.name);
        return !spec || probes.ready(this.uid, container, spec);
      },
      started: (container) => this.#verdicts.started(container),
      ending: this.#state !== 'syncing',
      ...(this.#verdict && { verdict: this.#verdict }),
    });
    if (!this.#drain && !this.#removed) statuses.set(this.#pod, status);
    return status;
  }

  #terminate(): void {
    this.#state = 'terminating';
    this.#starting.abort();
    this.#dirty = true;
  }

  // ---- syncing

  async #sync(): Promise<void> {
    const { clock, event, volumes } = this.#deps;
    if (!this.#admitted) {
      const rejection = this.#view.sandbox ? undefined : this.#deps.admit(this.#pod);
      if (rejection) return this.#reject(rejection);
      this.#admitted = true;
    }
    const deadlineMs = this.#deadlineMs();
    if (deadlineMs <= clock.now()) {
      const message = 'Pod was active on the node longer than the specified deadline';
      event(this.#pod, 'Normal', 'DeadlineExceeded', message);
      this.#verdict = { phase: 'Failed', reason: 'DeadlineExceeded', message };
      return this.#terminate();
    }
    this.#updateProbes();
    const status = this.#writeStatus();
    if (deadlineMs < Infinity || this.#pod.spec.activeDeadlineSeconds !== undefined) this.#wakeAt(this.#deadlineMs());
    if (isOver(status)) return this.#terminate();

    if (this.#volumesDirty || (this.#deps.tokenRenewAtMs(this.uid) ?? Infinity) <= clock.now()) {
      this.#volumesDirty = false;
      try {
        await volumes.mount(this.#pod);
      } catch (error) {
        this.#volumesDirty = true;
        if (!(error instanceof VolumeError)) throw error;
        for (const { message } of error.failures) event(this.#pod, 'Warning', 'FailedMount', message);
        // Containers that run already keep what they have; new ones wait until all is there.
        if (!this.#view.sandbox) return this.#wakeAt(clock.now() + this.#backoff.next('volumes'));
      }
      this.#backoff.forget('volumes');
      this.#wakeAt(this.#deps.tokenRenewAtMs(this.uid) ?? Infinity);
    }

    const actions = podActions(this.#pod, this.#view, this.#verdicts);
    await Promise.all(actions.stop.map(({ container, message }) => this.#stopContainer(container, message)));
    const sandbox = actions.createSandbox ? await this.#createSandbox() : this.#view.sandbox;
    if (!sandbox) return;
    if (actions.stop.length > 0) await this.#look();
    for (const spec of actions.start) {
      if (this.#leaving) break;
      await this.#start(sandbox, spec);
    }
    if (actions.createSandbox || actions.stop.length > 0 || actions.start.some(({ name }) => !this.#waiting.has(name)))
      this.#dirty = true;
    else if (actions.start.length > 0) this.#writeStatus(); // the reasons of those that wait
  }

  #reject({ reason, message }: Rejection): void {
    this.#deps.event(this.#pod, 'Warning', reason, message);
    this.#verdict = { phase: 'Failed', reason, message: `Pod was rejected: ${message}` };
    const { statuses, clock } = this.#deps;
    const startTime = statuses.get(this.#pod).startTime ?? timestamp(clock.now());
    const conditions = statuses.get(this.#pod).conditions as PodStatus['conditions'];
    statuses.set(this.#pod, { ...this.#verdict, startTime, ...(conditions && { conditions }) });
    this.#state = 'terminated';
    this.#dirty = true;
  }

  #deadlineMs(): number {
    const { activeDeadlineSeconds } = this.#pod.spec;
    const { startTime } = this.#deps.statuses.get(this.#pod);
    return activeDeadlineSeconds === undefined || !startTime
      ? Infinity
      : Date.parse(startTime) + activeDeadlineSeconds * 1000;
  }

  #updateProbes(): void {
    const { probes, hostIP } = this.#deps;
    const { sandbox } = this.#view;
    const podIP = this.#pod.spec.hostNetwork ? hostIP : (sandbox?.ip ?? '');
    const probed = [...(this.#pod.spec.initContainers ?? []).filter(isSidecar), ...this.#pod.spec.containers];
    probes.update(this.#pod, podIP, probed, (name) => {
      const container = this.#view.newest(name);
      const runs = container?.state === 'running' && this.#view.isCurrent(container);
      return runs && !this.#hooking.has(container.id) ? container : undefined;
    });
  }

  async #createSandbox(): Promise<Sandbox> {
    const { runtime, event } = this.#deps;
    const { namespace, name, labels = {} } = this.#pod.metadata;
    if (this.#view.oldSandboxes.length > 0)
      event(this.#pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.');
    for (const { id } of this.#view.oldSandboxes) await runtime.removeSandbox(id);
    const { spec } = this.#pod;
    try {
      return await runtime.runSandbox({
        podUID: this.uid,
        namespace: namespace!,
        name,
        hostname: (spec.hostname || name).slice(0, 63),
        hostNetwork: spec.hostNetwork === true,
        labels: labels as Record<string, string>,
        ports: spec.containers
          .flatMap(({ ports = [] }) => ports)
          .map(({ containerPort, protocol = 'TCP', hostPort, hostIP }) => ({
            containerPort,
            protocol,
            ...(hostPort && { hostPort }),
            ...(hostIP && { hostIP }),
          })),
      });
    } catch (error) {
      event(
        this.#pod,
        'Warning',
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${(error as Error).message}`,
      );
      throw error;
    }
  }

  // ---- one container

  #containerEvent(name: string): ContainerEvent {
    const isInit = this.#pod.spec.initContainers?.some((each) => each.name === name);
    const fieldPath = `spec.${isInit ? 'initContainers' : 'containers'}{${name}}`;
    return (type, reason, message) => this.#deps.event(this.#pod, type, reason, message, { fieldPath });
  }

  /** Starts a container, or notes why it waits. */
  async #start(sandbox: Sandbox, spec: DeepReadonly<Container>): Promise<void> {
    const { clock, log } = this.#deps;
    const event = this.#containerEvent(spec.name);
    const waits = this.#waiting.get(spec.name);
    if (waits && waits.retryAtMs > clock.now()) return this.#wakeAt(waits.retryAtMs);
    const wait = (reason: string, message: string, retryAtMs: number): void => {
      this.#waiting.set(spec.name, { reason, message, retryAtMs });
      this.#wakeAt(retryAtMs);
    };
    try {
      this.#awaitBackoff(spec, event);
      await this.#startNow(sandbox, spec, event);
      this.#waiting.delete(spec.name);
      this.#failedAtMs.delete(spec.name);
    } catch (error) {
      if (this.#starting.signal.aborted) return;
      if (error instanceof StartError) wait(error.reason, error.message, error.retryAtMs);
      else if (error instanceof ConfigError) {
        if (waits?.message !== error.message) event('Warning', 'Failed', `Error: ${error.message}`);
        wait('CreateContainerConfigError', error.message, clock.now() + configRetryMs);
      } else if (error instanceof ContainerStartError) {
        event('Warning', 'Failed', `Error: ${error.message}`);
        this.#failedAtMs.set(spec.name, clock.now());
        wait(waitingReason(error), error.message, clock.now() + shownMs);
      } else {
        log.warn('container not started, will retry', { pod: this.#key, container: spec.name, error });
        this.#wakeAt(clock.now() + this.#backoff.next(`start/${spec.name}`));
      }
    }
  }

  /** @throws {StartError} as long as a container that keeps ending has to wait */
  #awaitBackoff(spec: DeepReadonly<Container>, event: ContainerEvent): void {
    const { clock } = this.#deps;
    const last = this.#view.newest(spec.name);
    const exitedAtMs = last?.state === 'exited' && this.#view.isCurrent(last) ? (last.finishedAtMs ?? 0) : undefined;
    const endedAtMs = Math.max(exitedAtMs ?? -Infinity, this.#failedAtMs.get(spec.name) ?? -Infinity);
    if (endedAtMs === -Infinity) return;
    const crashes = this.#crashes.get(spec.name) ?? new CrashBackoff();
    this.#crashes.set(spec.name, crashes);
    const pauseMs = crashes.pauseMs(endedAtMs);
    if (clock.now() < endedAtMs + pauseMs) {
      const { namespace, name } = this.#pod.metadata;
      const where = `pod ${name}_${namespace}(${this.uid})`;
      event('Warning', 'BackOff', `Back-off restarting failed container ${spec.name} in ${where}`);
      const message = `back-off ${goDuration(pauseMs)} restarting failed container=${spec.name} pod=${where.slice(4)}`;
      throw new StartError('CrashLoopBackOff', message, endedAtMs + pauseMs);
    }
    crashes.restarted(endedAtMs, clock.now());
  }

  async #startNow(sandbox: Sandbox, spec: DeepReadonly<Container>, event: ContainerEvent): Promise<void> {
    const { runtime, images, volumes, environment, statuses, hostIP } = this.#deps;
    await images.ensure(this.uid, spec, event);
    this.#starting.signal.throwIfAborted();

    // The container learns the addresses its pod has now, not those the API knew last.
    const ip = this.#pod.spec.hostNetwork ? hostIP : sandbox.ip;
    const status = { ...statuses.get(this.#pod), hostIP, podIP: ip, podIPs: [{ ip }] };
    const pod = { ...this.#pod, status } as DeepReadonly<Pod>;
    const env = await makeEnvironment(pod, spec, environment(this.uid));
    const mounts = await volumes.mounts(pod, spec, env);
    const last = this.#view.newest(spec.name);
    const known = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
      ({ name }) => name === spec.name,
    );
    const attempt = last ? last.attempt + 1 : (known?.restartCount ?? 0);
    const context = { ...pod.spec.securityContext, ...spec.securityContext };
    if (context.runAsNonRoot && context.runAsUser === 0)
      throw new ConfigError("container's runAsUser breaks non-root policy");
    const { requests = {}, limits = {} } = spec.resources ?? {};
    const log = await volumes.terminationLog(this.uid, spec.name, attempt);
    await this.#forgetOld(spec.name);
    const containerID = await runtime.startContainer(sandbox.id, {
      name: spec.name,
      attempt,
      image: spec.image ?? '',
      ...(spec.command?.length && { command: spec.command.map((word) => expand(word, env)) }),
      ...(spec.args?.length && { args: spec.args.map((word) => expand(word, env)) }),
      ...(spec.workingDir && { workingDir: spec.workingDir }),
      env,
      mounts,
      stdin: spec.stdin === true,
      stdinOnce: spec.stdinOnce === true,
      tty: spec.tty === true,
      cpuRequestMillis: amount('cpu', requests.cpu ?? limits.cpu),
      cpuLimitMillis: amount('cpu', limits.cpu),
      memoryLimitBytes: amount('memory', limits.memory),
      privileged: context.privileged === true,
      readOnlyRootFilesystem: context.readOnlyRootFilesystem === true,
      ...(context.runAsUser !== undefined && { runAsUser: context.runAsUser }),
      ...(context.runAsGroup !== undefined && { runAsGroup: context.runAsGroup }),
      ...(log !== undefined && {
        terminationMessageHostPath: log,
        terminationMessagePath: spec.terminationMessagePath ?? '/dev/termination-log',
      }),
    });
    event('Normal', 'Created', 'Container created');
    event('Normal', 'Started', 'Container started');
    const hook = spec.lifecycle?.postStart as Hook | undefined;
    if (hook) await this.#postStart(hook, spec, containerID, ip, event);
  }

  /** Until the hook has ended the container does not count as started; when it fails, the container is ended again. */
  async #postStart(
    hook: Hook,
    spec: DeepReadonly<Container>,
    containerID: string,
    podIP: string,
    event: ContainerEvent,
  ): Promise<void> {
    const { runtime } = this.#deps;
    this.#hooking.add(containerID);
    try {
      await runHook(hook, { podIP, containerID, container: spec }, this.#deps, Infinity, this.#starting.signal);
    } catch (error) {
      if (this.#starting.signal.aborted) return;
      event('Warning', 'FailedPostStartHook', `PostStartHook failed: ${(error as Error).message}`);
      event('Normal', 'Killing', 'FailedPostStartHook');
      await runtime.stopContainer(containerID, this.#wantedGrace());
      throw new StartError('PostStartHookError', 'PostStartHook failed', this.#deps.clock.now() + shownMs);
    } finally {
      this.#hooking.delete(containerID);
    }
  }

  /** Keeps the last run, for `lastState` and `logs --previous`; what came before it goes. */
  async #forgetOld(name: string): Promise<void> {
    const old = this.#view.containers.filter((container) => container.name === name).slice(1);
    for (const { id, state } of old) {
      if (state === 'running') continue;
      await this.#deps.runtime.removeContainer(id);
      this.#lastWords.delete(id);
    }
  }

  /** preStop hook, SIGTERM, grace, SIGKILL. The hook's time is part of the grace. */
  async #stopContainer(container: RuntimeContainer, message: string): Promise<void> {
    const { runtime, clock, hostIP } = this.#deps;
    const spec = allContainers(this.#pod).find(({ name }) => name === container.name);
    const event = this.#containerEvent(container.name);
    event('Normal', 'Killing', message);
    const unhealthy = this.#verdicts.unhealthy(container);
    const probe =
      unhealthy === 'liveness' ? spec?.livenessProbe : unhealthy === 'startup' ? spec?.startupProbe : undefined;
    const ofProbe =
      this.#state === 'syncing'
        ? (probe as { terminationGracePeriodSeconds?: number })?.terminationGracePeriodSeconds
        : undefined;
    const graceSeconds = ofProbe ?? this.#wantedGrace();
    const beganMs = clock.now();
    const hook = spec?.lifecycle?.preStop as Hook | undefined;
    if (hook && graceSeconds > 0 && !this.#removedByForce) {
      const podIP = this.#view.sandbox?.ip ?? hostIP;
      try {
        const target = { podIP, containerID: container.id, container: spec! };
        await runHook(hook, target, this.#deps, graceSeconds * 1000, this.#stopped.signal);
      } catch (error) {
        event('Warning', 'FailedPreStopHook', `PreStopHook failed: ${(error as Error).message}`);
      }
    }
    const left = Math.min(graceSeconds, this.#graceSeconds) - (clock.now() - beganMs) / 1000;
    await runtime.stopContainer(
      container.id,
      Math.max(left, this.#removedByForce ? 0 : hook ? minimumGraceSeconds : 0),
    );
  }

  // ---- terminating

  /** Somebody deleted the object without waiting for us. */
  get #removedByForce(): boolean {
    return this.#removed && this.#pod.metadata.deletionGracePeriodSeconds === 0;
  }

  /** In seconds. */
  #wantedGrace(): number {
    const { deletionGracePeriodSeconds: asked } = this.#pod.metadata;
    const own = this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const grace = asked ?? own;
    return Math.min(this.#drain?.graceSeconds ?? Infinity, grace);
  }

  /** The grace has become shorter while containers are ending. */
  #shorten(): void {
    const grace = this.#wantedGrace();
    if (grace >= this.#graceSeconds) return;
    this.#graceSeconds = grace;
    for (const { id, state } of this.#view.containers)
      if (state === 'running') void this.#deps.runtime.stopContainer(id, grace).catch(() => {});
  }

  async #end(): Promise<void> {
    const { probes } = this.#deps;
    this.#graceSeconds = Math.min(this.#graceSeconds, this.#wantedGrace());
    probes.remove(this.uid, ['liveness', 'startup']);
    this.#waiting.clear();
    this.#writeStatus();
    const running = (container: RuntimeContainer): boolean => container.state === 'running';
    const sidecars = (this.#pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const message = ({ name }: RuntimeContainer): string => `Stopping container ${name}`;
    // Sidecars serve the others to the end, and are stopped after them, the last started first.
    const others = this.#view.containers.filter((each) => running(each) && !sidecars.includes(each.name));
    await Promise.all(others.map((container) => this.#stopContainer(container, message(container))));
    for (const name of sidecars.reverse())
      for (const container of this.#view.containers.filter((each) => running(each) && each.name === name))
        await this.#stopContainer(container, message(container));
    await this.#look();
    if (this.#view.containers.some(running)) {
      this.#dirty = true; // one was started, or outlived its kill: once more
      return;
    }
    probes.remove(this.uid);
    this.#writeStatus();
    this.#state = 'terminated';
    this.#dirty = true;
  }

  // ---- terminated

  async #cleanUp(): Promise<void> {
    const { client, runtime, volumes, statuses, images, release, onGone, probes } = this.#deps;
    await statuses.flushed(this.uid);
    probes.remove(this.uid);
    images.forget(this.uid);
    if (!this.#leaving) {
      // Over, but not deleted: its logs stay, its address and its volumes do not.
      for (const { id } of this.#view.sandbox ? [this.#view.sandbox] : []) await runtime.stopSandbox?.(id);
      await volumes.remove(this.uid);
      release(this.uid);
      return;
    }
    for (const { id } of [...(this.#view.sandbox ? [this.#view.sandbox] : []), ...this.#view.oldSandboxes])
      await runtime.removeSandbox(id);
    await volumes.remove(this.uid);
    release(this.uid);
    if (!this.#removed && !this.#drain) {
      const { namespace, name } = this.#pod.metadata;
      try {
        await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid: this.uid } });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
      if (!this.#removed && (this.#pod.metadata.finalizers?.length ?? 0) > 0) return; // others still hold the object
    }
    this.#state = 'gone';
    this.#timer?.[Symbol.dispose]();
    statuses.forget(this.uid);
    onGone(this.uid);
  }
}

const isOver = ({ phase }: DeepReadonly<PodStatus>): boolean => phase === 'Succeeded' || phase === 'Failed';

/** What ended at once is told as a state that waits; its own reason stands in the terminated state, if the runtime kept one. */
const waitingReason = ({ reason }: ContainerStartError): string =>
  reason === 'CreateContainerError' ? reason : 'RunContainerError';

/** As much of a log as upstream shows in place of a termination message. */
const fallback = { lines: 80, bytes: 2048 };

async function tailOf(runtime: ContainerRuntime, containerID: string, signal: AbortSignal): Promise<string> {
  const lines: Buffer[] = [];
  try {
    for await (const { text } of runtime.logs(containerID, { follow: false, tailLines: fallback.lines }, signal))
      lines.push(text);
  } catch {
    return ''; // a container that could not be started has no log
  }
  return Buffer.concat(lines).subarray(-fallback.bytes).toString();
}
