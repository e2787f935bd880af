/**
 * The process runtime: containers are processes of the host. For machines without Docker, and for seeing that a container
 * is a process after all.
 *
 * What holds:
 * - each pod has an address of its own out of 127.0.0.0/8 (`POD_IP`, also `HOST`), on which its programs should listen;
 *   one that listens on all addresses meets those of other pods;
 * - as root on Linux, each container sees the host's file system through an overlay: what it writes is its own and goes
 *   with it, its volumes are where the pod says, `/tmp`, `/dev` and the host name are its own. Elsewhere there is no such
 *   view: volumes are linked below the folder `KUBEBOOK_ROOT`, and words of the command that begin with the path of a
 *   volume are rewritten;
 * - every process of a container is ended with it, also those that have left its group;
 * - containers, their logs and their exit codes outlive the kubelet; a new one finds them by {@link ProcessRuntime.list}.
 *
 * What does not: it is not isolation. Containers see the host's processes and network, and limits of processor and memory
 * are not enforced.
 *
 * ```
 * <folder>/<sandbox>/sandbox.json
 * <folder>/<sandbox>/<container>_<attempt>/   see shim.ts
 * ```
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import {
  access,
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer, connect as tcpConnect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { silent, sleep, type Clock, type Log } from '../../../util/index.js';
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
import { ImageStore, resolveWord, type ProcessImage } from './images.js';
import { readLog, watchFolder } from './log.js';
import { allProcesses, familyOf, mountPoints, processesWith, readProcess } from './proc.js';
import { overlayProbe, shellQuote, shimScript, unshare } from './shim.js';

const run = promisify(execFile);

/** Out of the loopback network, away from 127.0.0.0/16 where the host's own services are. */
export const processPodRange = '127.64.0.0/10';

export interface ProcessRuntimeOptions {
  readonly clock: Clock;
  readonly log?: Log;
  /** Where sandboxes are kept; made if it is not there. One runtime a folder. */
  readonly folder: string;
  /** Where pod addresses come from: `127.64.3.0/24`. Left out, a block of {@link processPodRange} chosen by `folder`. */
  readonly podRange?: string;
  /** Run images that are not known as commands of the host: a container of any image, with a `command`. */
  readonly allowHostCommands?: boolean;
  /** Where the sample images lie; those of this package if left out. */
  readonly imagesFolder?: string;
  /** Give containers a file system view of their own; left out, wherever the host allows it. */
  readonly overlay?: boolean;
}

interface Container {
  info: RuntimeContainer;
  readonly sandbox: SandboxEntry;
  readonly folder: string;
  readonly config: ContainerConfig;
  readonly env: Readonly<Record<string, string>>;
  readonly overlay: boolean;
  /** The process that waits for the program; its number is also that of session and group. */
  shim: { readonly pid: number; readonly startedAtTicks: number } | undefined;
  watcher: Disposable | undefined;
  /** For containers with a `stdin` that ends with the first who attaches. */
  stdinHolder: Awaited<ReturnType<typeof open>> | undefined;
  /** Resolved when it has ended and its end is written down. */
  readonly ended: Promise<void>;
  end(): void;
}

interface SandboxEntry {
  readonly id: string;
  readonly folder: string;
  readonly config: SandboxConfig;
  readonly ip: string;
  readonly createdAtMs: number;
  state: 'ready' | 'notready';
  readonly containers: Map<string, Container>;
  readonly servers: Server[];
}

export class ProcessRuntime implements ContainerRuntime {
  readonly name = 'process';
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #folder: string;
  readonly #images: ImageStore;
  readonly #addresses: AddressPool;
  readonly #overlay: boolean;
  readonly #sandboxes = new Map<string, SandboxEntry>();
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<(podUID: string) => void>();
  readonly #closed = new AbortController();

