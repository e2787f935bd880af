/**
 * Real containers, by a Docker engine. For each pod a *pause* container holds the network (its address is the pod's), and
 * the pod's containers join it. Whatever a restarted kubelet must know again lies in labels of the containers.
 *
 * ```
 *   bridge of the cluster ──┬── pause of pod a (10.244.0.2) ── web, sidecar      share its network
 *                           └── pause of pod b (10.244.0.3) ── web
 * ```
 *
 * As in Kubernetes, a container's program is its process 1: it gets SIGTERM only if it handles it, and dies of SIGKILL
 * after the grace period. (Docker's `--init` would hide that, and that a program does not exist, too.)
 *
 * The engine may go away and come back: until then, calls fail with its words, and containers run on or do not as it wills.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Duplex, Readable, Writable } from 'node:stream';
import type Docker from 'dockerode';
import { sleep, type Clock, type Log } from '../../../util/index.js';
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
import { checkImageName } from '../image-name.js';
import { engineMessage, findEngine, unless, type Engine } from './engine.js';
import { watchEngine } from './events.js';
import { ensureNetwork } from './network.js';
import { logLines, pieces } from './output.js';
import { SampleImages } from './samples.js';

/** Labels: upstream's where it had one. */
const label = {
  cluster: 'kubebook.cluster',
  node: 'kubebook.node',
  type: 'io.kubernetes.docker.type',
  podUID: 'io.kubernetes.pod.uid',
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  container: 'io.kubernetes.container.name',
  sandbox: 'io.kubernetes.sandbox.id',
  attempt: 'io.kubernetes.container.attempt',
  image: 'kubebook.image',
} as const;

/** Upstream's limits of a container's log. */
const logConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };

/** How often and how soon, in milliseconds, a terminal that is not there yet is told its size again. */
const resizeTries = 20;
const resizeRetryMs = 25;

export interface DockerRuntimeOptions {
  /** What tells the containers of one cluster from those of others: the path of its data folder, say. */
  readonly cluster: string;
  readonly nodeName: string;
  /** The folder of the sample images. */
  readonly images: string;
  /** Addresses of pods; left out, a free range within 10.244.0.0/16. */
  readonly podRange?: string;
  /** The one that answers at `DOCKER_HOST` or the usual socket, if left out. */
  readonly engine?: Engine;
  readonly clock: Clock;
  readonly log: Log;
}

export class DockerRuntime implements ContainerRuntime {
  readonly name = 'docker';
  readonly #docker: Docker;
  readonly #options: DockerRuntimeOptions;
  readonly #samples: SampleImages;
  /** A short form of the cluster's name, for labels and the network. */
  readonly #cluster: string;
  readonly #listeners = new Set<(podUID: string) => void>();
  readonly #closed = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  /** Details of containers, by id and state: what cannot change any more, or not without a change of state. */
  #details = new Map<string, Docker.ContainerInspectInfo>();
  /** Containers that have ended: the engine's lists may still show them running for a moment. */
  readonly #ended = new Set<string>();

  /** @throws Error no engine answers */
  static async open(options: DockerRuntimeOptions): Promise<DockerRuntime> {
    const engine = options.engine ?? (await findEngine());
    if (!engine) throw new Error('no Docker engine answers: see "docker info"');
    const runtime = new DockerRuntime(options, engine);
    await runtime.#watch();
    return runtime;
  }

  private constructor(options: DockerRuntimeOptions, engine: Engine) {
    this.#options = options;
    this.#docker = engine.docker;
    this.#samples = new SampleImages(engine.docker, options.images);
    this.#cluster = clusterID(options.cluster);
  }

