import fc from 'fast-check';
import { configMap } from '../../api/kinds/configmap.js';
import { Codec } from '../codec.js';
import { KindCache } from './kind-cache.js';

const prefix = '/registry/configmaps/';
const codec = new Codec(configMap);
const value = codec.encode({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'x' } });

type Step = { readonly does: 'put' | 'delete' | 'list'; readonly namespace: string; readonly name: string };

test('whatever is written, a list shows what is there, in order, and the log shows what has happened', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    does: fc.constantFrom('put', 'delete', 'list'),
    namespace: fc.constantFrom('a', 'a-b', 'b'),
    name: fc.constantFrom('x', 'x-1', 'x.y', 'y', 'z'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = new KindCache(codec, prefix, 1);
      const model = new Map<string, number>();
      let revision = 1;
      for (const { does, namespace, name } of steps) {
        const key = `${prefix}${namespace}/${name}`;
        if (does === 'put') {
          const entry = { key, value, createRevision: 1, modRevision: ++revision };
          cache.apply({ type: 'put', entry, previous: undefined });
          model.set(key, revision);
        } else if (does === 'delete' && model.has(key)) {
          const previous = { key, value, createRevision: 1, modRevision: model.get(key)! };
          cache.apply({ type: 'delete', revision: ++revision, previous });
          model.delete(key);
        }
        const within = `${prefix}${namespace}/`;
        const expected = [...model.keys()].filter((each) => each.startsWith(within)).sort();
        if (does === 'list') expect(cache.list(within).map((entry) => entry.key)).toEqual(expected);
      }
      expect(cache.list(prefix).map((entry) => [entry.key, entry.revision])).toEqual(
        [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
      );
      expect([cache.size, cache.changed, cache.log.end]).toEqual([model.size, revision, revision - 1]);
    }),
  );
});

test('while its writer waits, fields are read from what he wrote; the object itself is what is stored', () => {
  const cache = new KindCache(codec, prefix, 1);
  const written = {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'y', labels: { app: 'web' } },
    data: undefined,
  };
  const stored = codec.encode(written);
  const key = `${prefix}a/y`;
  cache.writing.set(key, { value: stored, object: written });
  cache.apply({
    type: 'put',
    entry: { key, value: Buffer.from(stored), createRevision: 2, modRevision: 2 },
    previous: undefined,
  });
  const entry = cache.get(key)!;
  expect(entry.glance).toBe(written);
  expect(entry.labels).toEqual({ app: 'web' });
  expect(entry.object).toStrictEqual({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'y', labels: { app: 'web' }, resourceVersion: '2' },
  });
  expect(entry.glance).toBe(entry.object);
});

test('what another writer makes of the object is read from what is stored', () => {
  const cache = new KindCache(codec, prefix, 1);
  const key = `${prefix}a/x`;
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'x', labels: { app: 'mine' } } };
  cache.writing.set(key, { value: codec.encode(object), object });
  cache.apply({ type: 'put', entry: { key, value, createRevision: 2, modRevision: 2 }, previous: undefined });
  expect(cache.get(key)!.labels).toEqual({});
});

test('a field that selectors name is read once of each version', () => {
  const cache = new KindCache(codec, prefix, 1);
  const key = `${prefix}a/x`;
  const put = (modRevision: number) =>
    cache.apply({ type: 'put', entry: { key, value, createRevision: 2, modRevision }, previous: undefined });
  let reads = 0;
  const field = () => cache.get(key)!.field('metadata.name', () => `read ${++reads}`);
  put(2);
  expect([field(), field()]).toEqual(['read 1', 'read 1']);
  put(3);
  expect(field()).toBe('read 2');
});
