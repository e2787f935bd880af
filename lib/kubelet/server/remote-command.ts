/**
 * `/exec/…` and `/attach/…`: a client's streams joined with a process in a container, over WebSocket or SPDY.
 * The outcome is a Status: `Success`, or the exit code as a cause, which kubectl makes its own.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand/exec.go
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { internalError, type Status } from '../../api/status.js';
import type { Clock } from '../../util/clock.js';
import { childAbort } from '../../util/scope.js';
import {
  acceptSpdy,
  acceptWebSocket,
  remoteCommandOverSpdy,
  remoteCommandOverWebSocket,
  spdyProtocols,
  upgradeOf,
  webSocketProtocols,
  type RemoteCommand,
  type Wanted,
} from '../../util/streams/index.js';
import { findContainer, PlainError, type KubeletHost } from './host.js';

export interface CommandTarget {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** @throws {PlainError} 400 neither input nor output was asked for */
export function parseWanted(query: URLSearchParams): Wanted {
  const flag = (name: string): boolean => query.get(name) === '1' || query.get(name) === 'true';
  const wanted = {
    stdin: flag('input'),
    stdout: flag('output'),
    stderr: flag('error') && !flag('tty'),
    tty: flag('tty'),
  };
  if (!wanted.stdin && !wanted.stdout && !wanted.stderr)
    throw new PlainError(400, 'you must specify at least 1 of stdin, stdout, stderr');
  return wanted;
}

/** Runs a command for the client behind `socket`. @throws {PlainError} before the upgrade */
export async function serveExec(
  { host, clock }: { readonly host: KubeletHost; readonly clock: Clock },
  target: CommandTarget,
  query: URLSearchParams,
  { request, socket, head, signal }: Upgrade,
): Promise<void> {
  const wanted = parseWanted(query);
  const command = query.getAll('command');
  const { id } = await findContainer(host, target.namespace, target.pod, target.container);
  const client = await acceptRemoteCommand(request, socket, head, wanted, clock);
  if (!client) return;
  using ended = childAbort(signal);
  client.gone.addEventListener('abort', () => ended.abort(), { once: true });
  await client.finish(
    await outcomeOf(async () => {
      const exitCode = await host.runtime.exec(id, command, { ...client, tty: wanted.tty }, ended.signal);
      return exitCode === 0 ? success : exited(command, exitCode);
    }, 'error executing command in container'),
  );
}

/** Joins the client behind `socket` with the container's first process. @throws {PlainError} before the upgrade */
export async function serveAttach(
  { host, clock }: { readonly host: KubeletHost; readonly clock: Clock },
  target: CommandTarget,
  query: URLSearchParams,
  { request, socket, head, signal }: Upgrade,
): Promise<void> {
  const wanted = parseWanted(query);
  const { id } = await findContainer(host, target.namespace, target.pod, target.container);
  const spec = host.pod(target.namespace, target.pod)!.spec;
  const { stdin = false, tty = false } =
    [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === target.container) ?? {};
  const client = await acceptRemoteCommand(request, socket, head, wanted, clock);
  if (!client) return;
  using ended = childAbort(signal);
  client.gone.addEventListener('abort', () => ended.abort(), { once: true });
  const { stdin: input, ...outputs } = client;
  await client.finish(
    await outcomeOf(async () => {
      // A container without an open stdin would never read it.
      await host.runtime.attach(id, { ...outputs, ...(stdin && input && { stdin: input }), tty }, ended.signal);
      return success;
    }, 'error attaching to container'),
  );
}

/** An upgrade request, as Node hands it out. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** Aborts when the server ends. */
  readonly signal: AbortSignal;
}

/** @returns undefined when the client was refused, or left; it has been answered then */
async function acceptRemoteCommand(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: Wanted,
  clock: Clock,
): Promise<RemoteCommand | undefined> {
  if (upgradeOf(request) === 'websocket') {
    const accepted = await acceptWebSocket(request, socket, head, webSocketProtocols);
    return accepted && remoteCommandOverWebSocket(accepted.webSocket, accepted.protocol, wanted);
  }
  const accepted = acceptSpdy(request, socket, head, spdyProtocols);
  return accepted && remoteCommandOverSpdy(accepted.connection, accepted.protocol, wanted, clock);
}

const success = { metadata: {}, status: 'Success' } as const;

type Outcome = Pick<Status, 'status' | 'message'>;

const exited = (command: readonly string[], exitCode: number): Outcome & Partial<Status> => ({
  metadata: {},
  status: 'Failure',
  message: `command terminated with non-zero exit code: error executing command [${command.join(' ')}], exit code ${exitCode}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
});

async function outcomeOf(run: () => Promise<Outcome>, what: string): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    return internalError(new Error(`${what}: ${(error as Error).message}`)).status;
  }
}
