/** The documents themselves: one for each group version in OpenAPI 3, one for all in OpenAPI 2. */
import { createHash } from 'node:crypto';
import type { Kind } from '../kinds/kind.js';
import type { Descriptions } from './descriptions.js';
import { pathsOf, patchType, type Operation, type Parameter, type Path } from './operations.js';
import { Schemas, type Dialect, type GroupVersionKind, type Schema } from './schemas.js';

export interface DocumentOptions {
  readonly kinds: readonly Kind[];
  /** Paths beside those of the kinds. */
  readonly roots?: readonly Path[];
  /** The server's version: `v1.36.2`. */
  readonly version: string;
  readonly descriptions: Descriptions;
}

const meta = 'apimachinery.pkg.apis.meta.v1';

/** An OpenAPI 3 document of some kinds. */
export function documentV3({ kinds, roots = [], version, descriptions }: DocumentOptions): Schema {
  const schemas = schemasOf('v3', kinds, descriptions);
  const paths: Record<string, Schema> = {};
  for (const { path, parameters, operations } of [...roots, ...kinds.flatMap(pathsOf)]) {
    paths[path] = {
      ...Object.fromEntries(operations.map((operation) => [operation.method, operationV3(operation, schemas)])),
      parameters: parameters.map(parameterV3),
    };
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: sorted(paths),
    components: {
      schemas: schemas.all(),
      securitySchemes: {
        BearerToken: {
          type: 'apiKey',
          description: 'Bearer Token authentication',
          name: 'authorization',
          in: 'header',
        },
      },
    },
  };
}

/** The OpenAPI 2 document of all kinds. */
export function documentV2({ kinds, roots = [], version, descriptions }: DocumentOptions): Schema {
  const schemas = schemasOf('v2', kinds, descriptions);
  const paths: Record<string, Schema> = {};
  const parameters: Record<string, Schema> = {};
  for (const path of [...roots, ...kinds.flatMap(pathsOf)]) {
    paths[path.path] = {
      ...Object.fromEntries(
        path.operations.map((operation) => [operation.method, operationV2(operation, schemas, parameters)]),
      ),
      parameters: path.parameters.map((parameter) => parameterV2(parameter, parameters)),
    };
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: sorted(paths),
    definitions: schemas.all(),
    parameters: sorted(parameters),
    securityDefinitions: {
      BearerToken: { type: 'apiKey', description: 'Bearer Token authentication', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  };
}

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

function schemasOf(dialect: Dialect, kinds: readonly Kind[], descriptions: Descriptions): Schemas {
  const served = new Map<string, GroupVersionKind[]>();
  const add = (type: string, gvk: GroupVersionKind) => {
    const known = served.get(type);
    if (known) known.push(gvk);
    else served.set(type, [gvk]);
  };
  const versions = new Map<string, { group: string; version: string }>();
  for (const { group, version, kind, definition: type, verbs, subresources } of kinds) {
    versions.set(`${group}/${version}`, { group, version });
    add(type, { group, kind, version });
    if (verbs.includes('list')) add(`${type}List`, { group, kind: `${kind}List`, version });
    for (const part of Object.values(subresources ?? {})) {
      if (part.type === 'action' && part.definition && !served.has(part.definition)) {
        const { group, version, kind } = part.kind;
        add(part.definition, { group, kind, version });
      }
    }
  }
  add('api.autoscaling.v1.Scale', { group: 'autoscaling', kind: 'Scale', version: 'v1' });
  add(`${meta}.Status`, { group: '', kind: 'Status', version: 'v1' });
  for (const { group, version } of versions.values()) {
    add(`${meta}.DeleteOptions`, { group, kind: 'DeleteOptions', version });
    add(`${meta}.WatchEvent`, { group, kind: 'WatchEvent', version });
  }
  const schemas = new Schemas(dialect, descriptions, (type) => served.get(type) ?? []);
  for (const type of kinds.map((kind) => kind.definition)) schemas.reference(type);
  schemas.reference(`${meta}.WatchEvent`);
  return schemas;
}

const common = ({ id, tag, description, action, kind }: Operation): Schema => ({
  tags: [tag],
  description,
  operationId: id,
  ...(action && { 'x-kubernetes-action': action }),
  ...(kind && { 'x-kubernetes-group-version-kind': kind }),
});

const said: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted', 401: 'Unauthorized' };

function operationV3(operation: Operation, schemas: Schemas): Schema {
  const { query, body, consumes, produces, answer, codes } = operation;
  const contentOf = (types: readonly string[], schema: Schema) =>
    Object.fromEntries(types.map((type) => [type, { schema }]));
  const answered = answer ? schemas.reference(answer) : { type: 'string' };
  return {
    ...common(operation),
    ...(query.length > 0 && { parameters: query.map(parameterV3) }),
    ...(body && {
      requestBody: { content: contentOf(consumes, bodySchema(body, schemas)), required: operation.method !== 'delete' },
    }),
    responses: Object.fromEntries([
      ...codes.map((code) => [code, { description: said[code], content: contentOf(produces, answered) }]),
      [401, { description: said[401] }],
    ]),
  };
}

function bodySchema(type: string, schemas: Schemas): Schema {
  // A patch is any JSON.
  return type === patchType ? { type: 'object' } : schemas.reference(type);
}

const parameterV3 = ({ name, in: place, type, description, required }: Parameter): Schema => ({
  name,
  in: place,
  description,
  ...(required && { required }),
  schema: { type, uniqueItems: true },
});

function operationV2(operation: Operation, schemas: Schemas, shared: Record<string, Schema>): Schema {
  const { query, body, consumes, produces, answer, codes } = operation;
  const answered = answer ? schemas.reference(answer) : { type: 'string' };
  const parameters = [
    ...(body ? [bodyV2(operation, body, schemas, shared)] : []),
    ...query.map((parameter) => parameterV2(parameter, shared)),
  ];
  return {
    ...common(operation),
    consumes,
    produces,
    schemes: ['https'],
    ...(parameters.length > 0 && { parameters }),
    responses: Object.fromEntries([
      ...codes.map((code) => [code, { description: said[code], schema: answered }]),
      [401, { description: said[401] }],
    ]),
  };
}

/** Types of bodies that many operations take: said once. */
const sharedBodies = new Set([patchType, `${meta}.DeleteOptions`]);

function bodyV2({ method }: Operation, body: string, schemas: Schemas, shared: Record<string, Schema>): Schema {
  const schema = { name: 'body', in: 'body', required: method !== 'delete', schema: bodySchema(body, schemas) };
  if (!sharedBodies.has(body)) return schema;
  return share('body', schema, shared);
}

/** kubectl looks for these two by name, and follows no reference. */
const inline = new Set(['dryRun', 'fieldValidation', 'name']);

function parameterV2(
  { name, in: place, type, description, required }: Parameter,
  shared: Record<string, Schema>,
): Schema {
  const schema = { uniqueItems: true, type, description, name, in: place, ...(required && { required }) };
  if (inline.has(name)) return schema;
  return share(name, schema, shared);
}

/** What many operations take is said once, under a name that tells it from others of its name. */
function share(name: string, schema: Schema, shared: Record<string, Schema>): Schema {
  const hash = createHash('sha256').update(JSON.stringify(schema)).digest('base64url').slice(0, 8);
  const key = `${name}-${hash}`;
  shared[key] ??= schema;
  return { $ref: `#/parameters/${key}` };
}
