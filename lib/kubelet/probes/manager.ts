/**
 * The probes of a node: a loop for each probe of each running container, and what they have found.
 *
 * A startup probe goes first: until it has succeeded once, the other two hold still. When liveness or startup has failed
 * often enough, the verdict stands until the kubelet has replaced the container.
 */
import { keyOf } from '../../api/meta.js';
import type { Container, DeepReadonly, Pod, Probe } from '../../api/types.js';
import { sleep, type Clock, type Log } from '../../util/index.js';
import type { RuntimeContainer } from '../runtime/runtime.js';
import { initialVerdict, observe, type Outcome, type ProbeState, type ProbeType } from './observe.js';
import type { Prober, ProbeTarget } from './prober.js';

export interface ProbeManagerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly prober: Prober;
  /** A verdict has changed: the pod should be looked at. */
  readonly onVerdict: (podUID: string) => void;
  /** Something its owner should hear of: `Readiness probe failed: HTTP probe failed with statuscode: 503`. */
  readonly onEvent: (pod: DeepReadonly<Pod>, container: string, message: string) => void;
}

/** One probe attempt, for whoever wants to draw its history. */
export interface ProbeRecord {
  readonly timeMs: number;
  readonly outcome: Outcome;
  readonly output: string;
}

const types: readonly ProbeType[] = ['startup', 'liveness', 'readiness'];

/** How many attempts of each probe are remembered. */
const historyLength = 100;

interface Worker {
  readonly containerID: string;
  readonly type: ProbeType;
  readonly abort: AbortController;
  readonly history: ProbeRecord[];
  state: ProbeState;
}

export class ProbeManager implements Disposable {
  readonly #options: ProbeManagerOptions;
  /** By pod, then by `container/type`: one worker a probe, for the container that runs now. */
  readonly #workers = new Map<string, Map<string, Worker>>();

  constructor(options: ProbeManagerOptions) {
    this.#options = options;
  }

  /** Starts the probes of containers that run and ends those of containers that no longer do. */
  update(
    pod: DeepReadonly<Pod>,
    podIP: string,
    specs: readonly DeepReadonly<Container>[],
    running: (name: string) => RuntimeContainer | undefined,
  ): void {
    const uid = pod.metadata.uid!;
    const workers = this.#workers.get(uid) ?? new Map<string, Worker>();
    for (const spec of specs) {
      const container = running(spec.name);
      for (const type of types) {
        const probe = probeOf(spec, type);
        const key = `${spec.name}/${type}`;
        const worker = workers.get(key);
        if (worker && worker.containerID !== container?.id) {
          worker.abort.abort();
          workers.delete(key);
        }
        if (!probe || !container || workers.has(key)) continue;
        const fresh: Worker = {
          containerID: container.id,
          type,
          abort: new AbortController(),
          history: [],
          state: { run: 0, verdict: initialVerdict[type] },
        };
        workers.set(key, fresh);
        const target = { podIP, containerID: container.id, container: spec };
        void this.#run(pod, target, probe, fresh, container.startedAtMs ?? container.createdAtMs);
      }
    }
    if (workers.size > 0) this.#workers.set(uid, workers);
  }

  /** Ends the probes of a pod; `only` those of one type (liveness and startup end when termination begins). */
  remove(podUID: string, only: readonly ProbeType[] = types): void {
    const workers = this.#workers.get(podUID);
    if (!workers) return;
    for (const [key, worker] of workers) {
      if (!only.includes(worker.type)) continue;
      worker.abort.abort();
      workers.delete(key);
    }
    if (workers.size === 0) this.#workers.delete(podUID);
  }

  /** Ready if it has no readiness probe, or if this one says so. */
  ready(podUID: string, { name, id }: RuntimeContainer, spec: DeepReadonly<Container>): boolean {
    return spec.readinessProbe ? this.#verdict(podUID, name, 'readiness', id) === 'Success' : true;
  }

  started(podUID: string, { name, id }: RuntimeContainer, spec: DeepReadonly<Container>): boolean {
    return spec.startupProbe ? this.#verdict(podUID, name, 'startup', id) === 'Success' : true;
  }

