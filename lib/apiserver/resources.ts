/**
 * Requests for resources: from a path and a method to the registry and back. All kinds come through here; what differs
 * between them stands in the table.
 *
 * | method | collection       | object | subresource           |
 * | --- | --- | --- | --- |
 * | GET    | list, watch      | get    | get, or open a stream |
 * | POST   | create           |        | act                   |
 * | PUT    |                  | update | update                |
 * | PATCH  |                  | patch  | patch                 |
 * | DELETE | deletecollection | delete |                       |
 */
import type { Duplex } from 'node:stream';
import type { Kind, Verb } from '../api/kinds/kind.js';
import { StatusError } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import type { Clock } from '../util/index.js';
import { answer, statusBytes } from './answer.js';
import { readBody } from './body.js';
import { computedEntry, computedPage, type ComputedKinds } from './computed.js';
import { negotiate, type Accepted } from './negotiate.js';
import { hasProtobuf } from './protobuf-forms.js';
import { applyPatch, patchTypeOf } from './patching.js';
import { deleteCollection, deleteObject } from './registry/delete.js';
import { list, waitFor } from './registry/list.js';
import { copyOf } from './registry/present.js';
import { belongs, type Registry, type UpdateOptions } from './registry/registry.js';
import type { ResourcePath } from './request-info.js';
import {
  boolean,
  contextOf,
  decodeBody,
  decodingOf,
  deleteOptionsOf,
  formOf,
  listQuery,
  selectionOf,
  type ResourceRequest,
} from './resource-request.js';
import type { ServedKinds } from './served.js';
import { Subresources, type ActionHandlers, type SubresourcesOptions } from './subresources.js';
import { watch } from './watching.js';

export interface ResourcesOptions extends SubresourcesOptions {
  readonly served: ServedKinds;
  readonly clock: Clock;
  readonly computed: ComputedKinds;
}

export class Resources {
  readonly #served: ServedKinds;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #actions: ActionHandlers;
  readonly #computed: ComputedKinds;
  readonly #subresources: Subresources;

