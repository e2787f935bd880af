import fc from 'fast-check';
import {
  everything,
  fieldMatcher,
  formatFieldSelector,
  formatLabels,
  formatLabelSelector,
  nothing,
  parseFieldSelector,
  parseLabelSelector,
  selectorOf,
  selectorOfLabels,
  type Labels,
} from './selectors.js';
import { isBadRequest } from './status.js';

const objects: Record<string, Labels> = {
  a: { app: 'web', tier: 'front', env: 'prod', num: '5' },
  b: { app: 'web', tier: 'back', num: '10' },
  c: { app: 'db', env: 'prod' },
  d: { 'example.com/role': 'x', empty: '' },
};
const chosen = (selector: string) =>
  Object.keys(objects)
    .filter((name) => parseLabelSelector(selector).matches(objects[name]))
    .join('');

test.each([
  ['', 'abcd'],
  ['app=web', 'ab'],
  ['app==web', 'ab'],
  ['app=web,tier=back', 'b'],
  ['app!=web', 'cd'],
  ['app', 'abc'],
  ['!app', 'd'],
  ['app,!env', 'b'],
  ['app in (web,db)', 'abc'],
  ['app in (web, db )', 'abc'],
  ['tier notin (front)', 'bcd'],
  ['app in (web),tier notin (front,middle)', 'b'],
  ['num>7', 'b'],
  ['num<7', 'a'],
  ['empty=', 'd'],
  ['empty in ()', 'd'],
  ['empty in (,x)', 'd'],
  ['app in ()', ''],
  ['in in (in)', ''],
  ['example.com/role=x', 'd'],
  ['constructor', ''],
  ['app=web,', undefined],
])('%j chooses %s', (selector, names) => {
  if (names === undefined)
    expect(() => parseLabelSelector(selector)).toThrow("found '', expected: identifier after ','");
  else expect(chosen(selector)).toBe(names);
});

