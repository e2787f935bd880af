/** A request for a resource, and what all verbs read from it: its form, its selection, its body, its options. */
import type { Kind, Verb } from '../api/kinds/kind.js';
import { badRequest, notAcceptable } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import type { Clock } from '../util/index.js';
import type { Reply } from './answer.js';
import type { User } from './authentication/authentication.js';
import { readBody } from './body.js';
import { decodeObject, decodeOptions, type DecodeOptions } from './decoding.js';
import { asItself, asMetadata, asTable, type Form } from './forms.js';
import type { Accepted } from './negotiate.js';
import { parseInt64 } from './numbers.js';
import { asMetadataProtobuf, asProtobuf } from './protobuf-forms.js';
import type { RequestContext } from './registry/context.js';
import { deleteOptions, type DeleteOptions } from './registry/delete-options.js';
import type { ListQuery } from './registry/list.js';
import { Selection } from './registry/selection.js';
import type { ResourcePath } from './request-info.js';
import type { IncludeObject } from './tables.js';
import { checkWriteOptions } from './write-options.js';

export interface ResourceRequest extends Reply {
  readonly path: ResourcePath;
  readonly query: URLSearchParams;
  readonly user: User;
  /** Aborts when the client has gone, or the server ends. */
  readonly signal: AbortSignal;
  warn(message: string): void;
}

/** How the answer is shown: as the client accepts it. @throws BadRequest, NotAcceptable */
export function formOf(
  kind: Kind,
  { type, as, version = 'v1' }: Accepted,
  { query }: ResourceRequest,
  clock: Clock,
  many: boolean,
): Form {
  switch (as) {
    case undefined:
      return type === 'protobuf' ? asProtobuf(kind) : asItself(kind);
    case 'Table':
      return asTable(kind, { version, includeObject: includeObjectOf(query), now: () => clock.now() });
    case 'PartialObjectMetadataList':
      if (!many) throw notAcceptable(`you requested ${as}, but the requested object is not a list (${goType(kind)})`);
      return type === 'protobuf' ? asMetadataProtobuf(kind, version) : asMetadata(kind, version);
    default:
      if (many) throw notAcceptable(`you requested ${as}, but the requested object is a list (${goType(kind)}List)`);
      return type === 'protobuf' ? asMetadataProtobuf(kind, version) : asMetadata(kind, version);
  }
}

/** Upstream names its own type. */
const goType = ({ group, kind }: Kind): string => `*${group === '' ? 'core' : group.split('.')[0]}.${kind}`;

function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') || 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

/** Which objects of the collection are meant. A name in the path (of a watch) selects that one. @throws BadRequest */
export function selectionOf({ path, query }: ResourceRequest, kind: Kind): Selection {
  const terms = [path.name === '' ? '' : `metadata.name=${path.name}`, query.get('fieldSelector') ?? ''];
  return new Selection(kind, {
    namespace: path.namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: terms.filter((text) => text !== '').join(','),
  });
}

/** @throws BadRequest */
export const listQuery = ({ query }: ResourceRequest): ListQuery => ({
  resourceVersion: query.get('resourceVersion') ?? '',
  resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  sendInitialEvents: boolean(query, 'sendInitialEvents'),
  limit: Math.max(0, integer(query, 'limit') ?? 0),
  continue: query.get('continue') ?? '',
  timeoutSeconds: integer(query, 'timeoutSeconds') ?? 0,
});

/** How the body of a request is to be read. */
export const decodingOf = ({ request, query, warn }: ResourceRequest): DecodeOptions => ({
  contentType: request.headers['content-type'],
  fieldValidation: query.get('fieldValidation') ?? '',
  warn,
});

/** The body as an object of `kind`, defaults filled in. May be asked again: each time a fresh one. @throws BadRequest … */
export const decodeBody = (request: ResourceRequest, kind: Kind, body: Buffer): KubernetesObject =>
  decodeObject(kind, body, decodingOf(request));

/** @throws BadRequest, Invalid */
export async function deleteOptionsOf({ request, query }: ResourceRequest): Promise<DeleteOptions> {
  const body = await readBody(request);
  return deleteOptions(body.length === 0 ? undefined : decodeOptions(body, request.headers['content-type']), query);
}

const optionsOf: Partial<Record<Verb, string>> = {
  create: 'CreateOptions',
  update: 'UpdateOptions',
  patch: 'PatchOptions',
};

/** @throws Invalid: options that are not known */
export function contextOf(
  { path, query, user, warn, request }: ResourceRequest,
  kind: Kind,
  verb: Verb,
  options?: DeleteOptions,
): RequestContext {
  const named = optionsOf[verb];
  if (named) checkWriteOptions(named, query);
  return {
    kind,
    namespace: kind.namespaced ? path.namespace : '',
    name: path.name,
    subresource: path.subresource,
    user,
    dryRun: (options?.dryRun ?? query.getAll('dryRun')).some((value) => value !== ''),
    fieldManager: query.get('fieldManager') || managerOf(request.headers['user-agent']),
    warn,
  };
}

/** `kubectl/v1.32.4 (linux/amd64)` → `kubectl` */
const managerOf = (userAgent: string | undefined): string => (userAgent ?? 'unknown').split('/')[0]!.slice(0, 128);

/** A query's boolean: absent is undefined, and whatever is not plainly false is true (`watch=yes`). */
export function boolean(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== 'false' && value !== '0';
}

/** @throws BadRequest */
export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  try {
    return Number(parseInt64(value));
  } catch (error) {
    throw badRequest((error as Error).message);
  }
}
