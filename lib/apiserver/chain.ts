/**
 * What every request goes through, in this order:
 *
 * ```
 * 1. local?   the open port answers only this machine              util/local-only.ts
 * 2. who?     token, certificate, or nobody                        authentication/
 * 3. may he?                                                       authorization/
 * 4. what?    a resource                                           resources.ts ─▶ admission ─▶ registry ─▶ store
 *             or one of the pages                                  pages.ts
 * ```
 */
import { randomUUID } from 'node:crypto';
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { forbidden, StatusError } from '../api/status.js';
import type { Clock, Log } from '../util/index.js';
import { refuse } from '../util/streams/index.js';
import { answerStatus } from './answer.js';
import {
  anonymous,
  insecureUser,
  type Authenticator,
  type Credentials,
  type User,
} from './authentication/authentication.js';
import { impersonated } from './authentication/impersonation.js';
import { alwaysAllow, type Authorizer } from './authorization/authorization.js';
import { isLongRunning, type Deadlines } from './deadlines.js';
import { isLocal } from '../util/local-only.js';
import type { Metrics } from './metrics.js';
import type { Pages } from './pages.js';
import { parseResourcePath, type ResourcePath } from './request-info.js';
import type { ResourceRequest } from './resource-request.js';
import type { Resources } from './resources.js';
import type { ServedKinds } from './served.js';
import { timeoutOf } from './write-options.js';
import { isExpected, toStatusError } from './store-failures.js';

export interface ChainOptions {
  readonly served: ServedKinds;
  readonly resources: Resources;
  readonly pages: Pages;
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  /** Further names of this machine. */
  readonly hosts: ReadonlySet<string>;
  readonly metrics: Metrics;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the server ends. */
  readonly signal: AbortSignal;
}

export class Chain {
  readonly #options: ChainOptions;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  /** Answers a request, whatever it is. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, insecurePort: boolean): Promise<void> {
    try {
      if (normalize(request)) await this.#handle(request, response, insecurePort);
      else response.writeHead(400, badTarget).end('400 Bad Request');
    } catch (error) {
      this.#note(request, error); // not even the refusal could be written
      response.destroy();
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse, insecurePort: boolean): Promise<void> {
    const warnings: string[] = [];
    const auditId = randomUUID();
    const startMs = this.#options.clock.now();
    const { served, deadlines } = this.#options;
    let counted: ResourcePath | undefined;
    const reply = { request, response, auditId, warnings };
    try {
      const { query, path, user } = await this.#enter(request, insecurePort);
      if (!path) {
        this.#options.pages.handle(reply);
        return;
      }
      if (served.has(path)) counted = path; // what clients make up is not for our memory
      const timeoutMs = query.has('timeout') ? timeoutOf(query) : undefined;
      if (!isLongRunning(path, query)) deadlines.begin(reply, timeoutMs);
      await this.#options.resources.handle({
        request,
        response,
        auditId,
        warnings,
        path,
        query,
        user,
        signal: this.#options.signal,
        warn: (message) => void (warnings.includes(message) || warnings.push(message)),
      });
    } catch (error) {
      this.#note(request, error);
      await answerStatus(reply, error);
    }
    deadlines.end(reply);
    const seconds = (this.#options.clock.now() - startMs) / 1000;
    this.#options.metrics.count(verbFor(request, counted), counted, response.statusCode, seconds);
  }

  /** A request that asks to leave HTTP: a stream, a refusal, or what it would have been without asking. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, insecurePort: boolean): Promise<void> {
    socket.on('error', () => {}); // its `close` follows
    if (!normalize(request)) return refuse(socket, 400, '400 Bad Request');
    try {
      const { query, path, user } = await this.#enter(request, insecurePort);
      if (!path || !this.#options.resources.isStream(path)) {
        // An offer that is not taken up (`Upgrade: h2c` is sent with any request) changes nothing.
        const response = new ServerResponse(request);
        response.shouldKeepAlive = false; // node has given the socket away: no further request is read from it
        response.assignSocket(socket as Socket);
        response.on('finish', () => socket.end());
        return await this.handle(request, response, insecurePort);
      }
      const stream = { request, path, query, user, signal: this.#options.signal, warnings: [], warn: () => {} };
      await this.#options.resources.upgrade(stream as unknown as ResourceRequest, socket, head);
    } catch (error) {
      this.#note(request, error);
      const { status } = toStatusError(error);
      refuse(socket, status.code, JSON.stringify(status) + '\n', { 'Content-Type': 'application/json' });
    }
  }

  /** Steps 1 to 3. @returns `path` only for what is a resource here @throws Forbidden, Unauthorized */
  async #enter(
    request: IncomingMessage,
    insecurePort: boolean,
  ): Promise<{ query: URLSearchParams; path: ResourcePath | undefined; user: User }> {
    const { served, hosts } = this.#options;
    if (insecurePort && !isLocal(request.headers, hosts)) throw foreign();
    const user = await this.#authenticate(request, insecurePort);
    const target = request.url ?? '/';
    const mark = target.indexOf('?');
    const pathname = mark < 0 ? target : target.slice(0, mark);
    const query = mark < 0 ? noQuery : parseQuery(target.slice(mark + 1));
    const path = parseResourcePath(pathname);
    if (this.#options.authorizer !== alwaysAllow) await this.#authorize(request, user, pathname, path);
    return { query, user, path: path && served.hasVersion(path.group, path.version) ? path : undefined };
  }

  async #authenticate(request: IncomingMessage, insecurePort: boolean): Promise<User> {
    const { headers } = request;
    const credentials: Credentials = { headers, certificate: certificateOf(request), insecurePort };
    const user = await this.#recognize(credentials);
    for (const name in headers) {
      if (name.startsWith('impersonate-')) return impersonated(request.headersDistinct) ?? user;
    }
    return user;
  }

  async #recognize(credentials: Credentials): Promise<User> {
    for (const authenticator of this.#options.authenticators) {
      const found = authenticator.authenticate(credentials);
      const user = found instanceof Promise ? await found : found; // most know at once
      if (user) return user;
    }
    return credentials.insecurePort ? insecureUser : anonymous;
  }

  async #authorize(
    request: IncomingMessage,
    user: User,
    pathname: string,
    path: ResourcePath | undefined,
  ): Promise<void> {
    const { authorizer } = this.#options;
    const why = await authorizer.authorize({
      user,
      verb: (request.method ?? '').toLowerCase(),
      path: pathname,
      group: path?.group ?? '',
      resource: path?.resource ?? '',
      subresource: path?.subresource ?? '',
      namespace: path?.namespace ?? '',
      name: path?.name ?? '',
    });
    if (why !== undefined)
      throw forbidden({ group: path?.group ?? '', resource: path?.resource ?? pathname }, path?.name ?? '', why);
  }

  /** What is not a Status is a mistake of ours: it is answered as an internal error, and kept. */
  #note(request: IncomingMessage, error: unknown): void {
    if (isExpected(error)) return;
    this.#options.log.warn('a request has failed', { method: request.method, path: request.url, error });
  }
}

