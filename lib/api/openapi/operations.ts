/**
 * What may be asked of a kind, as OpenAPI operations, in a form from which both dialects are written: method, path,
 * parameters, body and answer of each verb and subresource of the table of kinds.
 */
import { groupVersion } from '../resources.js';
import type { Kind, Subresource, Verb } from '../kinds/kind.js';
import { definition, type Type } from '../schema/index.js';
import type { GroupVersionKind } from './schemas.js';

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly required?: boolean;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'head' | 'options';

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  /** `list`, `post`, `patch` …: `x-kubernetes-action` */
  readonly action?: string;
  readonly kind?: GroupVersionKind;
  readonly query: readonly Parameter[];
  /** The schema's name of the body's type; a patch's body is a Patch. */
  readonly body?: string;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** The schema's name of the answer's type; text if there is none. */
  readonly answer?: string;
  readonly codes: readonly number[];
}

/** All that is at one path. */
export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({
  name,
  in: 'query',
  type,
  description,
});

export const pretty = query('pretty', 'string', 'If true, the answer is indented.');
const listing: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'A watch may send bookmarks: events that only say how far it has come.'),
  query('continue', 'string', 'The token of the page before: go on behind it.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('limit', 'integer', 'At most so many objects; the answer says how to ask for more.'),
  query('resourceVersion', 'string', 'How old or how new an answer may be; where a watch begins.'),
  query('resourceVersionMatch', 'string', 'Whether that version is meant exactly or at least.'),
  query('sendInitialEvents', 'boolean', 'A watch begins with what is there already.'),
  query('timeoutSeconds', 'integer', 'The request ends after so many seconds.'),
  query('watch', 'boolean', 'Send changes as they happen rather than a list.'),
];
const dryRun = query('dryRun', 'string', 'All: do everything but store the outcome.');
const fieldManager = query('fieldManager', 'string', 'On whose behalf fields are set.');
const fieldValidation = query('fieldValidation', 'string', 'Unknown and duplicate fields: Ignore, Warn or Strict.');
const force = query('force', 'boolean', 'An apply takes fields from other managers.');
const writing = [dryRun, fieldManager, fieldValidation];
const deleting = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'How long the object may take to end.'),
  query('ignoreStoreReadErrorWithClusterBreakingPotential', 'boolean', 'Delete even what cannot be read.'),
  query('orphanDependents', 'boolean', 'Deprecated: use propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
];
const namespaceInPath: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  description: 'The namespace of the object.',
  required: true,
};
const restInPath: Parameter = {
  name: 'path',
  in: 'path',
  type: 'string',
  description: 'What is asked for behind the proxy.',
  required: true,
};
const nameInPath = (kind: string): Parameter => ({
  name: 'name',
  in: 'path',
  type: 'string',
  description: `The name of the ${kind}.`,
  required: true,
});

