/**
 * Requests for resources: from a path and a method to the registry and back. All kinds come through here; what differs
 * between them stands in the table.
 *
 * | method | collection       | object | subresource          |
 * | --- | --- | --- | --- |
 * | GET    | list, watch      | get    | get, or open a stream |
 * | POST   | create           |        | act                  |
 * | PUT    |                  | update | update               |
 * | PATCH  |                  | patch  | patch                |
 * | DELETE | deletecollection | delete |                      |
 */
import type { Kind, Subresource, Verb } from '../api/kinds/kind.js';
import { badRequest, invalid, StatusError, unclassified } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import type { Clock } from '../util/index.js';
import type { User } from './authentication/authentication.js';
import { answer, statusBytes, type Reply } from './answer.js';
import { readBody } from './body.js';
import { decodeJson, decodeObject } from './decoding.js';
import { asItself, asMetadata, asTable, type Form } from './forms.js';
import { negotiate, notStreamable, type Accepted } from './negotiate.js';
import { applyPatch, patchTypeOf } from './patching.js';
import type { RequestContext } from './registry/context.js';
import { deleteCollection, deleteObject } from './registry/delete.js';
import { deleteOptions, dryRunCauses, type DeleteOptions } from './registry/delete-options.js';
import { list, parseRevision, waitFor } from './registry/list.js';
import { copyOf, type Registry, type UpdateOptions } from './registry/registry.js';
import { Selection } from './registry/selection.js';
import { Watch, type Sink } from './registry/watch.js';
import type { ResourcePath } from './request-info.js';
import type { ServedKinds } from './served.js';
import type { IncludeObject } from './tables.js';

export interface ResourceRequest extends Reply {
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
  warn(message: string): void;
}

export interface ResourcesOptions {
  readonly served: ServedKinds;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly actions: ActionHandlers;
}

/** What acting subresources do, by `resource/subresource`: `pods/binding`. Collections that only act, by `resource`: `bindings`. */
export type ActionHandlers = Readonly<Record<string, (action: Action) => Promise<KubernetesObject | Buffer | void>>>;

export interface Action {
  readonly context: RequestContext;
  readonly registry: Registry;
  /** The request's own body, decoded. */
  readonly body: any;
  readonly query: URLSearchParams;
}

/** A watch without `timeoutSeconds` ends after half an hour to an hour, so that not all clients come back at once. */
const watchTimeoutMs = 30 * 60 * 1000;

export class Resources {
  readonly #served: ServedKinds;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #actions: ActionHandlers;
  readonly #watches = new Set<() => void>();

  constructor({ served, registry, clock, actions }: ResourcesOptions) {
    this.#served = served;
    this.#registry = registry;
    this.#clock = clock;
    this.#actions = actions;
  }

  /** Ends all watches: their clients come back to another server, or later. */
  endWatches(): void {
    for (const end of [...this.#watches]) end();
  }

  /** @throws StatusError */
  async handle(request: ResourceRequest): Promise<void> {
    const { path } = request;
    const kind = this.#served.find(path.group, path.version, path.resource);
    if (!kind) throw noSuchResource();
    const part = path.subresource === '' ? undefined : kind.subresources?.[path.subresource];
    if (path.subresource !== '' && (!part || !Object.hasOwn(kind.subresources!, path.subresource)))
      throw noSuchResource();
    if (path.rest !== '' && part?.type !== 'action') throw noSuchResource();
    if (path.namespace !== '' && !kind.namespaced) throw noSuchResource();
    if (kind.namespaced && path.name !== '' && path.namespace === '') throw noSuchResource();
    const verb = verbOf(request);
    if (!verb || !(part ? part.verbs : kind.verbs).includes(part && verb === 'watch' ? 'get' : verb))
      throw noSuchMethod();
    if (kind.namespaced && path.namespace === '' && !readsCollections.has(verb)) throw noSuchMethod();
    const accepted = negotiate(request.request.headers.accept);
    if (part) return this.#subresource(request, kind, part, verb, accepted);
    switch (verb) {
      case 'get':
        return this.#get(request, kind, accepted);
      case 'list':
        return this.#list(request, kind, accepted);
      case 'watch':
        return this.#watch(request, kind, accepted);
      case 'create':
        return this.#create(request, kind, accepted);
      case 'update':
        return this.#update(request, kind, accepted, {});
      case 'patch':
        return this.#patch(request, kind, accepted, {});
      case 'delete':
        return this.#delete(request, kind, accepted);
      case 'deletecollection':
        return this.#deleteCollection(request, kind, accepted);
    }
  }

  async #get(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const { path, query } = request;
    const version = query.get('resourceVersion');
    if (version) await waitFor(this.#registry.cache, parseRevision(version));
    const form = this.#form(kind, accepted, query);
    const entry = this.#registry.get({ kind, namespace: path.namespace, name: path.name });
    warnOfKind(kind, request);
    return answer(request, 200, accepted, form.one(entry, '', '\n'));
  }

  async #list(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const { query } = request;
    const form = this.#form(kind, accepted, query);
    const page = await list(this.#registry, this.#selection(request, kind), {
      resourceVersion: query.get('resourceVersion') ?? '',
      resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
      limit: integer(query, 'limit') ?? 0,
      continue: query.get('continue') ?? '',
    });
    warnOfKind(kind, request);
    return answer(request, 200, accepted, form.many(page.entries, metadataOf(page)));
  }

