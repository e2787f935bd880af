/**
 * Protobuf bodies: four bytes `k8s\0`, then a `runtime.Unknown` that says which kind it is and holds the object, then the
 * object. They are read by the numbers of the type's {@link Definition} into the same members that JSON has.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import type { Definition, Field, Type } from '../schema/index.js';
import { setMember } from './json.js';

/** What is not protobuf, or not whole. */
export class ProtobufError extends Error {}

/** The envelope: the kind, and the object in it. */
export interface ProtobufEnvelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Buffer;
}

/** How every body in protobuf begins. */
export const magic = Buffer.from('k8s\0');

/** @throws ProtobufError */
export function openEnvelope(body: Buffer): ProtobufEnvelope {
  if (body.length === 0) throw new ProtobufError('empty data');
  if (!body.subarray(0, 4).equals(magic)) {
    const prefix = `[${[...magic].join(' ')}]`;
    throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix ${prefix}`);
  }
  const unknown = new Map(fieldsIn(body.subarray(4)));
  const typeMeta = new Map(fieldsIn(bytesOf(unknown.get(1)) ?? Buffer.alloc(0)));
  return {
    apiVersion: bytesOf(typeMeta.get(1))?.toString() ?? '',
    kind: bytesOf(typeMeta.get(2))?.toString() ?? '',
    raw: bytesOf(unknown.get(2)) ?? Buffer.alloc(0),
  };
}

/** The members of a message. Fields whose numbers the definition does not know are passed over. @throws ProtobufError */
export function readMessage(message: Buffer, definition: Definition): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  readInto(object, message, numbersOf(definition));
  return object;
}

/** What a number leads to: a field, or a message whose fields stand among ours. */
export type Numbers = Map<number, Field | Numbers>;

const numbers = new WeakMap<Definition, Numbers>();

/** The fields of a message by their numbers. */
export function numbersOf(definition: Definition): Numbers {
  let root = numbers.get(definition);
  if (root) return root;
  numbers.set(definition, (root = new Map()));
  for (const field of definition.fields.values()) {
    if (field.numbers.length === 0) continue;
    let map = root;
    for (const number of field.numbers.slice(0, -1)) {
      if (!map.has(number)) map.set(number, new Map());
      map = map.get(number) as Numbers;
    }
    map.set(field.numbers.at(-1)!, field);
  }
  return root;
}

type Wire = bigint | Buffer;

function readInto(object: Record<string, unknown>, message: Buffer, known: Numbers): void {
  for (const [number, wire] of fieldsIn(message)) {
    const field = known.get(number);
    if (field === undefined) continue;
    if (field instanceof Map) {
      readInto(object, expectBytes(wire), field);
    } else if (field.type.is === 'list') {
      const list = (object[field.name] ??= []) as unknown[];
      // Numbers may come packed into one field.
      if (isInteger(field.type.element) && Buffer.isBuffer(wire)) {
        for (let at = 0; at < wire.length;) {
          const [value, next] = varint(wire, at);
          list.push(Number(BigInt.asIntN(64, value)));
          at = next;
        }
      } else list.push(readValue(wire, field.type.element));
    } else if (field.type.is === 'map') {
      const entry = new Map(fieldsIn(expectBytes(wire)));
      const value = entry.get(2);
      const element = field.type.element;
      setMember(
        (object[field.name] ??= {}) as object,
        bytesOf(entry.get(1))?.toString() ?? '',
        value === undefined ? null : readValue(value, element),
      );
    } else {
      const value = readValue(wire, field.type, object[field.name]);
      if (value !== undefined) object[field.name] = value;
    }
  }
}

function readValue(wire: Wire, type: Type, before?: unknown): unknown {
  switch (type.is) {
    case 'object': {
      const object = (before ?? {}) as Record<string, unknown>; // a message in pieces is one message
      readInto(object, expectBytes(wire), numbersOf(type.definition));
      return object;
    }
    case 'string':
      return expectBytes(wire).toString();
    case 'bytes':
      return expectBytes(wire).toString('base64');
    case 'bool':
      return expectVarint(wire) !== 0n;
    case 'int32':
    case 'int64':
      return Number(BigInt.asIntN(64, expectVarint(wire)));
    case 'double':
      return expectBytes(wire).readDoubleLE();
    case 'Quantity':
      return bytesOf(new Map(fieldsIn(expectBytes(wire))).get(1))?.toString() ?? '0';
    case 'IntOrString': {
      const parts = new Map(fieldsIn(expectBytes(wire)));
      if (parts.get(1) === 1n) return bytesOf(parts.get(3))?.toString() ?? '';
      return Number(BigInt.asIntN(64, (parts.get(2) as bigint | undefined) ?? 0n));
    }
    case 'Time':
    case 'MicroTime':
      return readTime(expectBytes(wire), type.is);
    case 'Duration':
      return `${Number(new Map(fieldsIn(expectBytes(wire))).get(1) ?? 0n) / 1e9}s`;
    case 'FieldsV1':
    case 'RawExtension': {
      const raw = bytesOf(new Map(fieldsIn(expectBytes(wire))).get(1));
      return raw === undefined || raw.length === 0 ? undefined : (JSON.parse(raw.toString()) as unknown);
    }
    case 'list':
      // A list that is a message of its own (`ExtraValue`, `Verbs`).
      return fieldsIn(expectBytes(wire)).map(([, item]) => readValue(item, type.element));
    case 'map':
      throw new ProtobufError('proto: a map within a map');
  }
}

/** An empty message is no time. */
function readTime(message: Buffer, type: 'Time' | 'MicroTime'): string | undefined {
  if (message.length === 0) return undefined;
  const parts = new Map(fieldsIn(message));
  const seconds = BigInt.asIntN(64, (parts.get(1) as bigint | undefined) ?? 0n);
  const micros = (BigInt.asIntN(64, (parts.get(2) as bigint | undefined) ?? 0n) / 1000n).toString().padStart(6, '0');
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new ProtobufError('proto: time out of range');
  const whole = date.toISOString().slice(0, -5);
  return type === 'Time' ? `${whole}Z` : `${whole}.${micros}Z`;
}

const isInteger = ({ is }: Type): boolean => is === 'int32' || is === 'int64';

/** The fields of a message as they stand: a number is a varint, anything else its bytes. */
function fieldsIn(message: Buffer): [number, Wire][] {
  const fields: [number, Wire][] = [];
  for (let at = 0; at < message.length;) {
    const [tag, start] = varint(message, at);
    const number = Number(tag >> 3n);
    if (number === 0) throw new ProtobufError(`proto: illegal tag ${number} (wire type ${tag & 7n})`);
    switch (Number(tag & 7n)) {
      case 0: {
        const [value, next] = varint(message, start);
        fields.push([number, value]);
        at = next;
        break;
      }
      case 1:
        fields.push([number, slice(message, start, 8)]);
        at = start + 8;
        break;
      case 2: {
        const [length, from] = varint(message, start);
        fields.push([number, slice(message, from, Number(length))]);
        at = from + Number(length);
        break;
      }
      case 5:
        fields.push([number, slice(message, start, 4)]);
        at = start + 4;
        break;
      default:
        throw new ProtobufError(`proto: illegal wireType ${tag & 7n}`);
    }
  }
  return fields;
}

function slice(message: Buffer, from: number, length: number): Buffer {
  if (from + length > message.length) throw new ProtobufError('unexpected EOF');
  return message.subarray(from, from + length);
}

function varint(message: Buffer, at: number): [value: bigint, next: number] {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = message[at++];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
  throw new ProtobufError('proto: integer overflow');
}

const bytesOf = (wire: Wire | undefined): Buffer | undefined => (Buffer.isBuffer(wire) ? wire : undefined);

function expectBytes(wire: Wire): Buffer {
  if (!Buffer.isBuffer(wire)) throw new ProtobufError('proto: wrong wireType = 0');
  return wire;
}

function expectVarint(wire: Wire): bigint {
  if (typeof wire !== 'bigint') throw new ProtobufError('proto: wrong wireType = 2');
  return wire;
}