const encodings = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];
const streams = ['application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

const meta = 'apimachinery.pkg.apis.meta.v1';
export const patchType = `${meta}.Patch`;

const rootOf = (kind: Kind): string => `/${kind.group === '' ? 'api' : 'apis'}/${groupVersion(kind)}`;

/** The paths of a kind. */
export function pathsOf(kind: Kind): Path[] {
  const root = rootOf(kind);
  const collection = kind.namespaced ? `${root}/namespaces/{namespace}/${kind.resource}` : `${root}/${kind.resource}`;
  const shared = kind.namespaced ? [namespaceInPath, pretty] : [pretty];
  const one = [nameInPath(kind.kind), ...shared];
  const is = (verb: Verb) => kind.verbs.includes(verb);
  const make = maker(kind);
  const paths: Path[] = [
    {
      path: collection,
      parameters: shared,
      operations: [
        ...(is('list') ? [make.list()] : []),
        ...(is('create') ? [make.write('post', 'create', kind.definition)] : []),
        ...(is('deletecollection') ? [make.remove('deletecollection')] : []),
      ],
    },
    {
      path: `${collection}/{name}`,
      parameters: one,
      operations: [
        ...(is('get') ? [make.get(kind.definition)] : []),
        ...(is('update') ? [make.write('put', 'replace', kind.definition)] : []),
        ...(is('patch') ? [make.patch(kind.definition)] : []),
        ...(is('delete') ? [make.remove('delete')] : []),
      ],
    },
    ...Object.entries(kind.subresources ?? {}).flatMap(([name, part]) => {
      const path = `${collection}/{name}/${name}`;
      const parameters = [...one, ...optionsOf(part)];
      const itself = { path, parameters, operations: subresource(kind, name, part) };
      if (name !== 'proxy') return [itself];
      const operations = itself.operations.map((each) => ({ ...each, id: `${each.id}WithPath` }));
      return [itself, { path: `${path}/{path}`, parameters: [...parameters, restInPath], operations }];
    }),
  ];
  if (kind.namespaced && is('list')) {
    const everywhere = { ...make.list('ForAllNamespaces'), query: [] };
    paths.push({ path: `${root}/${kind.resource}`, parameters: [...listing, pretty], operations: [everywhere] });
  }
  if (is('watch')) {
    const old = collection.replace(root, `${root}/watch`);
    paths.push({ path: old, parameters: [...listing, ...shared], operations: [make.watch('List')] });
    paths.push({ path: `${old}/{name}`, parameters: [...listing, ...one], operations: [make.watch('')] });
    if (kind.namespaced) {
      const everywhere = make.watch('ListForAllNamespaces');
      paths.push({
        path: `${root}/watch/${kind.resource}`,
        parameters: [...listing, pretty],
        operations: [everywhere],
      });
    }
  }
  return paths.filter(({ operations }) => operations.length > 0);
}

/** Discovery: what there is at a root, `/api/`, `/apis/apps/` or `/apis/apps/v1/`. */
export function rootPath(path: string, group: string | undefined, version: string | undefined): Path {
  const name = group === undefined ? '' : camel(group.split('.')[0] || 'core');
  const [what, answer] =
    version !== undefined
      ? ['APIResources', 'APIResourceList']
      : group === ''
        ? ['APIVersions', 'APIVersions']
        : group === undefined
          ? ['APIVersions', 'APIGroupList']
          : ['APIGroup', 'APIGroup'];
  const operation: Operation = {
    method: 'get',
    id: `get${name}${camel(version ?? '')}${what}`,
    tag: name ? [camel(name, false), ...(version ? [version] : [])].join('_') : 'apis',
    description: version
      ? 'get available resources'
      : group
        ? 'get information of a group'
        : 'get available API versions',
    query: [],
    consumes: encodings,
    produces: encodings,
    answer: `${meta}.${answer}`,
    codes: [200],
  };
  return { path: `/${path}/`, parameters: [], operations: [operation] };
}

/** The query of what only connects: the fields of its options. */
function optionsOf(part: Subresource): Parameter[] {
  if (part.type !== 'action' || !part.options) return [];
  return [...definition(part.options).fields.values()]
    .filter(({ numbers }) => numbers.length > 0)
    .map(({ name, type }) => query(name, typeOf(type), `The ${name} of ${definition(part.options!).shortName}.`));
}

function typeOf(type: Type): Parameter['type'] {
  if (type.is === 'list') return typeOf(type.element);
  return type.is === 'bool' ? 'boolean' : type.is === 'int32' || type.is === 'int64' ? 'integer' : 'string';
}

const methods: Readonly<Partial<Record<Verb, Method>>> = {
  get: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
};

function subresource(kind: Kind, name: string, part: Subresource): Operation[] {
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const served = part.type === 'action' ? part.kind : part.type === 'scale' ? scale : kind;
  const type =
    part.type === 'action' ? part.definition : part.type === 'scale' ? 'api.autoscaling.v1.Scale' : kind.definition;
  const make = maker(kind, served, camel(name));
  if (name === 'log') return [make.text()];
  if (part.type === 'action' && !type) {
    const further: Method[] = name === 'proxy' ? ['head', 'options'] : [];
    return [...part.verbs.map((verb) => methods[verb]!), ...further].map((method) => make.connect(method));
  }
  return part.verbs.flatMap((verb): Operation[] => {
    if (verb === 'get') return [make.get(type!)];
    if (verb === 'update') return [make.write('put', 'replace', type!)];
    if (verb === 'patch') return [make.patch(type!)];
    return verb === 'create' ? [make.write('post', 'create', type!)] : [];
  });
}

/** Writes the operations of one kind, or of one of its subresources. */
function maker(kind: Kind, served: GroupVersionKind = kind, suffix = '') {
  const tag = `${camel(kind.group.split('.')[0] || 'core', false)}_${kind.version}`;
  const scope = kind.namespaced ? 'Namespaced' : '';
  const id = (verb: string, what = '') =>
    `${verb}${camel(kind.group.split('.')[0] || 'core')}${camel(kind.version)}${what}${scope}${kind.kind}${suffix}`;
  const gvk = { group: served.group, kind: served.kind, version: served.version };
  const common = { tag, kind: gvk, query: [] as readonly Parameter[], consumes: ['*/*'], produces: encodings };
  return {
    list: (everywhere = ''): Operation => ({
      ...common,
      method: 'get',
      id: everywhere ? id('list').replace('Namespaced', '') + everywhere : id('list'),
      description: `list or watch objects of kind ${kind.kind}`,
      action: 'list',
      query: listing,
      produces: [...encodings, ...streams],
      answer: `${kind.definition}List`,
      codes: [200],
    }),
    get: (type: string): Operation => ({
      ...common,
      method: 'get',
      id: id('read'),
      description: `read the specified ${served.kind}`,
      action: 'get',
      answer: type,
      codes: [200],
    }),
    write: (method: 'post' | 'put', verb: string, type: string): Operation => ({
      ...common,
      method,
      id: id(verb),
      description: `${verb} ${method === 'post' ? 'a' : 'the specified'} ${served.kind}`,
      action: method,
      query: writing,
      body: type,
      answer: type,
      codes: method === 'post' ? [200, 201, 202] : [200, 201],
    }),
    patch: (type: string): Operation => ({
      ...common,
      method: 'patch',
      id: id('patch'),
      description: `partially update the specified ${served.kind}`,
      action: 'patch',
      query: [...writing, force],
      body: patchType,
      consumes: patchTypes,
      answer: type,
      codes: [200, 201],
    }),
    remove: (verb: 'delete' | 'deletecollection'): Operation => ({
      ...common,
      method: 'delete',
      id: verb === 'delete' ? id('delete') : id('delete', 'Collection'),
      description: verb === 'delete' ? `delete a ${kind.kind}` : `delete collection of ${kind.kind}`,
      action: verb,
      query:
        verb === 'delete' ? deleting : [...deleting, ...listing.filter(({ name }) => !/ookmarks|^watch/.test(name))],
      body: `${meta}.DeleteOptions`,
      answer: verb === 'delete' && kind.deleteReturnsObject ? kind.definition : `${meta}.Status`,
      codes: verb === 'delete' ? [200, 202] : [200],
    }),
    watch: (of: 'List' | 'ListForAllNamespaces' | ''): Operation => ({
      ...common,
      method: 'get',
      id: of.includes('All') ? id('watch').replace('Namespaced', '') + of : id('watch') + of,
      description: `watch ${of ? 'a list' : 'an object'} of kind ${kind.kind}; deprecated: list with the parameter 'watch'`,
      action: of ? 'watchlist' : 'watch',
      produces: [...encodings, ...streams],
      answer: `${meta}.WatchEvent`,
      codes: [200],
    }),
    text: (): Operation => ({
      ...common,
      method: 'get',
      id: id('read'),
      description: `read ${suffix.toLowerCase()} of the specified ${kind.kind}`,
      action: 'get',
      produces: ['text/plain', ...encodings],
      codes: [200],
    }),
    connect: (method: Method): Operation => ({
      ...common,
      method,
      id: id('connect', camel(method)),
      description: `connect ${method.toUpperCase()} requests to ${suffix.toLowerCase()} of ${kind.kind}`,
      action: 'connect',
      produces: ['*/*'],
      codes: [200],
    }),
  };
}

const camel = (text: string, first = true): string =>
  first ? text.charAt(0).toUpperCase() + text.slice(1) : text.charAt(0).toLowerCase() + text.slice(1);