  async #watch(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const { query, response } = request;
    if (accepted.type !== 'json') throw notStreamable();
    const version = query.get('resourceVersion') ?? '';
    if (version !== '' && !/^\d{1,20}$/.test(version)) {
      throw unclassified(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
    }
    const initial = boolean(query, 'sendInitialEvents');
    const seconds = integer(query, 'timeoutSeconds') ?? 0;
    const after = initial || version === '' || version === '0' ? undefined : Number(version);
    if (initial && version !== '') await waitFor(this.#registry.cache, Number(version));
    const selection = this.#selection(request, kind);
    const form = this.#form(kind, accepted, query);
    warnOfKind(kind, request);
    response.setHeader('Cache-Control', 'no-cache, private');
    response.setHeader('Content-Type', 'application/json');
    response.writeHead(200);
    response.flushHeaders();
    await new Promise<void>((resolve) => {
      const sink: Sink = {
        write: (chunk) => response.write(chunk),
        onDrain: (drained) => response.on('drain', drained),
        end: () => response.end(),
        destroy: () => response.destroy(),
      };
      const watch = new Watch(
        {
          cache: this.#registry.cache,
          selection,
          form,
          clock: this.#clock,
          after: initial === false && version === '' ? this.#registry.cache.revision : after,
          markInitialEvents: initial === true && boolean(query, 'allowWatchBookmarks') === true,
          bookmarks: boolean(query, 'allowWatchBookmarks') === true,
          timeoutMs: seconds > 0 ? seconds * 1000 : watchTimeoutMs * (1 + Math.random()),
        },
        sink,
      );
      const end = (): void => {
        watch[Symbol.dispose]();
        response.end();
      };
      this.#watches.add(end);
      response.on('close', () => {
        this.#watches.delete(end);
        watch[Symbol.dispose]();
        resolve();
      });
      watch.start();
    });
  }

  async #create(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const body = await readBody(request.request);
    const act = this.#actions[kind.resource];
    const object = this.#decode(request, kind, body);
    const context = this.#context(request, kind);
    if (act) {
      const result = await act({ context, registry: this.#registry, body: object, query: request.query });
      return this.#answerAction(request, 201, accepted, result);
    }
    const form = this.#form(kind, accepted, request.query);
    const entry = await this.#registry.create(context, object);
    return answer(request, 201, accepted, form.one(entry, '', '\n'));
  }

  async #update(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void> {
    const body = await readBody(request.request);
    const decode = (): KubernetesObject => this.#decode(request, kind, body);
    const form = this.#form(kind, accepted, request.query);
    const { entry, created } = await this.#registry.update(this.#context(request, kind), decode, {
      ...options,
      ...(kind.createOnUpdate && !options.part && { orCreate: decode }),
    });
    return answer(request, created ? 201 : 200, accepted, form.one(entry, '', '\n'));
  }

  async #patch(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void> {
    const type = patchTypeOf(request.request.headers['content-type']);
    const body = await readBody(request.request);
    const form = this.#form(kind, accepted, request.query);
    const { entry, created } = await this.#registry.update(
      this.#context(request, kind),
      (current) => applyPatch(kind, type, copyOf(kind, current), body),
      options,
    );
    return answer(request, created ? 201 : 200, accepted, form.one(entry, '', '\n'));
  }

  async #delete(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const options = await this.#deleteOptions(request);
    const form = this.#form(kind, accepted, request.query);
    const context = this.#context(request, kind, options);
    const deleted = await deleteObject(this.#registry, context, options);
    warnOfKind(kind, request);
    const body = 'entry' in deleted ? form.one(deleted.entry, '', '\n') : statusBytes(deleted.status);
    return answer(request, 200, accepted, body);
  }

  async #deleteCollection(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const options = await this.#deleteOptions(request);
    const form = this.#form(kind, accepted, request.query);
    const selection = this.#selection(request, kind);
    const page = await list(this.#registry, selection, {
      resourceVersion: request.query.get('resourceVersion') ?? '',
      resourceVersionMatch: request.query.get('resourceVersionMatch') ?? '',
      limit: integer(request.query, 'limit') ?? 0,
      continue: request.query.get('continue') ?? '',
    });
    const context = this.#context(request, kind, options);
    const entries = await deleteCollection(this.#registry, context, page.entries, options);
    warnOfKind(kind, request);
    return answer(request, 200, accepted, form.many(entries, metadataOf(page)));
  }

  async #subresource(
    request: ResourceRequest,
    kind: Kind,
    part: Subresource,
    verb: Verb,
    accepted: Accepted,
  ): Promise<void> {
    if (part.type === 'part') {
      if (verb === 'get' || verb === 'watch') return this.#get(request, kind, accepted);
      if (verb === 'update') return this.#update(request, kind, accepted, { part });
      return this.#patch(request, kind, accepted, { part });
    }
    if (part.type === 'scale') throw unclassified('scale is not there yet', 501);
    const act = this.#actions[`${kind.resource}/${request.path.subresource}`];
    if (!act) throw unclassified(`${kind.resource}/${request.path.subresource} is not served here`, 501);
    const body = await readBody(request.request);
    const context = this.#context(request, kind);
    const result = await act({
      context,
      registry: this.#registry,
      body: body.length === 0 ? undefined : decodeJson(body),
      query: request.query,
    });
    return this.#answerAction(request, 201, accepted, result);
  }

  #answerAction(
    request: ResourceRequest,
    code: number,
    accepted: Accepted,
    result: KubernetesObject | Buffer | void,
  ): Promise<void> {
    const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code };
    const body = Buffer.isBuffer(result) ? result : Buffer.from(JSON.stringify(result ?? success) + '\n');
    return answer(request, code, accepted, body);
  }

  #decode(request: ResourceRequest, kind: Kind, body: Buffer): KubernetesObject {
    return decodeObject(kind, body, {
      contentType: request.request.headers['content-type'],
      fieldValidation: request.query.get('fieldValidation') ?? 'Warn',
      warn: request.warn,
    });
  }

  async #deleteOptions(request: ResourceRequest): Promise<DeleteOptions> {
    const body = await readBody(request.request);
    return deleteOptions(body.length === 0 ? undefined : (decodeJson(body) as DeleteOptions), request.query);
  }

  #context(request: ResourceRequest, kind: Kind, options?: DeleteOptions): RequestContext {
    const { path, query, user, warn } = request;
    const dryRun = options?.dryRun ?? query.getAll('dryRun').filter((value) => value !== '');
    const causes = dryRunCauses(dryRun);
    if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: optionsOf(request.request.method) }, '', causes);
    return {
      kind,
      namespace: kind.namespaced ? path.namespace : '',
      name: path.name,
      subresource: path.subresource,
      user,
      dryRun: dryRun.length > 0,
      fieldManager: query.get('fieldManager') || managerOf(request.request.headers['user-agent']),
      warn,
    };
  }

  #selection({ path, query }: ResourceRequest, kind: Kind): Selection {
    const named = path.name === '' ? '' : `metadata.name=${path.name}`;
    const fieldSelector = [named, query.get('fieldSelector') ?? ''].filter((text) => text !== '').join(',');
    return new Selection(kind, {
      namespace: path.namespace,
      labelSelector: query.get('labelSelector') ?? '',
      fieldSelector,
    });
  }

  #form(kind: Kind, { as, version = 'v1' }: Accepted, query: URLSearchParams): Form {
    if (as === undefined) return asItself(kind);
    if (as !== 'Table') return asMetadata(kind, version);
    const includeObject = (query.get('includeObject') || 'Metadata') as IncludeObject;
    return asTable(kind, { version, includeObject, now: () => this.#clock.now() });
  }
}

