/**
 * The kubelet's own port (10250 by custom): HTTPS, and only for those who show a certificate of the cluster's authority
 * or a token it knows. The API server comes here for logs, exec, attach and port-forward; metrics-server for figures.
 *
 * ```
 * GET  /healthz  /pods  /stats/summary  /metrics/resource
 * GET  /containerLogs/{namespace}/{pod}/{container}?follow&previous&tailLines&sinceSeconds&sinceTime&timestamps&limitBytes
 * GET|POST, upgraded:  /exec/…/{container}?command&input&output&error&tty   /attach/…/{container}   /portForward/{namespace}/{pod}
 * ```
 *
 * ```ts
 * await using server = await KubeletServer.start({ host, bind: '127.0.0.1', port: 0, tls: { cert, key, clientCA }, clock, log });
 * server.url; // https://127.0.0.1:39251
 * ```
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/server/server.go
 */
import { once, setMaxListeners } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../util/clock.js';
import type { Log } from '../../util/log.js';
import { childAbort } from '../../util/scope.js';
import { refuse, upgradeOf } from '../../util/streams/index.js';
import { plain, PlainError, type KubeletHost } from './host.js';
import { serveLogs } from './logs.js';
import { servePortForward } from './port-forward.js';
import { serveAttach, serveExec } from './remote-command.js';
import { StatsReader } from './stats.js';

export interface KubeletServerOptions {
  /** Whose pods are shown. */
  readonly host: KubeletHost;
  /** The address to listen on: `127.0.0.1`. */
  readonly bind: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls: {
    /** PEM. */
    readonly cert: string;
    readonly key: string;
    /** PEM: who signs the certificates of those who may enter. */
    readonly clientCA: string;
  };
  /** Who a bearer token belongs to; undefined for none. Left out, tokens are not taken. */
  readonly authenticateToken?: (token: string) => Promise<KubeletUser | undefined>;
  /** Whether that user may enter. Left out: the group `system:masters`, which the API server's client certificate names. */
  readonly authorize?: (user: KubeletUser, request: IncomingMessage) => boolean | Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface KubeletUser {
  readonly name: string;
  readonly groups: readonly string[];
}

export class KubeletServer implements AsyncDisposable {
  readonly #options: KubeletServerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #stats: StatsReader;
  /** Aborts when the server ends: streams end with it. */
  readonly #ended = new AbortController();

  /** Resolves when the port is open. @throws {Error} EADDRINUSE, or unusable TLS material */
  static async start(options: KubeletServerOptions): Promise<KubeletServer> {
    const server = new KubeletServer(options);
    server.#server.listen(options.port, options.bind);
    await once(server.#server, 'listening');
    return server;
  }

  private constructor(options: KubeletServerOptions) {
    this.#options = options;
    setMaxListeners(0, this.#ended.signal); // one for each request, as long as it lasts
    this.#stats = new StatsReader(options.host);
    const { cert, key, clientCA } = options.tls;
    // Who shows no certificate may still bring a token: it is asked for, and looked at with the request.
    this.#server = createServer({ cert, key, ca: clientCA, requestCert: true, rejectUnauthorized: false });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on(
      'request',
      (request: IncomingMessage, response: ServerResponse) => void this.#respond(request, response),
    );
    this.#server.on(
      'upgrade',
      (request: IncomingMessage, socket: Duplex, head: Buffer) => void this.#upgrade(request, socket, head),
    );
    this.#server.on('tlsClientError', () => {}); // a client that hung up, or spoke plain HTTP
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `https://${this.#options.bind}:${this.port}`;
  }

  /** Closes the port and every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    using gone = childAbort(this.#ended.signal);
    response.on('close', () => gone.abort());
    try {
      const target = targetOf(request);
      if (target.path !== '/healthz') await this.#admit(request);
      await this.#route(target, request, response, gone.signal);
    } catch (error) {
      const { code, message } = plain(error);
      if (code >= 500) this.#options.log.warn('kubelet request failed', { path: request.url, error });
      if (response.headersSent) return void response.destroy();
      response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8' }).end(message);
    }
  }

  async #route(
    { path, page, names, query }: Target,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { host } = this.#options;
    const [namespace = '', pod = '', container = ''] = names;
    if (names.length === streams.get(page)) throw new PlainError(400, 'Upgrade request required');
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new PlainError(405, 'Method Not Allowed');
    switch (path) {
      case '/healthz':
        return void response.end('ok');
      case '/pods':
      case '/pods/':
        return json(response, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: host.pods() });
      case '/stats/summary':
        return json(response, await this.#stats.summary());
      case '/metrics/resource':
        return void response
          .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
          .end(await this.#stats.metrics());
    }
    if (page === 'containerLogs' && names.length === 3)
      return serveLogs(this.#options, { namespace, pod, container }, query, response, signal);
    throw new PlainError(404, '404 page not found\n');
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => {}); // its `close` follows, which everybody waits for
    try {
      await this.#admit(request);
      const { page, names, query } = targetOf(request);
      const [namespace = '', pod = '', container = ''] = names;
      if (names.length !== streams.get(page)) throw new PlainError(404, '404 page not found\n');
      if (!upgradeOf(request)) throw new PlainError(400, 'Upgrade request required');
      (socket as Socket).setKeepAlive?.(true, 30_000);
      const upgrade = { request, socket, head, signal: this.#ended.signal };
      if (page === 'portForward') await servePortForward(this.#options, { namespace, pod }, query, upgrade);
      else
        await (page === 'exec' ? serveExec : serveAttach)(this.#options, { namespace, pod, container }, query, upgrade);
    } catch (error) {
      const { code, message } = plain(error);
      refuse(socket, code, message);
    }
  }

  /** @throws {PlainError} 401 it is not known who this is; 403 it is, and may not enter */
  async #admit(request: IncomingMessage): Promise<void> {
    const user = certificateUser(request.socket as TLSSocket) ?? (await this.#tokenUser(request));
    if (!user) throw new PlainError(401, 'Unauthorized');
    const { authorize = inMasters } = this.#options;
    if (!(await authorize(user, request)))
      throw new PlainError(403, `Forbidden (user=${user.name}, verb=${request.method?.toLowerCase()}, resource=nodes)`);
  }

  async #tokenUser(request: IncomingMessage): Promise<KubeletUser | undefined> {
    const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    return token ? await this.#options.authenticateToken?.(token) : undefined;
  }
}

/** What is only to be had by an upgrade, with how many names follow in the path. */
const streams: ReadonlyMap<string, number> = new Map([
  ['exec', 3],
  ['attach', 3],
  ['portForward', 2],
]);

/** `/exec/default/web-0/web?tty=1`: the page `exec`, three names, and the query. */
interface Target {
  readonly path: string;
  readonly page: string;
  readonly names: readonly string[];
  readonly query: URLSearchParams;
}

/** @throws {PlainError} 400 a malformed escape */
function targetOf({ url = '/' }: IncomingMessage): Target {
  const [path = '/', query = ''] = url.split(/\?(.*)/s);
  try {
    const [, page = '', ...names] = path.split('/').map(decodeURIComponent);
    return { path, page, names, query: new URLSearchParams(query) };
  } catch {
    throw new PlainError(400, 'malformed path');
  }
}

const inMasters = ({ groups }: KubeletUser): boolean => groups.includes('system:masters');

/** Who a certificate of the cluster's authority names: CN the user, O the groups. */
function certificateUser(socket: TLSSocket): KubeletUser | undefined {
  if (!socket.authorized) return undefined;
  const { subject } = socket.getPeerCertificate();
  return { name: String(subject.CN), groups: [subject.O ?? []].flat() };
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