  private constructor(options: ProcessRuntimeOptions, overlay: boolean) {
    this.#clock = options.clock;
    this.#log = options.log ?? silent;
    this.#folder = options.folder;
    this.#overlay = overlay;
    this.#images = new ImageStore({
      ...(options.imagesFolder !== undefined && { folder: options.imagesFolder }),
      allowHostCommands: options.allowHostCommands === true,
    });
    this.#addresses = new AddressPool(options.podRange ?? subrange(processPodRange, 24, hash(options.folder)));
  }

  /** Opens the folder and finds again what runs of it. */
  static async open(options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
    await mkdir(options.folder, { recursive: true });
    const runtime = new ProcessRuntime(options, options.overlay ?? (await overlayWorks()));
    for (const id of await readdir(options.folder)) await runtime.#adopt(join(options.folder, id));
    return runtime;
  }

  async version(): Promise<string> {
    return 'process://1.0.0';
  }

  async list(): Promise<Sandbox[]> {
    // Containers that we did not start ourselves end without telling us, when even their shim was killed.
    for (const container of this.#containers.values())
      if (container.info.state === 'running' && !(await this.#isAlive(container))) await this.#ended(container);
    return [...this.#sandboxes.values()].map((sandbox) => ({
      id: sandbox.id,
      podUID: sandbox.config.podUID,
      namespace: sandbox.config.namespace,
      name: sandbox.config.name,
      ip: sandbox.ip,
      state: sandbox.state,
      createdAtMs: sandbox.createdAtMs,
      containers: [...sandbox.containers.values()].map(({ info }) => info),
    }));
  }

  async pullImage(image: string, policy: 'Always' | 'IfNotPresent' | 'Never') {
    try {
      const { id } = await this.#images.find(image);
      return { imageID: id, pulled: false }; // they are all here already: there is no registry
    } catch (error) {
      if (policy !== 'Never' || !(error instanceof ImageError) || error.reason !== 'ErrImagePull') throw error;
      throw new ImageError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
    }
  }

  images(): Promise<RuntimeImage[]> {
    return this.#images.list();
  }

  async runSandbox(config: SandboxConfig): Promise<Sandbox> {
    const existing = [...this.#sandboxes.values()].find(
      (s) => s.config.podUID === config.podUID && s.state === 'ready',
    );
    if (!existing) {
      const id = `${config.podUID}_${randomUUID().slice(0, 8)}`;
      const folder = join(this.#folder, id);
      const ip = config.hostNetwork ? '127.0.0.1' : this.#addresses.take();
      const sandbox: SandboxEntry = {
        id,
        folder,
        config,
        ip,
        createdAtMs: this.#clock.now(),
        state: 'ready',
        containers: new Map(),
        servers: [],
      };
      try {
        await this.#openHostPorts(sandbox);
        await mkdir(folder);
        await this.#saveSandbox(sandbox);
        const hosts = `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n${ip}\t${config.hostname}\n`;
        await writeFile(join(folder, 'hosts'), `# Kubernetes-managed hosts file.\n${hosts}`);
      } catch (error) {
        for (const server of sandbox.servers) server.close();
        if (!config.hostNetwork) this.#addresses.giveBack(ip);
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      this.#sandboxes.set(id, sandbox);
    }
    return (await this.list()).find(({ podUID, state }) => podUID === config.podUID && state === 'ready')!;
  }

  async stopSandbox(sandboxID: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox || sandbox.state === 'notready') return;
    await Promise.all([...sandbox.containers.keys()].map((id) => this.stopContainer(id, 0)));
    sandbox.state = 'notready';
    for (const server of sandbox.servers.splice(0)) server.close();
    await this.#saveSandbox(sandbox);
    if (!sandbox.config.hostNetwork) this.#addresses.giveBack(sandbox.ip);
  }

  async removeSandbox(sandboxID: string): Promise<void> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox) return;
    await this.stopSandbox(sandboxID);
    for (const id of [...sandbox.containers.keys()]) await this.removeContainer(id);
    await rm(sandbox.folder, { recursive: true, force: true });
    this.#sandboxes.delete(sandboxID);
    this.#changed(sandbox);
  }

  /** Ends and removes everything: nothing of this runtime is left on the host. */
  async removeAll(): Promise<void> {
    await Promise.all([...this.#sandboxes.keys()].map((id) => this.removeSandbox(id)));
  }

  async startContainer(sandboxID: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox || sandbox.state !== 'ready')
      throw new ContainerStartError('CreateContainerError', `sandbox ${sandboxID} is not running`);
    const image = await this.#images.find(config.image);
    const command = commandOf(config, image);
    const id = `process://${sandbox.id.slice(-8)}${randomUUID().replaceAll('-', '')}`;
    const folder = join(sandbox.folder, `${config.name}_${config.attempt}`);
    const env = this.#environment(id, sandbox, config, image, folder);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const nowMs = this.#clock.now();
    const container = this.#track(sandbox, folder, config, env, this.#overlay, {
      id,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageID: image.id,
      state: 'created',
      createdAtMs: nowMs,
    });
    await this.#saveContainer(container);
    try {
      await this.#checkCommand(command, env.PATH ?? '');
      await this.#spawn(container, command, image);
    } catch (error) {
      // It counts as a run that has ended, so that it is seen, counted and waited for like any other.
      const { exitCode = 128, message } = error as ContainerStartError;
      container.info = {
        ...container.info,
        state: 'exited',
        startedAtMs: nowMs,
        finishedAtMs: this.#clock.now(),
        exitCode,
        reason: 'ContainerCannotRun',
        message,
      };
      container.end();
      await this.#saveContainer(container);
      throw error instanceof ContainerStartError
        ? error
        : new ContainerStartError('RunContainerError', message, exitCode, { cause: error });
    }
    return id;
  }

  async stopContainer(containerID: string, graceSeconds: number): Promise<void> {
    const container = this.#containers.get(containerID);
    if (!container || container.info.state !== 'running' || !container.shim) return;
    if (graceSeconds > 0) {
      kill(-container.shim.pid, 'SIGTERM');
      const inTime = new AbortController();
      await Promise.race([container.ended, sleep(this.#clock, graceSeconds * 1000, inTime.signal)]);
      inTime.abort();
    }
    if ((container.info.state as string) === 'running') await this.#killAll(container);
    await container.ended;
  }

  async removeContainer(containerID: string): Promise<void> {
    const container = this.#containers.get(containerID);
    if (!container) return;
    if (container.info.state === 'running') await this.stopContainer(containerID, 0);
    this.#containers.delete(containerID);
    container.sandbox.containers.delete(containerID);
    container.watcher?.[Symbol.dispose]();
    await rm(container.folder, { recursive: true, force: true });
  }

  onChange(listener: (podUID: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  logs(containerID: string, options: LogOptions, signal: AbortSignal): AsyncIterable<LogLine> {
    const container = this.#get(containerID);
    return readLog(container.folder, options, this.#clock, () => container.info.state === 'exited', signal);
  }

  async exec(containerID: string, command: readonly string[], io: ExecIO, signal: AbortSignal): Promise<number> {
    const container = this.#get(containerID);
    if (container.info.state !== 'running') throw new ExecError(`container not running (${containerID})`);
    const words = command.map((word) => (word === 'node' ? process.execPath : word));
    await this.#checkCommand(words, container.env.PATH ?? '').catch((error: Error) => {
      throw new ExecError(`failed to exec in container: ${error.message}`);
    });
    const inside = await this.#enter(container, words);
    const env = { ...container.env, ...(io.tty && { TERM: container.env.TERM ?? 'xterm' }) };
    const cwd = container.overlay ? '/' : await cwdOf(container);
    // A terminal without native modules: script(1) opens one and copies between it and its own streams.
    const [program, ...args] = io.tty
      ? [
          'script',
          '--quiet',
          '--return',
          '--flush',
          '--echo',
          'always',
          '--command',
          inside.map(shellQuote).join(' '),
          '/dev/null',
        ]
      : inside;
    const child = spawn(program!, args, { cwd, env: { ...env, SHELL: '/bin/sh' }, detached: true, stdio: 'pipe' });
    const aborted = (): void => void killFamily(child.pid!);
    signal.addEventListener('abort', aborted, { once: true });
    try {
      if (io.tty && io.resize) void resizeTerminal(child, io.resize).catch(() => {});
      return await pump(child, io, this.#clock, signal);
    } finally {
      signal.removeEventListener('abort', aborted);
    }
  }

  async attach(containerID: string, io: ExecIO, signal: AbortSignal): Promise<void> {
    const container = this.#get(containerID);
    if (container.info.state !== 'running') throw new ExecError(`container not running (${containerID})`);
    if (io.stdin && container.config.stdin) {
      const pipe = createWriteStream(join(container.folder, 'stdin'), { flags: 'a' });
      pipe.on('error', () => {}); // the program has ended, or does not read
      io.stdin.pipe(pipe);
      pipe.on('close', () => {
        void container.stdinHolder?.close();
        container.stdinHolder = undefined;
      });
      signal.addEventListener('abort', () => pipe.end(), { once: true });
    }
    if (io.resize && container.config.tty && container.shim)
      void resizeTerminal({ pid: container.shim.pid }, io.resize).catch(() => {});
    const lines = readLog(
      container.folder,
      { follow: true, tailLines: 0 },
      this.#clock,
      () => container.info.state === 'exited',
      signal,
    );
    for await (const { stream, text } of lines)
      (stream === 'stderr' ? (io.stderr ?? io.stdout) : io.stdout)?.write(text);
  }

  connect(sandboxID: string, port: number): Promise<Duplex> {
    const sandbox = this.#sandboxes.get(sandboxID);
    if (!sandbox || sandbox.state !== 'ready') return Promise.reject(new Error(`sandbox ${sandboxID} is not running`));
    return new Promise((resolve, reject) => {
      const socket: Socket = tcpConnect({ host: sandbox.ip, port, allowHalfOpen: true });
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }

  async stats(): Promise<ContainerStats[]> {
    const running = [...this.#containers.values()].filter(({ info, shim }) => info.state === 'running' && shim);
    if (running.length === 0) return [];
    const all = await allProcesses();
    return running.map(({ sandbox, info, shim }) => {
      const family = familyOf(shim!.pid, all);
      return {
        podUID: sandbox.config.podUID,
        container: info.name,
        timeMs: this.#clock.now(),
        cpuUsageNanos: family.reduce((sum, { cpuNanos }) => sum + cpuNanos, 0),
        memoryBytes: family.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      };
    });
  }

  /** Lets go: what runs, runs on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#listeners.clear();
    for (const { watcher, stdinHolder } of this.#containers.values()) {
      watcher?.[Symbol.dispose]();
      await stdinHolder?.close();
    }
    for (const { servers } of this.#sandboxes.values()) for (const server of servers.splice(0)) server.close();
  }

  // ---- beginning

  #track(
    sandbox: SandboxEntry,
    folder: string,
    config: ContainerConfig,
    env: Readonly<Record<string, string>>,
    overlay: boolean,
    info: RuntimeContainer,
  ): Container {
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const container: Container = {
      info,
      sandbox,
      folder,
      config,
      env,
      overlay,
      shim: undefined,
      watcher: undefined,
      stdinHolder: undefined,
      ended,
      end,
    };
    sandbox.containers.set(info.id, container);
    this.#containers.set(info.id, container);
    return container;
  }

  #environment(
    id: string,
    { ip, config: { hostname } }: SandboxEntry,
    config: ContainerConfig,
    image: ProcessImage,
    folder: string,
  ): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: this.#overlay ? '/root' : join(folder, 'root'),
      HOSTNAME: hostname,
      HOST: ip,
      POD_IP: ip,
      ...(config.tty && { TERM: 'xterm' }),
      ...image.env,
      ...config.env,
      ...(!this.#overlay && {
        KUBEBOOK_ROOT: join(folder, 'root'),
        ...(config.terminationMessageHostPath && { TERMINATION_MESSAGE_PATH: config.terminationMessageHostPath }),
      }),
      ...(this.#overlay &&
        config.terminationMessagePath && { TERMINATION_MESSAGE_PATH: config.terminationMessagePath }),
      KUBEBOOK_CONTAINER: id,
    };
  }

  /** @throws {ContainerStartError} for a program that is not there or may not be run */
  async #checkCommand([program]: readonly string[], path: string): Promise<void> {
    if (program!.includes('/')) {
      if (await isExecutable(program!)) return;
      const [code, why] = (await exists(program!)) ? [126, 'permission denied'] : [127, 'no such file or directory'];
      throw new ContainerStartError('RunContainerError', `exec: "${program}": stat ${program}: ${why}`, code);
    }
    for (const folder of path.split(delimiter)) if (await isExecutable(join(folder, program!))) return;
    throw new ContainerStartError('RunContainerError', `exec: "${program}": executable file not found in $PATH`, 127);
  }

  async #spawn(container: Container, command: readonly string[], image: ProcessImage): Promise<void> {
    const { folder, config, env, sandbox } = container;
    const mounts = [
      ...(config.terminationMessageHostPath && config.terminationMessagePath
        ? [
            {
              hostPath: config.terminationMessageHostPath,
              containerPath: config.terminationMessagePath,
              readOnly: false,
            },
          ]
        : []),
      ...config.mounts,
    ];
    let words = command;
    let workingDir = config.workingDir ?? image.workingDir ?? image.folder ?? '/';
    if (container.overlay) {
      const needed = await neededMounts([image.folder, process.execPath].filter((path) => path !== undefined));
      const hosts = { hostPath: join(sandbox.folder, 'hosts'), containerPath: '/etc/hosts', readOnly: false };
      const lines = [...needed, hosts, ...mounts].map(
        ({ hostPath, containerPath, readOnly }) => `${hostPath}\t${containerPath}\t${readOnly ? 'ro' : 'rw'}\n`,
      );
      await writeFile(join(folder, 'mounts'), lines.join(''));
    } else {
      const root = join(folder, 'root');
      await mkdir(root);
      for (const { hostPath, containerPath } of mounts) {
        await mkdir(dirname(join(root, containerPath)), { recursive: true });
        await symlink(hostPath, join(root, containerPath)).catch(() => {}); // below another volume: it has to do without
      }
      const inRoot = (word: string): string =>
        mounts.some(({ containerPath: path }) => word === path || word.startsWith(`${path}/`))
          ? join(root, word)
          : word;
      words = command.map(inRoot);
      workingDir = config.workingDir === undefined ? root : inRoot(config.workingDir);
      if (workingDir !== root && !(await exists(workingDir))) {
        workingDir = join(root, workingDir);
        await mkdir(workingDir, { recursive: true });
      }
    }
    if (config.stdin) {
      await run('mkfifo', [join(folder, 'stdin')]);
      // Held open for reading and writing, it does not end before somebody has attached.
      if (config.stdinOnce) container.stdinHolder = await open(join(folder, 'stdin'), 'r+');
    }
    if (config.tty) {
      const inner = words.map(shellQuote).join(' ');
      words = [
        'script',
        '--quiet',
        '--return',
        '--flush',
        '--echo',
        'always',
        '--command',
        `exec ${inner}`,
        '/dev/null',
      ];
    }
    const user = config.runAsUser === undefined ? '-' : `${config.runAsUser}:${config.runAsGroup ?? config.runAsUser}`;
    const shim = [
      '/bin/sh',
      '-c',
      shimScript,
      'kubebook-shim',
      container.overlay ? 'overlay' : 'plain',
      user,
      workingDir,
    ];
    const [program, ...args] = [...(container.overlay ? unshare : []), ...shim, ...words];
    const [stdin, stdout, stderr] = await Promise.all([
      config.stdin ? open(join(folder, 'stdin'), config.stdinOnce ? 'r' : 'r+') : open('/dev/null', 'r'),
      open(join(folder, 'stdout'), 'a'),
      open(join(folder, 'stderr'), 'a'),
    ]);
    let child: ChildProcess;
    try {
      child = spawn(program!, args, {
        cwd: folder,
        detached: true,
        env: {
          ...env,
          ...(container.overlay && { KUBEBOOK_HOSTNAME: sandbox.config.hostname }),
          ...(config.readOnlyRootFilesystem && { KUBEBOOK_READ_ONLY: '1' }),
        },
        stdio: [stdin.fd, stdout.fd, stderr.fd, 'pipe'],
      });
    } finally {
      await Promise.all([stdin.close(), stdout.close(), stderr.close()]);
    }
    child.unref();
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await started(child).catch(async (error: Error) => {
      const said = await readFile(join(folder, 'stderr'), 'utf8').catch(() => '');
      throw new ContainerStartError('RunContainerError', said.trim() || error.message, 128, { cause: error });
    });
    const entry = await readProcess(child.pid!);
    container.shim = { pid: child.pid!, startedAtTicks: entry?.startedAtTicks ?? 0 };
    container.info = { ...container.info, state: 'running', startedAtMs: this.#clock.now() };
    await this.#saveContainer(container);
    container.watcher = watchFolder(folder, this.#clock, () => {});
    void exited.then(() => this.#ended(container));
    this.#changed(sandbox);
  }

  // ---- ending

  /** Its shim is gone: the end is written down, and whatever it has left running is ended too. */
  async #ended(container: Container): Promise<void> {
    if (container.info.state !== 'running' || this.#closed.signal.aborted) return;
    const code = await readFile(join(container.folder, 'exit'), 'utf8').catch(() => undefined);
    if (container.info.state !== 'running') return;
    const exitCode = code === undefined ? 137 : Number(code); // without a code, the shim was killed together with its program
    await this.#killAll(container);
    container.watcher?.[Symbol.dispose]();
    container.watcher = undefined;
    container.info = {
      ...container.info,
      state: 'exited',
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      finishedAtMs: this.#clock.now(),
    };
    container.end();
    await this.#saveContainer(container).catch(() => {}); // removed meanwhile
    this.#changed(container.sandbox);
  }

  /** SIGKILL for the group, and for all that carries the container's mark, wherever it has gone. */
  async #killAll({ info: { id }, shim }: Container): Promise<void> {
    if (shim) kill(-shim.pid, 'SIGKILL');
    for (const pid of await processesWith(`KUBEBOOK_CONTAINER=${id}`)) kill(pid, 'SIGKILL');
  }

  async #isAlive({ shim }: Container): Promise<boolean> {
    if (!shim) return false;
    if (process.platform !== 'linux') return kill(shim.pid, 0);
    const entry = await readProcess(shim.pid);
    // A zombie is a shim whose end we have not been told yet.
    return entry !== undefined && entry.state !== 'Z' && entry.startedAtTicks === shim.startedAtTicks;
  }

  #changed({ config: { podUID } }: SandboxEntry): void {
    for (const listener of this.#listeners) listener(podUID);
  }

  #get(containerID: string): Container {
    const container = this.#containers.get(containerID);
    if (!container) throw new Error(`no container ${containerID}`);
    return container;
  }

  // ---- what outlives the kubelet

  #saveSandbox({ folder, config, ip, createdAtMs, state }: SandboxEntry): Promise<void> {
    return replaceFile(join(folder, 'sandbox.json'), JSON.stringify({ config, ip, createdAtMs, state }));
  }

  #saveContainer({ folder, config, env, overlay, info, shim }: Container): Promise<void> {
    return replaceFile(join(folder, 'config.json'), JSON.stringify({ config, env, overlay, info, shim }));
  }

  /** Takes over what a former kubelet has started; removes what it had not finished to make. */
  async #adopt(folder: string): Promise<void> {
    const saved = await readFile(join(folder, 'sandbox.json'), 'utf8').catch(() => undefined);
    if (saved === undefined) return rm(folder, { recursive: true, force: true });
    const { config, ip, createdAtMs, state } = JSON.parse(saved) as SandboxEntry;
    const id = folder.slice(this.#folder.length + 1);
    const sandbox: SandboxEntry = { id, folder, config, ip, createdAtMs, state, containers: new Map(), servers: [] };
    this.#sandboxes.set(id, sandbox);
    if (state === 'ready') {
      if (!config.hostNetwork) this.#addresses.adopt(ip);
      await this.#openHostPorts(sandbox).catch((error) => this.#log.warn('host port not opened again', { error }));
    }
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const path = join(folder, entry.name);
      const text = await readFile(join(path, 'config.json'), 'utf8').catch(() => undefined);
      if (text === undefined) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      const { config, env, overlay, info, shim } = JSON.parse(text) as Container;
      const container = this.#track(sandbox, path, config, env, overlay, info);
      container.shim = shim;
      if (info.state === 'created') {
        // The kubelet died before it had heard that the shim was up. What may run of it cannot be trusted to be whole.
        await this.#killAll(container);
        container.info = { ...info, state: 'exited', exitCode: 137, reason: 'Error', finishedAtMs: this.#clock.now() };
        container.end();
      } else if (info.state === 'exited') container.end();
      else if (await this.#isAlive(container)) {
        container.watcher = watchFolder(path, this.#clock, () => {
          void exists(join(path, 'exit')).then((has) => (has ? this.#ended(container) : undefined));
        });
      } else await this.#ended(container);
    }
  }

  /** A host port is a small forwarder in this process: there is no network namespace to publish from. */
  async #openHostPorts(sandbox: SandboxEntry): Promise<void> {
    if (sandbox.config.hostNetwork) return;
    for (const { hostPort, hostIP, containerPort, protocol } of sandbox.config.ports) {
      if (!hostPort || protocol !== 'TCP') continue;
      const server = createServer({ allowHalfOpen: true }, (client) => {
        const pod = tcpConnect({ host: sandbox.ip, port: containerPort, allowHalfOpen: true });
        client.pipe(pod).pipe(client);
        client.on('error', () => pod.destroy());
        pod.on('error', () => client.destroy());
      });
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(hostPort, hostIP || '127.0.0.1', resolve);
      });
      server.unref();
      sandbox.servers.push(server);
    }
  }

  // ---- inside a container

  /** The command line that runs `command` where the container's own program runs. */
  async #enter(container: Container, command: readonly string[]): Promise<string[]> {
    if (!container.overlay) return [...command];
    const target = Number(await readFile(join(container.folder, 'pid'), 'utf8'));
    return ['nsenter', '--target', String(target), '--mount', '--uts', '--root', '--wd', '--', ...command];
  }
}

