/**
 * Leaving HTTP: `Upgrade: SPDY/3.1` or `Upgrade: websocket`, and the choice of the protocol spoken from then on. Node
 * hands such requests out by the server's `upgrade` event, with the bare socket; what goes wrong before the 101 is
 * answered on it as HTTP.
 */
import { STATUS_CODES, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

/** Where the client of a SPDY upgrade lists the protocols it can speak, and the server says which it will. */
export const streamProtocolHeader = 'x-stream-protocol-version';

/** What the request wants to become; undefined for plain HTTP, or for something else altogether. */
export function upgradeOf(request: Pick<IncomingMessage, 'headers'>): 'websocket' | 'spdy' | undefined {
  if (!/\bupgrade\b/i.test(request.headers.connection ?? '')) return undefined;
  const upgrade = request.headers.upgrade?.toLowerCase() ?? '';
  return upgrade === 'websocket' ? 'websocket' : upgrade.includes('spdy/3.1') ? 'spdy' : undefined;
}

/** The protocols that the client offers, in its order of preference. Empty when it leaves the choice to the server. */
export function offeredProtocols(request: Pick<IncomingMessage, 'headers'>): string[] {
  const header =
    upgradeOf(request) === 'websocket'
      ? request.headers['sec-websocket-protocol']
      : request.headers[streamProtocolHeader];
  return String(header ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');
}

/** The first of the offered protocols that is supported; `''` when none was offered and `''` is supported. */
export function negotiate(offered: readonly string[], supported: readonly string[]): string | undefined {
  return (offered.length === 0 ? [''] : offered).find((protocol) => supported.includes(protocol));
}

/**
 * Makes the socket a SPDY connection (for a `SpdySession`) that speaks one of `supported`.
 * Without a common protocol the client is told so (403), and undefined comes back.
 */
export function acceptSpdy(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  supported: readonly string[],
): { readonly protocol: string; readonly connection: Duplex } | undefined {
  const offered = offeredProtocols(request);
  const protocol = negotiate(offered, supported);
  if (protocol === undefined) {
    refuse(
      socket,
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${supported.join(' ')}]`,
      { 'X-Accepted-Stream-Protocol-Versions': supported.filter(Boolean) },
    );
    return undefined;
  }
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      (protocol === '' ? '' : `X-Stream-Protocol-Version: ${protocol}\r\n`) +
      '\r\n',
  );
  if (head.length > 0) socket.unshift(head);
  return { protocol, connection: socket };
}

/**
 * Makes the socket a WebSocket that speaks one of `supported`. Without a common protocol (403), or when the request is
 * malformed (400), the client is told so, and undefined comes back.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  supported: readonly string[],
): Promise<{ readonly protocol: string; readonly webSocket: WebSocket } | undefined> {
  const protocol = negotiate(offeredProtocols(request), supported);
  if (protocol === undefined) {
    refuse(socket, 403, '');
    return Promise.resolve(undefined);
  }
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: 1 << 24,
  });
  // `ws` takes only tokens for a protocol, and "SPDY/3.1+portforward.k8s.io" is none: the choice is made here instead.
  const { 'sec-websocket-protocol': _, ...headers } = request.headers;
  const shown = Object.create(request, { headers: { value: headers } }) as IncomingMessage;
  if (protocol !== '') server.on('headers', (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve) => {
    const gone = (): void => resolve(undefined); // refused by `ws`, which has then answered and closed
    socket.once('close', gone);
    server.handleUpgrade(shown, socket, head, (webSocket) => {
      socket.off('close', gone);
      resolve({ protocol, webSocket });
    });
  });
}

/** Answers an upgrade request with plain HTTP, and closes. */
export function refuse(
  socket: Duplex,
  code: number,
  body: string,
  headers: OutgoingHttpHeaders = { 'Content-Type': 'text/plain; charset=utf-8' },
): void {
  if (!socket.writable) return;
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each) => `${name}: ${each}\r\n`),
  );
  socket.on('error', () => {}); // the client may be gone already
  socket.end(
    `HTTP/1.1 ${code} ${STATUS_CODES[code] ?? ''}\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `${lines.join('')}\r\n${body}`,
  );
}
