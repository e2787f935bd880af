/**
 * The hollow runtime: nothing runs. Sandboxes and containers are entries of a table, and their states move as those of
 * real ones would: pulled, started, exited after a while, stopped when asked. A thousand nodes of it fit into one process.
 *
 * What cannot be simulated is refused rather than invented: exec, attach and connections throw, logs say that there are
 * none. The table lives in memory: a new process begins with an empty one, like a node whose disk was lost.
 *
 * ```ts
 * const runtime = new HollowRuntime({ clock, program: ({ image }) => (image === 'crash' ? { runMs: 1000, exitCode: 1 } : {}) });
 * ```
 */
import { sleep, timestamp, type Clock } from '../../../util/index.js';
import { AddressPool, hash, subrange } from '../addresses.js';
import {
  ContainerStartError,
  ExecError,
  ImageError,
  type ContainerConfig,
  type ContainerRuntime,
  type ContainerStats,
  type ExecIO,
  type LogLine,
  type LogOptions,
  type RuntimeContainer,
  type RuntimeImage,
  type Sandbox,
  type SandboxConfig,
} from '../runtime.js';
import type { Duplex } from 'node:stream';

/** For show: nobody answers there. A block of the private network, as the pods of real clusters have it. */
export const hollowPodRange = '10.128.0.0/9';

/** How the container that would run behaves. An empty program runs until it is stopped. */
export interface HollowProgram {
  /** Ends by itself this long after its start. */
  readonly runMs?: number;
  /** With which code it ends by itself; 0 if left out. */
  readonly exitCode?: number;
  /** How long it takes to end after SIGTERM; 0 if left out. Longer than its grace, it is killed. */
  readonly stopMs?: number;
  /** Why its image cannot be pulled. */
  readonly pullError?: string;
  /** How long the pull takes; 0 if left out. */
  readonly pullMs?: number;
  /** Why it cannot be started. */
  readonly startError?: string;
}

export interface HollowOptions {
  readonly clock: Clock;
  /** Where pod addresses come from: `100.64.3.0/24`. Left out, a block of {@link hollowPodRange} chosen by `name`. */
  readonly podRange?: string;
  /** The node's name: only to choose a block of addresses. */
  readonly name?: string;
  /** Decides what a container of this image does, asked at pull (with the image alone) and at start. */
  readonly program?: (config: Pick<ContainerConfig, 'image'> & Partial<ContainerConfig>) => HollowProgram;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type HollowContainer = Mutable<RuntimeContainer> & {
  program: HollowProgram;
  sandbox: HollowSandbox;
  end?: Disposable;
  exited: AbortController;
};
type HollowSandbox = Mutable<Omit<Sandbox, 'containers'>> & { containers: HollowContainer[] };

export class HollowRuntime implements ContainerRuntime {
  readonly name = 'hollow';
  readonly #clock: Clock;
  readonly #program: NonNullable<HollowOptions['program']>;
  readonly #addresses: AddressPool;
  readonly #sandboxes = new Map<string, HollowSandbox>();
  readonly #containers = new Map<string, HollowContainer>();
  readonly #images = new Set<string>();
  readonly #listeners = new Set<(podUID: string) => void>();

  constructor({ clock, podRange, name = '', program = () => ({}) }: HollowOptions) {
    this.#clock = clock;
    this.#program = program;
    this.#addresses = new AddressPool(podRange ?? subrange(hollowPodRange, 24, hash(name)));
  }

  async version(): Promise<string> {
    return 'hollow://1.0.0';
  }