function commandOf(config: ContainerConfig, image: ProcessImage): string[] {
  // As Docker's: a command of the container's own also puts the image's arguments aside.
  const command = config.command ?? image.command;
  const args = config.args ?? (config.command ? [] : image.args);
  const words = [...command, ...args].map((word) => resolveWord(word, image));
  if (words.length === 0)
    throw new ContainerStartError(
      'CreateContainerError',
      `no command specified: the image "${config.image}" has none of its own`,
    );
  return words;
}

/**
 * What the overlay does not show of itself, but the program needs: other file systems than the root's, and what lies in the
 * host's `/tmp`, in place of which a container has one of its own.
 */
async function neededMounts(paths: readonly string[]) {
  const points = (await mountPoints()).filter((point) => point !== '/tmp');
  const needed = [
    ...points.filter((point) => paths.some((path) => path.startsWith(`${point}/`))),
    ...paths.filter((path) => path.startsWith('/tmp/')),
  ];
  return [...new Set(needed)].map((path) => ({ hostPath: path, containerPath: path, readOnly: true }));
}

async function overlayWorks(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const folder = await mkdtemp(join(tmpdir(), 'kubebook-'));
  try {
    const [program, ...args] = [...unshare, '/bin/sh', '-c', overlayProbe, 'probe', folder];
    await run(program!, args);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Resolves when the shim says that all is prepared. */
function started(child: ChildProcess): Promise<void> {
  const pipe = child.stdio[3] as Socket;
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    pipe.once('data', () => {
      pipe.destroy();
      resolve();
    });
    pipe.once('end', () => reject(new Error('the container could not be prepared')));
    pipe.once('error', reject);
  });
}