/**
 * Brings what a request is for into its usual form: `/path?query`. A client may also write the whole URL, as to a proxy,
 * and then means its host (RFC 9112, 3.2.2). @returns false if it is neither, or has escapes that are none
 */
function normalize(request: IncomingMessage): boolean {
  let target = request.url!;
  if (target[0] !== '/') {
    const [, host, rest] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target) ?? [];
    if (host === undefined) return false;
    request.headers.host = host;
    request.url = target = rest!.startsWith('/') ? rest! : `/${rest}`;
  }
  return !target.includes('%') || !/^[^?]*%(?![\da-f]{2})/i.test(target);
}

const badTarget = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' };

/** As metrics call it. */
function verbFor({ method = '', url = '' }: IncomingMessage, path: ResourcePath | undefined): string {
  if (!path || path.name !== '') return method;
  if (method === 'DELETE') return 'DELETECOLLECTION';
  return method === 'GET' ? (path.watch || /[?&]watch=(?!0|false)/.test(url) ? 'WATCH' : 'LIST') : method;
}

/** As upstream reads queries: a pair with a bare `;` in it is none. */
const parseQuery = (text: string): URLSearchParams =>
  new URLSearchParams(
    text.includes(';')
      ? text
          .split('&')
          .filter((pair) => !pair.includes(';'))
          .join('&')
      : text,
  );

const noQuery = new URLSearchParams();

/** The subject of the client's certificate, where it was signed by our authority. */
function certificateOf({ socket }: IncomingMessage): Credentials['certificate'] {
  const tls = socket as TLSSocket;
  if (!tls.authorized) return undefined;
  const { subject } = tls.getPeerCertificate();
  if (!subject) return undefined;
  const organisations: string[] = [(subject as { O?: string | string[] }).O ?? []].flat();
  return { commonName: String(subject.CN), organisations };
}

const foreign = (): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the open port answers only requests whose Host and Origin are this machine',
    reason: 'Forbidden',
    code: 403,
  });
