/**
 * The API server, put together: the only door to the store. Two ports, one chain.
 *
 * ```
 *   open port 8080 ── plain, this machine only ─┐
 *   secure port 6443 ── TLS, certificates ──────┴▶ Chain ─▶ Resources ─▶ Registry ─▶ Storage
 *                                                    │          ▲             │
 *                                                    ▼          └─ WatchCache ◀┘ watch
 *                                                  Pages
 * ```
 */
import { generateKeyPairSync } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { kinds as allKinds, type Kind } from '../api/kinds/index.js';
import { type Check, realClock, Scope, sleep, type Clock, type Log } from '../util/index.js';
import type { KubeletCredentials } from './actions.js';
import { defaultAdmission, type AdmissionPlugin } from './admission/index.js';
import { Claims } from './allocators/claims.js';
import { addressOf, addressRange, type Range } from './allocators/range.js';
import { serviceAllocation } from './allocators/service-allocation.js';
import type { Authenticator } from './authentication/authentication.js';
import { serviceAccountTokens, unknownTokens } from './authentication/bearer.js';
import { reviewSelf, reviewToken } from './authentication/reviews.js';
import { clientCertificates } from './authentication/certificate.js';
import { alwaysAllow, type Authorizer } from './authorization/authorization.js';
import { bind } from './binding.js';
import {
  createKubernetesService,
  createSystemNamespaces,
  createSystemPriorityClasses,
  publishServers,
} from './bootstrap.js';
import { Chain } from './chain.js';
import { componentStatuses } from './component-status.js';
import { evict } from './eviction.js';
import { Deadlines } from './deadlines.js';
import { Metrics } from './metrics.js';
import { Pages } from './pages.js';
import { Peers } from './peers.js';
import type { Reader } from './reader.js';
import { Admission } from './registry/admit.js';
import { Registry } from './registry/registry.js';
import { Resources } from './resources.js';
import { ServedKinds } from './served.js';
import type { Storage } from './storage/storage.js';
import { streamHandlers } from './streams/index.js';
import type { ActionHandlers } from './subresources.js';
import { requestToken } from './tokens/token-request.js';
import { ServiceAccountTokens } from './tokens/tokens.js';
import { cacheReader } from './watch-cache/cache-reader.js';
import { WatchCache } from './watch-cache/watch-cache.js';

export interface ApiServerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** What is served; the whole table if left out. */
  readonly kinds?: readonly Kind[];
  /** Where both ports listen; 127.0.0.1 if left out. */
  readonly host?: string;
  /** The open port, for this machine alone; 0 picks a free one; 8080 if left out. */
  readonly port?: number;
  /** The port for everybody else; none if left out. */
  readonly secure?: SecureOptions;
  /** As whom the server calls kubelets. */
  readonly kubeletClient?: KubeletCredentials;
  /** Signs the tokens of service accounts: PEM, RSA or P-256. If left out, tokens die with this server. */
  readonly serviceAccountKey?: string;
  /** Where Services get their addresses; 10.0.0.0/24 if left out. */
  readonly serviceRange?: string;
  /** Where Services get their ports on nodes; 30000 to 32767 if left out. */
  readonly nodePortRange?: Range;
  /** In place of the default rules. */
  readonly admission?: (reader: Reader) => readonly AdmissionPlugin[];
  /** Further ways to recognise a user, beside client certificates and service accounts' tokens. */
  readonly authenticators?: readonly Authenticator[];
  readonly authorizer?: Authorizer;
  readonly actions?: ActionHandlers;
  /** By which requests wait; the machine's own time if left out, however fast the cluster's goes. */
  readonly patience?: Clock;
  /** The other parts of the control plane, and how to find out whether they are well; it may grow while they are started. */
  readonly components?: ReadonlyMap<string, Check>;
}

/** PEM texts. */
export interface SecureOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  /** What signs the clients' certificates. */
  readonly clientCA?: string;
}

/**
 * What a connection may cost. Idle ones are kept longer than clients keep them, so that it is the client who closes; a head
 * must be there, and a whole request, within their times (upstream's for heads; a watch is whole at once).
 */
const serverOptions = {
  keepAliveTimeout: 190_000,
  headersTimeout: 32_000,
  requestTimeout: 300_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 1024 * 1024,
};

export class ApiServer implements AsyncDisposable {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** `https://127.0.0.1:6443` */
  readonly secureUrl: string | undefined;
  readonly #scope: Scope;

  private constructor(urls: { url: string; secureUrl: string | undefined }, scope: Scope) {
    this.url = urls.url;
    this.secureUrl = urls.secureUrl;
    this.#scope = scope;
  }

