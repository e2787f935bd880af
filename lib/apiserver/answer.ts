/** Writes answers: bytes with their length, in JSON or YAML, packed where that pays. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { encodeYAML } from '../api/encode/yaml.js';
import type { Status } from '../api/status.js';
import { mediaTypes, negotiateError, type Accepted } from './negotiate.js';
import { encodeObject } from './protobuf-forms.js';
import { toStatusError } from './store-failures.js';

/** Smaller answers are not worth packing (upstream's limit). */
const gzipFromBytes = 128 * 1024;

const pack = promisify(gzip);

export interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Names the request in every answer. */
  readonly auditId: string;
  /** What was told so far, one `Warning:` header each. */
  readonly warnings: readonly string[];
}

/** An object, or a list in pieces. */
export async function answer(
  reply: Reply,
  code: number,
  { type }: Accepted,
  body: Buffer | Iterable<Buffer>,
  headers: readonly string[] = [],
): Promise<void> {
  const { request, response } = reply;
  if (response.destroyed || response.headersSent) return; // gone, or told that its time is over
  if (type === 'yaml') body = yaml(body);
  else if (type === 'protobuf') body = protobuf(body);
  else if (wantsPretty(request)) body = Buffer.from(JSON.stringify(JSON.parse(whole(body).toString()), null, 2));
  // One flat list, written at once: this is the way of every request.
  const all = ['Audit-Id', reply.auditId, 'Cache-Control', 'no-cache, private', 'Content-Type', mediaTypes[type]];
  for (const warning of shortened(reply.warnings)) all.push('Warning', warningHeader(warning));
  all.push(...headers);
  if (!Buffer.isBuffer(body)) return stream(reply, code, all, body);
  if (body.length > gzipFromBytes && acceptsGzip(request)) {
    body = await pack(body, { level: 1 });
    all.push(...packed);
    if (response.headersSent) return;
  }
  all.push('Content-Length', String(body.length));
  response.writeHead(code, all);
  response.end(body);
}

export function answerStatus(reply: Reply, error: unknown): Promise<void> {
  const { status } = toStatusError(error);
  const { request, response } = reply;
  if (response.headersSent) {
    if (!response.writableEnded) response.destroy();
    return Promise.resolve();
  }
  const seconds = status.details?.retryAfterSeconds;
  const headers = seconds ? ['Retry-After', String(seconds)] : [];
  return answer(reply, status.code, negotiateError(request.headers.accept), statusBytes(status), headers);
}

export const statusBytes = (status: Status): Buffer => Buffer.from(JSON.stringify(status) + '\n');

const packed = ['Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding'];

/** Of warnings that are longer than this together, each is shortened, and those that do not fit are left out (as upstream). */
const warningsLength = 4096;
const warningLength = 256;

function shortened(warnings: readonly string[]): readonly string[] {
  if (warnings.length === 0 || warnings.reduce((sum, { length }) => sum + length, 0) <= warningsLength) return warnings;
  const shown: string[] = [];
  for (let [index, length] = [0, 0]; index < warnings.length && length < warningsLength; index++) {
    shown.push([...warnings[index]!].slice(0, warningLength).join(''));
    length += shown.at(-1)!.length;
  }
  return shown;
}

/** RFC 9110's warn-text is a quoted string; its UTF-8 goes into the header byte by byte. */
const warningHeader = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  Buffer.from(`299 - "${text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/["\\]/g, '\\$&')}"`).toString('latin1');

const acceptsGzip = ({ headers }: IncomingMessage): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));

/** Small lists go as one piece with their length, large ones as they are made. */
async function stream(
  { request, response }: Reply,
  code: number,
  headers: string[],
  body: Iterable<Buffer>,
): Promise<void> {
  const pieces = body[Symbol.iterator]();
  const first: Buffer[] = [];
  let length = 0;
  let next = pieces.next();
  for (; !next.done && length <= gzipFromBytes; next = pieces.next()) {
    first.push(next.value);
    length += next.value.length;
  }
  if (next.done) {
    headers.push('Content-Length', String(length));
    response.writeHead(code, headers);
    response.end(first.length === 1 ? first[0] : Buffer.concat(first, length));
    return;
  }
  let target: Writable = response;
  if (acceptsGzip(request)) {
    headers.push(...packed);
    const packer = createGzip({ level: 1 });
    packer.pipe(response);
    response.on('close', () => packer.destroy()); // if the client has gone before the end
    target = packer;
  }
  response.writeHead(code, headers);
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

const yaml = (body: Buffer | Iterable<Buffer>): Buffer => Buffer.from(encodeYAML(JSON.parse(whole(body).toString())));

/** Objects come as protobuf from their forms; what is none (a Status, a Scale) comes as JSON, like everywhere. */
const protobuf = (body: Buffer | Iterable<Buffer>): Buffer | Iterable<Buffer> =>
  Buffer.isBuffer(body) && body[0] === 0x7b
    ? encodeObject(JSON.parse(body.toString()) as Parameters<typeof encodeObject>[0])
    : body;

const whole = (body: Buffer | Iterable<Buffer>): Buffer => (Buffer.isBuffer(body) ? body : Buffer.concat([...body]));

/** For people with curl: `?pretty=true`, or `Accept: application/json;pretty=1`. */
function wantsPretty({ url = '', headers }: IncomingMessage): boolean {
  const asked = /[?&]pretty=([^&]*)/.exec(url)?.[1] ?? /;\s*pretty=(\w+)/.exec(headers.accept ?? '')?.[1];
  return asked !== undefined && asked !== '' && asked !== 'false' && asked !== '0';
}
