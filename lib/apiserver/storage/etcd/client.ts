/**
 * Speaks with one etcd, which may have several members: one that answers is used until it does not.
 *
 * ```ts
 * await using client = await EtcdClient.open({ endpoints: ['http://127.0.0.1:2379'] });
 * const { header } = await client.read(methods.range, { key: Buffer.from('/registry/x') });
 * ```
 *
 * Promised: whatever is answered comes from the cluster that was opened, and from no earlier moment of it; every call ends
 * within ten seconds, or what was asked for. A read is tried again, with another member too, as long as there is time. A write is
 * sent once: where its answer is lost, nobody knows whether it happened, and a second try might do it twice.
 */
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { realClock, sleep } from '../../../util/index.js';
import { UnavailableError } from '../storage.js';
import { EtcdError, type EtcdPlace } from './place.js';
import { type Header, type Method, methods, type WatchRequest, type WatchResponse } from './protocol.js';

/** How long a call may take, if nothing else is said. etcd itself gives up a write that finds no majority after seven seconds. */
const defaultTimeoutMs = 10_000;

/** How long the first contact may take. */
const openTimeoutMs = 5000;

/** Between two tries of a read. */
const retryMs = 100;

const channelOptions = {
  // A list of thirty thousand pods is one message.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A member that is stuck, or behind a cut cable, is noticed. (etcd refuses to be asked more often than every 5 s.)
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_http_proxy': 0,
};

/** gRPC's errors by their numbers; etcd's own by their texts, which are all that tells them apart, in its own client too. */
export const says = {
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  future: 'etcdserver: mvcc: required revision is a future revision',
  timedOut: 'etcdserver: request timed out',
  denied: 'etcdserver: permission denied',
  noAuthentication: 'etcdserver: authentication is not enabled',
};

/** A token that is not good any more: it was not used for long, etcd was started anew, or its users have changed. */
const tokenIsOld = /^etcdserver: (invalid auth token|revision of auth store is old)/;

interface Member {
  readonly endpoint: string;
  readonly client: Client;
}

export interface EtcdClientOptions extends EtcdPlace {
  /** How long a call may take: ten seconds if left out. */
  readonly timeoutMs?: number;
}

export class EtcdClient implements AsyncDisposable {
  readonly #members: readonly Member[];
  readonly #timeoutMs: number;
  readonly #user: EtcdPlace['user'];
  /** What etcd gave us for name and password; empty where it does not ask for any. */
  #token: Promise<string> | undefined;
  /** The member that answered last comes first. */
  #current = 0;
  #clusterId: number | undefined;
  /** The highest revision that an answer has shown. */
  #highest = 0;
  /** Whoever waits for an etcd is not to wait longer than the client is wanted. */
  readonly #closing = new AbortController();
  /** Of etcd, as the member says that was asked first: `3.4.23`. */
  version = '';

