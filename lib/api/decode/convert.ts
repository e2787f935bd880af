/**
 * From a parsed body to an object as the API server keeps it: what the type's {@link Definition} does not know is left
 * out and reported, values are checked and brought into their canonical spelling, and what Go would add or leave out when
 * it writes the object again is added or left out here:
 *
 * - an optional zero (`''`, `0`, `false`, an empty list or map) is nothing, unless its field is a pointer;
 * - a required zero, and a struct held by value (`resources: {}`, `status: { loadBalancer: {} }`), is always there;
 * - `null` is nothing; in a map or a list it is the zero of the element.
 *
 * The value that is handed in is used up: the result is made of its parts.
 *
 * Left out compared with upstream: a list or a time that Go would write as `null` is left out.
 */
import { parseQuantity } from '../quantity.js';
import type { Definition, Field, ScalarType, Type } from '../schema/index.js';
import { JSONNumber } from './json.js';
import { canonicalTime } from './time.js';

/** A value that does not fit its type; the message is Go's. */
export class ConversionError extends Error {}

export interface Conversion<T = Record<string, unknown>> {
  readonly object: T;
  /** Paths of the members that the type does not have, in their order: `spec.containers[0].foo`. */
  readonly unknownFields: readonly string[];
}

/**
 * How upstream comes from the parsed body to its struct: a JSON decoder for bodies, a converter of maps for strategic
 * merge patches. They differ in what they say of a wrong type.
 */
export type Dialect = 'json' | 'unstructured';

/** @throws ConversionError */
export function convert<T = Record<string, unknown>>(
  value: unknown,
  definition: Definition,
  dialect: Dialect = 'json',
): Conversion<T> {
  const converter = new Converter(definition, dialect);
  return { object: converter.convert(value) as T, unknownFields: converter.unknownFields };
}

/** The object that a type is when nothing is said: `{ metadata: {}, spec: {} }`. */
export const emptyObject = (definition: Definition): Record<string, unknown> => convert({}, definition).object;

type Members = Record<string, unknown>;

interface Plan {
  readonly fields: ReadonlyMap<string, Field>;
  /** Fields that are there even when nothing is said. */
  readonly always: readonly (readonly [name: string, zero: () => unknown])[];
}

const plans = new WeakMap<Definition, Plan>();

function planOf(definition: Definition): Plan {
  let plan = plans.get(definition);
  if (!plan) {
    const always = [...definition.fields.values()]
      .filter(isAlwaysThere)
      .map(({ name, type }) => [name, () => zeroOf(type)] as const);
    plans.set(definition, (plan = { fields: definition.fields, always }));
  }
  return plan;
}

function isAlwaysThere({ type, pointer, required }: Field): boolean {
  if (pointer) return false;
  if (type.is === 'object' || type.is === 'Quantity') return true;
  return required && zeroOf(type) !== undefined && type.is !== 'list' && type.is !== 'map';
}

function zeroOf(type: Type): unknown {
  switch (type.is) {
    case 'string':
    case 'bytes':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'IntOrString':
      return 0;
    case 'Quantity':
    case 'Duration':
      return type.is === 'Quantity' ? '0' : '0s';
    case 'object':
      return emptyObject(type.definition);
    case 'list':
      return [];
    case 'map':
      return {};
    default:
      return undefined;
  }
}

class Converter {
  readonly unknownFields: string[] = [];
  readonly #definition: Definition;
  readonly #dialect: Dialect;
  /** Go reads on after a wrong type and reports the first, but stops at once at a value that it cannot parse. */
  #wrongType: string | undefined;
  /** Where we are; an index is a number. */
  readonly #path: (string | number)[] = [];
  /** Where we are to Go's messages, which name fields, not indices and keys. */
  readonly #fields: string[] = [];
  #struct: string;

  constructor(definition: Definition, dialect: Dialect) {
    this.#definition = definition;
    this.#dialect = dialect;
    this.#struct = definition.shortName;
  }

