/**
 * `pods/exec` and `pods/attach`: passed on to the node's kubelet. Kubelets speak SPDY, and WebSockets of version 4; so
 * those go through as they are, and a WebSocket of version 5, which kubectl prefers, is translated: its channels become
 * SPDY streams, and the end of its stdin becomes the end of one stream.
 *
 * ```
 * kubectl ══ SPDY or v4 ══▶ API server ══ the same bytes ══▶ kubelet
 * kubectl ══ WebSocket v5 ═▶ API server ══ SPDY v4 ════════▶ kubelet
 * ```
 *
 * @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets
 */
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { badRequest, internalError, type Status } from '../../api/status.js';
import {
  acceptWebSocket,
  offeredProtocols,
  remoteCommandOverWebSocket,
  SpdySession,
  streamProtocolHeader,
  upgradeOf,
  type RemoteCommand,
  type Wanted,
} from '../../util/streams/index.js';
import type { StreamRequest } from '../actions.js';
import { callKubelet, containerOf, isSet, kubeletOf, type Backend } from './kubelet.js';
import { passOn, upgradeHeaders } from './passing.js';

const version5 = 'v5.channel.k8s.io';
const version4 = 'v4.channel.k8s.io';

/** What is found out before anything is opened. @throws StatusError the pod is not bound, the container is not clear … */
export function commandTarget(stream: StreamRequest): {
  readonly kubelet: Backend;
  readonly path: string;
  readonly wanted: Wanted;
} {
  const { name, namespace } = stream.pod!.metadata;
  const { nodeName } = stream.pod!.spec;
  const container = containerOf(stream);
  if (!nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const { searchParams } = stream.url;
  const [stdin, stdout, stderr, tty] = ['stdin', 'stdout', 'stderr', 'tty'].map((flag) => isSet(searchParams, flag));
  const query = new URLSearchParams();
  for (const [flag, set] of Object.entries({ input: stdin, output: stdout, error: stderr, tty }))
    if (set) query.set(flag, '1');
  if (stream.subresource === 'exec') for (const word of searchParams.getAll('command')) query.append('command', word);
  const names = [namespace!, name, container].map(encodeURIComponent).join('/');
  return {
    kubelet: kubeletOf(stream, nodeName),
    path: `/${stream.subresource}/${names}?${query.toString()}`,
    wanted: { stdin: stdin!, stdout: stdout!, stderr: stderr! && !tty, tty: tty! },
  };
}

/** @throws StatusError before the upgrade */
export async function upgradeCommand(stream: StreamRequest, socket: Duplex, head: Buffer): Promise<void> {
  const { request, signal } = stream;
  const { kubelet, path, wanted } = commandTarget(stream);
  if (upgradeOf(request) === 'websocket' && offeredProtocols(request).includes(version5)) {
    const accepted = await acceptWebSocket(request, socket, head, [version5]);
    if (!accepted) return;
    const client = remoteCommandOverWebSocket(accepted.webSocket, version5, wanted);
    return client.finish(await translate(client, wanted, kubelet, path, signal));
  }
  if (!upgradeOf(request)) throw badRequest('Upgrade request required');
  const answer = await callKubelet(
    kubelet,
    { method: request.method ?? 'GET', path, headers: upgradeHeaders(request.headers) },
    signal,
  );
  await passOn(answer, socket, head, signal);
}

/** Plays the kubelet's client for a client of version 5. Resolves with the last word for it; never rejects. */
async function translate(
  client: RemoteCommand,
  wanted: Wanted,
  kubelet: Backend,
  path: string,
  signal: AbortSignal,
): Promise<Status> {
  try {
    const answer = await callKubelet(
      kubelet,
      {
        method: 'POST',
        path,
        headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', [streamProtocolHeader]: version4 },
      },
      signal,
    );
    if (!answer.upgraded) throw new Error(`unable to upgrade connection: ${await text(answer.response)}`);
    if (answer.head.length > 0) answer.socket.unshift(answer.head);
    using session = new SpdySession(answer.socket, { role: 'client' });
    const cut = (): void => session[Symbol.dispose]();
    client.gone.addEventListener('abort', cut, { once: true });
    signal.addEventListener('abort', cut, { once: true });
    try {
      return await runStreams(session, client, wanted);
    } finally {
      signal.removeEventListener('abort', cut);
    }
  } catch (error) {
    return internalError(error).status;
  }
}

async function runStreams(session: SpdySession, client: RemoteCommand, wanted: Wanted): Promise<Status> {
  // In this order, as upstream's client opens them: a kubelet waits for all that the query names.
  const errors = await session.open({ streamtype: 'error' });
  const lastWord = text(errors);
  if (wanted.stdin) pipeline(client.stdin!, await session.open({ streamtype: 'stdin' })).catch(() => {});
  const outputs: Promise<unknown>[] = [];
  if (wanted.stdout) outputs.push(pipeline(await session.open({ streamtype: 'stdout' }), client.stdout!));
  if (wanted.stderr) outputs.push(pipeline(await session.open({ streamtype: 'stderr' }), client.stderr!));
  if (wanted.tty) {
    const sizes = await session.open({ streamtype: 'resize' });
    void (async () => {
      for await (const { width, height } of client.resize!)
        sizes.write(JSON.stringify({ Width: width, Height: height }) + '\n');
    })().catch(() => {});
  }
  const word = await lastWord;
  await Promise.allSettled(outputs);
  if (word === '') throw new Error('error reading from error stream: the connection was lost');
  const status = JSON.parse(word) as Status;
  if (status.reason !== 'NonZeroExitCode') return status;
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return {
    ...status,
    message: `command terminated with non-zero exit code: command terminated with exit code ${code}`,
  };
}