/** How long output is waited for when the command has ended and somebody else still holds its streams. */
const drainMs = 500;

/** Copies between a child and its caller until the child has ended. @returns its exit code */
function pump(child: ChildProcess, io: ExecIO, clock: Clock, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const { stdin, stdout, stderr } = child;
    stdin!.on('error', () => {}); // it does not read its input to the end, which is its right
    if (io.stdin) io.stdin.pipe(stdin!);
    else if (!io.tty) stdin!.end();
    const open = [stdout!, stderr!].map((stream) => new Promise<void>((ended) => stream.once('close', () => ended())));
    if (io.stdout) stdout!.on('data', (chunk) => io.stdout!.write(chunk));
    else stdout!.resume();
    const errors = io.tty ? io.stdout : io.stderr;
    if (errors) stderr!.on('data', (chunk) => errors.write(chunk));
    else stderr!.resume();
    child.once('error', (error) => reject(new ExecError(error.message, { cause: error })));
    child.once('exit', async (code, killedBy) => {
      // What a grandchild keeps open shall not keep the caller for ever: what the command itself wrote is in the pipes.
      const waited = new AbortController();
      await Promise.race([Promise.all(open), sleep(clock, drainMs, waited.signal)]);
      waited.abort();
      io.stdin?.unpipe(stdin!);
      stdin!.destroy();
      if (signal.aborted) return reject(signal.reason);
      resolve(code ?? 128 + (signalNumbers[killedBy!] ?? 0));
    });
  });
}