test.each([
  [',,', "found ',', expected: !, identifier, or 'end of string'"],
  ['=web', "found '=', expected: !, identifier, or 'end of string'"],
  ['app in web', "unable to parse requirement: found 'web' expected: '('"],
  ['app in (web', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['app in (web=', "unable to parse requirement: found '=', expected: ',' or ')'"],
  ['app in (=', "unable to parse requirement: found '=', expected: ',', ')' or identifier"],
  ['bad key=web', "unable to parse requirement: found 'key', expected: in, notin, =, ==, !=, gt, lt"],
  ['app=bad value!', "found 'value', expected: ',' or 'end of string'"],
  ['!app=web', "found '=', expected: ',' or 'end of string'"],
  ['a=b=c', "found '=', expected: ',' or 'end of string'"],
  ['app=(x', "unable to parse requirement: found '(', expected: identifier"],
  ['!=x', "found '!=', expected: !, identifier, or 'end of string'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  [
    'num>seven',
    `unable to parse requirement: values[0]: Invalid value: "seven": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
  [
    'a/b/c=d',
    `unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ],
  [
    'app=-',
    `unable to parse requirement: values[0][app]: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  ],
])('%j is refused', (selector, message) => {
  let refusal: unknown;
  try {
    parseLabelSelector(selector);
  } catch (error) {
    refusal = error;
  }
  expect(isBadRequest(refusal)).toBe(true);
  expect((refusal as Error).message).toBe(message);
});

test('requirements are shown sorted by key, their values sorted', () => {
  expect(parseLabelSelector('z,b in (y,x),!a,n>1,m!=2').toString()).toBe('!a,b in (x,y),m!=2,n>1,z');
  expect(formatLabels({ b: '2', a: '1' })).toBe('a=1,b=2');
  expect(formatLabels({})).toBe('<none>');
});

test('an absent selector of an object matches nothing, an empty one everything', () => {
  expect(selectorOf(undefined)).toBe(nothing);
  expect(selectorOf({})).toBe(everything);
  expect(selectorOfLabels(undefined).matches({})).toBe(true);
});

test("an object's selector may combine labels and expressions", () => {
  const selector = {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn', values: ['front'] },
      { key: 'env', operator: 'DoesNotExist' },
    ],
  };
  expect(Object.keys(objects).filter((name) => selectorOf(selector).matches(objects[name]))).toEqual(['b']);
  expect(formatLabelSelector(selector)).toBe('app=web,!env,tier notin (front)');
  expect(() => selectorOf({ matchExpressions: [{ key: 'a', operator: 'Like' }] })).toThrow(
    '"Like" is not a valid label selector operator',
  );
});

const word = fc.string({ unit: fc.constantFrom(...'abAB01'), minLength: 1, maxLength: 3 });
const labels = fc.dictionary(word, word, { maxKeys: 4 });
const requirement = fc.oneof(
  word,
  word.map((key) => `!${key}`),
  fc.tuple(word, fc.constantFrom('=', '==', '!='), word).map((parts) => parts.join('')),
  fc
    .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
);
const selectors = fc.array(requirement, { maxLength: 4 }).map((parts) => parts.join(','));

test('what is shown parses to the same selector', () => {
  fc.assert(
    fc.property(selectors, labels, (text, some) => {
      const selector = parseLabelSelector(text);
      const again = parseLabelSelector(selector.toString());
      expect(again.toString()).toBe(selector.toString());
      expect(again.matches(some)).toBe(selector.matches(some));
    }),
  );
});

test('a comma means and; the negations are complements', () => {
  fc.assert(
    fc.property(selectors, selectors, labels, (a, b, some) => {
      const both = [a, b].filter((text) => text !== '').join(',');
      const [x, y] = [parseLabelSelector(a).matches(some), parseLabelSelector(b).matches(some)];
      expect(parseLabelSelector(both).matches(some)).toBe(x && y);
    }),
  );
  fc.assert(
    fc.property(word, word, labels, (key, value, some) => {
      const matches = (text: string) => parseLabelSelector(text).matches(some);
      expect(matches(`${key}=${value}`)).toBe(!matches(`${key}!=${value}`));
      expect(matches(`${key} in (${value})`)).toBe(!matches(`${key} notin (${value})`));
      expect(matches(key)).toBe(!matches(`!${key}`));
    }),
  );
});

test('any text is either a selector or a BadRequest', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab in(),=!<>-/ \t') }), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        expect(isBadRequest(error)).toBe(true);
      }
    }),
  );
});

const pods = { selectableFields: { 'status.phase': (pod: any) => pod.status.phase as string } };
const pod = (name: string, phase: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n' },
  status: { phase },
});

test.each([
  ['', true],
  ['metadata.name=a', true],
  ['metadata.name==a,metadata.namespace=n', true],
  ['metadata.name!=a', false],
  ['status.phase=Running,', true],
  ['status.phase!=Pending', true],
  ['status.phase=', false],
  ['metadata.name=a\\,b', false],
])('the field selector %j matches: %s', (text, matches) => {
  expect(fieldMatcher(parseFieldSelector(text), pods)(pod('a', 'Running'))).toBe(matches);
});

test.each([
  ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=\\b', 'invalid field selector: invalid escape sequence: \\b'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ['spec.color=red', 'field label not supported: spec.color'],
  ['constructor=x', 'field label not supported: constructor'],
])('the field selector %j is refused', (text, message) => {
  expect(() => fieldMatcher(parseFieldSelector(text), pods)).toThrow(message);
});

test('a kind without fields of its own offers two', () => {
  expect(() => fieldMatcher(parseFieldSelector('data=x'), {})).toThrow(
    '"data" is not a known field selector: only "metadata.name", "metadata.namespace"',
  );
});

test('a field selector shows its values escaped', () => {
  const terms = [{ field: 'a', operator: '!=', value: 'x,y=\\' }] as const;
  expect(parseFieldSelector(formatFieldSelector(terms))).toEqual(terms);
});

type Model = (labels: Labels) => boolean;

/** A requirement as text, and what it means in plain words. */
const modelled: fc.Arbitrary<readonly [string, Model]> = fc.oneof(
  word.map((key) => [key, (labels: Labels) => key in labels] as const),
  word.map((key) => [`!${key}`, (labels: Labels) => !(key in labels)] as const),
  fc.tuple(word, fc.constantFrom('=', '=='), word).map(([key, sign, value]) => [`${key}${sign}${value}`, (labels: Labels) => labels[key] === value] as const),
  fc.tuple(word, word).map(([key, value]) => [`${key} != ${value}`, (labels: Labels) => labels[key] !== value] as const),
  fc.tuple(word, fc.array(word, { minLength: 1, maxLength: 3 })).map(([key, values]) => [`${key} in (${values.join(', ')})`, (labels: Labels) => key in labels && values.includes(labels[key]!)] as const),
  fc.tuple(word, fc.array(word, { minLength: 1, maxLength: 3 })).map(([key, values]) => [`${key} notin (${values.join()})`, (labels: Labels) => !(key in labels && values.includes(labels[key]!))] as const),
  fc.tuple(word, fc.integer({ min: -20, max: 20 })).map(([key, number]) => [`${key}>${number}`, (labels: Labels) => /^-?\d+$/.test(labels[key] ?? '') && Number(labels[key]) > number] as const),
  fc.tuple(word, fc.integer({ min: -20, max: 20 })).map(([key, number]) => [`${key} < ${number}`, (labels: Labels) => /^-?\d+$/.test(labels[key] ?? '') && Number(labels[key]) < number] as const),
); // prettier-ignore
const mixed = fc.dictionary(word, fc.oneof(word, fc.integer({ min: 0, max: 20 }).map(String)), {
  noNullPrototype: true,
});

test('a selector chooses what its requirements, taken one by one, mean', () => {
  // A negative number is no label's value, and no selector's either.
  const requirements = fc.array(modelled, { maxLength: 4 }).filter((all) => all.every(([text]) => !text.includes('-')));
  fc.assert(
    fc.property(requirements, mixed, (all, some) => {
      const selector = parseLabelSelector(all.map(([text]) => text).join(','));
      expect(selector.matches(some)).toBe(all.every(([, model]) => model(some)));
      expect(parseLabelSelector(selector.toString()).matches(some)).toBe(selector.matches(some));
    }),
    { numRuns: 1000 },
  );
});

test('any field selector that can be shown is read as it was, and chooses what equals', () => {
  const term = fc.record({
    field: fc.constantFrom('metadata.name', 'metadata.namespace', 'status.phase'),
    operator: fc.constantFrom('=' as const, '!=' as const),
    value: fc.string({ unit: fc.constantFrom('a', ',', '=', '\\', '!', '\n', 'ä') }),
  });
  fc.assert(
    fc.property(fc.array(term, { maxLength: 4 }), term, (terms, { value }) => {
      expect(parseFieldSelector(formatFieldSelector(terms))).toEqual(terms);
      const object: any = { metadata: { name: value, namespace: 'a' }, status: { phase: ',' } };
      const fields = { 'metadata.name': value, 'metadata.namespace': 'a', 'status.phase': ',' };
      const expected = terms.every((each) => (fields[each.field as keyof typeof fields] === each.value) === (each.operator === '=')); // prettier-ignore
      expect(fieldMatcher(terms, pods)(object)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('any text is either a field selector or a BadRequest', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab=!,\\.') }), (text) => {
      try {
        parseFieldSelector(text);
      } catch (error) {
        expect(isBadRequest(error)).toBe(true);
      }
    }),
  );
});

test('a megabyte of selector is read at once', () => {
  expect(parseFieldSelector('metadata.name=a,'.repeat(60_000))).toHaveLength(60_000);
  expect(parseLabelSelector(`a in (${'b,'.repeat(500_000)}b)`).matches({ a: 'b' })).toBe(true);
});
