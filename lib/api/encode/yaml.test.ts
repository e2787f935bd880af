import fc from 'fast-check';
import { parseYAML } from '../decode/yaml.js';
import { encodeYAML } from './yaml.js';

const word20 = 'word '.repeat(20).trim();

test.each<[unknown, string]>([
  ['hello world', 'hello world'],
  ['10.0.0.1:80', '10.0.0.1:80'],
  ['-a', '-a'],
  ["it's", "it's"],
  ['a:b', 'a:b'],
  ['a#b', 'a#b'],
  ['', '""'],
  ['1', '"1"'],
  ['017', '"017"'],
  ['0x1F', '"0x1F"'],
  ['0x', '0x'],
  ['1_000', '"1_000"'],
  ['1e3', '"1e3"'],
  ['true', '"true"'],
  ['Y', '"Y"'],
  ['null', '"null"'],
  ['~', '"~"'],
  ['.inf', '".inf"'],
  ['12:30', '"12:30"'],
  ['2024-05-01', '"2024-05-01"'],
  ['2024-05-01T00:00:00Z', '"2024-05-01T00:00:00Z"'],
  ['a: b', "'a: b'"],
  ['a:', "'a:'"],
  ['a #b', "'a #b'"],
  ['- a', "'- a'"],
  ['*a', "'*a'"],
  ["'a'", "'''a'''"],
  [' a', "' a'"],
  ['---', "'---'"],
  ['a\tb', '"a\\tb"'],
  ['a\r\nb', '"a\\r\\nb"'],
  ['\u0001', '"\\x01"'],
  ['\u{1f600}', '"\\U0001F600"'],
  ['é☃', 'é☃'],
  [1.5, '1.5'],
  [true, 'true'],
  [null, 'null'],
  [{}, '{}'],
  [[], '[]'],
  [{ k: 'a\nb\n' }, 'k: |\n  a\n  b'],
  [{ k: 'a\nb' }, 'k: |-\n  a\n  b'],
  [{ k: 'a\n\nb\n\n' }, 'k: |+\n  a\n\n  b\n'],
  [{ k: ' a\nb\n' }, 'k: |2\n   a\n  b'],
  [{ k: 'a \nb\n' }, 'k: "a \\nb\\n"'],
  [{ k: word20 }, `k: ${'word '.repeat(16).trim()}\n  ${'word '.repeat(4).trim()}`],
  [{ k: `a: ${word20}` }, `k: 'a: ${'word '.repeat(15).trim()}\n  ${'word '.repeat(5).trim()}'`],
  [{ b: 1, a10: 1, a2: 1, A: 1, _: 1 }, '_: 1\nA: 1\na2: 1\na10: 1\nb: 1'],
  [{ true: 1, y: 'y' }, '"true": 1\n"y": "y"'],
  [[1, [2, { a: [], b: {} }]], '- 1\n- - 2\n  - a: []\n    b: {}'],
  [{ l: [{ b: [1], a: 'x: y' }] }, "l:\n- a: 'x: y'\n  b:\n  - 1"],
])('%j is written as kubectl writes it', (value, text) => {
  expect(encodeYAML(value)).toBe(`${text}\n`);
});

/** A bare `=` or `<<` is no text to everybody; nobody calls a member so. */
const text = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'ab1 :-#\n\t"\'\\%{}[],&*!|>@`?.é0_~') }),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.constantFrom('yes', 'No', '0o7', '+1', '-.5', '1:30', word20),
  )
  .filter((each) => each !== '=' && each !== '<<');

const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 4 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('map')),
  list: fc.array(tie('any'), { maxLength: 4 }),
  map: fc.dictionary(text.filter((key) => key !== '__proto__' && key.length < 100), tie('any'), { maxKeys: 4, noNullPrototype: true }),
})).map; // prettier-ignore

test('what is written is what is read', () => {
  fc.assert(
    fc.property(value, (each) => {
      expect(parseYAML(encodeYAML(each)).value).toEqual(each);
    }),
  );
});
