/**
 * The client over HTTP: one request a call, one connection a watch. Connections are kept and used again.
 *
 * Its way with failure, in one place: what the server refuses is its `Status`; what never reached the server, or broke on
 * the way, is `ServiceUnavailable` with the cause. Only a read is tried a second time by itself, because an idle connection may
 * be closed by the server in the very moment it is used; all other patience is the caller's, who knows what he does.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/rest/request.go
 */
import { setMaxListeners } from 'node:events';
import { Pool, type Dispatcher } from 'undici';
import { groupResource, groupVersion, pathOf, type Resource } from '../api/resources.js';
import { internalError, serviceUnavailable, StatusError, type Reason, type Status } from '../api/status.js';
import type { Draft, KubernetesObject, List, WatchEvent } from '../api/types.js';
import type {
  Client,
  ClientOptions,
  DeleteOptions,
  ListQuery,
  ObjectName,
  PatchOptions,
  RequestOptions,
  WatchQuery,
  WriteOptions,
} from './client.js';
import { lines } from './lines.js';

/** How many requests travel at once; further ones wait for a free connection. Watches are not counted. */
const connections = 64;
/** The server ends a request after 60 seconds by itself; one that does not is not coming back. */
const headersTimeoutMs = 70_000;
/** How much later than promised a server may end a watch before it is taken for dead. */
const watchSlackMs = 30_000;

/** A client of the API server at `options.server`. Nothing is sent before the first call. */
export const connect = (options: ClientOptions): Client => new HttpClient(options);

class HttpClient implements Client {
  readonly options: ClientOptions;
  /** Short requests. */
  readonly #pool: Pool;
  /** Watches: each keeps its connection for minutes, so they have a pool without a limit. */
  readonly #watches: Pool;
  /** The path before `/api`, for a server behind a proxy; empty or without a slash at its end. */
  readonly #base: string;

  constructor(options: ClientOptions) {
    this.options = options;
    const url = new URL(options.server);
    this.#base = url.pathname.replace(/\/+$/, '');
    const tls = {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      rejectUnauthorized: !options.insecureSkipTlsVerify,
    };
    this.#pool = new Pool(url.origin, { connections, headersTimeout: headersTimeoutMs, connect: tls });
    this.#watches = new Pool(url.origin, { connections: null, headersTimeout: 0, bodyTimeout: 0, connect: tls });
  }

