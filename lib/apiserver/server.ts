/**
 * The API server: the only door. Two ports, one chain.
 *
 * ```
 *   open port 8080 ── host and origin local? ─┐
 *   secure port 6443 ── TLS, certificate ─────┴▶ who? ─▶ may they? ─▶ /api/…, /apis/…  resources.ts ─▶ registry ─▶ store
 *                                                                └──▶ all other paths  pages.ts
 * ```
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { kinds as allKinds, type Kind } from '../api/kinds/index.js';
import { forbidden, StatusError, unauthorized } from '../api/status.js';
import { Scope, type Clock, type Log } from '../util/index.js';
import type { AdmissionPlugin } from './admission/admission.js';
import { answerStatus, type Reply } from './answer.js';
import { anonymous, insecureUser, type Authenticator, type User } from './authentication/authentication.js';
import { alwaysAllow, type Authorizer } from './authorization/authorization.js';
import { bind } from './binding.js';
import { isLocal } from './local-only.js';
import { Pages } from './pages.js';
import { Admission } from './registry/admit.js';
import { Registry } from './registry/registry.js';
import { parseResourcePath } from './request-info.js';
import { Resources, type ActionHandlers, type ResourceRequest } from './resources.js';
import { ServedKinds } from './served.js';
import type { Storage } from './storage/storage.js';
import { WatchCache } from './watch-cache/watch-cache.js';

export interface ApiServerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** What is served; the whole table if left out. */
  readonly kinds?: readonly Kind[];
  readonly host?: string;
  /** The open port, for this machine alone; 0 picks one; undefined: 8080. */
  readonly port?: number;
  readonly secure?: SecureOptions;
  readonly admission?: readonly AdmissionPlugin[];
  readonly authenticators?: readonly Authenticator[];
  readonly authorizer?: Authorizer;
  readonly actions?: ActionHandlers;
}

/** The port for everybody else. PEM texts. */
export interface SecureOptions {
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  /** What signs the clients' certificates. */
  readonly clientCA?: string;
}

export class ApiServer implements AsyncDisposable {
  readonly url: string;
  readonly secureUrl: string | undefined;
  readonly registry: Registry;
  readonly #scope: Scope;

  private constructor(url: string, secureUrl: string | undefined, registry: Registry, scope: Scope) {
    this.url = url;
    this.secureUrl = secureUrl;
    this.registry = registry;
    this.#scope = scope;
  }

  /** Resolves when requests are answered. @throws Error if a port is taken */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { storage, clock, log, kinds = allKinds, host = '127.0.0.1', port = 8080, secure } = options;
    await using scope = new Scope();
    const served = new ServedKinds(kinds);
    const cache = scope.use(await WatchCache.start({ storage, kinds, clock, log }));
    const registry = new Registry({ storage, cache, clock, admission: new Admission(options.admission ?? []) });
    const pods = served.find('', 'v1', 'pods');
    const actions: ActionHandlers = {
      ...(pods && {
        'pods/binding': ({ context, body }) => bind(registry, pods, context, body),
        bindings: ({ context, body }) => bind(registry, pods, context, body),
      }),
      ...options.actions,
    };
    const resources = new Resources({ served, registry, clock, actions });
    const chain = new Chain(options, served, resources, new Pages(served));
    const open = createServer(serverOptions, (request, response) => chain.handle(request, response, true));
    const url = `http://${await listen(scope, open, host, port)}`;
    let secureUrl: string | undefined;
    if (secure) {
      const { cert, key, clientCA } = secure;
      const tls = { cert, key, ...(clientCA && { ca: clientCA }), requestCert: true, rejectUnauthorized: false };
      const server = createSecureServer({ ...serverOptions, ...tls }, (request, response) =>
        chain.handle(request, response, false),
      );
      secureUrl = `https://${await listen(scope, server, host, secure.port)}`;
    }
    scope.defer(() => resources.endWatches());
    return new ApiServer(url, secureUrl, registry, scope.move());
  }

  /** Ends watches, lets answers finish, closes the ports. The store stays open: it is the caller's. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}

/** Idle connections are kept longer than clients keep them, so that the client is the one who closes. */
const serverOptions = { keepAliveTimeout: 190_000, requestTimeout: 0, maxHeaderSize: 256 * 1024 };