  async version(): Promise<string> {
    const { Version } = await told(this.#docker.version());
    return `docker://${Version}`;
  }

  async list(): Promise<Sandbox[]> {
    const all = await told(
      this.#docker.listContainers({
        all: true,
        filters: { label: this.#labels.map(([key, value]) => `${key}=${value}`) },
      }),
    );
    const details = new Map<string, Docker.ContainerInspectInfo>();
    const containers = new Map<string, RuntimeContainer[]>();
    await Promise.all(
      all
        .filter(({ Labels }) => Labels[label.type] === 'container')
        .map(async ({ Id, State, Labels }) => {
          const key = `${Id} ${State}`;
          const known = State === 'running' && this.#ended.has(Id) ? undefined : this.#details.get(key);
          const info = known ?? (await unless([404], this.#docker.getContainer(Id).inspect()));
          if (!info) return; // removed in between
          if (info.State.Status === State) details.set(key, info);
          const list = containers.get(Labels[label.sandbox]!) ?? [];
          list.push(runtimeContainer(info));
          containers.set(Labels[label.sandbox]!, list);
        }),
    );
    this.#details = details;
    for (const id of this.#ended) if (!all.some(({ Id }) => Id === id)) this.#ended.delete(id);
    return all
      .filter(({ Labels }) => Labels[label.type] === 'podsandbox')
      .map(({ Id, State, Created, Labels, HostConfig, NetworkSettings }) => ({
        id: Id,
        podUID: Labels[label.podUID]!,
        namespace: Labels[label.podNamespace]!,
        name: Labels[label.podName]!,
        ip:
          HostConfig.NetworkMode === 'host'
            ? '127.0.0.1'
            : (Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? ''),
        state: State === 'running' && !this.#ended.has(Id) ? 'ready' : 'notready',
        createdAtMs: Created * 1000,
        containers: containers.get(Id) ?? [],
      }));
  }

  async pullImage(
    image: string,
    policy: 'Always' | 'IfNotPresent' | 'Never',
  ): Promise<{ imageID: string; pulled: boolean }> {
    checkImageName(image);
    const sample = await this.#samples.ensure(image);
    if (sample) return { imageID: sample, pulled: false };
    const present = await unless([404], this.#docker.getImage(image).inspect());
    if (present && policy !== 'Always') return { imageID: imageID(present), pulled: false };
    if (policy === 'Never')
      throw new ImageError('ErrImageNeverPull', `Container image "${image}" is not present with pull policy of Never`);
    try {
      const stream = await this.#docker.pull(/(:[^/]+|@.+)$/.test(image) ? image : `${image}:latest`);
      await new Promise<void>((resolve, reject) =>
        this.#docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
      );
      return { imageID: imageID(await this.#docker.getImage(image).inspect()), pulled: true };
    } catch (error) {
      throw new ImageError('ErrImagePull', `Error response from daemon: ${engineMessage(error)}`, { cause: error });
    }
  }

  async images(): Promise<RuntimeImage[]> {
    const images = await told(this.#docker.listImages());
    return images
      .filter(({ RepoTags }) => RepoTags?.some((tag) => tag !== '<none>:<none>'))
      .map(({ RepoTags, RepoDigests, Size }) => ({ names: [...(RepoDigests ?? []), ...RepoTags!], sizeBytes: Size }));
  }

  async runSandbox(config: SandboxConfig): Promise<Sandbox> {
    const of = (await this.list()).filter(({ podUID }) => podUID === config.podUID);
    const running = of.find(({ state }) => state === 'ready');
    if (running) return running;
    const image = await this.#samples.pause();
    const network = config.hostNetwork ? 'host' : await this.#network();
    const ports = config.hostNetwork ? [] : config.ports.filter(({ hostPort }) => hostPort);
    const name = `k8s_POD_${config.name}_${config.namespace}_${config.podUID}_${of.length}`;
    const container = await told(
      this.#docker.createContainer({
        name,
        Image: image,
        ...(!config.hostNetwork && { Hostname: config.hostname.slice(0, 63) }),
        Labels: {
          ...Object.fromEntries(this.#labels),
          [label.type]: 'podsandbox',
          [label.podUID]: config.podUID,
          [label.podName]: config.name,
          [label.podNamespace]: config.namespace,
        },
        ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
        HostConfig: {
          NetworkMode: network,
          // Nothing of a pod is reachable from other machines unless it asks for an address of the host.
          PortBindings: Object.fromEntries(
            ports.map((port) => [
              portKey(port),
              [{ HostIp: port.hostIP || '127.0.0.1', HostPort: String(port.hostPort) }],
            ]),
          ),
          LogConfig: logConfig,
          ...(config.dns &&
            !config.hostNetwork && {
              Dns: [...config.dns.servers],
              DnsSearch: [...config.dns.searches],
              DnsOptions: [...config.dns.options],
            }),
        },
      }),
    );
    try {
      await told(container.start());
    } catch (error) {
      await unless([404], container.remove({ force: true }));
      throw error;
    }
    return (await this.list()).find(({ id }) => id === container.id)!;
  }

  async removeSandbox(sandboxID: string): Promise<void> {
    const all = await told(
      this.#docker.listContainers({ all: true, filters: { label: [`${label.sandbox}=${sandboxID}`] } }),
    );
    await Promise.all(all.map(({ Id }) => this.#remove(Id)));
    await this.#remove(sandboxID); // last: the network stays as long as somebody uses it
  }

  async startContainer(sandboxID: string, config: ContainerConfig): Promise<string> {
    const { Config: sandbox } = (await unless([404], this.#docker.getContainer(sandboxID).inspect())) ?? {};
    if (!sandbox) throw new ContainerStartError('CreateContainerError', `sandbox ${sandboxID} is not there`);
    const image = (await this.#samples.ensure(config.image)) ?? config.image;
    const { [label.podUID]: uid, [label.podName]: pod, [label.podNamespace]: namespace } = sandbox.Labels;
    let container: Docker.Container;
    try {
      container = await this.#docker.createContainer({
        name: `k8s_${config.name}_${pod}_${namespace}_${uid}_${config.attempt}`,
        ...containerOptions(config, image, sandboxID),
        Labels: {
          ...sandbox.Labels,
          [label.type]: 'container',
          [label.sandbox]: sandboxID,
          [label.container]: config.name,
          [label.attempt]: String(config.attempt),
          [label.image]: config.image,
        },
      });
    } catch (error) {
      throw new ContainerStartError('CreateContainerError', engineMessage(error), undefined, { cause: error });
    }
    try {
      await container.start();
    } catch (error) {
      // It stays, as a container that has ended: so it is seen, counted and waited for like any other.
      const message = engineMessage(error);
      throw new ContainerStartError('RunContainerError', message, exitCodeOfFailure(message), { cause: error });
    }
    return `docker://${container.id}`;
  }

  async stopContainer(containerID: string, graceSeconds: number): Promise<void> {
    const container = this.#container(containerID);
    const running = (await unless([404], container.inspect()))?.State.Running;
    if (!running) return;
    const ended = unless([404], container.wait());
    if (graceSeconds > 0) {
      // The image's own stop signal if it names one; the engine's clock is not ours, so the waiting is done here.
      const { StopSignal = 'SIGTERM' } = (await container.inspect()).Config as { StopSignal?: string };
      await unless([404, 409], container.kill({ signal: StopSignal }));
      const inTime = new AbortController();
      await Promise.race([ended, sleep(this.#options.clock, graceSeconds * 1000, inTime.signal)]);
      inTime.abort();
    }
    await unless([404, 409], container.kill({ signal: 'SIGKILL' })); // 409: it does not run any more
    await ended;
    this.#ended.add(container.id);
  }

  async removeContainer(containerID: string): Promise<void> {
    await this.#remove(dockerID(containerID));
  }

  onChange(listener: (podUID: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  async *logs(
    containerID: string,
    { follow, tailLines, sinceMs }: LogOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogLine, void> {
    const container = this.#container(containerID);
    const { Config } = await told(container.inspect());
    const options = {
      stdout: true,
      stderr: true,
      timestamps: true,
      tail: tailLines ?? ('all' as unknown as number),
      ...(sinceMs !== undefined && { since: (sinceMs / 1000).toFixed(3) as unknown as number }),
    };
    // Read while it is written even where nobody follows: one answer could be larger than memory.
    const stream = await this.#stream(`/containers/${container.id}/logs?`, { ...options, follow });
    const stop = (): void => void stream.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      yield* logLines(pieces(stream, Config.Tty), Config.Tty);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      stream.destroy();
    }
  }

  async exec(containerID: string, command: readonly string[], io: ExecIO, signal: AbortSignal): Promise<number> {
    const container = this.#container(containerID);
    let exec: Docker.Exec;
    let stream: Duplex;
    try {
      exec = await container.exec({
        Cmd: [...command],
        AttachStdin: io.stdin !== undefined,
        AttachStdout: true,
        AttachStderr: true,
        Tty: io.tty,
      });
      stream = await exec.start({ hijack: true, stdin: true, Tty: io.tty });
    } catch (error) {
      throw new ExecError(engineMessage(error), { cause: error });
    }
    const leave = (): void => void stream.destroy();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      // That a program cannot be started, the engine writes as if the program had: it is held back until that is known.
      const held = await this.#join(
        stream,
        io,
        (size) => exec.resize({ w: size.width, h: size.height }),
        /^OCI runtime exec failed: /,
      );
      const { ExitCode, Pid } = await told(exec.inspect());
      if (held !== undefined && Pid === 0)
        throw new ExecError(`failed to exec in container: ${held.toString().trim()}`);
      if (held !== undefined) await write(io.stdout, held);
      return ExitCode ?? 137;
    } catch (error) {
      if (!signal.aborted) throw error;
      return 137;
    } finally {
      signal.removeEventListener('abort', leave);
      stream.destroy();
      if (signal.aborted) await this.#killExec(exec, container.id);
    }
  }

  async attach(containerID: string, io: ExecIO, signal: AbortSignal): Promise<void> {
    const container = this.#container(containerID);
    const stream = await told(
      container.attach({
        stream: true,
        stdin: io.stdin !== undefined,
        stdout: true,
        stderr: true,
        hijack: true,
      }) as Promise<Duplex>,
    );
    const leave = (): void => void stream.destroy();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      await this.#join(stream, io, (size) => container.resize({ w: size.width, h: size.height }));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', leave);
      stream.destroy();
    }
  }

  async connect(sandboxID: string, port: number): Promise<Duplex> {
    const { HostConfig, NetworkSettings } = await told(this.#docker.getContainer(sandboxID).inspect());
    const isHost = HostConfig.NetworkMode === 'host';
    const host = isHost ? '127.0.0.1' : (Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '');
    if (!host) throw new Error(`sandbox ${sandboxID} is not running`);
    const socket = connect({ host, port, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  async stats(): Promise<ContainerStats[]> {
    const labels = [...this.#labels.map(([key, value]) => `${key}=${value}`), `${label.type}=container`];
    const running = await told(this.#docker.listContainers({ filters: { label: labels } }));
    const stats = await Promise.all(
      running.map(async ({ Id, Labels }): Promise<ContainerStats | undefined> => {
        const now = await unless([404, 409], this.#docker.getContainer(Id).stats({ stream: false, 'one-shot': true }));
        if (!now?.memory_stats.usage) return undefined; // it has just ended
        const { usage, stats: parts } = now.memory_stats as { usage: number; stats?: Readonly<Record<string, number>> };
        const fileCache = parts?.total_inactive_file ?? parts?.inactive_file ?? 0;
        return {
          podUID: Labels[label.podUID]!,
          container: Labels[label.container]!,
          timeMs: Date.parse(now.read),
          cpuUsageNanos: now.cpu_stats.cpu_usage.total_usage,
          memoryBytes: Math.max(0, usage - fileCache),
        };
      }),
    );
    return stats.filter((each) => each !== undefined);
  }

  /** Stops listening to the engine. Containers run on, for the next runtime of this node; the network goes if it is empty. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    await this.#watching;
    await this.#docker
      .getNetwork(this.#networkName)
      .remove()
      .catch(() => {}); // somebody is on it, or the engine is gone
  }

  /** By which this node's containers are found. */
  get #labels(): [string, string][] {
    return [
      [label.cluster, this.#cluster],
      [label.node, this.#options.nodeName],
    ];
  }

  get #networkName(): string {
    return `kubebook-${this.#cluster}`;
  }

  #network(): Promise<string> {
    return ensureNetwork(this.#docker, this.#networkName, { [label.cluster]: this.#cluster }, this.#options.podRange);
  }

  #container(containerID: string): Docker.Container {
    return this.#docker.getContainer(dockerID(containerID));
  }

  async #remove(id: string): Promise<void> {
    await unless([404, 409], this.#docker.getContainer(id).remove({ force: true, v: true })); // 409: it is on its way
  }

  /** Resolves once news are heard for the first time, or it has turned out that the engine does not answer now. */
  #watch(): Promise<void> {
    return new Promise((resolve) => {
      this.#watching = watchEngine(
        {
          docker: this.#docker,
          labels: this.#labels.map(([key, value]) => `${key}=${value}`),
          clock: this.#options.clock,
          log: this.#options.log,
          onEvent: ({ Action, Actor }) => {
            const podUID = Actor.Attributes[label.podUID] ?? '';
            if (Action === 'die') void this.#seeTheEnd(Actor.ID).then(() => this.#tell(podUID));
            else this.#tell(podUID);
          },
          onConnected: () => {
            this.#details.clear();
            resolve();
            void this.#tellAll();
          },
        },
        this.#closed.signal,
      ).finally(resolve);
    });
  }

  /** An engine tells of an end a moment before its own records show it: who looks at once would look in vain. */
  async #seeTheEnd(id: string): Promise<void> {
    await this.#docker
      .getContainer(id)
      .wait()
      .catch(() => {}); // removed, or the engine is gone
    this.#ended.add(id);
  }

  #tell(podUID: string): void {
    for (const listener of this.#listeners) listener(podUID);
  }

  /** What happened while nobody listened, nobody knows: every pod may have changed. */
  async #tellAll(): Promise<void> {
    if (this.#listeners.size === 0) return;
    const sandboxes = await this.list().catch(() => []);
    for (const { podUID } of sandboxes) this.#tell(podUID);
  }

  /** A GET whose answer is read as it comes. */
  #stream(path: string, options: object): Promise<Readable> {
    return new Promise((resolve, reject) => {
      this.#docker.modem.dial(
        {
          path,
          method: 'GET',
          options,
          isStream: true,
          statusCodes: { 200: true, 101: true, 404: 'no such container', 500: 'server error' },
        } as never,
        (error: unknown, stream: unknown) =>
          error ? reject(new Error(engineMessage(error))) : resolve(stream as Readable),
      );
    });
  }

  /**
   * Moves input and output between a caller and an engine's connection until the engine ends it.
   * @returns the first output of all if it matches `holdBack`: it was then written to nobody
   */
  async #join(
    stream: Duplex,
    io: ExecIO,
    resize: (size: { readonly width: number; readonly height: number }) => Promise<unknown>,
    holdBack?: RegExp,
  ): Promise<Buffer | undefined> {
    if (io.stdin) {
      io.stdin.on('error', () => stream.end());
      io.stdin.pipe(stream); // its end is the end of the command's input
    }
    if (io.resize) void this.#resize(io.resize, resize);
    let held: Buffer | undefined;
    let isFirst = true;
    try {
      for await (const { stream: name, data } of pieces(stream, io.tty)) {
        if (isFirst && holdBack?.test(data.toString('latin1', 0, 100))) held = data;
        else {
          if (held) await write(io.stdout, held);
          held = undefined;
          await write(name === 'stderr' ? io.stderr : io.stdout, data);
        }
        isFirst = false;
      }
    } finally {
      io.stdin?.unpipe(stream);
    }
    return held;
  }

  async #resize(
    sizes: NonNullable<ExecIO['resize']>,
    resize: (size: { readonly width: number; readonly height: number }) => Promise<unknown>,
  ): Promise<void> {
    for await (const size of sizes)
      // The first one comes before the terminal is there, and may be the only one.
      for (
        let tries = 0;
        tries < resizeTries &&
        !(await resize(size).then(
          () => true,
          () => false,
        ));
        tries++
      )
        await sleep(this.#options.clock, resizeRetryMs);
  }

  /** An engine lets a command go on when its caller has left. Where its process is one of this machine, it is killed. */
  async #killExec(exec: Docker.Exec, containerID: string): Promise<void> {
    try {
      const { Running, Pid } = await exec.inspect();
      if (!Running || !(await readFile(`/proc/${Pid}/cgroup`, 'utf8')).includes(containerID)) return;
      process.kill(Pid, 'SIGKILL');
    } catch {
      // gone by itself, or on another machine
    }
  }
}

/**
 * Removes every container of a cluster, on all its nodes but those of `keepNodes`, and its network if none is kept.
 * Harmless when there is nothing.
 */
export async function removeAll({
  cluster,
  engine,
  keepNodes = [],
}: {
  readonly cluster: string;
  readonly engine: Engine;
  readonly keepNodes?: readonly string[];
}): Promise<void> {
  const { docker } = engine;
  const filters = { label: [`${label.cluster}=${clusterID(cluster)}`] };
  const all = await told(docker.listContainers({ all: true, filters }));
  const forgotten = all.filter(({ Labels }) => !keepNodes.includes(Labels[label.node] ?? ''));
  await Promise.all(
    forgotten.map(({ Id }) => unless([404, 409], docker.getContainer(Id).remove({ force: true, v: true }))),
  );
  if (keepNodes.length > 0) return;
  const networks = await told(docker.listNetworks({ filters }));
  await Promise.all(networks.map(({ Id }) => unless([404], docker.getNetwork(Id).remove())));
}

const clusterID = (cluster: string): string => createHash('sha256').update(cluster).digest('hex').slice(0, 12);

const dockerID = (containerID: string): string => containerID.replace(/^docker:\/\//, '');

const portKey = ({ containerPort, protocol }: { readonly containerPort: number; readonly protocol: string }): string =>
  `${containerPort}/${(protocol || 'TCP').toLowerCase()}`;

/** A digest by which it can be pulled again if it came from a registry; else the engine's own name for it. */
const imageID = ({ Id, RepoDigests }: Docker.ImageInspectInfo): string => RepoDigests?.[0] ?? Id;

/** What went wrong, in the engine's own words. */
const told = async <T>(call: Promise<T>): Promise<T> => (await unless([], call)) as T;

function containerOptions(config: ContainerConfig, image: string, sandboxID: string): Docker.ContainerCreateOptions {
  const { command, args, runAsUser, runAsGroup, terminationMessageHostPath, terminationMessagePath } = config;
  const mounts = [
    ...config.mounts,
    ...(terminationMessageHostPath && terminationMessagePath
      ? [{ hostPath: terminationMessageHostPath, containerPath: terminationMessagePath, readOnly: false }]
      : []),
  ];
  return {
    Image: image,
    // A command of the pod's own replaces the image's arguments too.
    ...(command && { Entrypoint: [...command] }),
    ...(args && { Cmd: [...args] }),
    ...(config.workingDir && { WorkingDir: config.workingDir }),
    ...(runAsUser !== undefined && { User: runAsGroup === undefined ? `${runAsUser}` : `${runAsUser}:${runAsGroup}` }),
    Env: Object.entries(config.env).map(([name, value]) => `${name}=${value}`),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce,
    HostConfig: {
      NetworkMode: `container:${sandboxID}`,
      IpcMode: 'private',
      Mounts: mounts.map(({ hostPath, containerPath, readOnly }) => ({
        Type: 'bind',
        Source: hostPath,
        Target: containerPath,
        ReadOnly: readOnly,
      })),
      // As upstream: shares for what is requested, two at least; a quota of each tenth of a second for what is allowed.
      CpuShares: Math.max(2, Math.floor((config.cpuRequestMillis * 1024) / 1000)),
      ...(config.cpuLimitMillis > 0 && { CpuPeriod: 100_000, CpuQuota: Math.max(1000, config.cpuLimitMillis * 100) }),
      ...(config.memoryLimitBytes > 0 && { Memory: config.memoryLimitBytes, MemorySwap: config.memoryLimitBytes }),
      Privileged: config.privileged,
      ReadonlyRootfs: config.readOnlyRootFilesystem,
      LogConfig: logConfig,
    },
  };
}

function runtimeContainer({ Id, Image, Created, State, Config }: Docker.ContainerInspectInfo): RuntimeContainer {
  const { Labels } = Config;
  // What could not be started stays "created", with the engine's reason.
  const failed = State.Status === 'created' && State.Error !== '';
  const exited = State.Status === 'exited' || State.Status === 'dead' || failed;
  const startedAtMs = Date.parse(State.StartedAt);
  const finishedAtMs = Date.parse(State.FinishedAt);
  const createdAtMs = Date.parse(Created);
  const reason = failed
    ? 'ContainerCannotRun'
    : State.OOMKilled
      ? 'OOMKilled'
      : State.ExitCode === 0
        ? 'Completed'
        : 'Error';
  return {
    id: `docker://${Id}`,
    name: Labels[label.container]!,
    attempt: Number(Labels[label.attempt]),
    image: Labels[label.image]!,
    imageID: Image,
    state: exited ? 'exited' : State.Status === 'created' ? 'created' : 'running',
    createdAtMs,
    ...(startedAtMs > 0 ? { startedAtMs } : failed ? { startedAtMs: createdAtMs } : {}),
    ...(exited && {
      finishedAtMs: finishedAtMs > 0 ? finishedAtMs : createdAtMs,
      exitCode: failed ? exitCodeOfFailure(State.Error) : State.ExitCode,
      reason,
      ...(State.Error !== '' && { message: State.Error }),
    }),
  };
}

/** Shells' way of telling: 127 for what is not there, 126 for what may not be run. */
const exitCodeOfFailure = (message: string): number =>
  /no such file or directory|executable file not found/.test(message)
    ? 127
    : /permission denied/.test(message)
      ? 126
      : 128;

/** Resolves when the stream takes more; a caller that has left takes everything. */
function write(stream: Writable | undefined, data: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (!stream || stream.destroyed || stream.writableEnded || stream.write(data)) return resolve();
    const done = (): void => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
