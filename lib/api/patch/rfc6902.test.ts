/** JSON patch against its RFC: the examples of appendix A, and a plain model that knows nothing of our implementation. */
import fc from 'fast-check';
import { applyJSONPatch, CopyTooLargeError, JSONPatchError, type Operation } from './json-patch.js';

const failure = Symbol('an error');

// prettier-ignore
test.each<[string, unknown, Operation[], unknown]>([
  ['A.1 adding a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { baz: 'qux', foo: 'bar' }],
  ['A.2 adding an element', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
  ['A.3 removing a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
  ['A.4 removing an element', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
  ['A.5 replacing a value', { baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
  ['A.6 moving a value', { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } }, [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }], { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } }],
  ['A.7 moving an element', { foo: ['all', 'grass', 'cows', 'eat'] }, [{ op: 'move', from: '/foo/1', path: '/foo/3' }], { foo: ['all', 'cows', 'eat', 'grass'] }],
  ['A.8 testing: success', { baz: 'qux', foo: ['a', 2, 'c'] }, [{ op: 'test', path: '/baz', value: 'qux' }, { op: 'test', path: '/foo/1', value: 2 }], { baz: 'qux', foo: ['a', 2, 'c'] }],
  ['A.9 testing: error', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], failure],
  ['A.10 adding a nested object', { foo: 'bar' }, [{ op: 'add', path: '/child', value: { grandchild: {} } }], { foo: 'bar', child: { grandchild: {} } }],
  ['A.11 members that are not known', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 } as Operation], { foo: 'bar', baz: 'qux' }],
  ['A.12 adding to what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], failure],
  ['A.14 escapes in order', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
  ['A.15 comparing a string with a number', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: '10' }], failure],
  ['A.16 adding an array', { foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
])('%s', (_, document, operations, expected) => {
  if (expected === failure) expect(() => applyJSONPatch(document, operations)).toThrow(JSONPatchError);
  else expect(applyJSONPatch(document, operations)).toEqual(expected);
});

type JSONValue = null | boolean | number | string | JSONValue[] | { [name: string]: JSONValue };

/** One operation, on a copy that is changed in place: as the RFC says it, with upstream's two freedoms. */
function model(document: JSONValue, { op, path, from, value }: Operation): JSONValue {
  const steps = (text: unknown): string[] =>
    (text as string)
      .split('/')
      .slice(1)
      .map((step) => step.replace(/~1/g, '/').replace(/~0/g, '~'));
  const copy = (of: JSONValue): JSONValue => JSON.parse(JSON.stringify(of)) as JSONValue;
  const root = { root: copy(document) };
  const place = (at: string[]): [any, string] => {
    const all = ['root', ...at];
    let parent: any = root;
    for (const step of all.slice(0, -1)) {
      parent = Array.isArray(parent) ? parent[element(parent, step, parent.length - 1)] : own(parent, step);
    }
    if (typeof parent !== 'object' || parent === null) throw failure;
    return [parent, all.at(-1)!];
  };
  const own = (parent: any, step: string): JSONValue => {
    if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, step)) throw failure;
    return parent[step];
  };
  const element = (list: JSONValue[], step: string, last: number): number => {
    if (!/^-?(0|[1-9]\d*)$/.test(step)) throw failure;
    const index = Number(step) < 0 ? list.length + Number(step) : Number(step); // upstream counts from the end, too
    if (index < 0 || index > last) throw failure;
    return index;
  };
  const read = (at: string[]): JSONValue => {
    const [parent, step] = place(at);
    return Array.isArray(parent) ? parent[element(parent, step, parent.length - 1)]! : own(parent, step);
  };
  const add = (at: string[], added: JSONValue): void => {
    const [parent, step] = place(at);
    if (Array.isArray(parent))
      parent.splice(step === '-' ? parent.length : element(parent, step, parent.length), 0, added);
    else Object.defineProperty(parent, step, { value: added, enumerable: true, configurable: true, writable: true });
  };
  const remove = (at: string[]): void => {
    if (at.length === 0) throw failure;
    const [parent, step] = place(at);
    if (Array.isArray(parent)) parent.splice(element(parent, step, parent.length - 1), 1);
    else if (Object.hasOwn(parent, step)) delete parent[step];
    else throw failure;
  };
  const target = steps(path);
  if (op === 'add') add(target, copy(value as JSONValue));
  else if (op === 'remove') remove(target);
  else if (op === 'replace') {
    const [parent, step] = place(target);
    if (Array.isArray(parent)) parent[element(parent, step, parent.length - 1)] = copy(value as JSONValue);
    else Object.defineProperty(parent, step, { value: copy(value as JSONValue), enumerable: true, configurable: true, writable: true }); // prettier-ignore
  } else if (op === 'copy') add(target, copy(read(steps(from))));
  else {
    if (target.length > steps(from).length && steps(from).every((step, index) => step === target[index])) throw failure;
    const moved = read(steps(from));
    remove(steps(from));
    add(target, moved);
  }
  return root.root;
}

const key = fc.constantFrom('a', 'b', 'a/b', '~', '__proto__', '0', '-');
const { json } = fc.letrec<{ json: JSONValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JSONValue>(null, 0, 'x', true),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as JSONValue),
  ),
}));
const step = fc.oneof(key, fc.constantFrom('1', '2', '-1', '01'));
const path = fc
  .array(step, { maxLength: 3 })
  .map((steps) => steps.map((each) => `/${each.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace'), path, value: json }),
  fc.record({ op: fc.constant('remove'), path }),
  fc.record({ op: fc.constantFrom('move', 'copy'), path, from: path }),
);

test('whatever the operations, the outcome is that of the model, and the original stays', () => {
  fc.assert(
    fc.property(json, fc.array(operation, { maxLength: 5 }), (document, operations) => {
      const before = JSON.stringify(document);
      let expected: unknown = failure;
      try {
        expected = operations.reduce(model, document);
      } catch (error) {
        if (error !== failure) throw error;
      }
      let outcome: unknown = failure;
      try {
        outcome = applyJSONPatch(document, operations);
      } catch (error) {
        expect(error).toBeInstanceOf(JSONPatchError);
      }
      expect(outcome).toEqual(expected);
      expect(JSON.stringify(document)).toBe(before);
    }),
    { numRuns: 1000 },
  );
});

test('ten thousand operations on ten thousand members copy them once', () => {
  const labels = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`a${index}`, 'x']));
  const operations = Object.keys(labels).map((name) => ({ op: 'replace', path: `/labels/${name}`, value: 'y' }));
  const patched = applyJSONPatch({ labels }, operations) as { labels: Record<string, string> };
  expect(new Set(Object.values(patched.labels))).toEqual(new Set(['y']));
  expect(labels.a0).toBe('x');
});

test('copies of copies end at three megabytes', () => {
  const operations = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/c${index}` }));
  expect(() => applyJSONPatch({ a: 'x'.repeat(100) }, operations)).toThrow(CopyTooLargeError);
  expect(() => applyJSONPatch({ a: 'x'.repeat(100) }, operations)).toThrow(/^Unable to complete the copy, the accumulated size increase of copy is \d+, exceeding the limit 3145728$/); // prettier-ignore
});
