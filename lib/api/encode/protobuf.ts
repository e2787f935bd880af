/**
 * Objects as protobuf: what `../decode/protobuf.ts` reads, by the same numbers of the same definitions. Members that a
 * definition does not know are left out, as is what is `null`.
 *
 * A message stands behind its own length, and so is written from its end to its beginning: when the length is needed, it
 * is known.
 *
 * @example
 * encodeEnvelope({ apiVersion: 'v1', kind: 'Pod', raw: encodeMessage(pod, definition('api.core.v1.Pod')) });
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import { magic, numbersOf, type Numbers, type ProtobufEnvelope } from '../decode/protobuf.js';
import { definition, type Definition, type Field, type Type } from '../schema/index.js';

type Members = Readonly<Record<string, unknown>>;

/** The message alone, without an envelope. */
export function encodeMessage(object: object, of: Definition): Buffer {
  const writer = new Writer();
  writeFields(writer, object as Members, fieldsOf(of));
  return writer.bytes();
}

/** A message as an answer carries it: `k8s\0`, and a `runtime.Unknown` that says which kind it is. */
export function encodeEnvelope({ apiVersion, kind, raw }: ProtobufEnvelope): Buffer {
  return Buffer.concat([envelopeHead({ apiVersion, kind }, raw.length), raw, envelopeTail]);
}

/** What stands before a message of `length` bytes; {@link envelopeTail} follows it. For messages too long to be copied. */
export function envelopeHead({ apiVersion, kind }: Omit<ProtobufEnvelope, 'raw'>, length: number): Buffer {
  const writer = new Writer();
  writer.tag(2, bytesType, length);
  const end = writer.length;
  writer.text(2, kind);
  writer.text(1, apiVersion);
  writer.tag(1, bytesType, writer.length - end);
  return Buffer.concat([magic, writer.bytes()]);
}

/** Neither a content encoding (3) nor a content type (4), said as upstream says it. */
export const envelopeTail = Buffer.from([0x1a, 0, 0x22, 0]);

/** A message as field `number` of another: its tag and its length. */
export function messageHead(number: number, length: number): Buffer {
  const writer = new Writer();
  writer.tag(number, bytesType, length);
  return writer.bytes();
}

const listMeta = definition('apimachinery.pkg.apis.meta.v1.ListMeta');
const watchEvent = definition('apimachinery.pkg.apis.meta.v1.WatchEvent');

/** The beginning of every list: its metadata. Its items are field 2. */
export function encodeListMetadata(metadata: object): Buffer {
  const message = encodeMessage(metadata, listMeta);
  return Buffer.concat([messageHead(1, message.length), message]);
}