  /** Resolves when requests are answered. @throws Error if a port is taken */
  static async start(options: ApiServerOptions): Promise<ApiServer> {
    const { storage, clock, log, kinds = allKinds, host = '127.0.0.1', port = 8080, secure } = options;
    await using scope = new Scope();
    const served = new ServedKinds(kinds);
    const isStored = storeCheck(storage);
    const components = () => new Map([...(options.components ?? []), ['etcd-0', isStored]]);
    const cache = scope.use(
      await WatchCache.start({ storage, kinds: kinds.filter(({ computed }) => !computed), clock, log }),
    );
    const reader = cacheReader(cache, served);
    const { serviceRange = '10.0.0.0/24', nodePortRange: nodePorts, admission = defaultAdmission } = options;
    const allocation = serviceAllocation({
      reader,
      serviceRange,
      ...(nodePorts && { nodePorts }),
      ...(storage.shared && { claims: new Claims({ storage, cache, clock }) }),
    });
    const plugins = new Admission([...admission(reader), allocation]);
    const registry = new Registry({ storage, cache, clock, admission: plugins });
    const privateKey = options.serviceAccountKey ?? passingKey();
    const tokens = new ServiceAccountTokens({ privateKey, clock, reader, current: () => cache.current() });
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // one for each watch

    await createSystemNamespaces(registry, served);
    await createSystemPriorityClasses(registry, served);
    const metrics = new Metrics();
    const authenticators = [
      clientCertificates,
      serviceAccountTokens(tokens),
      ...(options.authenticators ?? []),
      unknownTokens,
    ];
    const chain = new Chain({
      served,
      resources: new Resources({
        served,
        registry,
        clock,
        reader,
        actions: {
          ...podActions(served, registry),
          selfsubjectreviews: ({ context, body }) => reviewSelf(body, context.user, clock),
          tokenreviews: ({ body }) => reviewToken({ tokens, authenticators }, body),
          'serviceaccounts/token': ({ context, body }) => requestToken({ tokens, reader, clock }, context, body),
          ...options.actions,
        },
        computed: { componentstatuses: componentStatuses(components) },
        streams: streamHandlers({ reader }),
        kubelet: options.kubeletClient,
      }),
      pages: new Pages({
        served,
        metrics,
        checks: checksOf(storage),
        ending: () => stop.signal.aborted,
        openID: tokens.openID,
      }),
      metrics,
      deadlines: scope.use(new Deadlines(options.patience ?? realClock)),
      clock,
      authenticators,
      authorizer: options.authorizer ?? alwaysAllow,
      hosts: new Set([host]),
      log,
      signal: stop.signal,
    });

    const open = createServer(serverOptions, (request, response) => chain.handle(request, response, true));
    open.on('upgrade', (request, socket, head) => chain.upgrade(request, socket, head, true));
    const url = `http://${await listen(scope, open, host, port)}`;
    let secureUrl: string | undefined;
    if (secure) {
      const { cert, key, clientCA } = secure;
      const tls = { cert, key, ...(clientCA && { ca: clientCA }), requestCert: true, rejectUnauthorized: false };
      const closed = createSecureServer({ ...serverOptions, ...tls }, (request, response) =>
        chain.handle(request, response, false),
      );
      closed.on('upgrade', (request, socket, head) => chain.upgrade(request, socket, head, false));
      secureUrl = `https://${await listen(scope, closed, host, secure.port)}`;
      const clusterIP = addressOf(addressRange(serviceRange).first);
      const port = Number(new URL(secureUrl).port);
      await createKubernetesService(registry, served, { clusterIP, port });
      const own = { host, port };
      if (storage.shared) await joinPeers(scope, new Peers({ registry, served, own, clock, log }));
      else await publishServers(registry, served, [own]);
    }
    scope.defer(() => stop.abort());
    return new ApiServer({ url, secureUrl }, scope.move());
  }

  /** Ends watches and streams, closes the ports. The store stays open: it is the caller's. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}

const passingKey = (): string =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey;

const checksOf = (storage: Storage): ReadonlyMap<string, Check> =>
  new Map<string, Check>([
    ['ping', () => {}],
    ['log', () => {}],
    // By this name upstream's clients know the store.
    ['etcd', storeCheck(storage)],
  ]);

/** A store that takes longer to answer is not healthy, as upstream has it. */
const healthTimeoutMs = 2000;

const storeCheck =
  (storage: Storage): Check =>
  async () => {
    const answered = new AbortController();
    const late = sleep(realClock, healthTimeoutMs, answered.signal).then(() => Promise.reject(new Error('no answer')));
    try {
      await Promise.race([storage.revision(), late]);
    } finally {
      answered.abort();
    }
  };

/** Takes its place among the servers of a store, until `scope` ends. */
async function joinPeers(scope: Scope, peers: Peers): Promise<void> {
  const leave = new AbortController();
  await peers.renew();
  const running = peers.run(leave.signal);
  scope.defer(() => (leave.abort(), running));
}

/** What can be done with a pod, where pods are served. */
function podActions(served: ServedKinds, registry: Registry): ActionHandlers {
  const pods = served.find('', 'v1', 'pods');
  if (!pods) return {};
  return {
    'pods/binding': ({ context, body }) => bind(registry, pods, context, body ?? {}),
    bindings: ({ context, body }) => bind(registry, pods, context, body),
    'pods/eviction': ({ context, body }) => evict(registry, pods, context, body ?? {}),
  };
}

/** @returns `127.0.0.1:8080` */
async function listen(scope: Scope, server: Server, host: string, port: number): Promise<string> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  scope.defer(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    await new Promise(setImmediate); // ended watches say goodbye first
    // Upgraded connections have left the server's own list.
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  const address = server.address() as AddressInfo;
  return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
}
