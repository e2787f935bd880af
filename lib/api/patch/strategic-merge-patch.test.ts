/** Strategic merge patches by their laws: what a difference says, applied, is the new object; applied again, nothing changes. */
import fc from 'fast-check';
import { definition } from '../schema/index.js';
import { applyStrategicMergePatch } from './strategic-merge-patch.js';

type Members = Record<string, unknown>;

const podSpec = definition('api.core.v1.PodSpec');
const meta = definition('apimachinery.pkg.apis.meta.v1.ObjectMeta');
const patch = (original: Members, change: Members, type = podSpec): any =>
  applyStrategicMergePatch(structuredClone(original), structuredClone(change), type);

const word = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.constantFrom('x', 'y', 'z');
const env = fc.uniqueArray(fc.record({ name: word, value }), { selector: ({ name }) => name, maxLength: 4 });
const container = fc.record({ name: word, image: value, env, args: fc.array(value, { maxLength: 2 }) });
const containers = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 4 });
const spec = fc.record({ containers, nodeSelector: fc.dictionary(word, value), hostname: value });

type Spec = typeof spec extends fc.Arbitrary<infer T> ? T : never;
type Named = { name: string };

/** The patch that makes `b` of `a`, as a client would write it: elements by their names, and the order they shall have. */
function diff(a: Spec, b: Spec): Members {
  const selector: Record<string, string | null> = { ...b.nodeSelector };
  for (const name of Object.keys(a.nodeSelector)) if (!(name in b.nodeSelector)) selector[name] = null;
  return {
    hostname: b.hostname,
    nodeSelector: selector,
    ...list('containers', a.containers, b.containers, (from, to) => ({
      ...to,
      ...list('env', from?.env ?? [], to.env, (_, each) => each),
    })),
  };
}

function list<T extends Named>(field: string, a: T[], b: T[], change: (from: T | undefined, to: T) => object): Members {
  const gone = a.filter(({ name }) => !b.some((each) => each.name === name));
  return {
    [`$setElementOrder/${field}`]: b.map(({ name }) => ({ name })),
    [field]: [
      ...b.map((to) => ({
        ...change(
          a.find(({ name }) => name === to.name),
          to,
        ),
        name: to.name,
      })),
      ...gone.map(({ name }) => ({ name, $patch: 'delete' })),
    ],
  };
}

test('a difference, applied, makes the one of the other', () => {
  fc.assert(
    fc.property(spec, spec, (a, b) => {
      expect(patch(a, diff(a, b))).toEqual(b);
    }),
    { numRuns: 500 },
  );
});

test('applied twice, a patch changes nothing more', () => {
  fc.assert(
    fc.property(spec, spec, (a, b) => {
      const once = patch(a, { containers: b.containers, nodeSelector: b.nodeSelector });
      expect(patch(once, { containers: b.containers, nodeSelector: b.nodeSelector })).toEqual(once);
    }),
  );
});

test('merging by key keeps every element, once, and what the patch says of it wins', () => {
  fc.assert(
    fc.property(containers, containers, (had, wanted) => {
      const merged = patch({ containers: had }, { containers: wanted }).containers as (Named & { image: string })[];
      const names = new Set([...had, ...wanted].map(({ name }) => name));
      expect(merged.map(({ name }) => name).sort()).toEqual([...names].sort());
      for (const { name, image } of merged) {
        expect(image).toBe(
          (wanted.find((each) => each.name === name) ?? had.find((each) => each.name === name))!.image,
        );
      }
    }),
  );
});

test('$patch: replace, $retainKeys and $deleteFromPrimitiveList leave what they say, whatever was there', () => {
  fc.assert(
    fc.property(spec, containers, fc.uniqueArray(word), fc.uniqueArray(word), (a, wanted, finalizers, gone) => {
      const replaced = patch(a, { containers: [{ $patch: 'replace' }, ...wanted] });
      expect(replaced.containers).toEqual(wanted);
      expect(patch(a, { $patch: 'replace', hostname: 'x' })).toEqual({ hostname: 'x' });
      expect(Object.keys(patch(a, { $retainKeys: ['hostname'], hostname: 'x' }))).toEqual(['hostname']);
      const left = patch({ finalizers }, { '$deleteFromPrimitiveList/finalizers': gone }, meta).finalizers;
      expect(left).toEqual(finalizers.filter((each) => !gone.includes(each)));
    }),
  );
});

test('$setElementOrder puts the named elements in its order', () => {
  const order = fc.shuffledSubarray(['a', 'b', 'c', 'd']);
  fc.assert(
    fc.property(containers, order, (had, names) => {
      const change = { '$setElementOrder/containers': names.map((name) => ({ name })) };
      const outcome = (patch({ containers: had }, change).containers as Named[]).map(({ name }) => name);
      expect([...outcome].sort()).toEqual(had.map(({ name }) => name).sort());
      const present = names.filter((name) => outcome.includes(name));
      expect(outcome.filter((name) => names.includes(name))).toEqual(present);
    }),
  );
});

test('twenty thousand elements are merged as they are read: once', () => {
  const many = (image: string) => Array.from({ length: 20_000 }, (_, index) => ({ name: `c${index}`, image }));
  const merged = patch({ containers: many('x') }, { containers: many('y') }).containers;
  expect([merged.length, merged[19_999]]).toEqual([20_000, { name: 'c19999', image: 'y' }]);
});
