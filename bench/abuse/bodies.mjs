/** From a valid object to a body that may be anything: mutated members, another encoding, a broken packing. */
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';

const oddStrings = [
  '',
  ' ',
  '\0',
  '\u0001\u001f',
  'ä'.repeat(10),
  '😀',
  '\u2028',
  '\ufeff',
  '\r\nX-Injected: yes',
  '../../etc/passwd',
  '%00',
  '%2f..',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'true',
  '0',
  '-0',
  '1e999',
  'NaN',
  '9'.repeat(40),
  'x'.repeat(254),
  'x'.repeat(5000),
  'a.b.c',
  '-a',
  'A',
  'a_b',
  '10.0.0.0/8',
  '::1',
  '300.1.1.1',
  '$(VAR)',
  '{{.}}',
  '"',
  "'",
  '\\',
  '<script>',
  '2026-01-01T00:00:00Z',
  '2026-13-45',
  'Infinity',
  '1Ki',
  '1e-9',
  '1.5Gi',
  '-1',
  '0x10',
  'a'.repeat(63),
  'a'.repeat(64),
  'metadata.name',
  'kubernetes.io/os',
  'поле',
  '\ud800',
];
const oddNumbers = [0, -1, 1, 1.5, -0, 65535, 65536, 2147483647, 2147483648, -2147483649, 2 ** 53, 1e21, 1e308, 5e-324];
/** Texts that JSON allows and JavaScript cannot keep; they take the place of a mark in the encoded body. */
const rawNumbers = [
  '1e999',
  '-1e999',
  '9223372036854775807',
  '9223372036854775808',
  '1'.repeat(400),
  '1.0',
  '3.0e0',
  '-0',
  '1E5',
  '0.1e-400',
];
const brokenNumbers = ['NaN', 'Infinity', '01', '+1', '.5', '1.', '0x1', '1e', '--1'];
const mark = '\u0007raw\u0007';

const oddValue = (random) =>
  random.weighted([
    [4, () => random.pick(oddStrings)],
    [4, () => random.pick(oddNumbers)],
    [2, () => null],
    [2, () => random.chance(0.5)],
    [2, () => ({})],
    [2, () => []],
    [1, () => [null]],
    [1, () => [[[[]]]]],
    [1, () => ({ [random.pick(oddStrings)]: random.pick(oddStrings) })],
    [1, () => Array.from({ length: 30 }, () => random.pick(oddNumbers))],
    [1, () => mark],
    [0.3, () => nested(random.pick([20, 100, 400]), random.chance(0.5))],
  ])();

function nested(depth, list) {
  let value = list ? [] : {};
  for (let level = 0; level < depth; level++) value = list ? [value] : { a: value };
  return value;
}

/** Sets an own member, `__proto__` too. */
function set(object, key, value) {
  if (Array.isArray(object)) object[Number(key) || object.length] = value;
  else if (Object(object) === object)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** A place within `object`: its parent, and its key there. */
function somewhere(object, random) {
  let parent = object;
  for (;;) {
    const keys = Object.keys(parent);
    if (keys.length === 0) return [parent, 'added'];
    const key = random.pick(keys);
    const value = parent[key];
    if (typeof value !== 'object' || value === null || random.chance(0.25)) return [parent, key];
    parent = value;
  }
}

/** Changes `object` in a few places, in place. */
export function mutate(object, random) {
  for (
    let times = random.weighted([
      [2, 0],
      [6, 1],
      [3, 2],
      [2, 5],
      [1, 12],
    ]);
    times > 0;
    times--
  ) {
    const [parent, key] = somewhere(object, random);
    random.weighted([
      [8, () => set(parent, key, oddValue(random))],
      [2, () => (Array.isArray(parent) ? parent.splice(Number(key) || 0, 1) : delete parent[key])],
      [
        2,
        () =>
          set(
            parent,
            Array.isArray(parent) ? parent.length : random.pick([...oddStrings, 'spec', 'status', 'metadata', 'name']),
            oddValue(random),
          ),
      ],
      [
        1,
        () =>
          Array.isArray(parent) &&
          parent.length > 0 &&
          parent.push(...Array.from({ length: random.pick([1, 3, 100]) }, () => structuredClone(parent[0]))),
      ],
      [
        1,
        () =>
          set(
            parent,
            random.pick(['__proto__', 'constructor', 'prototype', 'toJSON', 'then', 'length', 'hasOwnProperty']),
            oddValue(random),
          ),
      ],
      [
        1,
        () =>
          set(
            (object.metadata ??= {}) ?? {},
            random.pick([
              'resourceVersion',
              'uid',
              'generation',
              'deletionTimestamp',
              'finalizers',
              'ownerReferences',
              'managedFields',
              'generateName',
              'selfLink',
              'creationTimestamp',
              'deletionGracePeriodSeconds',
              'name',
              'namespace',
              'labels',
              'annotations',
            ]),
            oddValue(random),
          ),
      ],
      [
        0.2,
        () =>
          set(
            (object.metadata ??= {}),
            'labels',
            Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`label-${index}`, 'x'])),
          ),
      ],
    ])();
  }
  return object;
}

