/**
 * The OpenAPI 2 document in the protobuf form of gnostic, the only one that kubectl reads: it validates the items of a
 * `List` by it, and explains by it when asked to.
 *
 * @see https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto
 */
import type { Schema } from './schemas.js';

type Members = Record<string, any>;

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
};

/** Nothing at all if there is no value. */
const field = (number: number, value: Buffer | string | undefined): Buffer => {
  if (value === undefined) return Buffer.alloc(0);
  const content = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
};
const flag = (number: number, value: unknown): Buffer =>
  value === true ? Buffer.concat([varint(number * 8), varint(1)]) : Buffer.alloc(0);
const repeated = <T>(number: number, values: readonly T[] | undefined, encode: (value: T) => Buffer | string): Buffer =>
  Buffer.concat((values ?? []).map((value) => field(number, encode(value))));
const named = (number: number, record: Members | undefined, encode: (value: any) => Buffer): Buffer =>
  repeated(number, Object.entries(record ?? {}), ([name, value]) =>
    Buffer.concat([field(1, name), field(2, encode(value))]),
  );
const text = (value: string): string => value;
/** Any value, as YAML, of which JSON is a part. */
const any = (value: unknown): Buffer => field(2, JSON.stringify(value));
const extensions = (number: number, value: Members): Buffer =>
  named(number, Object.fromEntries(Object.entries(value).filter(([name]) => name.startsWith('x-'))), any);

/** The whole document. */
export const encodeDocument = (document: Schema): Buffer => {
  const { swagger, info, paths, definitions, parameters, securityDefinitions, security } = document as Members;
  return Buffer.concat([
    field(1, swagger),
    field(2, Buffer.concat([field(1, info.title), field(2, info.version)])),
    field(8, named(2, paths, encodePath)),
    field(9, named(1, definitions, encodeSchema)),
    field(10, named(1, parameters, encodeParameter)),
    repeated(12, security as Members[], (requirement) =>
      named(1, requirement, (scopes: string[]) => repeated(1, scopes, text)),
    ),
    field(
      13,
      named(1, securityDefinitions, (scheme: Members) =>
        field(
          2,
          Buffer.concat([
            field(1, scheme.type),
            field(2, scheme.name),
            field(3, scheme.in),
            field(4, scheme.description),
          ]),
        ),
      ),
    ),
  ]);
};

const encodePath = (path: Members): Buffer =>
  Buffer.concat([
    ...(['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const).map((method, index) =>
      field(index + 2, path[method] && encodeOperation(path[method])),
    ),
    repeated(9, path['parameters'], encodeParametersItem),
  ]);

const encodeOperation = (operation: Members): Buffer =>
  Buffer.concat([
    repeated(1, operation['tags'] as string[], text),
    field(3, operation['description']),
    field(5, operation['operationId']),
    repeated(6, operation['produces'] as string[], text),
    repeated(7, operation['consumes'] as string[], text),
    repeated(8, operation['parameters'], encodeParametersItem),
    field(
      9,
      named(1, operation['responses'], (response: Members) =>
        field(
          1,
          Buffer.concat([
            field(1, response.description),
            field(2, response.schema && field(1, encodeSchema(response.schema))),
          ]),
        ),
      ),
    ),
    repeated(10, operation['schemes'] as string[], text),
    extensions(13, operation),
  ]);

const encodeParametersItem = (parameter: Members): Buffer =>
  parameter.$ref ? field(2, field(1, parameter.$ref)) : field(1, encodeParameter(parameter));

function encodeParameter(parameter: Members): Buffer {
  const { name, in: place, description, required, schema, type } = parameter;
  if (place === 'body') {
    return field(
      1,
      Buffer.concat([
        field(1, description),
        field(2, name),
        field(3, place),
        flag(4, required),
        field(5, encodeSchema(schema)),
      ]),
    );
  }
  const common = [flag(1, required), field(2, place), field(3, description), field(4, name)];
  const isQuery = place === 'query';
  return field(2, field(isQuery ? 3 : 4, Buffer.concat([...common, field(isQuery ? 6 : 5, type)])));
}

function encodeSchema(schema: Members): Buffer {
  const { $ref, format, description, required, enum: values, additionalProperties, type, items, properties } = schema;
  return Buffer.concat([
    field(1, $ref),
    field(2, format),
    field(4, description),
    'default' in schema ? field(5, any(schema.default)) : Buffer.alloc(0),
    repeated(19, required as string[], text),
    repeated(20, values as unknown[], any),
    field(21, additionalProperties && field(1, encodeSchema(additionalProperties))),
    field(22, type && field(1, type)),
    field(23, items && field(1, encodeSchema(items))),
    field(25, properties && named(1, properties, encodeSchema)),
    extensions(31, schema),
  ]);
}
