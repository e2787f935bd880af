/** Writes answers: bytes with their length, in JSON or YAML, packed where that pays. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { internalError, StatusError, type Status } from '../api/status.js';
import { negotiateError, type Accepted } from './negotiate.js';

/** Smaller answers are not worth packing (upstream's limit). */
const gzipFromBytes = 128 * 1024;

const pack = promisify(gzip);

export interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What was told so far, one `Warning:` header each. */
  readonly warnings: readonly string[];
}

/** An object, or a list in pieces. */
export async function answer(
  { request, response, warnings }: Reply,
  code: number,
  { type }: Accepted,
  body: Buffer | Iterable<Buffer>,
): Promise<void> {
  if (response.destroyed) return;
  setHeaders(response, warnings);
  if (type === 'yaml') return void answerYaml(response, code, body);
  if (wantsPretty(request)) body = Buffer.from(JSON.stringify(JSON.parse(whole(body).toString()), null, 2));
  response.setHeader('Content-Type', 'application/json');
  const mayPack = acceptsGzip(request);
  if (Buffer.isBuffer(body)) {
    if (mayPack && body.length > gzipFromBytes) {
      body = await pack(body, { level: 1 });
      response.setHeader('Content-Encoding', 'gzip');
      response.setHeader('Vary', 'Accept-Encoding');
    }
    response.setHeader('Content-Length', body.length);
    response.writeHead(code);
    response.end(body);
    return;
  }
  await stream(response, code, body, mayPack);
}

export function answerStatus(reply: Reply, error: unknown): Promise<void> {
  const { status } = error instanceof StatusError ? error : internalError(error);
  const { response } = reply;
  if (response.headersSent) {
    response.destroy();
    return Promise.resolve();
  }
  const seconds = status.details?.retryAfterSeconds;
  if (seconds) response.setHeader('Retry-After', seconds);
  return answer(reply, status.code, negotiateError(reply.request.headers.accept), statusBytes(status));
}

export const statusBytes = (status: Status): Buffer => Buffer.from(JSON.stringify(status) + '\n');

function setHeaders(response: ServerResponse, warnings: readonly string[]): void {
  response.setHeader('Cache-Control', 'no-cache, private');
  if (warnings.length > 0) response.setHeader('Warning', warnings.map(warningHeader));
}

/** RFC 9110's warn-text is a quoted string. */
const warningHeader = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  `299 - "${text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/["\\]/g, '\\$&')}"`;

const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));

/** Small lists go as one piece with their length, large ones as they are made. */
async function stream(response: ServerResponse, code: number, body: Iterable<Buffer>, mayPack: boolean): Promise<void> {
  const pieces = body[Symbol.iterator]();
  const first: Buffer[] = [];
  let length = 0;
  let next = pieces.next();
  for (; !next.done && length <= gzipFromBytes; next = pieces.next()) {
    first.push(next.value);
    length += next.value.length;
  }
  if (next.done) {
    response.setHeader('Content-Length', length);
    response.writeHead(code);
    response.end(first.length === 1 ? first[0] : Buffer.concat(first, length));
    return;
  }
  let target: Writable = response;
  if (mayPack) {
    response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Vary', 'Accept-Encoding');
    const packer = createGzip({ level: 1 });
    packer.pipe(response);
    target = packer;
  }
  response.writeHead(code);
  for (const piece of first) target.write(piece);
  for (; !next.done; next = pieces.next()) {
    if (response.destroyed) return;
    if (!target.write(next.value)) await drained(target, response);
  }
  target.end();
}

/** Resolves when more can be written, or when nobody listens any more. */
function drained(target: Writable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      target.off('drain', done);
      response.off('close', done);
      resolve();
    };
    target.on('drain', done);
    response.on('close', done);
  });
}

function answerYaml(response: ServerResponse, code: number, body: Buffer | Iterable<Buffer>): void {
  const text = stringify(JSON.parse(whole(body).toString()), { version: '1.1', sortMapEntries: true, lineWidth: 0 });
  response.setHeader('Content-Type', 'application/yaml');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.writeHead(code);
  response.end(text);
}

const whole = (body: Buffer | Iterable<Buffer>): Buffer => (Buffer.isBuffer(body) ? body : Buffer.concat([...body]));

/** For people with curl: `?pretty=true`, or `Accept: application/json;pretty=1`. */
function wantsPretty({ url = '', headers }: IncomingMessage): boolean {
  const asked = /[?&]pretty=([^&]*)/.exec(url)?.[1] ?? /;\s*pretty=(\w+)/.exec(headers.accept ?? '')?.[1];
  return asked !== undefined && asked !== '' && asked !== 'false' && asked !== '0';
}