/** @returns `{ body, contentType, contentEncoding }` */
export function encode(object, random) {
  const [contentType, body] = random.weighted([
    [70, () => ['application/json', json(object, random)]],
    [14, () => ['application/yaml', yaml(object, random)]],
    [8, () => ['application/vnd.kubernetes.protobuf', protobuf(object, random)]],
    [
      3,
      () => [
        random.pick([
          'application/json; charset=utf-8',
          'application/json;',
          'application/json;bogus',
          'APPLICATION/JSON',
          'text/plain',
          'application/xml',
          'multipart/form-data; boundary=x',
          'application/cbor',
          '*/*',
          '',
          ';;;',
          'x'.repeat(5000),
        ]),
        json(object, random),
      ],
    ],
    [2, () => ['application/json', random.bytes(random.below(200))]],
  ])();
  return pack({ body: cut(body, random), contentType }, random);
}

/** Sometimes as gzip, sometimes as what only says so. */
export function pack({ body, contentType }, random) {
  const [contentEncoding, packed] = random.weighted([
    [90, () => [undefined, body]],
    [4, () => ['gzip', gzipSync(body)]],
    [1, () => ['gzip', gzipSync(body).subarray(0, -random.below(20) - 1)]],
    [1, () => ['gzip', body]],
    [1, () => ['gzip', Buffer.concat([gzipSync(body), random.bytes(20)])]],
    [0.3, () => ['gzip', bomb()]],
    [1, () => [random.pick(['deflate', 'br', 'identity', 'gzip, gzip', 'GZIP', 'x-gzip', 'nonsense']), body]],
  ])();
  return { contentType, contentEncoding, body: packed };
}

/** 100 MB of blanks in 100 kB. */
let packedBlanks;
export const bomb = () => (packedBlanks ??= gzipSync(Buffer.alloc(100e6, 0x20), { level: 9 }));

function json(object, random) {
  let text = JSON.stringify(object) ?? 'null';
  text = text.replaceAll(JSON.stringify(mark), () => random.pick(random.chance(0.8) ? rawNumbers : brokenNumbers));
  return random.weighted([
    [60, () => Buffer.from(text)],
    [2, () => Buffer.from(`\ufeff${text}`)],
    [2, () => Buffer.from(text + random.pick([' ', '\n\n', '{}', ',', '\0', 'x', ']']))],
    [
      2,
      () =>
        Buffer.from(text.replace(/:/g, () => (random.chance(0.05) ? random.pick(['', '::', '=', ' :\n\t ']) : ':'))),
    ],
    [2, () => Buffer.from(twice(text, random))],
    [2, () => invalidUTF8(Buffer.from(text), random)],
    [
      2,
      () =>
        Buffer.from(
          text.replace(/"([^"\\]*)"/g, (found) =>
            random.chance(0.05)
              ? random.pick(['"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', "'x'", '"\\x41"', '"tab\there"'])
              : found,
          ),
        ),
    ],
    [
      1,
      () =>
        Buffer.from(
          random.pick([
            '',
            'null',
            '[]',
            '"x"',
            '0',
            'true',
            '{}',
            '[{}]',
            '{',
            '{"a"',
            '{"a":',
            '[[',
            '"',
            'nul',
            '-',
            '{"kind":1}',
            '{"apiVersion":[]}',
            '{"kind":"Pod","apiVersion":"v1/v2/v3"}',
          ]),
        ),
    ],
    [0.5, () => Buffer.from(`${'['.repeat(random.pick([100, 5000, 20_000, 100_000]))}`)],
    [0.5, () => Buffer.from(deepText(random))],
  ])();
}

