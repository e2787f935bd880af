/**
 * `/portForward/{namespace}/{pod}`: connections to ports of a pod, many over one.
 *
 * - *SPDY* (also in a WebSocket tunnel): for each connection the client opens two streams, `error` and `data`, with the
 *   headers `port` and `requestID`; what goes wrong is written to the first, as text.
 * - *WebSocket channels*: the ports are in the query (`?ports=80,81`); channels 2n and 2n+1 are data and error of the
 *   n-th, each beginning with the port as two bytes, low byte first. One connection for each port.
 *
 * @see https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/kubelet/pkg/cri/streaming/portforward
 */
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sleep, type Clock } from '../../util/clock.js';
import {
  acceptSpdy,
  acceptWebSocket,
  ChannelSocket,
  dialError,
  offeredProtocols,
  SpdySession,
  tunnel,
  upgradeOf,
  type SpdyStream,
} from '../../util/streams/index.js';
import { findSandbox, PlainError, type KubeletHost } from './host.js';
import type { Upgrade } from './remote-command.js';

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
const spdyProtocols = ['portforward.k8s.io', ''];
const channelProtocols = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io', ''];

/** How long the second stream of a pair may take, in milliseconds. */
const streamCreationTimeoutMs = 30_000;

/** Serves until the client leaves or the server ends. @throws {PlainError} before the upgrade */
export async function servePortForward(
  { host, clock }: { readonly host: KubeletHost; readonly clock: Clock },
  target: { readonly namespace: string; readonly pod: string },
  query: URLSearchParams,
  { request, socket, head, signal }: Upgrade,
): Promise<void> {
  const isWebSocket = upgradeOf(request) === 'websocket';
  const isTunnel = isWebSocket && offeredProtocols(request).includes(tunnelProtocol);
  const ports = isWebSocket && !isTunnel ? parsePorts(query) : [];
  const sandbox = await findSandbox(host, target.namespace, target.pod);
  const forward = async (port: number, client: Duplex): Promise<string | undefined> => {
    let connection: Duplex;
    try {
      connection = await host.runtime.connect(sandbox.id, port);
    } catch (error) {
      const why = dialError(error, `${sandbox.ip}:${port}`);
      return `error forwarding port ${port} to pod ${target.pod}, uid ${sandbox.podUID}: ${why}`;
    }
    await join(client, connection);
    return undefined;
  };

  if (isTunnel) {
    const accepted = await acceptWebSocket(request, socket, head, [tunnelProtocol]);
    if (accepted) await servePairs(tunnel(accepted.webSocket), forward, clock, signal);
  } else if (isWebSocket) {
    const accepted = await acceptWebSocket(request, socket, head, channelProtocols);
    if (!accepted) return;
    const base64 = accepted.protocol.includes('base64');
    await serveChannels(new ChannelSocket(accepted.webSocket, { base64, halfClose: false }), ports, forward);
  } else {
    const accepted = acceptSpdy(request, socket, head, spdyProtocols);
    if (accepted) await servePairs(accepted.connection, forward, clock, signal);
  }
}

/** Connects `client` with a port of the pod until one of them ends; resolves with what went wrong before that. */
type Forward = (port: number, client: Duplex) => Promise<string | undefined>;

async function servePairs(connection: Duplex, forward: Forward, clock: Clock, signal: AbortSignal): Promise<void> {
  /** The first stream of a pair, by the client's number for it, while the second one is missing. */
  const halves = new Map<string, { readonly stream: SpdyStream; readonly complete: AbortController }>();
  const session = new SpdySession(connection, {
    role: 'server',
    onStream(stream) {
      const { port, streamtype } = stream.headers;
      if (!isPort(port) || (streamtype !== 'data' && streamtype !== 'error')) throw new Error('not a port to forward');
      const key = requestID(stream);
      const half = halves.get(key);
      if (!half) {
        const complete = new AbortController();
        halves.set(key, { stream, complete });
        return void sleep(clock, streamCreationTimeoutMs, complete.signal).then(() => {
          if (complete.signal.aborted) return;
          halves.delete(key);
          if (streamtype === 'error') stream.end(`(request=${key}) timed out waiting for streams`);
          else stream.destroy();
        });
      }
      if (half.stream.headers.streamtype === streamtype) throw new Error(`${streamtype} stream already assigned`);
      halves.delete(key);
      half.complete.abort();
      const [data, errors] = streamtype === 'data' ? [stream, half.stream] : [half.stream, stream];
      void forward(Number(port), data).then((failure) => {
        errors.end(failure);
        if (failure) data.resume().end();
      });
    },
  });
  const end = (): void => session[Symbol.dispose]();
  signal.addEventListener('abort', end, { once: true });
  await session.closed;
  signal.removeEventListener('abort', end);
  for (const { complete } of halves.values()) complete.abort();
}

async function serveChannels(socket: ChannelSocket, ports: readonly number[], forward: Forward): Promise<void> {
  const pairs = ports.map((port, index) => ({
    port,
    data: socket.channel(index * 2),
    errors: socket.channel(index * 2 + 1),
  }));
  for (const { port, data, errors } of pairs) {
    const greeting = Buffer.from([port & 0xff, port >> 8]);
    data.write(greeting);
    errors.write(greeting);
  }
  await Promise.all(
    pairs.map(async ({ port, data, errors }) => {
      const failure = await forward(port, data);
      if (failure) await new Promise((resolve) => errors.write(failure, resolve));
    }),
  );
  socket.close();
}

/** Old clients number no requests: their error stream comes first, and the data stream is the next odd one. */
function requestID({ headers, id }: SpdyStream): string {
  return headers.requestid ?? String(headers.streamtype === 'error' ? id : id - 2);
}

/** Both ways, each direction ending on its own; resolves when both have ended or one has broken. */
async function join(client: Duplex, connection: Duplex): Promise<void> {
  await Promise.allSettled([pipeline(client, connection), pipeline(connection, client)]);
  connection.destroy();
}

/** @throws {PlainError} 400 with what is wrong with them */
function parsePorts(query: URLSearchParams): number[] {
  const texts = query.getAll('ports').concat(query.getAll('port'));
  if (texts.length === 0) throw new PlainError(400, 'query parameter "port" is required');
  return texts.flatMap((text) => {
    if (text === '') throw new PlainError(400, 'query parameter "port" cannot be empty');
    return text.split(',').map((each) => {
      if (!isPort(each))
        throw new PlainError(
          400,
          `unable to parse "${text}" as a port: strconv.ParseUint: parsing "${each}": invalid syntax`,
        );
      return Number(each);
    });
  });
}

const isPort = (text: string | undefined): boolean =>
  text !== undefined && /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