const readsCollections = new Set<Verb>(['list', 'watch', 'get']);

function verbOf({ request, path, query }: ResourceRequest): Verb | undefined {
  switch (request.method) {
    case 'GET':
      if (path.watch || boolean(query, 'watch')) return path.watch || path.name === '' ? 'watch' : 'get';
      return path.name === '' ? 'list' : 'get';
    case 'POST':
      return path.name === '' || path.subresource !== '' ? 'create' : undefined;
    case 'PUT':
      return path.name === '' ? undefined : 'update';
    case 'PATCH':
      return path.name === '' ? undefined : 'patch';
    case 'DELETE':
      return path.name === '' ? 'deletecollection' : 'delete';
    default:
      return undefined;
  }
}

const metadataOf = (page: { revision: number; continue?: string; remainingItemCount?: number }) => ({
  resourceVersion: String(page.revision),
  ...(page.continue !== undefined && { continue: page.continue }),
  ...(page.remainingItemCount !== undefined && { remainingItemCount: page.remainingItemCount }),
});

/** Deprecated kinds say so on every use. */
function warnOfKind(_kind: Kind, _request: ResourceRequest): void {}

/** Go's booleans of a query; absent is undefined, anything unclear is true (as upstream reads `watch=yes`). */
export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return value !== 'false' && value !== '0';
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^[-+]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

const optionsOf = (method: string | undefined): string =>
  method === 'POST'
    ? 'CreateOptions'
    : method === 'PUT'
      ? 'UpdateOptions'
      : method === 'PATCH'
        ? 'PatchOptions'
        : 'DeleteOptions';

/** `kubectl/v1.32.4 (linux/amd64)` → `kubectl` */
const managerOf = (userAgent: string | undefined): string => (userAgent ?? 'unknown').split('/')[0]!.slice(0, 128);

const generic = (reason: 'NotFound' | 'MethodNotAllowed', code: number, message: string): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    details: {},
    code,
  });

/** Inside a known group, where no resource has that path. */
export const noSuchResource = (): StatusError =>
  generic('NotFound', 404, 'the server could not find the requested resource');
export const noSuchMethod = (): StatusError =>
  generic('MethodNotAllowed', 405, 'the server does not allow this method on the requested resource');
