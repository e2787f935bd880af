/**
 * What the kubelet asks of a container runtime. Three implementations: docker (real containers), process (real processes
 * of the host, no isolation), hollow (nothing runs; states move as they would).
 *
 * A *sandbox* is what the containers of one pod share: its address and its life. All state that must survive the kubelet
 * lies with the runtime (docker: labels; process: a folder), so that a restarted kubelet finds its pods again by `list`.
 *
 * @see https://github.com/kubernetes/cri-api/blob/master/pkg/apis/runtime/v1/api.proto
 */
import type { Duplex, Readable, Writable } from 'node:stream';

export interface ContainerRuntime extends AsyncDisposable {
  readonly name: 'docker' | 'process' | 'hollow';
  /** `docker://20.10.24`: for `status.nodeInfo.containerRuntimeVersion`. @throws when the engine does not answer */
  version(): Promise<string>;

  /** Every sandbox this runtime holds for its node, running or not, with every container, running or not. */
  list(): Promise<Sandbox[]>;

  /** Makes the image available. @throws {ImageError} */
  pullImage(image: string, policy: 'Always' | 'IfNotPresent' | 'Never'): Promise<{ imageID: string; pulled: boolean }>;
  images(): Promise<RuntimeImage[]>;

  /** Gives the pod its address. Called again for a sandbox that exists and runs, it returns that one. */
  runSandbox(config: SandboxConfig): Promise<Sandbox>;
  /**
   * Ends the sandbox of a pod that has completed: its address and ports are free again, its ended containers stay, with
   * their logs. A runtime without it keeps the sandbox until it is removed.
   */
  stopSandbox?(sandboxID: string): Promise<void>;
  /** Ends and removes the sandbox with all that is left in it: processes, networks, folders. Harmless when it is gone. */
  removeSandbox(sandboxID: string): Promise<void>;

  /** Creates and starts one container; resolves with its id once it runs. @throws {ContainerStartError} */
  startContainer(sandboxID: string, config: ContainerConfig): Promise<string>;
  /** Asks politely (SIGTERM), waits `graceSeconds`, then kills. Resolves when it has ended; harmless when it has already. */
  stopContainer(containerID: string, graceSeconds: number): Promise<void>;
  /** Forgets a container that has ended, with its logs. */
  removeContainer(containerID: string): Promise<void>;

  /** Calls `listener` when a container may have changed (started, died): a hint to call `list`, never the only news. */
  onChange(listener: (podUID: string) => void): Disposable;

  /** The container's log as it was written. @throws when there is no such container */
  logs(containerID: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine>;
  /** Runs `command` in a running container; resolves with its exit code. @throws {ExecError} the command cannot be started */
  exec(containerID: string, command: readonly string[], io: ExecIO, signal: AbortSignal): Promise<number>;
  /** Joins the streams of the container's first process until it ends or `signal` aborts. */
  attach(containerID: string, io: ExecIO, signal: AbortSignal): Promise<void>;
  /** A connection to a port of the pod, as seen from inside it. */
  connect(sandboxID: string, port: number): Promise<Duplex>;
  /** Processor and memory use of every running container, now. */
  stats(): Promise<ContainerStats[]>;
}

export interface SandboxConfig {
  readonly podUID: string;
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  readonly hostNetwork: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly hostPort?: number;
    readonly hostIP?: string;
    readonly containerPort: number;
    readonly protocol: string;
  }[];
  /** Lines of `/etc/hosts` beyond the usual ones, and the resolver's configuration, where the runtime can give them. */
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
}

export interface Sandbox {
  readonly id: string;
  readonly podUID: string;
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly state: 'ready' | 'notready';
  readonly createdAtMs: number;
  readonly containers: readonly RuntimeContainer[];
}

export interface RuntimeContainer {
  /** `docker://3f…`, `process://…`: unique for ever. */
  readonly id: string;
  readonly name: string;
  /** How many containers of this name the pod had before this one. */
  readonly attempt: number;
  readonly image: string;
  readonly imageID: string;
  readonly state: 'created' | 'running' | 'exited';
  readonly createdAtMs: number;
  readonly startedAtMs?: number;
  readonly finishedAtMs?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  /** `OOMKilled`, `Completed`, `Error`, `ContainerCannotRun`. */
  readonly reason?: string;
  readonly message?: string;
}

export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  /** The image's own entry point and arguments where left out; `$(VAR)` is already expanded. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Millicores and bytes; 0 is without limit. */
  readonly cpuRequestMillis: number;
  readonly cpuLimitMillis: number;
  readonly memoryLimitBytes: number;
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  /** Where the container may leave its last words (`terminationMessagePath`), a file on the host. */
  readonly terminationMessageHostPath?: string;
  readonly terminationMessagePath?: string;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
}

export interface RuntimeImage {
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

export interface LogOptions {
  readonly follow: boolean;
  readonly tailLines?: number;
  readonly sinceMs?: number;
}

export interface LogLine {
  readonly timeMs: number;
  /** RFC 3339 with nanoseconds, as the runtime wrote it. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  /** With its line end, if it has one. */
  readonly text: Buffer;
}

export interface ExecIO {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Unused with `tty`: a terminal has one output. */
  readonly stderr?: Writable;
  readonly tty: boolean;
  /** Sizes of the terminal, now and whenever it changes. */
  readonly resize?: AsyncIterable<{ readonly width: number; readonly height: number }>;
}

export interface ContainerStats {
  readonly podUID: string;
  readonly container: string;
  readonly timeMs: number;
  /** Since the container started, in nanoseconds of one core. */
  readonly cpuUsageNanos: number;
  /** Resident, without the file cache. */
  readonly memoryBytes: number;
}

/** `ErrImagePull`, `ErrImageNeverPull`, `InvalidImageName`: the reason becomes the container's `waiting.reason`. */
export class ImageError extends Error {
  constructor(
    readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The container could not be created or started; `reason` is as in `state.terminated.reason` or `waiting.reason`. */
export class ContainerStartError extends Error {
  constructor(
    readonly reason: 'CreateContainerError' | 'RunContainerError' | 'ContainerCannotRun' | 'StartError',
    message: string,
    /** 127 not found, 126 not executable, 128 otherwise; undefined when nothing was created. */
    readonly exitCode?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export class ExecError extends Error {}