  convert(value: unknown): Members {
    const { name } = this.#definition;
    const type: Type = { is: 'object', go: name.split('.').slice(-2).join('.'), definition: this.#definition };
    const object = (value === null ? {} : value) as unknown;
    const converted = this.#value(object, type);
    if (this.#wrongType !== undefined) throw new ConversionError(this.#wrongType);
    return converted as Members;
  }

  #value(value: unknown, type: Type): unknown {
    switch (type.is) {
      case 'object':
        return isMembers(value) ? this.#object(value, type.definition) : this.#mismatch(value, type);
      case 'list':
        return Array.isArray(value) ? this.#list(value, type.element) : this.#mismatch(value, type);
      case 'map':
        return isMembers(value) ? this.#map(value, type.element) : this.#mismatch(value, type);
      default:
        return this.#scalar(value, type);
    }
  }

  #object(value: Members, definition: Definition): Members {
    const { fields, always } = planOf(definition);
    const outer = this.#struct;
    this.#struct = definition.shortName;
    const keys = Object.keys(value);
    let dropped = false;
    for (const key of keys) {
      const field = fields.get(key);
      const given = value[key];
      if (field !== undefined && staysAsItIs(given, field)) continue;
      if (field === undefined) {
        this.#path.push(key);
        this.unknownFields.push(formatPath(this.#path));
        this.#path.pop();
      } else if (given !== null) {
        this.#path.push(key);
        this.#fields.push(key);
        const kept = this.#value(given, field.type);
        this.#fields.pop();
        this.#path.pop();
        if (kept !== undefined && !isNothing(kept, field)) {
          if (kept !== given) value[key] = kept;
          continue;
        }
      }
      value[key] = undefined;
      dropped = true;
    }
    this.#struct = outer;

    const object = dropped ? withoutUndefined(value, keys) : value;
    for (const [name, zero] of always) if (object[name] === undefined) object[name] = zero();
    return object;
  }

  #list(list: unknown[], element: Type): unknown[] {
    for (let index = 0; index < list.length; index++) {
      const given = list[index];
      this.#path.push(index);
      const kept = given === null ? zeroOf(element) : this.#value(given, element);
      this.#path.pop();
      if (kept !== given) list[index] = kept;
    }
    return list;
  }

  #map(map: Members, element: Type): Members {
    for (const key of Object.keys(map)) {
      const given = map[key];
      if (typeof given === 'string' && element.is === 'string') continue;
      this.#path.push(key);
      const kept = given === null ? zeroOf(element) : this.#value(given, element);
      this.#path.pop();
      if (kept !== given) map[key] = kept; // an own member already: `__proto__` stays data
    }
    return map;
  }

  #scalar(value: unknown, type: ScalarType): unknown {
    switch (type.is) {
      case 'string':
        return typeof value === 'string' ? value : this.#mismatch(value, type);
      case 'bool':
        return typeof value === 'boolean' ? value : this.#mismatch(value, type);
      case 'int32':
        return typeof value === 'number' && (value | 0) === value ? value : this.#mismatch(value, type);
      case 'int64':
        return isInt64(value) ? Number(textOf(value)) : this.#mismatch(value, type);
      case 'double':
        return isNumber(value) ? Number(textOf(value)) : this.#mismatch(value, type);
      case 'bytes':
        return typeof value === 'string' ? this.#base64(value) : this.#mismatch(value, type);
      case 'Quantity': {
        const text = isNumber(value) ? textOf(value) : typeof value === 'string' ? value.trim() : JSON.stringify(value);
        return this.#parsed(() => parseQuantity(text).toString());
      }
      case 'Time':
      case 'MicroTime': {
        const layout = type.is;
        return typeof value === 'string'
          ? this.#parsed(() => canonicalTime(value, layout))
          : this.#refuse(value, 'string');
      }
      case 'IntOrString':
        if (typeof value === 'string' || (typeof value === 'number' && (value | 0) === value)) return value;
        return this.#refuse(value, 'int32');
      case 'Duration':
        return typeof value === 'string' ? value : this.#refuse(value, 'string');
      case 'FieldsV1':
      case 'RawExtension':
        return plain(value);
    }
  }

  #base64(text: string): string | undefined {
    const bare = text.replace(/[\r\n]/g, '');
    if (bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return bare;
    const good = /^[A-Za-z0-9+/]*/.exec(bare)![0].length;
    const at = good === bare.length ? good - (good % 4) : good;
    this.#wrongType ??= `illegal base64 data at input byte ${at}`;
    return undefined;
  }

  #parsed(parse: () => string): string {
    try {
      return parse();
    } catch (error) {
      throw new ConversionError((error as Error).message, { cause: error });
    }
  }

  /** A wrong type, found by the decoder itself. */
  #mismatch(value: unknown, type: Type): undefined {
    if (this.#dialect === 'unstructured') throw new ConversionError(unstructuredMismatch(value, type));
    this.#wrongType ??= this.#cannotUnmarshal(value, type.go, type.is === 'int32' || type.is === 'int64');
    return undefined;
  }

  /** A wrong type, found by a type that reads itself: the end. */
  #refuse(value: unknown, go: string): never {
    throw new ConversionError(this.#cannotUnmarshal(value, go, go === 'int32'));
  }

  #cannotUnmarshal(value: unknown, go: string, integer: boolean): string {
    const what = isNumber(value) && integer ? `number ${textOf(value)}` : kindOf(value);
    if (this.#fields.length === 0) return `json: cannot unmarshal ${what} into Go value of type ${go}`;
    return `json: cannot unmarshal ${what} into Go struct field ${this.#struct}.${this.#fields.join('.')} of type ${go}`;
  }
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JSONNumber);