/** Nested texts that are whole: at the top, in a map, in what is kept as it came. */
function deepText(random) {
  const depth = random.pick([500, 3000, 9000, 9990, 20_000]);
  const deep = random.chance(0.5)
    ? '['.repeat(depth) + ']'.repeat(depth)
    : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
  const place = random.pick([
    (it) => it,
    (it) => `{"metadata":{"name":"deep","labels":${it}}}`,
    (it) =>
      `{"metadata":{"name":"deep","managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsV1":${it}}]}}`,
    (it) => `{"metadata":{"name":"deep"},"unknown":${it}}`,
    (it) => `{"metadata":{"name":"deep"},"unknown":${it},"a":1.5,"a":2}`,
  ]);
  return place(deep);
}

/** Some member stands twice. */
const twice = (text, random) =>
  text.replace(/\{"([^"]+)":/g, (found, key) => (random.chance(0.3) ? `{"${key}":1,"${key}":` : found));

function invalidUTF8(bytes, random) {
  for (let times = 1 + random.below(5); times > 0 && bytes.length > 0; times--)
    bytes[random.below(bytes.length)] = random.pick([0xff, 0xc0, 0x80, 0xed, 0xf8]);
  return bytes;
}

const cut = (bytes, random) => (random.chance(0.03) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes);

/** In block style, where that is not too deep for it. */
function blocks(object) {
  const text = JSON.stringify(object) ?? 'null';
  return Buffer.from(
    text.length > 10_000 || text.includes('['.repeat(50)) || text.includes('{"a":'.repeat(50))
      ? text
      : stringify(JSON.parse(text), { version: '1.1' }),
  );
}

function yaml(object, random) {
  return random.weighted([
    [10, () => blocks(object)],
    [3, () => Buffer.from(JSON.stringify(object))],
    [6, () => Buffer.from(random.pick(oddYAML))],
    [1, () => invalidUTF8(blocks(object), random)],
  ])();
}

const laughs = (width, levels) =>
  [
    'a0: &a0 x',
    ...Array.from(
      { length: levels },
      (_, level) => `a${level + 1}: &a${level + 1} [${Array(width).fill(`*a${level}`).join(', ')}]`,
    ),
  ].join('\n');
const oddYAML = [
  laughs(9, 9),
  laughs(2, 30),
  laughs(100, 3),
  'a: &a [*a]',
  'a: *nowhere',
  '&a a: *a',
  '? {a: b}\n: c',
  '? [a]\n: c',
  '!!binary x',
  'data: !!binary AAEC',
  'data: !!python/object:os.system x',
  '!!set {a, b}',
  '!!omap [a: 1]',
  'data: !!timestamp 2001-12-14',
  '<<: {a: 1}',
  'x: &x {a: 1}\ny: {<<: *x}',
  '<<: [1, 2]',
  '--- a\n--- b',
  '%YAML 9.9\n---\na: 1',
  '%TAG ! tag:x\n---\na: 1',
  'a: 1\na: 2',
  '\ta: 1',
  'a: "\\xZZ"',
  "a: 'x",
  'a: |\n  x\n y',
  '- ' + '- '.repeat(3000) + 'x',
  '['.repeat(5000),
  '{a: '.repeat(2000),
  'a: ' + '"x" '.repeat(100),
  'a: .inf',
  'a: .nan',
  'a: 0o17',
  'a: 190:20:30',
  'a: 1_000',
  'y: yes',
  '~: ~',
  ': x',
  '? ',
  'null',
  '# nothing',
  '...',
  '---',
  '\0',
  '\ufeffa: 1',
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata: {a: "1", __proto__: x}',
  'metadata: &m {name: a}\nspec: *m',
  'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: big\ndata:\n' +
    Array.from({ length: 2000 }, (_, i) => `  k${i}: v`).join('\n'),
];

function protobuf(object, random) {
  const field = (number, bytes) => Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
  const envelope = (raw) =>
    Buffer.concat([
      Buffer.from('k8s\0'),
      field(
        1,
        Buffer.concat([field(1, Buffer.from(textOf(object.apiVersion))), field(2, Buffer.from(textOf(object.kind)))]),
      ),
      field(2, raw),
    ]);
  return random.weighted([
    [4, () => envelope(garbage(random, 0))],
    [2, () => envelope(random.bytes(random.below(60)))],
    [1, () => Buffer.concat([Buffer.from('k8s\0'), random.bytes(random.below(60))])],
    [1, () => random.bytes(random.below(60))],
    [1, () => Buffer.from(JSON.stringify(object))],
    [1, () => envelope(Buffer.from('0a'.repeat(2000), 'hex'))],
  ])();
}

