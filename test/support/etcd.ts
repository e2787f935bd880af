/**
 * A real etcd for tests, in a folder of its own and on ports of its own. Where none is installed the tests of it are
 * skipped, and say so; with `KUBEBOOK_REQUIRE_ETCD=1`, as in CI, its absence is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../lib/util/index.js';

const found = spawnSync('etcd', ['--version'], { encoding: 'utf8' });

const controls = spawnSync('etcdctl', ['version'], { env: { ...process.env, ETCDCTL_API: '3' } });

/** `etcd Version: 3.4.23` → `3.4.23`; undefined where there is none. */
export const etcdVersion = controls.error ? undefined : /Version: (\S+)/.exec(found.stdout ?? '')?.[1];

const missing = 'etcd is not installed (apt: etcd-server, etcd-client)';
if (!etcdVersion && process.env.KUBEBOOK_REQUIRE_ETCD) throw new Error(missing);

/** `describe` where there is an etcd. */
export const describeWithEtcd: jest.Describe = etcdVersion ? describe : describe.skip;
if (!etcdVersion) console.warn(`${missing}: its tests are skipped`);

export interface EtcdOptions {
  /** Further flags: `--quota-backend-bytes=…` */
  readonly flags?: readonly string[];
  /** PEM files; the clients' port then speaks TLS alone. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCA?: string };
}

interface Membership {
  readonly ports: readonly number[];
  readonly name?: string;
  /** `one=http://127.0.0.1:1234,two=…`: all members. */
  readonly cluster?: string;
}

export class Etcd implements AsyncDisposable {
  readonly endpoint: string;
  readonly #args: readonly string[];
  readonly #folder: string;
  #process: ChildProcess | undefined;

  /** @param options.ports those of clients and of other members */
  constructor({ flags = [], tls, ports, name = 'one', cluster }: EtcdOptions & Membership) {
    const [client, peer] = ports;
    this.#folder = mkdtempSync(join(tmpdir(), 'kubebook-etcd-'));
    this.endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    // Alone, it need not wait long for others.
    const pace = cluster ? ['100', '1000'] : ['10', '100'];
    this.#args = [
      ...['--name', name, '--data-dir', join(this.#folder, 'data'), '--logger', 'zap', '--log-level', 'error'],
      ...['--listen-client-urls', this.endpoint, '--advertise-client-urls', this.endpoint],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', cluster ?? `${name}=${peerUrl}`],
      ...['--heartbeat-interval', pace[0]!, '--election-timeout', pace[1]!],
      ...(tls ? ['--cert-file', tls.cert, '--key-file', tls.key] : []),
      ...(tls?.clientCA ? ['--client-cert-auth', '--trusted-ca-file', tls.clientCA] : []),
      ...flags,
    ];
  }

  /** Resolves when it answers. */
  static async start(options: EtcdOptions = {}): Promise<Etcd> {
    const etcd = new Etcd({ ...options, ports: await freePorts(2) });
    await etcd.restart();
    return etcd;
  }

  /** Starts it again over the same data. */
  async restart(): Promise<void> {
    const child = spawn('etcd', this.#args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch },
    });
    this.#process = child;
    let said = '';
    child.stderr!.on('data', (chunk) => (said += chunk));
    const deadline = Date.now() + 20_000;
    while (!(await this.#listens())) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`etcd did not start: ${said}`);
      await pause(20);
    }
  }

  /** Without a word, as when the power fails. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** It stays connected, and answers nothing. On a busy machine its threads stand still only a moment after the signal. */
  stop(): void {
    const { pid } = this.#process!;
    process.kill(pid!, 'SIGSTOP');
    const tasks = `/proc/${pid}/task`;
    const stands = (task: string): boolean => / [TZ] /.test(readFileSync(join(tasks, task, 'stat'), 'utf8'));
    while (!readdirSync(tasks).every(stands));
  }

  continue(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Forgets everything it had, while it is not running. */
  wipe(): void {
    rmSync(join(this.#folder, 'data'), { recursive: true });
  }

  /** `etcdctl ARGS`. @throws Error with what it complained of */
  ctl(args: readonly string[], input?: string): string {
    const { stdout, stderr, status } = spawnSync('etcdctl', ['--endpoints', this.endpoint, ...args], {
      encoding: 'utf8',
      env: { ...process.env, ETCDCTL_API: '3' },
      input,
    });
    if (status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Whether it answers: a port that is open may belong to one that has no leader yet. */
  async #listens(): Promise<boolean> {
    const { hostname, port, protocol } = new URL(this.endpoint);
    if (protocol === 'https:') return connects(hostname, Number(port));
    const answer = await fetch(`${this.endpoint}/health`).catch(() => undefined);
    return answer?.ok === true;
  }
}

/** Several members of one etcd. */
export class EtcdCluster implements AsyncDisposable {
  readonly members: readonly Etcd[];

  private constructor(members: readonly Etcd[]) {
    this.members = members;
  }

  static async start(size: number): Promise<EtcdCluster> {
    const ports = await freePorts(2 * size);
    const portsOf = (index: number) => ports.slice(2 * index, 2 * index + 2);
    const names = Array.from({ length: size }, (_, index) => `member-${index}`);
    const cluster = names.map((name, index) => `${name}=http://127.0.0.1:${portsOf(index)[1]}`).join(',');
    const members = names.map((name, index) => new Etcd({ name, ports: portsOf(index), cluster }));
    await Promise.all(members.map((member) => member.restart()));
    return new EtcdCluster(members);
  }

  get endpoints(): string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) await member[Symbol.asyncDispose]();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function connects(host: string, port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, host, () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}
