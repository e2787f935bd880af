import fc from 'fast-check';
import { openEnvelope, readMessage } from '../decode/protobuf.js';
import { definition, type Definition, type Type } from '../schema/index.js';
import { tables } from '../schema/types/index.js';
import { parseTable } from '../schema/table.js';
import { encodeEnvelope, encodeListMetadata, encodeMessage, encodeWatchEvent } from './protobuf.js';

/** Every type of the API. */
const definitions = Object.entries(tables).flatMap(([name, text]) =>
  [...parseTable(text).types.keys()].map((type) => definition(`${name}.${type}`)),
);

const someText = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('ü', '\u{1f600}'));
const someTime = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000).toISOString());
const micros = fc.integer({ min: 0, max: 999_999 }).map((value) => String(value).padStart(6, '0'));

function anyOf(type: Type, depth: number): fc.Arbitrary<unknown> | undefined {
  switch (type.is) {
    case 'string':
      return someText;
    case 'bytes':
      return fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    case 'bool':
      return fc.boolean();
    case 'int32':
      return fc.integer();
    case 'int64':
      return fc.maxSafeInteger();
    case 'double':
      return fc.double({ noNaN: true });
    case 'Quantity':
      return fc.constantFrom('0', '100m', '1Gi');
    case 'IntOrString':
      return fc.oneof(fc.integer(), someText);
    case 'Time':
      return someTime.map((time) => `${time.slice(0, 19)}Z`);
    case 'MicroTime':
      return fc.tuple(someTime, micros).map(([time, fraction]) => `${time.slice(0, 19)}.${fraction}Z`);
    case 'Duration':
      return fc.integer({ min: 0, max: 3600 }).map((seconds) => `${seconds}s`);
    case 'FieldsV1':
    case 'RawExtension':
      return fc.dictionary(someText, fc.constantFrom(1, 'a', null, [{ b: true }]), { maxKeys: 2 });
    case 'list': {
      const element = anyOf(type.element, depth);
      return element && fc.array(element, { minLength: 1, maxLength: 2 }); // an empty list leaves no trace
    }
    case 'map': {
      const element = anyOf(type.element, depth);
      return element && fc.dictionary(someText, element, { minKeys: 1, maxKeys: 2 });
    }
    case 'object':
      return depth === 0 ? undefined : objectOf(type.definition, depth - 1);
  }
}

function objectOf(of: Definition, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  for (const { name, type, numbers } of of.fields.values()) {
    const value = numbers.length === 0 ? undefined : anyOf(type, depth);
    if (value) members[name] = value;
  }
  return fc.record(members, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<Record<string, unknown>>;
}

test.each(definitions.map((each) => [each.name, each] as const))(
  'what is written of a %s is what is read',
  (_name, each) => {
    fc.assert(
      fc.property(objectOf(each, 1), (object) => {
        expect(readMessage(encodeMessage(object, each), each)).toEqual(object);
      }),
      { numRuns: 10 },
    );
  },
);

test('the bytes are those that upstream writes', () => {
  const spec = { nodeName: 'n', containers: [{ name: 'c', image: 'i' }], priority: -1 };
  const pod = encodeMessage({ metadata: { name: 'web' }, spec }, definition('api.core.v1.Pod'));
  const envelope = encodeEnvelope({ apiVersion: 'v1', kind: 'Pod', raw: pod });
  expect(envelope.toString('hex')).toBe(
    [
      '6b387300', // k8s\0
      '0a09 0a027631 1203506f64', // 1: v1, Pod
      '1220', // 2: the object
      '0a05 0a03776562', // its metadata: a name
      '1217 1206 0a0163 120169 5201 6e c801 ffffffffffffffffff01', // its spec
      '1a00 2200',
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('nothing is written of what is null, or of what the type does not know', () => {
  const configMap = definition('api.core.v1.ConfigMap');
  const object = { metadata: { name: 'm', creationTimestamp: null }, data: { a: null, b: 'c' }, colour: 'red' };
  expect(readMessage(encodeMessage(object, configMap), configMap)).toEqual({
    metadata: { name: 'm' },
    data: { a: null, b: 'c' },
  });
});

test('a long object finds room', () => {
  const secret = definition('api.core.v1.Secret');
  const object = { data: { key: Buffer.alloc(100_000, 7).toString('base64') } };
  expect(readMessage(encodeMessage(object, secret), secret)).toEqual(object);
});

test('a list begins with its metadata', () => {
  const list = definition('api.core.v1.PodList');
  expect(readMessage(encodeListMetadata({ resourceVersion: '7', remainingItemCount: 3 }), list)).toEqual({
    metadata: { resourceVersion: '7', remainingItemCount: 3 },
  });
});

test('an event of a watch stands behind its length, and holds its object in an envelope', () => {
  const event = encodeWatchEvent('ADDED', encodeEnvelope({ apiVersion: 'v1', kind: 'Pod', raw: Buffer.from([]) }));
  expect(event.readUInt32BE()).toBe(event.length - 4);
  const { type, object } = eventIn(event.subarray(4));
  expect(type).toBe('ADDED');
  expect(openEnvelope(object)).toMatchObject({ apiVersion: 'v1', kind: 'Pod' });
});

/** `WatchEvent { type = 1; RawExtension object = 2 { raw = 1 } }`, each shorter than 128 bytes. */
function eventIn(message: Buffer): { type: string; object: Buffer } {
  const typeEnd = 2 + message[1]!;
  expect([message[0], message[typeEnd], message[typeEnd + 2]]).toEqual([0x0a, 0x12, 0x0a]);
  return { type: message.toString('utf8', 2, typeEnd), object: message.subarray(typeEnd + 4) };
}
