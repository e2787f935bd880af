/**
 * Subresources: further doors to an object. A *part* lets only part of it be changed, `scale` shows it as a number of
 * replicas, an *action* does something with it, or opens a stream to where it runs.
 */
import type { Duplex } from 'node:stream';
import type { ActionSubresource, Kind, ScaleSubresource, Verb } from '../api/kinds/kind.js';
import { nodes, pods } from '../api/resources.js';
import { unclassified } from '../api/status.js';
import type { KubernetesObject, Pod } from '../api/types.js';
import type { Clock } from '../util/index.js';
import type { StreamHandlers, StreamRequest, KubeletCredentials } from './actions.js';
import { answer } from './answer.js';
import { readBody } from './body.js';
import { decodeAction } from './decoding.js';
import type { Accepted } from './negotiate.js';
import { applyPatch, patchTypeOf } from './patching.js';
import type { Reader } from './reader.js';
import type { RequestContext } from './registry/context.js';
import { copyOf, present } from './registry/present.js';
import type { Registry, UpdateOptions } from './registry/registry.js';
import { contextOf, decodeBody, decodingOf, formOf, type ResourceRequest } from './resource-request.js';
import { applyScale, scaleKind, scaleOf, scaleView, type Scale } from './scale.js';
import { splitSchemeNamePort } from './streams/index.js';

/** What acting subresources do, by `resource/subresource`: `pods/binding`. Collections that only act, by `resource`: `bindings`. */
export type ActionHandlers = Readonly<
  Record<string, (action: Action) => Promise<KubernetesObject | void> | KubernetesObject | void>
>;

export interface Action {
  readonly context: RequestContext;
  readonly registry: Registry;
  /** The request's own body, decoded; undefined if there was none. */
  readonly body: any;
  readonly query: URLSearchParams;
}

/** The verbs that a part shares with the object itself. */
export interface Doors {
  get(request: ResourceRequest, kind: Kind, accepted: Accepted): Promise<void>;
  update(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void>;
  patch(request: ResourceRequest, kind: Kind, accepted: Accepted, options: UpdateOptions): Promise<void>;
}

export interface SubresourcesOptions {
  readonly registry: Registry;
  readonly actions: ActionHandlers;
  readonly streams: StreamHandlers;
  readonly reader: Reader;
  readonly kubelet: KubeletCredentials | undefined;
  /** For ages. */
  readonly clock: Clock;
}

export class Subresources {
  readonly #options: SubresourcesOptions;
  readonly #doors: Doors;

  constructor(options: SubresourcesOptions, doors: Doors) {
    this.#options = options;
    this.#doors = doors;
  }

  async handle(request: ResourceRequest, kind: Kind, verb: Verb, accepted: Accepted): Promise<void> {
    const { subresource } = request.path;
    const part = kind.subresources![subresource]!;
    switch (part.type) {
      case 'part':
        if (verb === 'update') return this.#doors.update(request, kind, accepted, { part });
        if (verb === 'patch') return this.#doors.patch(request, kind, accepted, { part });
        return this.#doors.get(request, kind, accepted);
      case 'scale':
        return this.#scale(request, kind, part, verb, accepted);
      case 'action': {
        const stream = this.#options.streams[`${kind.resource}/${subresource}`];
        if (stream) return stream.respond(this.#stream(request, kind), request.response);
        return this.#act(request, kind, part, accepted);
      }
    }
  }

  /** `pods/exec` is one, `pods/status` is not. */
  isStream(resource: string, subresource: string): boolean {
    return Object.hasOwn(this.#options.streams, `${resource}/${subresource}`);
  }

  /** A request that asks to leave HTTP. @throws StatusError what a plain request would have been answered with */
  async upgrade(request: ResourceRequest, kind: Kind, socket: Duplex, head: Buffer): Promise<void> {
    const handler = this.#options.streams[`${kind.resource}/${request.path.subresource}`];
    if (!handler) throw notServed(kind, request.path.subresource);
    await handler.upgrade(this.#stream(request, kind), socket, head);
  }

  /** What an action resulted in: an object, or that it succeeded. */
  answer(request: ResourceRequest, accepted: Accepted, result: KubernetesObject | void): Promise<void> {
    const success = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
    return answer(request, 201, accepted, Buffer.from(JSON.stringify(result ?? success) + '\n'));
  }

  async #scale(
    request: ResourceRequest,
    kind: Kind,
    part: ScaleSubresource,
    verb: Verb,
    accepted: Accepted,
  ): Promise<void> {
    const { registry } = this.#options;
    const { namespace, name } = request.path;
    const form = formOf(scaleView(kind, part), accepted, request, this.#options.clock, false);
    const show = (entry: ReturnType<Registry['get']>): Promise<void> =>
      answer(request, 200, accepted, form.one(entry, '', '\n'));
    if (verb === 'get') return show(registry.get({ kind, namespace, name }));

    const type = verb === 'patch' ? patchTypeOf(request.request.headers['content-type']) : undefined;
    const body = await readBody(request.request);
    const wanted = (object: KubernetesObject): Scale =>
      (type
        ? applyPatch(scaleKind, type, scaleOf(part, object), body, decodingOf(request))
        : decodeBody(request, scaleKind, body)) as Scale;
    const { entry } = await registry.update(contextOf(request, kind, verb), (current) => {
      const object = copyOf(kind, current);
      applyScale(part, object, wanted(object));
      return object;
    });
    return show(entry);
  }

  async #act(request: ResourceRequest, kind: Kind, part: ActionSubresource, accepted: Accepted): Promise<void> {
    const act = this.#options.actions[`${kind.resource}/${request.path.subresource}`];
    if (!act) throw notServed(kind, request.path.subresource);
    const { registry } = this.#options;
    const body = await readBody(request.request);
    const context = contextOf(request, kind, 'create');
    const decoded = decodeAction(part, body, decodingOf(request));
    const result = await act({ context, registry, body: decoded, query: request.query });
    return this.answer(request, accepted, result);
  }

  /** Everything a stream's handler needs to know. @throws NotFound */
  #stream({ request, path, user, signal }: ResourceRequest, kind: Kind): StreamRequest {
    const { registry, reader, kubelet } = this.#options;
    // A proxy's name may carry a scheme and a port: `https:web:443`.
    const name = (path.subresource === 'proxy' && splitSchemeNamePort(path.name)?.name) || path.name;
    const object = present(kind, registry.get({ kind, namespace: path.namespace, name }));
    const pod = kind.group === '' && kind.resource === pods.resource ? (object as Pod) : undefined;
    const nodeName = pod ? pod.spec.nodeName : kind.resource === nodes.resource ? name : undefined;
    return {
      request,
      url: new URL(request.url!, 'http://localhost'),
      subresource: path.subresource,
      rest: path.rest,
      kind,
      object,
      pod,
      node: nodeName ? reader.get(nodes, '', nodeName) : undefined,
      user,
      kubelet,
      signal,
    };
  }
}

const notServed = (kind: Kind, subresource: string) =>
  unclassified(`${kind.resource}/${subresource} is not served here`, 501);
