/** Whatever the bytes, they are an object or refused with one of the documented errors, and soon. */
import fc from 'fast-check';
import { decodeObject, parseJSON, parseYAML, JSONSyntaxError, YAMLError } from './index.js';
import { StatusError } from '../status.js';

const configMap = { group: '', version: 'v1', kind: 'ConfigMap', definition: 'api.core.v1.ConfigMap' };
const decode = (body: string | Buffer, contentType = 'application/json') =>
  decodeObject<any>(Buffer.from(body), { expected: configMap, contentType, fieldValidation: 'Warn' });
const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof StatusError && error.code === 400) return error.message;
    throw error;
  }
  return 'it was taken';
};

const marks = fc.string({ unit: fc.constantFrom(...'{}[],:"\'&*!|>-?# \n\tab1~<%@`\\'), maxLength: 40 });

test('any text is JSON or a JSONSyntaxError, YAML or a YAMLError', () => {
  fc.assert(
    fc.property(fc.oneof(marks, fc.string({ unit: 'binary' })), (text) => {
      try {
        parseJSON(text);
      } catch (error) {
        expect(error).toBeInstanceOf(JSONSyntaxError);
      }
      try {
        parseYAML(text);
      } catch (error) {
        expect(error).toBeInstanceOf(YAMLError);
      }
    }),
    { numRuns: 1000 },
  );
});

test.each(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'])(
  'any bytes in %s are an object or a BadRequest',
  (contentType) => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }).map(Buffer.from), marks.map(Buffer.from));
    fc.assert(
      fc.property(bytes, fc.boolean(), (body, marked) => {
        refusal(() => decode(marked ? Buffer.concat([Buffer.from('k8s\0'), body]) : body, contentType));
      }),
      { numRuns: 500 },
    );
  },
);

test.each([
  ['a: &a [*a]', 'yaml: anchor value contains itself'],
  ['a: *nowhere', "yaml: unknown anchor 'nowhere' referenced"],
  [`a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (it) => `${it}: &${it} [${`*${String.fromCharCode(it.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`, 'yaml: document contains excessive aliasing'],
  ['['.repeat(5000), 'yaml: line 1: exceeded max depth of 10000'],
  ['- a\n'.repeat(100_000), 'yaml: exceeded max size of 200000 tokens'],
])('YAML %#: a bomb is refused', (text, why) => {
  expect(refusal(() => decode(text, 'application/yaml'))).toContain(`: ${why} (`);
}); // prettier-ignore

test('JSON nested deeper than ten thousand, or than the stack, is refused', () => {
  expect(refusal(() => decode('['.repeat(100_000) + ']'.repeat(100_000)))).toContain('exceeded max depth');
  // The same member twice has it read member by member.
  const deep = `{"a":1,"a":${'{"a":'.repeat(9_900)}1${'}'.repeat(9_900)}}`;
  expect(refusal(() => decode(deep))).toMatch(/exceeded max depth|it was taken/);
});

test('a hundred thousand unknown members, each twice, are told as a hundred', () => {
  const members = Array.from({ length: 50_000 }, (_, index) => `"x${index}":1,"x${index}":2`).join();
  const { warnings } = decode(`{"metadata":{"name":"a"},"data":{"a":"1","a":"2"},${members}}`);
  expect([warnings.length, warnings[0], warnings[1]]).toEqual([100, 'duplicate field "data.a"', 'unknown field "x0"']);
});
