/**
 * The types of the API as data: decoding, patches, server-side apply and OpenAPI all walk these definitions, so that a
 * further kind is a further entry in `types/` and no further code.
 *
 * @example
 * const pod = definition('api.core.v1.Pod');
 * pod.fields.get('spec')!.type; // { is: 'object', go: 'v1.PodSpec', definition: … }
 */
import { parseTable, type Row, type Table } from './table.js';
import { tables } from './types/index.js';

/** What a value is in JSON. Those with a capital are spelled in a way of their own. */
export type Scalar =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'Time'
  | 'MicroTime'
  | 'Duration'
  | 'Quantity'
  | 'IntOrString'
  | 'RawExtension'
  | 'FieldsV1';

export type Type = ScalarType | ListType | MapType | ObjectType;

export interface ScalarType {
  readonly is: Scalar;
  /** The name by which messages call the type: `v1.PullPolicy`. */
  readonly go: string;
  /** The known values; others may come. */
  readonly values: readonly string[] | undefined;
}

export interface ListType {
  readonly is: 'list';
  readonly go: string;
  readonly element: Type;
}

export interface MapType {
  readonly is: 'map';
  readonly go: string;
  readonly element: Type;
}

export interface ObjectType {
  readonly is: 'object';
  readonly go: string;
  readonly definition: Definition;
}

export interface Field {
  /** As in JSON. */
  readonly name: string;
  readonly type: Type;
  /** In protobuf, the numbers that lead to it: `[2, 3]` is field 3 of the message in field 2. Empty for `kind`, `apiVersion`. */
  readonly numbers: readonly number[];
  readonly required: boolean;
  /** A zero (`0`, `false`, `''`, `{}`) differs from nothing. Otherwise nothing is kept of an optional zero. */
  readonly pointer: boolean;
  readonly patchStrategy: readonly ('merge' | 'replace' | 'retainKeys')[];
  readonly patchMergeKey: string | undefined;
  readonly listType: 'atomic' | 'map' | 'set' | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: 'atomic' | 'granular' | undefined;
  readonly default: string | undefined;
}

export interface Definition {
  /** `api.core.v1.Pod` */
  readonly name: string;
  /** `Pod`: how messages call it. */
  readonly shortName: string;
  /** Server-side apply takes it as a whole. */
  readonly atomic: boolean;
  /** By JSON name, in upstream's order. */
  readonly fields: ReadonlyMap<string, Field>;
}

const packages: Readonly<Record<string, string>> = {
  meta: 'apimachinery.pkg.apis.meta.v1',
  core: 'api.core.v1',
  authentication: 'api.authentication.v1',
};

/** Types of other packages that are no more than a way to spell a value. */
const foreign: Readonly<Record<string, Scalar>> = {
  'types.UID': 'string',
  'resource.Quantity': 'Quantity',
  'intstr.IntOrString': 'IntOrString',
  'runtime.RawExtension': 'RawExtension',
};

const scalars = new Set<string>(['string', 'bool', 'int32', 'int64', 'double', 'bytes']);
const metaScalars = new Set<string>(['Time', 'MicroTime', 'Duration', 'FieldsV1']);

const parsedTables = new Map<string, Table>();
const known = new Map<string, Definition>();

/**
 * The definition of a type; the same object every time.
 *
 * @param name `api.core.v1.Pod`
 * @throws Error if there is none
 */
export function definition(name: string): Definition {
  let found = known.get(name);
  if (!found) known.set(name, (found = define(name)));
  return found;
}

/** Is there such a type? */
export const hasDefinition = (name: string): boolean => tableOf(name)?.types.has(baseName(name)) ?? false;

const packageName = (name: string): string => name.slice(0, name.lastIndexOf('.'));
const baseName = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function tableOf(name: string): Table | undefined {
  const from = packageName(name);
  let table = parsedTables.get(from);
  if (!table && Object.hasOwn(tables, from)) parsedTables.set(from, (table = parseTable(tables[from]!)));
  return table;
}

function define(name: string): Definition {
  const shortName = baseName(name);
  const from = packageName(name);
  const type = tableOf(name)?.types.get(shortName);
  if (!type) throw new Error(`no type ${name}`);
  // Types refer to one another in circles: the fields are made when first asked for.
  let fields: Map<string, Field> | undefined;
  return {
    name,
    shortName,
    atomic: type.atomic,
    get fields() {
      return (fields ??= new Map(type.rows.flatMap((row) => fieldsOf(row, from))));
    },
  };
}

function fieldsOf(row: Row, from: string): [string, Field][] {
  if (row.embedded) {
    return [...definition(fullName(row.type, from)).fields].map(([name, field]) => [
      name,
      { ...field, numbers: row.number === 0 ? field.numbers : [row.number, ...field.numbers] },
    ]);
  }
  const [strategies, mergeKey] = (row.notes['patch'] ?? '').split('/');
  const [listType, keys] = (row.notes['list'] ?? '').split('/');
  const field: Field = {
    name: row.name,
    type: typeOf(row.type.replace('*', ''), from),
    numbers: row.number === 0 ? [] : [row.number],
    required: row.required,
    pointer: row.type.startsWith('*'),
    patchStrategy: (strategies ? strategies.split(',') : []) as Field['patchStrategy'],
    patchMergeKey: mergeKey,
    listType: (listType || undefined) as Field['listType'],
    listMapKeys: keys?.split(',') ?? [],
    mapType: row.notes['map'] as Field['mapType'],
    default: row.notes['default'],
  };
  return [[row.name, field]];
}

const fullName = (type: string, from: string): string => {
  const dot = type.indexOf('.');
  return dot < 0 ? `${from}.${type}` : `${packages[type.slice(0, dot)]}.${type.slice(dot + 1)}`;
};

function typeOf(text: string, from: string): Type {
  if (text.startsWith('[]')) {
    const element = typeOf(text.slice(2), from);
    return { is: 'list', element, go: `[]${element.go}` };
  }
  const map = /^map\[(\w+)\](.*)$/.exec(text);
  if (map) {
    const element = typeOf(map[2]!, from);
    return { is: 'map', element, go: `map[${map[1]}]${element.go}` };
  }
  if (scalars.has(text)) return { is: text as Scalar, go: text === 'bytes' ? '[]uint8' : text, values: undefined };
  if (Object.hasOwn(foreign, text)) return { is: foreign[text]!, go: text, values: undefined };

  const name = fullName(text, from);
  const go = name.split('.').slice(-2).join('.');
  if (packageName(name) === packages['meta'] && metaScalars.has(baseName(name))) {
    return { is: baseName(name) as Scalar, go, values: undefined };
  }
  const alias = tableOf(name)?.names.get(baseName(name));
  if (alias) {
    const type = typeOf(alias.type, packageName(name));
    return alias.values && isScalar(type) ? { ...type, go, values: alias.values } : { ...type, go };
  }
  return {
    is: 'object',
    go,
    get definition() {
      return definition(name);
    },
  };
}

export const isScalar = (type: Type): type is ScalarType =>
  type.is !== 'list' && type.is !== 'map' && type.is !== 'object';