  private constructor(members: readonly Member[], user: EtcdPlace['user'], timeoutMs: number) {
    this.#members = members;
    this.#user = user;
    this.#timeoutMs = timeoutMs;
    setMaxListeners(0, this.#closing.signal); // one for each call
  }

  /** Resolves when an etcd has answered. @throws {EtcdError} why none did */
  static async open({
    endpoints,
    ca,
    cert,
    key,
    user,
    timeoutMs = defaultTimeoutMs,
  }: EtcdClientOptions): Promise<EtcdClient> {
    if (endpoints.length === 0)
      throw new EtcdError('which etcd? Give at least one URL, such as http://127.0.0.1:2379.');
    const members = endpoints.map((endpoint) => {
      const { secure, host, target } = parse(endpoint);
      const how = secure ? tls(host, { ca, cert, key }) : credentials.createInsecure();
      // An address is no name that TLS could ask for (Node warns of it); whose it is, `tls` looks after.
      const named = secure && isIP(host) ? { 'grpc.ssl_target_name_override': 'localhost' } : {};
      return { endpoint, client: new Client(target, how, { ...channelOptions, ...named }) };
    });
    const client = new EtcdClient(members, user, timeoutMs);
    try {
      await client.#greet();
      return client;
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Asks, and asks again if no answer comes. @throws {UnavailableError} @throws ServiceError what etcd refuses */
  async read<Request, Response extends { readonly header: Header }>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> {
    const deadline = deadlineIn(this.#timeoutMs);
    for (;;) {
      try {
        return await this.#call(method, request, deadline);
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.reason !== 'unreachable') throw error;
        if (this.#closing.signal.aborted) throw error;
        if (realClock.now() + retryMs >= deadline) throw error;
        await sleep(realClock, retryMs);
      }
    }
  }

  /** Asks once. @throws {UnavailableError} it may or may not have been done @throws ServiceError what etcd refuses */
  write<Request, Response extends { readonly header: Header }>(
    method: Method<Request, Response>,
    request: Request,
  ): Promise<Response> {
    return this.#call(method, request, deadlineIn(this.#timeoutMs));
  }

  /** What etcd shows, until it ends or `signal` aborts. It is read at the consumer's pace. @throws as `read` */
  async *watch(request: WatchRequest, signal: AbortSignal): AsyncGenerator<WatchResponse, void> {
    const deadline = deadlineIn(this.#timeoutMs);
    const member = await this.#ready(deadline, signal);
    const { path, encode, decode } = methods.watch;
    const metadata = await this.#identity(member, deadline);
    // A member that has lost its leader has nothing new to show: it is to end the watch, not to fall silent.
    metadata.set('hasleader', 'true');
    const call: ClientDuplexStream<WatchRequest, WatchResponse> = member.client.makeBidiStreamRequest(
      path,
      encode,
      decode,
      metadata,
    );
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      call.write(request);
      for await (const response of call as AsyncIterable<WatchResponse>) {
        this.#sameCluster(member, response.header);
        // etcd 3.4 says of an old token, too, that the watch is not permitted.
        if (response.cancelReason === says.denied || tokenIsOld.test(response.cancelReason)) this.#token = undefined;
        yield response;
      }
    } catch (error) {
      if (!signal.aborted) throw this.#explained(member, error);
    } finally {
      signal.removeEventListener('abort', cancel);
      call.cancel();
    }
  }

  /** Ends every call that has not been answered, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const { client } of this.#members) client.close();
  }

  async #call<Request, Response extends { readonly header: Header }>(
    method: Method<Request, Response>,
    request: Request,
    deadline: number,
  ): Promise<Response> {
    const { signal } = this.#closing;
    const member = await this.#ready(deadline, signal);
    const highest = this.#highest;
    const ask = async (): Promise<Response> =>
      unary(member.client, method, request, { deadline, signal, metadata: await this.#identity(member, deadline) });
    let response: Response;
    try {
      response = await ask().catch((error: unknown) => {
        if (!this.#user || !tokenIsOld.test(detailsOf(error))) throw error;
        this.#token = undefined;
        return ask(); // nothing was done
      });
    } catch (error) {
      throw this.#explained(member, error);
    }
    this.#sameCluster(member, response.header);
    if (response.header.revision < highest) {
      throw new UnavailableError(
        `the etcd at ${member.endpoint} is at revision ${response.header.revision}, but has been at ${highest}: it has lost data, or was restored from a copy. Start the API servers anew if that is intended`,
        { reason: 'refused' },
      );
    }
    this.#highest = Math.max(this.#highest, response.header.revision);
    return response;
  }

  /**
   * A member that is connected: the one used last if it is, else whichever is first.
   *
   * @throws {UnavailableError} none is until the deadline, or `signal` has aborted
   */
  async #ready(deadline: number, signal: AbortSignal): Promise<Member> {
    if (signal.aborted || this.#closing.signal.aborted) throw new UnavailableError('the store is closed');
    const connected = ({ client }: Member): boolean =>
      client.getChannel().getConnectivityState(true) === connectivityState.READY;
    for (let i = 0; i < this.#members.length; i++) {
      const index = (this.#current + i) % this.#members.length;
      if (!connected(this.#members[index]!)) continue;
      this.#current = index;
      return this.#members[index]!;
    }
    const waiting = this.#members.map((member) => connection(member, deadline, signal));
    try {
      const first = await Promise.any(waiting);
      this.#current = this.#members.indexOf(first);
      return first;
    } catch {
      if (signal.aborted) throw new UnavailableError('the store is closed');
      throw new UnavailableError(`no etcd answers at ${this.#members.map(({ endpoint }) => endpoint).join(', ')}`);
    }
  }

  /** Who we are, as each call says it. A token is good at all members. */
  async #identity({ client }: Member, deadline: number): Promise<Metadata> {
    const metadata = new Metadata();
    if (!this.#user) return metadata;
    const { signal } = this.#closing;
    const token = (this.#token ??= unary(client, methods.authenticate, this.#user, { deadline, signal }).then(
      ({ token }) => token,
      (error: unknown) => {
        if (detailsOf(error) === says.noAuthentication) return '';
        this.#token = undefined;
        throw error;
      },
    ));
    const text = await token;
    if (text !== '') metadata.set('token', text);
    return metadata;
  }

  #sameCluster({ endpoint }: Member, { clusterId }: Header): void {
    this.#clusterId ??= clusterId;
    if (clusterId === this.#clusterId) return;
    throw new UnavailableError(`the etcd at ${endpoint} is another cluster than the one that was opened`, {
      reason: 'refused',
    });
  }

  /** gRPC's troubles as ours; etcd's own answers as they are. */
  #explained({ endpoint }: Member, error: unknown): unknown {
    const { code, details } = error as ServiceError;
    switch (code) {
      case status.DEADLINE_EXCEEDED:
        this.#current = (this.#current + 1) % this.#members.length; // it may be stuck
        return new UnavailableError(`the etcd at ${endpoint} has not answered within ${this.#timeoutMs / 1000} s`, {
          cause: error,
          reason: 'timeout',
        });
      case status.UNAVAILABLE:
      case status.CANCELLED:
        this.#current = (this.#current + 1) % this.#members.length;
        if (details === says.timedOut) return new UnavailableError(details, { cause: error, reason: 'timeout' });
        if (details.startsWith('etcdserver: ')) return new UnavailableError(details, { cause: error });
        return new UnavailableError(`the etcd at ${endpoint} does not answer: ${details}`, { cause: error });
      default:
        return error;
    }
  }

  /** The first contact: every member is tried once, and the reasons are told if none can be used. */
  async #greet(): Promise<void> {
    const reasons: string[] = [];
    for (const [index, { endpoint, client }] of this.#members.entries()) {
      try {
        const deadline = deadlineIn(openTimeoutMs);
        const { header, version } = await unary(client, methods.status, {}, { deadline, signal: this.#closing.signal });
        this.#clusterId = header.clusterId;
        this.#current = index;
        this.version = version;
        return;
      } catch (error) {
        reasons.push(reasonOf(endpoint, error as ServiceError));
      }
    }
    throw new EtcdError(reasons.join('; '));
  }
}

/** What etcd, or gRPC, said of a call that failed; empty for any other failure. */
export const detailsOf = (error: unknown): string => String((error as { details?: unknown }).details ?? '');

/** Network time runs as this machine's, however fast the cluster's clock does. */
const deadlineIn = (ms: number): number => realClock.now() + ms;

/**
 * Resolves when a member is connected. (grpc's own `waitForReady` begins to connect once more when its client is closed, and
 * keeps the process alive.)
 *
 * @throws Error it is not until the deadline, or `signal` has aborted
 */
function connection(member: Member, deadline: number, signal: AbortSignal): Promise<Member> {
  const channel = member.client.getChannel();
  return new Promise((resolve, reject) => {
    const end = (error?: Error): void => {
      signal.removeEventListener('abort', abandon);
      if (error) reject(error);
      else resolve(member);
    };
    const abandon = (): void => end(new Error('nobody waits any more'));
    const look = (late?: Error): void => {
      if (late) return end(late);
      if (signal.aborted) return;
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) end();
      else channel.watchConnectivityState(state, deadline, look);
    };
    signal.addEventListener('abort', abandon, { once: true });
    look();
  });
}

interface CallOptions {
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly metadata?: Metadata;
}

function unary<Request, Response>(
  client: Client,
  { path, encode, decode }: Method<Request, Response>,
  request: Request,
  { deadline, signal, metadata = new Metadata() }: CallOptions,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(path, encode, decode, request, metadata, { deadline }, (error, response) => {
      signal.removeEventListener('abort', cancel);
      if (error) reject(error);
      else resolve(response!);
    });
    const cancel = (): void => call.cancel();
    signal.addEventListener('abort', cancel);
  });
}

/** @throws {EtcdError} what of it is no PEM text */
function tls(host: string, { ca, cert, key }: Pick<EtcdPlace, 'ca' | 'cert' | 'key'>): ChannelCredentials {
  const pem = (text: string | undefined) => (text ? Buffer.from(text) : null);
  try {
    return credentials.createSsl(pem(ca), pem(key), pem(cert), {
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new EtcdError(
      `the certificates for etcd cannot be read (${why}): they must be PEM files, and belong together.`,
    );
  }
}

/** `http://127.0.0.1:2379` → `127.0.0.1:2379`. @throws {EtcdError} */
function parse(endpoint: string): { readonly secure: boolean; readonly host: string; readonly target: string } {
  const text = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `http://${endpoint}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.username !== '' || url.hostname === '')
    throw new EtcdError(`"${endpoint}" is no URL of an etcd: write it as http://127.0.0.1:2379, or https://host:2379.`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const scheme = { 4: 'ipv4', 6: 'ipv6' }[isIP(host)] ?? 'dns';
  // A URL does not tell its scheme's own port; etcd's is another.
  const port = url.port || (/:(80|443)\/?$/.exec(text)?.[1] ?? '2379');
  return { secure: url.protocol === 'https:', host, target: `${scheme}:${url.hostname}:${port}` };
}

/** Why the first contact failed, in a sentence for whoever typed the URL. */
function reasonOf(endpoint: string, { details = '', code, message }: ServiceError): string {
  const secure = endpoint.startsWith('https:');
  if (/ECONNREFUSED/.test(details)) return `no etcd answers at ${endpoint}: nothing listens there. Is it running?`;
  if (/ENOTFOUND|EAI_AGAIN|Name resolution/.test(details))
    return `no etcd answers at ${endpoint}: nobody knows a host of that name.`;
  if (
    secure &&
    /self[- ]signed|unable to (get|verify)|issuer|certificate has expired|altname|alternative names/i.test(details)
  )
    return `the certificate of the etcd at ${endpoint} is not trusted (${lastError(details)}): name who signed it with --etcd-cafile.`;
  if (/certificate required|bad certificate|alert number (42|116)/i.test(details))
    return `the etcd at ${endpoint} wants a certificate of us: give one with --etcd-certfile and --etcd-keyfile.`;
  if (
    secure &&
    /wrong version number|packet length too long|record layer|before secure TLS connection|ECONNRESET|EPROTO/i.test(
      details,
    )
  )
    return `the etcd at ${endpoint} does not answer in TLS: if it speaks plain HTTP, write http:// in place of https://.`;
  if (code === status.DEADLINE_EXCEEDED)
    return `the etcd at ${endpoint} has not answered within ${openTimeoutMs / 1000} s.`;
  return `${endpoint} does not answer as an etcd (${lastError(details) || message})${secure ? '' : ': is it one, and does it speak plain HTTP'}?`;
}

/** `No connection established. Last error: X. Resolution note: ` → `X` */
const lastError = (details: string): string =>
  (/Last error: (.*?)(?:\. Resolution note.*)?$/s.exec(details)?.[1] ?? details).replace(/^Error: /, '').trim();