  async list(): Promise<Sandbox[]> {
    return [...this.#sandboxes.values()].map((sandbox) => ({
      ...sandbox,
      containers: sandbox.containers.map(
        ({ program: _p, sandbox: _s, end: _e, exited: _x, ...container }) => container,
      ),
    }));
  }

  async pullImage(image: string, policy: 'Always' | 'IfNotPresent' | 'Never') {
    const present = this.#images.has(image);
    const { pullError, pullMs = 0 } = this.#program({ image });
    if (!present && policy === 'Never')
      throw new ImageError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
    if (pullError !== undefined) throw new ImageError('ErrImagePull', pullError);
    const pulled = policy === 'Always' || !present;
    if (pulled && pullMs > 0) await sleep(this.#clock, pullMs);
    this.#images.add(image);
    return { imageID: imageID(image), pulled };
  }

  async images(): Promise<RuntimeImage[]> {
    return [...this.#images].map((image) => ({ names: [image], sizeBytes: 0 }));
  }

  async runSandbox(config: SandboxConfig): Promise<Sandbox> {
    const existing = [...this.#sandboxes.values()].find((s) => s.podUID === config.podUID && s.state === 'ready');
    if (existing) return existing;
    const sandbox: HollowSandbox = {
      id: `${config.podUID}-${this.#clock.now()}-${this.#sandboxes.size}`,
      podUID: config.podUID,
      namespace: config.namespace,
      name: config.name,
      ip: this.#addresses.take(),
      state: 'ready',
      createdAtMs: this.#clock.now(),
      containers: [],
    };
    this.#sandboxes.set(sandbox.id, sandbox);
    return sandbox;
  }

  async stopSandbox(sandboxID: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox || sandbox.state === 'notready') return;
    sandbox.state = 'notready';
    this.#addresses.giveBack(sandbox.ip);
    for (const container of sandbox.containers) this.#exit(container, 137);
  }

  async removeSandbox(sandboxID: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox) return;
    await this.stopSandbox(sandboxID);
    for (const { id } of sandbox.containers) this.#containers.delete(id);
    this.#sandboxes.delete(sandboxID);
    this.#changed(sandbox.podUID);
  }

  async startContainer(sandboxID: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox || sandbox.state !== 'ready')
      throw new ContainerStartError('CreateContainerError', `sandbox ${sandboxID} is not running`);
    const program = this.#program(config);
    const nowMs = this.#clock.now();
    const container: HollowContainer = {
      id: `hollow://${sandboxID}-${config.name}-${config.attempt}`,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageID: imageID(config.image),
      state: 'running',
      createdAtMs: nowMs,
      startedAtMs: nowMs,
      program,
      sandbox,
      exited: new AbortController(),
    };
    if (program.startError !== undefined) throw new ContainerStartError('RunContainerError', program.startError);
    sandbox.containers.push(container);
    this.#containers.set(container.id, container);
    if (program.runMs !== undefined)
      container.end = this.#clock.after(program.runMs, () => this.#exit(container, program.exitCode ?? 0));
    this.#changed(sandbox.podUID);
    return container.id;
  }

  async stopContainer(containerID: string, graceSeconds: number): Promise<void> {
    const container = this.#containers.get(containerID);
    if (!container || container.state !== 'running') return;
    const { stopMs = 0 } = container.program;
    // Somebody who asks later with less grace ends the wait of those who asked before.
    if (stopMs > 0) await sleep(this.#clock, Math.min(stopMs, graceSeconds * 1000), container.exited.signal);
    this.#exit(container, stopMs > graceSeconds * 1000 ? 137 : 0);
  }

  /** Ends a container from outside, as `kill` on the host would end a real one. */
  kill(containerID: string, exitCode = 137): void {
    const container = this.#containers.get(containerID);
    if (container) this.#exit(container, exitCode);
  }

  async removeContainer(containerID: string): Promise<void> {
    const container = this.#containers.get(containerID);
    if (!container) return;
    container.sandbox.containers = container.sandbox.containers.filter((other) => other !== container);
    this.#containers.delete(containerID);
  }

  onChange(listener: (podUID: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async *logs(containerID: string, { sinceMs = 0 }: LogOptions): AsyncGenerator<LogLine> {
    const container = this.#containers.get(containerID);
    if (!container) throw new Error(`no container ${containerID}`);
    const timeMs = container.startedAtMs ?? container.createdAtMs;
    if (timeMs < sinceMs) return;
    const text = Buffer.from('(nothing runs on a hollow node: there are no logs)\n');
    yield { timeMs, time: timestamp(timeMs).replace('Z', '.000000000Z'), stream: 'stdout', text };
  }

  async exec(containerID: string, _command: readonly string[], _io: ExecIO): Promise<number> {
    throw new ExecError(`nothing runs on a hollow node: cannot exec in ${containerID}`);
  }

  async attach(containerID: string): Promise<void> {
    throw new ExecError(`nothing runs on a hollow node: cannot attach to ${containerID}`);
  }

  async connect(_sandboxID: string, port: number): Promise<Duplex> {
    throw new Error(`nothing runs on a hollow node: nobody listens on port ${port}`);
  }

  async stats(): Promise<ContainerStats[]> {
    const running = [...this.#containers.values()].filter((container) => container.state === 'running');
    return running.map(({ sandbox: { podUID }, name }) => ({
      podUID,
      container: name,
      timeMs: this.#clock.now(),
      cpuUsageNanos: 0,
      memoryBytes: 0,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#containers.values()) container.end?.[Symbol.dispose]();
    this.#listeners.clear();
  }

  #exit(container: HollowContainer, exitCode: number): void {
    if (container.state !== 'running') return;
    container.end?.[Symbol.dispose]();
    container.state = 'exited';
    container.exited.abort();
    container.exitCode = exitCode;
    container.finishedAtMs = this.#clock.now();
    container.reason = exitCode === 0 ? 'Completed' : 'Error';
    this.#changed(container.sandbox.podUID);
  }

  #changed(podUID: string): void {
    for (const listener of this.#listeners) listener(podUID);
  }
}

const imageID = (image: string): string => `hollow://${image}`;