  get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName, options?: RequestOptions): Promise<T> {
    return this.#object(resource, 'GET', pathOf(resource, name), undefined, options);
  }

  async list<T extends KubernetesObject>(resource: Resource<T>, query: ListQuery = {}): Promise<List<T>> {
    const { signal, namespace, ...parameters } = query;
    const path = withQuery(pathOf(resource, { namespace }), parameters);
    const list = await this.#object<List<T>>(resource, 'GET', path, undefined, { signal });
    // A list says kind and version once for all its items; whoever takes one out wants them there.
    const named = { apiVersion: groupVersion(resource), kind: resource.kind };
    list.items = (list.items ?? []).map((item) => (item.kind ? item : { ...named, ...item }));
    return list;
  }

  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    query: WatchQuery,
  ): AsyncGenerator<WatchEvent<T>, void> {
    const { signal, namespace, ...parameters } = query;
    const path = withQuery(pathOf(resource, { namespace }), { watch: true, ...parameters });
    let body: Dispatcher.ResponseData['body'] | undefined;
    try {
      const response = await this.#send(this.#watches, 'GET', path, undefined, {
        signal,
        bodyTimeout: query.timeoutSeconds ? query.timeoutSeconds * 1000 + watchSlackMs : 0,
      });
      body = response.body;
      if (response.statusCode !== 200) throw refusal(response, await body.text(), 'GET', resource);
      for await (const line of lines(body)) {
        const event = decode<WatchEvent<T>>(line);
        if (event.type === 'ERROR') throw new StatusError(event.object);
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      throw error instanceof StatusError ? error : this.#unreachable(error);
    } finally {
      // Whoever stops listening hangs up. (Destroying makes the stream report an error, to nobody.)
      body?.on('error', () => {}).destroy();
    }
  }

  create<T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const path = pathOf(resource, { namespace: object.metadata.namespace });
    return this.#object(resource, 'POST', withQuery(path, written(options)), typed(resource, object), options);
  }

  update<T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>, options: WriteOptions = {}): Promise<T> {
    const path = pathOf(resource, placeOf(object));
    return this.#object(resource, 'PUT', withQuery(path, written(options)), typed(resource, object), options);
  }

  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: Draft<T>,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = pathOf(resource, { ...placeOf(object), subresource: 'status' });
    return this.#object(resource, 'PUT', withQuery(path, written(options)), typed(resource, object), options);
  }

  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: unknown,
    options: PatchOptions = {},
  ): Promise<T> {
    const path = pathOf(resource, { ...name, subresource: options.subresource });
    return this.#object(resource, 'PATCH', withQuery(path, written(options)), patch, {
      signal: options.signal,
      contentType: patchTypes[options.type ?? 'strategic'],
    });
  }

  async delete(resource: Resource, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    await this.#object(resource, 'DELETE', pathOf(resource, name), deleteOptions(options), options);
  }

  async deleteCollection(resource: Resource, query: ListQuery = {}, options: DeleteOptions = {}): Promise<void> {
    const { signal = options.signal, namespace, ...parameters } = query;
    const path = withQuery(pathOf(resource, { namespace }), parameters);
    await this.#object(resource, 'DELETE', path, deleteOptions(options), { signal });
  }

  createSubresource<R = unknown>(
    resource: Resource,
    name: ObjectName,
    subresource: string,
    body: unknown,
    options: WriteOptions = {},
  ): Promise<R> {
    const path = withQuery(pathOf(resource, { ...name, subresource }), written(options));
    return this.#object(resource, 'POST', path, body, options);
  }

  raw(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<string> {
    return this.#text(undefined, method, path, body, options);
  }

  /** Ends at once: what is under way is cut off, watches end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#watches.destroy()]);
  }

  async #object<R>(
    resource: Resource | undefined,
    method: string,
    path: string,
    body: unknown,
    options: { readonly signal?: AbortSignal; readonly contentType?: string } = {},
  ): Promise<R> {
    return decode(await this.#text(resource, method, path, body, options));
  }

  async #text(
    resource: Resource | undefined,
    method: string,
    path: string,
    body: unknown,
    options: { readonly signal?: AbortSignal; readonly contentType?: string },
  ): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await this.#send(this.#pool, method, path, body, options);
        const text = await response.body.text();
        if (response.statusCode < 400) return text;
        throw refusal(response, text, method, resource);
      } catch (error) {
        if (options.signal?.aborted) throw options.signal.reason;
        if (error instanceof StatusError) throw error;
        if (method === 'GET' && attempt === 1 && wasCut(error)) continue;
        throw this.#unreachable(error);
      }
    }
  }

  #send(
    pool: Pool,
    method: string,
    path: string,
    body: unknown,
    options: { readonly signal?: AbortSignal; readonly contentType?: string; readonly bodyTimeout?: number },
  ): Promise<Dispatcher.ResponseData> {
    const { token, userAgent } = this.options;
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent };
    if (token) headers.authorization = `Bearer ${typeof token === 'function' ? token() : token}`;
    if (body !== undefined) headers['content-type'] = options.contentType ?? 'application/json';
    if (options.signal) setMaxListeners(0, options.signal); // one listener for each request under way is no leak
    return pool.request({
      method: method as Dispatcher.HttpMethod,
      path: this.#base + path,
      headers,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
      signal: options.signal,
      ...(options.bodyTimeout !== undefined && { bodyTimeout: options.bodyTimeout }),
    });
  }

  #unreachable(cause: unknown): StatusError {
    // A name with several addresses fails with one error for each.
    const why = (cause as AggregateError).errors?.[0] ?? cause;
    const message = `the API server at ${this.options.server} cannot be reached: ${why.message ?? String(why)}`;
    return new StatusError(serviceUnavailable(message).status, { cause });
  }
}

/** The media types of PATCH. */
const patchTypes = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

const written = ({ dryRun, fieldManager }: WriteOptions) => ({ dryRun: dryRun ? 'All' : undefined, fieldManager });

const deleteOptions = ({ gracePeriodSeconds, propagationPolicy, preconditions }: DeleteOptions) => ({
  kind: 'DeleteOptions',
  apiVersion: 'v1',
  gracePeriodSeconds,
  propagationPolicy,
  preconditions,
});

const typed = <T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>) =>
  object.kind && object.apiVersion ? object : { ...object, apiVersion: groupVersion(resource), kind: resource.kind };

