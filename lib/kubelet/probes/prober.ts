/**
 * One attempt at a probe, or one run of a lifecycle hook: HTTP, TCP, or a command in the container.
 *
 * HTTP and TCP go to the pod through {@link ContainerRuntime.connect}, or straight to its address where the host can reach
 * it, which it can for every runtime that runs anything.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as tcpConnect, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import type { Container, DeepReadonly, Probe } from '../../api/types.js';
import { childAbort, type Clock } from '../../util/index.js';
import { ExecError, type ContainerRuntime } from '../runtime/runtime.js';
import type { Outcome } from './observe.js';

/** What upstream shows of a page or of a command's output in an event, in bytes. */
const maxOutputBytes = 10 * 1024;

export interface ProbeTarget {
  readonly podIP: string;
  readonly containerID: string;
  /** For ports by name. */
  readonly container: DeepReadonly<Container>;
}

export interface Attempt {
  readonly outcome: Outcome;
  /** `HTTP probe failed with statuscode: 500` */
  readonly output: string;
}

/** A probe without its thresholds, or a lifecycle hook. */
export type Action = DeepReadonly<Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket'>> & { readonly grpc?: unknown };

export interface Prober {
  /** @throws when the attempt itself could not be made: then nothing was learned about the container */
  attempt(target: ProbeTarget, action: Action, timeoutMs: number, signal: AbortSignal): Promise<Attempt>;
}

/** On a hollow node nothing runs that could fail. */
export const hollowProber: Prober = { attempt: async () => ({ outcome: 'Success', output: '' }) };

export class RealProber implements Prober {
  readonly #clock: Clock;
  readonly #runtime: ContainerRuntime;

  constructor({ clock, runtime }: { readonly clock: Clock; readonly runtime: ContainerRuntime }) {
    this.#clock = clock;
    this.#runtime = runtime;
  }

  async attempt(target: ProbeTarget, action: Action, timeoutMs: number, signal: AbortSignal): Promise<Attempt> {
    using abort = childAbort(signal);
    using _timer = this.#clock.after(timeoutMs, () => abort.abort(new TimedOut()));
    if (action.exec) return await this.#exec(target, action.exec.command ?? [], timeoutMs, abort.signal);
    if (action.httpGet) return await this.#http(target, action.httpGet, abort.signal);
    if (action.tcpSocket) return await this.#tcp(target, action.tcpSocket, abort.signal);
    if (action.grpc) throw new Error('gRPC probes are not supported');
    throw new Error(`missing probe handler for container ${target.container.name}`);
  }

  async #exec(
    { containerID }: ProbeTarget,
    command: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const output = new Collector();
    try {
      const io = { stdout: output, stderr: output, tty: false };
      // A command that does not heed the signal must not keep the probe waiting.
      const code = await orAborted(this.#runtime.exec(containerID, command, io, signal), signal);
      return { outcome: code === 0 ? 'Success' : 'Failure', output: output.text };
    } catch (error) {
      if (signal.aborted && signal.reason instanceof TimedOut)
        return {
          outcome: 'Failure',
          output: `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1000}s`,
        };
      if (error instanceof ExecError) return { outcome: 'Failure', output: error.message };
      throw error;
    }
  }

  #http(target: ProbeTarget, get: NonNullable<Action['httpGet']>, signal: AbortSignal): Promise<Attempt> {
    const scheme = (get.scheme ?? 'HTTP').toLowerCase();
    const host = get.host || target.podIP;
    const port = portOf(target.container, get.port);
    const path = !get.path ? '/' : get.path.startsWith('/') ? get.path : `/${get.path}`;
    const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
    const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', Connection: 'close' };
    for (const { name, value } of get.httpHeaders ?? []) {
      for (const other of Object.keys(headers)) if (other.toLowerCase() === name.toLowerCase()) delete headers[other];
      if (value !== '') headers[name] = value;
    }
    return new Promise((resolve) => {
      const fail = (text: string): void => resolve({ outcome: 'Failure', output: `Get "${url}": ${text}` });
      // The certificate is the pod's own affair: a probe asks whether it answers, not who it is.
      const options = { headers, signal, agent: false as const, rejectUnauthorized: false };
      const request = (scheme === 'https' ? httpsRequest : httpRequest)(url, options, (response) => {
        const code = response.statusCode ?? 0;
        const body = new Collector();
        response.pipe(body);
        response.on('error', (error) => fail(reasonOf(error, signal)));
        response.on('end', () => {
          // Redirects are not followed: as upstream's to other hosts, they count as an answer.
          if (code >= 200 && code < 400) resolve({ outcome: 'Success', output: body.text });
          else resolve({ outcome: 'Failure', output: `HTTP probe failed with statuscode: ${code}` });
        });
      });
      request.on('error', (error) => fail(reasonOf(error, signal)));
      request.end();
    });
  }

  #tcp(target: ProbeTarget, { host, port }: NonNullable<Action['tcpSocket']>, signal: AbortSignal): Promise<Attempt> {
    const address = host || target.podIP;
    const number = portOf(target.container, port);
    return new Promise((resolve) => {
      const socket: Socket = tcpConnect({ host: address, port: number });
      const end = (attempt: Attempt): void => {
        signal.removeEventListener('abort', timedOut);
        socket.destroy();
        resolve(attempt);
      };
      const fail = (output: string): void => end({ outcome: 'Failure', output });
      const timedOut = (): void => fail(`dial tcp ${address}:${number}: i/o timeout`);
      socket.on('connect', () => end({ outcome: 'Success', output: '' }));
      socket.on('error', (error) => fail(reasonOf(error, signal)));
      signal.addEventListener('abort', timedOut, { once: true });
    });
  }
}

class TimedOut extends Error {}

/** A port by number, or by the name it has in the container. @throws when there is none of that name */
export function portOf(container: DeepReadonly<Container>, port: number | string): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort ?? Number(port);
  if (Number.isInteger(named) && named > 0 && named < 65536) return named;
  throw new Error(`couldn't find port: ${port} in container ${container.name}`);
}

function reasonOf(error: Error & { code?: string; address?: string; port?: number }, signal: AbortSignal): string {
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  const where = error.address ? `dial tcp ${error.address}:${error.port}: connect: ` : '';
  if (error.code === 'ECONNREFUSED') return `${where}connection refused`;
  if (error.code === 'EHOSTUNREACH') return `${where}no route to host`;
  return error.code === 'ECONNRESET' ? 'EOF' : error.message;
}

const orAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });

/** Keeps the first ten kilobytes of what is written to it. */
class Collector extends Writable {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#bytes < maxOutputBytes) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    done();
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(0, maxOutputBytes).toString();
  }
}
