/**
 * Programs beside the notebook: processes of their own, as on a real machine, which a cell may kill and start again. They end
 * with the process that started them, at the latest.
 *
 * ```ts
 * const place = ['--data', '/tmp/my-data'];
 * const server = scope.use(await startApiServer(...place)); // kubebook apiserver --data /tmp/my-data, on a free port
 * await server.kill(); // without a word, as kill -9
 * console.log(await kubebook('store', 'check', ...place));
 * await server.start(); // on the same port
 * ```
 */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePorts, realClock, sleep } from '../util/index.js';
import { until } from './show.js';

const command = fileURLToPath(new URL('../../bin/kubebook.mjs', import.meta.url));

/** What the user has set for a cluster or an etcd of his own does not concern these; and all is built already. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KUBEBOOK|ETCD|ETCDCTL)_/.test(name))),
  KUBEBOOK_NO_SETUP: '1',
  ETCDCTL_API: '3',
  ETCD_UNSUPPORTED_ARCH: process.arch,
});

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Where it serves: `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The path that answers with 200 when the program is up. */
  readonly health: string;
}

export class Program implements AsyncDisposable {
  readonly url: string;
  readonly #options: ProgramOptions;
  #running: { readonly child: ChildProcess; readonly gone: Promise<void> } | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
    this.url = options.url;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Resolves when it answers; once more after it has ended: on the same port, over the same data. @throws Error with its last words */
  async start(): Promise<void> {
    if (this.#running) return;
    const { command, args, url, health } = this.#options;
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: environment() });
    let lastWords = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (lastWords = (lastWords + text).slice(-2000)));
    child.once('error', ({ message }) => (lastWords = message));
    const end = (): void => void child.kill('SIGKILL');
    process.once('exit', end);
    const gone = new Promise<void>((resolve) => child.once('close', resolve)).then(() => {
      process.off('exit', end);
      this.#running = undefined;
    });
    this.#running = { child, gone };
    try {
      await until(`${url} answers`, async () => {
        if (!this.#running) throw new Error(`${[command, ...args].join(' ')} has ended: ${lastWords.trim()}`);
        return (await fetch(url + health, { signal: AbortSignal.timeout(1000) }).catch(() => undefined))?.ok;
      });
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Gives it no chance to do anything more. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#running?.child.kill('SIGKILL');
    await this.#running?.gone;
  }

  /** Asks it to end, and kills it if it has not within `graceMs` milliseconds. Resolves when it is gone. */
  async stop({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<void> {
    if (!this.#running) return;
    const gone = new AbortController();
    void this.#running.gone.then(() => gone.abort());
    this.#running.child.kill('SIGTERM');
    await sleep(realClock, graceMs, gone.signal);
    await this.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** `kubebook apiserver FLAGS` on a free port, without HTTPS. Resolves when it answers. */
export async function startApiServer(...flags: readonly string[]): Promise<Program> {
  const [port] = await freePorts(1);
  const args = [command, 'apiserver', '--port', String(port), '--secure-port', '0', ...flags];
  const server = new Program({ command: process.execPath, args, url: `http://127.0.0.1:${port}`, health: '/healthz' });
  await server.start();
  return server;
}

/**
 * An etcd that keeps its data in `folder`, on free ports of this machine; undefined where `etcd` or `etcdctl` is not
 * installed. With `KUBEBOOK_REQUIRE_ETCD=1` in the environment their absence is an error.
 */
export async function startEtcd(folder: string): Promise<Program | undefined> {
  if (['etcd', 'etcdctl'].some((name) => spawnSync(name, ['--version']).error)) {
    if (process.env.KUBEBOOK_REQUIRE_ETCD) throw new Error('etcd is not installed (apt: etcd-server, etcd-client)');
    return undefined;
  }
  const [url, peerUrl] = (await freePorts(2)).map((port) => `http://127.0.0.1:${port}`);
  const args = [
    ...['--name', 'one', '--data-dir', folder, '--log-level', 'error', '--logger', 'zap'],
    ...['--listen-client-urls', url!, '--advertise-client-urls', url!],
    ...['--listen-peer-urls', peerUrl!, '--initial-advertise-peer-urls', peerUrl!],
    ...['--initial-cluster', `one=${peerUrl}`],
  ];
  const etcd = new Program({ command: 'etcd', args, url: url!, health: '/health' });
  await etcd.start();
  return etcd;
}

/** `kubebook ARGS`: what it prints. @throws Error with that, if it ends with another code than 0 */
export const kubebook = (...args: readonly string[]): Promise<string> => run(process.execPath, [command, ...args]);

/** `etcdctl ARGS` on an etcd: what it prints. @throws Error with that, if it ends with another code than 0 */
export const etcdctl = (etcd: Program, ...args: readonly string[]): Promise<string> =>
  run('etcdctl', ['--endpoints', etcd.url, ...args]);

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: environment(), maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error) reject(new Error((stdout + stderr).trim() || error.message));
      else resolve((stdout + stderr).trim());
    });
  });
}