const placeOf = ({ metadata }: { readonly metadata: { namespace?: string; name?: string } }): ObjectName => {
  if (!metadata.name) throw new Error('an object to update has a name');
  return { namespace: metadata.namespace, name: metadata.name };
};

function withQuery(path: string, parameters: object): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');
  return query ? `${path}?${query}` : path;
}

function decode<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new StatusError(internalError(error).status, { cause: error });
  }
}

/** The connection ended under the request, without an answer. */
const wasCut = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The server's `Status`; for an answer that is none (a proxy's page, plain text) the one that its code stands for. */
function refusal(
  { statusCode, headers }: Dispatcher.ResponseData,
  text: string,
  method: string,
  resource: Resource | undefined,
): StatusError {
  const retryAfterSeconds = Number(headers['retry-after']) || undefined;
  const status = statusIn(text);
  if (status) {
    if (retryAfterSeconds && !status.details?.retryAfterSeconds)
      status.details = { ...status.details, retryAfterSeconds };
    return new StatusError(status);
  }
  const [reason, message] =
    statusCode === 409 && method === 'POST'
      ? (['AlreadyExists', 'the server reported a conflict'] as const)
      : (generic[statusCode] ?? [
          statusCode >= 500 ? 'InternalError' : undefined,
          statusCode >= 500
            ? `an error on the server (${JSON.stringify(text.trim().slice(0, 2048) || 'unknown')}) has prevented the request from succeeding`
            : `the server responded with the status code ${statusCode} but did not return more information`,
        ]);
  const what = resource ? ` (${verbs[method] ?? method.toLowerCase()} ${groupResource(resource)})` : '';
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: message + what,
    ...(reason && { reason }),
    details: {
      ...(resource?.group && { group: resource.group }),
      ...(resource && { kind: resource.resource }),
      causes: [{ reason: 'UnexpectedServerResponse', message: text.trim().slice(0, 2048) || 'unknown' }],
      ...(retryAfterSeconds && { retryAfterSeconds }),
    },
    code: statusCode,
  });
}

function statusIn(text: string): Status | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const status = JSON.parse(text) as Status;
    return status.kind === 'Status' ? status : undefined;
  } catch {
    return undefined;
  }
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'post',
  PUT: 'put',
  GET: 'get',
  PATCH: 'patch',
  DELETE: 'delete',
};

/**
 * What a bare code means.
 * @see https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apimachinery/pkg/api/errors/errors.go NewGenericServerResponse
 */
const generic: Readonly<Record<number, readonly [Reason, string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', 'the server does not allow access to the requested resource'],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', 'the server was unable to respond with a content type that the client supports'],
  409: ['Conflict', 'the server reported a conflict'],
  413: ['RequestEntityTooLarge', 'the request is too large'],
  415: ['UnsupportedMediaType', 'the server was unable to process the media type of the request'],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: [
    'Timeout',
    'the server was unable to return a response in the time allotted, but may still be processing the request',
  ],
};