  constructor(options: ResourcesOptions) {
    this.#served = options.served;
    this.#registry = options.registry;
    this.#clock = options.clock;
    this.#actions = options.actions;
    this.#computed = options.computed;
    this.#subresources = new Subresources(options, {
      get: (...args) => this.#get(...args),
      update: (...args) => this.#update(...args),
      patch: (...args) => this.#patch(...args),
    });
  }

  /** @throws StatusError before anything was answered */
  async handle(request: ResourceRequest): Promise<void> {
    const { kind, verb } = this.#route(request);
    const accepted = negotiate(request.request.headers.accept, hasProtobuf(kind));
    const current = this.#current(request, verb);
    if (current) await current;
    if (request.path.subresource !== '') return this.#subresources.handle(request, kind, verb, accepted);
    if (kind.deprecated) request.warn(kind.deprecated);
    switch (verb) {
      case 'get':
        return this.#get(request, kind, accepted);
      case 'list':
        return this.#list(request, kind, accepted);
      case 'watch':
        return watch({ cache: this.#registry.cache, clock: this.#clock }, request, kind, accepted);
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

  /** Whether what is at a path may become a stream. */
  isStream({ resource, subresource }: ResourcePath): boolean {
    return this.#subresources.isStream(resource, subresource);
  }

  /** A request that asks to leave HTTP, for a stream. @throws as {@link handle} */
  async upgrade(request: ResourceRequest, socket: Duplex, head: Buffer): Promise<void> {
    const { kind, verb } = this.#route(request);
    await this.#current(request, verb);
    return this.#subresources.upgrade(request, kind, socket, head);
  }

  /** Nothing may be answered from a state that is older than the request, unless it says which state will do. */
  #current({ query, path }: ResourceRequest, verb: Verb): Promise<void> | undefined {
    const reads = path.subresource === '' && (verb === 'get' || verb === 'list' || verb === 'watch');
    if (reads && (query.get('resourceVersion') || query.get('continue'))) return undefined;
    return this.#registry.cache.current();
  }

  /** What a path and a method mean. @throws NotFound, MethodNotAllowed */
  #route({ path, query, request: { method } }: ResourceRequest): { kind: Kind; verb: Verb } {
    const kind = this.#served.find(path.group, path.version, path.resource);
    if (!kind || path.name.includes('/')) throw noSuchResource();
    const part = path.subresource === '' ? undefined : ownPart(kind, path.subresource);
    if (path.subresource !== '' && !part) throw noSuchResource();
    if (path.rest !== '' && path.rest !== '/' && !(part?.type === 'action' && path.subresource === 'proxy')) {
      throw noSuchResource();
    }
    const misplaced = kind.namespaced ? path.namespace === '' && path.name !== '' : path.namespace !== '';
    if (misplaced) throw noSuchResource();
    const verb = verbOf(path, method, boolean(query, 'watch') === true);
    const verbs = part ? part.verbs : kind.verbs;
    if (!verb || !verbs.includes(part && verb === 'watch' ? 'get' : verb)) throw noSuchMethod();
    // Collections of all namespaces are for reading.
    if (kind.namespaced && path.namespace === '' && verb !== 'list' && verb !== 'watch') throw noSuchMethod();
    return { kind, verb };
  }

  async #get(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const { path, query } = request;
    const version = query.get('resourceVersion');
    if (version) await waitFor(this.#registry.cache, version);
    const form = formOf(kind, accepted, request, this.#clock, false);
    const entry = kind.computed
      ? await computedEntry(this.#computed, kind, path.name)
      : this.#registry.get({ kind, namespace: path.namespace, name: path.name });
    return answer(request, 200, accepted, form.one(entry, '', '\n'));
  }

  async #list(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const selection = selectionOf(request, kind);
    const page = kind.computed
      ? await computedPage(this.#computed, selection)
      : await list(this.#registry, selection, listQuery(request));
    const form = formOf(kind, accepted, request, this.#clock, true);
    return answer(request, 200, accepted, form.many(page.entries, page.metadata));
  }

  async #create(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const body = await readBody(request.request);
    const context = contextOf(request, kind, 'create');
    const object = decodeBody(request, kind, body);
    const act = this.#actions[kind.resource];
    if (act && kind.verbs.length === 1) {
      const result = await act({ context, registry: this.#registry, body: object, query: request.query });
      return this.#subresources.answer(request, accepted, result);
    }
    const form = formOf(kind, accepted, request, this.#clock, false);
    const entry = await this.#registry.create(context, object);
    return answer(request, 201, accepted, form.one(entry, '', '\n'));
  }

  async #update(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void> {
    const body = await readBody(request.request);
    const context = contextOf(request, kind, 'update');
    const form = formOf(kind, accepted, request, this.#clock, false);
    let first: KubernetesObject | undefined = decodeBody(request, kind, body);
    belongs(context, first); // told even where there is nothing to update
    const decode = (): KubernetesObject => {
      const object = first ?? decodeBody(request, kind, body);
      first = undefined;
      return object;
    };
    const { entry, created } = await this.#registry.update(context, decode, {
      ...options,
      ...(kind.createOnUpdate && !options.part && { orCreate: decode }),
    });
    return answer(request, created ? 201 : 200, accepted, form.one(entry, '', '\n'));
  }

  async #patch(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void> {
    const type = patchTypeOf(request.request.headers['content-type']);
    const body = await readBody(request.request);
    const context = contextOf(request, kind, 'patch');
    const decoding = decodingOf(request);
    const form = formOf(kind, accepted, request, this.#clock, false);
    const { entry, created } = await this.#registry.update(
      context,
      (current) => applyPatch(kind, type, copyOf(kind, current), body, decoding),
      { ...options, patched: true },
    );
    return answer(request, created ? 201 : 200, accepted, form.one(entry, '', '\n'));
  }

  async #delete(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const options = await deleteOptionsOf(request);
    const context = contextOf(request, kind, 'delete', options);
    const form = formOf(kind, accepted, request, this.#clock, false);
    const deleted = await deleteObject(this.#registry, context, options);
    const body = 'entry' in deleted ? form.one(deleted.entry, '', '\n') : statusBytes(deleted.status);
    return answer(request, 200, accepted, body);
  }

  async #deleteCollection(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void> {
    const options = await deleteOptionsOf(request);
    const context = contextOf(request, kind, 'deletecollection', options);
    const selection = selectionOf(request, kind);
    const form = formOf(kind, accepted, request, this.#clock, true);
    const page = await list(this.#registry, selection, listQuery(request));
    const entries = await deleteCollection(this.#registry, context, page.entries, options);
    return answer(request, 200, accepted, form.many(entries, page.metadata));
  }
}

/** `constructor` is no subresource. */
const ownPart = ({ subresources = {} }: Kind, name: string) =>
  Object.hasOwn(subresources, name) ? subresources[name] : undefined;

function verbOf(path: ResourcePath, method: string | undefined, watched: boolean): Verb | undefined {
  switch (method) {
    case 'HEAD':
    case 'OPTIONS':
      return path.subresource === 'proxy' ? 'get' : undefined; // what is behind a proxy knows more methods
    case 'GET':
      if (path.watch) return 'watch';
      if (path.name !== '') return 'get';
      return watched ? 'watch' : 'list';
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