/** Whatever has taken its place. */
const textOf = (value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** Messages that are protobuf, of fields that may exist. */
function garbage(random, depth) {
  const fields = Array.from({ length: random.below(5) }, () => {
    const number = 1 + random.below(40);
    const wire = random.pick([0, 1, 2, 2, 2, 5, 7]);
    const value = {
      0: () => varint(random.pick([0, 1, 127, 2 ** 31, 2 ** 50])),
      1: () => random.bytes(8),
      2: () => {
        const bytes =
          depth < 5 && random.chance(0.6) ? garbage(random, depth + 1) : Buffer.from(random.pick(oddStrings));
        return Buffer.concat([varint(bytes.length), bytes]);
      },
      5: () => random.bytes(4),
      7: () => Buffer.alloc(0),
    }[wire]();
    return Buffer.concat([varint((number << 3) | wire), value]);
  });
  return Buffer.concat(fields);
}

function varint(value) {
  const bytes = [];
  for (let left = BigInt(Math.trunc(value)); ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}

const oddPointers = [
  '',
  '/',
  '//',
  '/-',
  '/metadata/labels/a',
  '/metadata/labels/~',
  '/metadata/labels/~2',
  '/spec',
  '/spec/containers/0/image',
  '/spec/containers/-1',
  '/spec/containers/-',
  '/spec/containers/99999999999',
  '/__proto__/x',
  '/constructor/prototype/x',
  'x',
  '/data/a',
  '/metadata/name',
  '/metadata/finalizers/-',
  '/a'.repeat(3000),
];

/** A patch of some type for an object: `{ body, contentType, contentEncoding }`. */
export function aPatch(object, random) {
  const [contentType, value] = random.weighted([
    [5, () => ['application/json-patch+json', operations(random)]],
    [5, () => ['application/merge-patch+json', mutate(part(object, random), random)]],
    [5, () => ['application/strategic-merge-patch+json', orders(mutate(part(object, random), random), random)]],
    [3, () => ['application/apply-patch+yaml', mutate(object, random)]],
    [
      1,
      () => [
        random.pick([
          'application/json',
          'application/apply-patch+cbor',
          'text/plain',
          '',
          'application/json-patch+json; charset=utf-8',
        ]),
        operations(random),
      ],
    ],
  ])();
  return pack({ body: cut(json(value, random), random), contentType }, random);
}

const operations = (random) =>
  random.chance(0.1)
    ? oddValue(random)
    : Array.from(
        {
          length: random.weighted([
            [1, 0],
            [6, 1],
            [3, 4],
            [0.1, 10_001],
          ]),
        },
        () => ({
          op: random.weighted([
            [5, 'add'],
            [4, 'remove'],
            [4, 'replace'],
            [3, 'move'],
            [3, 'copy'],
            [3, 'test'],
            [1, 'frob'],
            [0.5, 5],
            [0.5, undefined],
          ]),
          path: random.chance(0.95) ? random.pick(oddPointers) : oddValue(random),
          ...(random.chance(0.5) && { from: random.pick(oddPointers) }),
          ...(random.chance(0.8) && { value: oddValue(random) }),
        }),
      );

/** One or two members of the object. */
const part = (object, random) => {
  const keys = Object.keys(object);
  return Object.fromEntries([random.pick(keys), random.pick(keys)].map((key) => [key, object[key]]));
};

/** Orders of a strategic merge patch, in some places of it, wrong ones too. */
function orders(patch, random) {
  for (let times = random.below(3); times > 0; times--) {
    const [parent, key] = somewhere(patch, random);
    const target = Array.isArray(parent) ? parent[key] : parent;
    if (typeof target !== 'object' || target === null) continue;
    random.weighted([
      [3, () => set(target, '$patch', random.pick(['delete', 'replace', 'merge', 'frob', 1, null]))],
      [2, () => set(target, '$retainKeys', random.pick([['name'], [], [1], 'x', null, [null]]))],
      [
        2,
        () =>
          set(
            target,
            `$setElementOrder/${random.pick(['containers', 'ports', 'env', 'finalizers', 'x', ''])}`,
            random.pick([[], [{ name: 'main' }], ['a'], [{}], 'x', [null], {}]),
          ),
      ],
      [
        2,
        () =>
          set(
            target,
            `$deleteFromPrimitiveList/${random.pick(['finalizers', 'containers', 'x'])}`,
            random.pick([[], ['a'], 'x', [{}], null]),
          ),
      ],
    ])();
  }
  return patch;
}
