/** Passing an upgraded connection on: the same protocol on both sides, so only bytes move. */
import { STATUS_CODES, type IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { refuse } from '../../util/streams/index.js';
import type { BackendAnswer } from './kubelet.js';

/** The headers by which a client asks to leave HTTP. */
export function upgradeHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const wanted = /^(connection|upgrade|sec-websocket-.*|x-stream-protocol-version)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => wanted.test(name)));
}

/** Gives the client the backend's answer to its upgrade; after a 101, everything either of them says from then on. */
export async function passOn(answer: BackendAnswer, socket: Duplex, head: Buffer, signal: AbortSignal): Promise<void> {
  if (!answer.upgraded) return echo(answer, socket);
  const { rawHeaders, statusCode = 101 } = answer.response;
  const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}\r\n`] : []));
  socket.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n`);
  if (answer.head.length > 0) socket.write(answer.head);
  if (head.length > 0) answer.socket.write(head);
  await joined(socket, answer.socket, signal);
}

/** The refusal of an upgrade, as it came. */
export async function echo({ response }: BackendAnswer, socket: Duplex): Promise<void> {
  const body = await text(response as Readable);
  refuse(socket, response.statusCode ?? 500, body, {
    'Content-Type': response.headers['content-type'] ?? 'text/plain',
  });
}

/** Moves bytes both ways until one side has ended; then ends the other. Never rejects. */
export function joined(a: Duplex, b: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cut = (): void => {
      a.destroy();
      b.destroy();
    };
    let open = 2;
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      from.on('error', () => {}).pipe(to); // ends `to` with `from`, after what was read
      from.once('close', () => {
        // What is on its way to the other one should arrive; what comes back has nowhere to go.
        if (!to.writableEnded) to.end();
        to.resume();
        if (--open > 0) return;
        signal.removeEventListener('abort', cut);
        resolve();
      });
    }
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
  });
}
