/**
 * The server's side of a remote command (exec, attach): up to three byte streams, the sizes of a terminal, and one last
 * word about how it went, over a WebSocket with channels or over a SPDY connection with one stream for each.
 *
 * | version | last word | sizes | end of stdin |
 * | --- | --- | --- | --- |
 * | `channel.k8s.io`, `v2` | a text, on failure only | no (SPDY) | SPDY: yes |
 * | `v3` | the same | yes | SPDY: yes |
 * | `v4` | JSON, always | yes | SPDY: yes |
 * | `v5` | JSON, always | yes | yes |
 *
 * @see https://github.com/kubernetes/kubernetes/tree/master/staging/src/k8s.io/kubelet/pkg/cri/streaming/remotecommand
 */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { sleep, type Clock } from '../clock.js';
import { SpdySession, type SpdyStream } from './session.js';
import { ChannelSocket } from './websocket.js';

export const webSocketProtocols = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
];
export const spdyProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io', ''];

/** How long a client may take to open its streams, in milliseconds. */
const streamCreationTimeoutMs = 30_000;

/** The streams that the client asked for; stderr and a terminal exclude each other. */
export interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** How it went; more fields go to clients of version 4 as they are. */
export interface Outcome {
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
}

/** A client that waits for the output of a command. */
export interface RemoteCommand {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly resize?: AsyncIterable<TerminalSize>;
  /** Aborts when the client has gone before {@link finish}. */
  readonly gone: AbortSignal;
  /** Lets the output go out, tells the outcome and says goodbye. Never rejects: the client may be gone. */
  finish(outcome: Outcome): Promise<void>;
}

/** @param protocol one of {@link webSocketProtocols} */
export function remoteCommandOverWebSocket(webSocket: WebSocket, protocol: string, wanted: Wanted): RemoteCommand {
  const socket = new ChannelSocket(webSocket, {
    base64: protocol.includes('base64'),
    halfClose: protocol.startsWith('v5.'),
  });
  const gone = new AbortController();
  webSocket.on('close', () => gone.abort());
  const stdin = wanted.stdin ? socket.channel(0) : undefined;
  const stdout = wanted.stdout ? socket.channel(1) : undefined;
  const stderr = wanted.stderr ? socket.channel(2) : undefined;
  const sizes = socket.channel(4);
  // An empty message tells clients that wait for the first byte that the connection stands.
  socket.send(wanted.stdout ? 1 : wanted.stderr ? 2 : 3, Buffer.alloc(0));
  return {
    ...(stdin && { stdin }),
    ...(stdout && { stdout }),
    ...(stderr && { stderr }),
    resize: terminalSizes(sizes),
    gone: gone.signal,
    async finish(outcome) {
      await Promise.all([ended(stdout), ended(stderr)]);
      const word = lastWord(protocol, outcome);
      if (word !== undefined) await new Promise((resolve) => socket.send(3, Buffer.from(word), resolve));
      socket.close();
    },
  };
}

/**
 * Waits for the client to open the streams it asked for.
 * @param protocol one of {@link spdyProtocols}
 * @returns undefined when it did not do so in time, or left; the connection is then closed
 */
export async function remoteCommandOverSpdy(
  connection: Duplex,
  protocol: string,
  wanted: Wanted,
  clock: Clock,
): Promise<RemoteCommand | undefined> {
  const hasSizes = wanted.tty && /^v[34]/.test(protocol);
  const expected = [
    'error',
    ...(['stdin', 'stdout', 'stderr'] as const).filter((name) => wanted[name]),
    ...(hasSizes ? ['resize'] : []),
  ];
  const streams = new Map<string, SpdyStream>();
  const complete = new AbortController();
  const session = new SpdySession(connection, {
    role: 'server',
    onStream(stream) {
      streams.set(stream.headers.streamtype ?? '', stream);
      if (expected.every((name) => streams.has(name))) complete.abort();
    },
  });
  await Promise.race([session.closed, sleep(clock, streamCreationTimeoutMs, complete.signal)]);
  if (!complete.signal.aborted) return void session[Symbol.dispose]();

  const gone = new AbortController();
  void session.closed.then(() => gone.abort());
  const [stdin, stdout, stderr] = ['stdin', 'stdout', 'stderr'].map((name) => streams.get(name));
  return {
    ...(wanted.stdin && { stdin: stdin! }),
    ...(wanted.stdout && { stdout: stdout! }),
    ...(wanted.stderr && { stderr: stderr! }),
    ...(hasSizes && { resize: terminalSizes(streams.get('resize')!) }),
    gone: gone.signal,
    async finish(outcome) {
      await Promise.all([ended(stdout), ended(stderr)]);
      const errors = streams.get('error')!;
      const word = lastWord(protocol, outcome);
      if (word !== undefined) errors.write(word);
      await ended(errors);
      session.close();
    },
  };
}

/** `{"Width":80,"Height":24}`, one after the other. What is not a size is passed over. */
async function* terminalSizes(stream: Readable): AsyncGenerator<TerminalSize, void> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    text = (text + chunk.toString('utf8')).slice(-1000);
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const size = parseSize(text.slice(0, end + 1));
      text = text.slice(end + 1);
      if (size) yield size;
    }
  }
}

function parseSize(text: string): TerminalSize | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return typeof Width === 'number' && typeof Height === 'number' ? { width: Width, height: Height } : undefined;
  } catch {
    return undefined;
  }
}

/** What goes to the error stream: nothing tells success before version 4. */
function lastWord(protocol: string, outcome: Outcome): string | undefined {
  if (/^v[45]\./.test(protocol)) return JSON.stringify(outcome);
  return outcome.status === 'Success' ? undefined : outcome.message;
}

/** Resolves when all that was written has gone out, or cannot any more. */
const ended = (stream: Writable | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (!stream || stream.destroyed || stream.writableFinished || stream.errored) return resolve();
    stream.once('close', resolve).once('error', resolve).once('finish', resolve);
    stream.end();
  });