async function listen(scope: Scope, server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  scope.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeIdleConnections();
    server.closeAllConnections();
    await closed;
  });
  const address = server.address() as AddressInfo;
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}

/** What every request goes through. */
class Chain {
  readonly #options: ApiServerOptions;
  readonly #resources: Resources;
  readonly #served: ServedKinds;
  readonly #pages: Pages;
  readonly #authorizer: Authorizer;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: ApiServerOptions, served: ServedKinds, resources: Resources, pages: Pages) {
    this.#options = options;
    this.#served = served;
    this.#resources = resources;
    this.#pages = pages;
    this.#authorizer = options.authorizer ?? alwaysAllow;
    this.#hosts = new Set(options.host === undefined ? [] : [options.host]);
  }

  async handle(request: IncomingMessage, response: ServerResponse, insecurePort: boolean): Promise<void> {
    const warnings: string[] = [];
    const reply: Reply = { request, response, warnings };
    try {
      if (insecurePort && !isLocal(request.headers, this.#hosts)) throw foreign();
      const user = await this.#authenticate(request, insecurePort);
      const target = request.url ?? '/';
      const mark = target.indexOf('?');
      const pathname = mark < 0 ? target : target.slice(0, mark);
      const query = mark < 0 ? noQuery : new URLSearchParams(target.slice(mark + 1));
      const path = parseResourcePath(pathname);
      const known = path && this.#served.hasVersion(path.group, path.version);
      await this.#authorize(request, user, pathname);
      if (!known) return await this.#pages.handle({ ...reply, pathname, query, user });
      const warn = (message: string): void => {
        if (!warnings.includes(message)) warnings.push(message);
      };
      await this.#resources.handle({ ...reply, path, query, user, warn } satisfies ResourceRequest);
    } catch (error) {
      if (!(error instanceof StatusError)) {
        this.#options.log.warn('a request has failed', { method: request.method, path: request.url, error });
      }
      await answerStatus(reply, error);
    }
  }

  async #authenticate(request: IncomingMessage, insecurePort: boolean): Promise<User> {
    const credentials = { headers: request.headers, certificate: certificateOf(request), insecurePort };
    for (const authenticator of this.#options.authenticators ?? []) {
      const user = await authenticator.authenticate(credentials);
      if (user) return user;
    }
    if (insecurePort) return insecureUser;
    if (credentials.certificate) {
      const { commonName, organisations } = credentials.certificate;
      return { name: commonName, groups: [...organisations, 'system:authenticated'] };
    }
    if (request.headers.authorization?.startsWith('Bearer ')) throw unauthorized();
    return anonymous;
  }

  async #authorize(request: IncomingMessage, user: User, path: string): Promise<void> {
    if (this.#authorizer === alwaysAllow) return;
    const attributes = { user, verb: (request.method ?? '').toLowerCase(), path };
    const why = await this.#authorizer.authorize({
      ...attributes,
      group: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
    });
    if (why !== undefined) throw forbidden({ group: '', resource: path }, '', why);
  }
}

const noQuery = new URLSearchParams();

/** The subject of the client's certificate, where it was signed by our authority. */
function certificateOf({ socket }: IncomingMessage) {
  const tls = socket as TLSSocket;
  if (!tls.authorized) return undefined;
  const { subject } = tls.getPeerCertificate();
  if (!subject) return undefined;
  const organisation = (subject as { O?: string | string[] }).O ?? [];
  const organisations = Array.isArray(organisation) ? organisation : [organisation];
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
