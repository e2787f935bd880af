import fc from 'fast-check';
import { compareKeys } from './order.js';
import { SortedEntries } from './sorted.js';
import type { Entry } from './storage.js';

const entry = (key: string): Entry => ({ key, value: Buffer.from(key), createRevision: 2, modRevision: 2 });

test('keys that come and go in any order are found, counted and walked as in a sorted array', () => {
  const key = fc.nat(3000).map((n) => `/${n % 7}/${n}`);
  fc.assert(
    fc.property(
      fc.array(key, { maxLength: 3000, size: 'max' }),
      fc.array(key, { maxLength: 3000, size: 'max' }),
      (added, removed) => {
        const sorted = new SortedEntries();
        for (const key of added) sorted.set(entry(key));
        for (const key of removed) sorted.delete(key);
        const gone = new Set(removed);
        const left = [...new Set(added)].filter((key) => !gone.has(key)).sort(compareKeys);
        const there = new Set(left);
        expect([...sorted.walk('', '')].map(({ key }) => key)).toEqual(left);
        for (const [prefix, after] of [
          ['/3/', ''],
          ['/3', '/3/200'],
          ['/2/', '/3/'],
          ['/3/', '/2/7'],
          ['/9', ''],
        ] as const) {
          const wanted = left.filter((key) => key.startsWith(prefix) && compareKeys(key, after) > 0);
          expect([...sorted.walk(prefix, after)].map(({ key }) => key)).toEqual(wanted);
          expect(sorted.count(prefix, after)).toBe(wanted.length);
        }
        for (const key of [...added, ...removed]) expect(sorted.get(key)?.key).toBe(there.has(key) ? key : undefined);
      },
    ),
    { numRuns: 15 },
  );
});

test('thirty thousand keys, in order, in reverse and at random, stay in order', () => {
  const keys = Array.from({ length: 30_000 }, (_, i) => `/registry/pods/default/pod-${String(i).padStart(5, '0')}`);
  const shuffled = keys
    .map((key, i) => [(i * 7919) % 30_011, key] as const)
    .sort(([a], [b]) => a - b)
    .map(([, key]) => key);
  for (const order of [keys, keys.toReversed(), shuffled]) {
    const sorted = new SortedEntries();
    for (const key of order) sorted.set(entry(key));
    expect([...sorted.walk('/registry/pods/', keys[14_999]!)].map(({ key }) => key)).toEqual(keys.slice(15_000));
    expect(sorted.count('/registry/', keys[9]!)).toBe(29_990);
  }
});