  unhealthy(podUID: string, { name, id }: RuntimeContainer): 'liveness' | 'startup' | undefined {
    if (this.#verdict(podUID, name, 'startup', id) === 'Failure') return 'startup';
    return this.#verdict(podUID, name, 'liveness', id) === 'Failure' ? 'liveness' : undefined;
  }

  /** The last attempts of one probe of the container that runs now, oldest first. */
  history(podUID: string, container: string, type: ProbeType): readonly ProbeRecord[] {
    return this.#workers.get(podUID)?.get(`${container}/${type}`)?.history ?? [];
  }

  [Symbol.dispose](): void {
    for (const uid of [...this.#workers.keys()]) this.remove(uid);
  }

  #verdict(podUID: string, name: string, type: ProbeType, containerID: string): Outcome | undefined {
    const worker = this.#workers.get(podUID)?.get(`${name}/${type}`);
    return worker?.containerID === containerID ? worker.state.verdict : undefined;
  }

  /** The loop of one probe, thin: until its container is gone. */
  async #run(
    pod: DeepReadonly<Pod>,
    target: ProbeTarget,
    probe: DeepReadonly<Probe>,
    worker: Worker,
    startedAtMs: number,
  ): Promise<void> {
    const { clock, prober, log, onVerdict, onEvent } = this.#options;
    const { signal } = worker.abort;
    const uid = pod.metadata.uid!;
    const { name } = target.container;
    const title = worker.type[0]!.toUpperCase() + worker.type.slice(1);
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
    const beginsAtMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000;
    if (beginsAtMs > clock.now()) await sleep(clock, beginsAtMs - clock.now(), signal);
    while (!signal.aborted) {
      const isStarted = !target.container.startupProbe || worker.type === 'startup' || this.#hasStarted(uid, name);
      // After a bad verdict, or before the container has started, there is nothing to ask.
      const holds = worker.type !== 'readiness' && worker.state.verdict === 'Failure';
      if (isStarted && !holds) {
        try {
          const { outcome, output } = await prober.attempt(target, probe, timeoutMs, signal);
          if (signal.aborted) return;
          const before = worker.state.verdict;
          worker.state = observe(worker.state, outcome, probe);
          worker.history.push({ timeMs: clock.now(), outcome, output });
          if (worker.history.length > historyLength) worker.history.shift();
          if (outcome === 'Failure') onEvent(pod, name, `${title} probe failed: ${output}`);
          if (worker.state.verdict !== before) onVerdict(uid);
        } catch (error) {
          if (signal.aborted) return;
          const { message } = error as Error;
          onEvent(pod, name, `${title} probe errored and resulted in unknown state: ${message}`);
          log.warn('probe could not be made', { pod: keyOf(pod), container: name, type: worker.type, error });
        }
        if (worker.type === 'startup' && worker.state.verdict === 'Success') {
          this.#wake(uid, name);
          return; // a startup probe that has succeeded is never asked again
        }
      }
      await (isStarted ? sleep(clock, periodMs, signal) : this.#untilStarted(uid, name, signal));
    }
  }

  #hasStarted(uid: string, name: string): boolean {
    return this.#workers.get(uid)?.get(`${name}/startup`)?.state.verdict === 'Success';
  }

  /** Those who wait for a startup probe to succeed, by `uid/container`. */
  readonly #waiting = new Map<string, Set<() => void>>();

  #untilStarted(uid: string, name: string, signal: AbortSignal): Promise<void> {
    const key = `${uid}/${name}`;
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiters);
      const end = (): void => {
        waiters.delete(end);
        if (waiters.size === 0) this.#waiting.delete(key);
        signal.removeEventListener('abort', end);
        resolve();
      };
      waiters.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #wake(uid: string, name: string): void {
    for (const end of [...(this.#waiting.get(`${uid}/${name}`) ?? [])]) end();
  }
}

const probeOf = (spec: DeepReadonly<Container>, type: ProbeType): DeepReadonly<Probe> | undefined =>
  ({ liveness: spec.livenessProbe, readiness: spec.readinessProbe, startup: spec.startupProbe })[type];