/** An event of a watch, with its length before it. @param object in its envelope */
export function encodeWatchEvent(type: string, object: Buffer): Buffer {
  const wrapped = Buffer.concat([messageHead(1, object.length), object]); // a RawExtension
  const event = Buffer.concat([encodeMessage({ type }, watchEvent), messageHead(2, wrapped.length), wrapped]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}

// --- messages

type Numbered = readonly [number: number, to: Field | readonly Numbered[]];

const known = new WeakMap<Definition, readonly Numbered[]>();

/** The fields of a message, the last one first. */
function fieldsOf(of: Definition): readonly Numbered[] {
  let fields = known.get(of);
  if (!fields) known.set(of, (fields = backwards(numbersOf(of))));
  return fields;
}

const backwards = (numbers: Numbers): Numbered[] =>
  [...numbers]
    .sort(([a], [b]) => b - a)
    .map(([number, to]) => [number, to instanceof Map ? backwards(to) : to] as const);

function writeFields(writer: Writer, object: Members, fields: readonly Numbered[]): void {
  for (const [number, to] of fields) {
    if (Array.isArray(to)) {
      const end = writer.length;
      writeFields(writer, object, to as readonly Numbered[]);
      if (writer.length > end) writer.tag(number, bytesType, writer.length - end);
      continue;
    }
    const { name, type } = to as Field;
    const value = object[name];
    if (value === undefined || value === null) continue;
    if (type.is === 'list') {
      const items = value as readonly unknown[];
      for (let index = items.length - 1; index >= 0; index--) writeValue(writer, number, items[index], type.element);
    } else if (type.is === 'map') {
      for (const [key, each] of Object.entries(value).reverse()) {
        const end = writer.length;
        if (each !== null) writeValue(writer, 2, each, type.element);
        writer.text(1, key);
        writer.tag(number, bytesType, writer.length - end);
      }
    } else writeValue(writer, number, value, type);
  }
}

function writeValue(writer: Writer, number: number, value: unknown, type: Type): void {
  const end = writer.length;
  switch (type.is) {
    case 'string':
      return writer.text(number, String(value));
    case 'bytes':
      writer.raw(Buffer.from(String(value), 'base64'));
      break;
    case 'bool':
      return writer.integer(number, value ? 1 : 0);
    case 'int32':
    case 'int64':
      return writer.integer(number, Number(value));
    case 'double':
      return writer.double(number, Number(value));
    case 'Quantity':
      writer.text(1, String(value));
      break;
    case 'IntOrString': {
      const isText = typeof value === 'string';
      writer.text(3, isText ? value : '');
      writer.integer(2, isText ? 0 : Number(value));
      writer.integer(1, isText ? 1 : 0);
      break;
    }
    case 'Time':
    case 'MicroTime': {
      const text = String(value);
      const milliseconds = Date.parse(text);
      const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
      writer.integer(2, Number(fraction.padEnd(9, '0').slice(0, 9)));
      writer.integer(1, Math.floor(milliseconds / 1000));
      break;
    }
    case 'Duration':
      writer.integer(1, Math.round(Number.parseFloat(String(value)) * 1e9));
      break;
    case 'FieldsV1':
    case 'RawExtension':
      writer.raw(Buffer.from(JSON.stringify(value)));
      writer.tag(1, bytesType, writer.length - end);
      break;
    case 'object':
      writeFields(writer, value as Members, fieldsOf(type.definition));
      break;
    case 'list': {
      // A list that is a message of its own (`ExtraValue`, `Verbs`).
      const items = value as readonly unknown[];
      for (let index = items.length - 1; index >= 0; index--) writeValue(writer, 1, items[index], type.element);
      break;
    }
    case 'map':
      throw new Error(`${type.go}: a map within a map or list`);
  }
  writer.tag(number, bytesType, writer.length - end);
}

// --- bytes

const varintType = 0;
const doubleType = 1;
const bytesType = 2;

/** Fills a buffer from its end; every method writes in front of what was written before. */
class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  /** Where the last written byte stands. */
  #start = this.#buffer.length;

  get length(): number {
    return this.#buffer.length - this.#start;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(this.#start);
  }

  raw(bytes: Buffer): void {
    const position = this.#make(bytes.length);
    bytes.copy(this.#buffer, position);
  }

  text(number: number, text: string): void {
    if (!this.#short(text)) {
      const length = Buffer.byteLength(text);
      const position = this.#make(length);
      this.#buffer.write(text, position, length);
      this.tag(number, bytesType, length);
    } else this.tag(number, bytesType, text.length);
  }

  /** Most texts are short and plain: a loop of our own is faster than a call out of JavaScript. @returns whether it was one */
  #short(text: string): boolean {
    const { length } = text;
    if (length > 64) return false;
    const position = this.#make(length);
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.#start += length; // as if nothing had been written
        return false;
      }
      this.#buffer[position + index] = code;
    }
    return true;
  }

  integer(number: number, value: number): void {
    if (value < 0 || !Number.isSafeInteger(value)) {
      for (const byte of bigVarint(BigInt.asUintN(64, BigInt(Math.trunc(value)))).reverse()) this.#byte(byte);
    } else this.#varint(value);
    this.#varint(number * 8 + varintType);
  }

  double(number: number, value: number): void {
    const position = this.#make(8);
    this.#buffer.writeDoubleLE(value, position);
    this.#varint(number * 8 + doubleType);
  }

  /** The head of a field: its number and type, and the `length` of the bytes that follow. */
  tag(number: number, type: typeof bytesType, length: number): void {
    this.#varint(length);
    this.#varint(number * 8 + type);
  }

  #varint(value: number): void {
    if (value < 128) return this.#byte(value);
    let bytes = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
    let position = this.#make(bytes);
    for (; value >= 128; value = Math.floor(value / 128)) this.#buffer[position++] = (value % 128) | 128;
    this.#buffer[position] = value;
  }

  #byte(byte: number): void {
    const position = this.#make(1);
    this.#buffer[position] = byte;
  }

  /** Makes room in front, perhaps in a new buffer: look for `#buffer` only after it. @returns where it begins */
  #make(length: number): number {
    if (length > this.#start) {
      const written = this.bytes();
      const larger = Buffer.allocUnsafe(2 * this.#buffer.length + length);
      written.copy(larger, larger.length - written.length);
      this.#start = larger.length - written.length;
      this.#buffer = larger;
    }
    return (this.#start -= length);
  }
}

function bigVarint(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value >= 128n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  bytes.push(Number(value));
  return bytes;
}