const signalNumbers: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 }; // prettier-ignore

/** Hands the caller's window size to the terminal below `child`, whenever it changes. */
async function resizeTerminal(
  child: { readonly pid?: number | undefined },
  sizes: AsyncIterable<{ readonly width: number; readonly height: number }>,
): Promise<void> {
  for await (const { width, height } of sizes) {
    const terminal = await terminalBelow(child.pid!);
    if (terminal) await run('stty', ['-F', terminal, 'rows', String(height), 'cols', String(width)]).catch(() => {});
  }
}

async function terminalBelow(pid: number): Promise<string | undefined> {
  for (const { pid: member } of familyOf(pid, await allProcesses())) {
    const input = await readlink(`/proc/${member}/fd/0`).catch(() => '');
    if (/^\/dev\/pts\/\d+$/.test(input)) return input;
  }
  return undefined;
}

async function killFamily(pid: number): Promise<void> {
  for (const { pid: member } of familyOf(pid, await allProcesses())) kill(member, 'SIGKILL');
}

const cwdOf = async ({ folder }: Container): Promise<string> => {
  const pid = (await readFile(join(folder, 'pid'), 'utf8').catch(() => '')).trim();
  return readlink(`/proc/${pid}/cwd`).catch(() => '/');
};

/** @returns whether there was anything to signal */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isExecutable = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return false;
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
};