const isNumber = (value: unknown): value is number | JSONNumber =>
  typeof value === 'number' || value instanceof JSONNumber;

const textOf = (value: number | JSONNumber): string => (typeof value === 'number' ? String(value) : value.text);

function isInt64(value: unknown): value is number | JSONNumber {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return true;
  if (!isNumber(value) || !/^-?\d+$/.test(textOf(value))) return false;
  return BigInt.asIntN(64, BigInt(textOf(value))) === BigInt(textOf(value));
}

function kindOf(value: unknown): string {
  if (isNumber(value)) return 'number';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Most members are plain: nothing becomes of them, and nobody needs to know where they stand. */
function staysAsItIs(value: unknown, { type, pointer, required }: Field): boolean {
  const zero = pointer || required;
  switch (typeof value) {
    case 'string':
      return type.is === 'string' && (value !== '' || zero);
    case 'number':
      return (type.is === 'int32' || type.is === 'int64') && (value | 0) === value && (value !== 0 || zero);
    case 'boolean':
      return type.is === 'bool' && (value || zero);
    default:
      return false;
  }
}

function isNothing(value: unknown, { type, pointer, required }: Field): boolean {
  if (pointer || required) return false;
  if (value === '' || value === 0 || value === false) return true;
  if (type.is === 'list') return (value as unknown[]).length === 0;
  if (type.is === 'map') return isEmpty(value as Members);
  return false;
}

function isEmpty(value: Members): boolean {
  for (const _ in value) return false;
  return true;
}

function withoutUndefined(value: Members, keys: string[]): Members {
  const object: Members = {};
  for (const key of keys) if (value[key] !== undefined) object[key] = value[key];
  return object;
}

const formatPath = (path: readonly (string | number)[]): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');

/** What nobody looks into keeps its shape; its numbers become ours. */
function plain(value: unknown): unknown {
  if (value instanceof JSONNumber) return Number(value.text);
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const kept = plain(member);
      if (kept !== member) (value as Members)[key] = kept;
    }
  }
  return value;
}

/** What the converter of maps says: it knows only the kinds of Go's reflection. */
function unstructuredMismatch(value: unknown, type: Type): string {
  const wanted = { object: 'struct', list: 'slice', map: 'map', bytes: 'slice' }[type.is as string];
  if (wanted === 'struct') return `cannot restore struct from: ${reflectedKind(value)}`;
  if (wanted !== undefined) return `cannot restore ${wanted} from ${reflectedKind(value)}`;
  if (isNumber(value)) return `cannot convert ${reflectedKind(value)} to ${type.go}`;
  const kind = { double: 'float64' }[type.is as string] ?? type.is;
  return `unrecognized type: ${kind}`;
}

function reflectedKind(value: unknown): string {
  if (isNumber(value)) return /^-?\d+$/.test(textOf(value)) ? 'int64' : 'float64';
  if (Array.isArray(value)) return 'slice';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'object' ? 'map' : typeof value;
}
