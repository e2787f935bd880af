import type { Pod } from '../api/types.js';
import { Cache } from './cache.js';

const aPod = (
  name: string,
  { version = '1', uid = name, labels = {}, namespace = 'default', node = '' } = {},
): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid, resourceVersion: version, labels, managedFields: [{ manager: 'kubectl' }] },
  spec: { nodeName: node, containers: [] },
  status: {},
});
const names = (pods: readonly { metadata: { name: string } }[]): string[] =>
  pods.map((pod) => pod.metadata.name).sort();
const byNode = (pod: { spec: { nodeName?: string } }) => (pod.spec.nodeName ? [pod.spec.nodeName] : []);

test('objects are found by key, namespace, labels and index, as they are now', () => {
  const cache = new Cache<Pod>();
  cache.addIndex('node', byNode);
  cache.put(aPod('a', { labels: { app: 'web', tier: 'front' } }));
  cache.put(aPod('b', { labels: { app: 'web' }, namespace: 'other', node: 'node-1' }));
  cache.put(aPod('a', { version: '2', labels: { app: 'web' }, node: 'node-1' }));
  expect(cache.get('default/a')!.metadata.resourceVersion).toBe('2');
  expect(names(cache.list())).toEqual(['a', 'b']);
  expect(names(cache.list('other'))).toEqual(['b']);
  expect(names(cache.matching(undefined, { app: 'web' }))).toEqual(['a', 'b']);
  expect(names(cache.matching('default', { tier: 'front' }))).toEqual([]);
  expect(names(cache.byIndex('node', 'node-1'))).toEqual(['a', 'b']);
  cache.remove(aPod('b', { namespace: 'other' }));
  expect(names(cache.byIndex('node', 'node-1'))).toEqual(['a']);
  expect(cache.list('other')).toEqual([]);
});

test('an index added late knows what is there; another function under its name is refused', () => {
  const cache = new Cache<Pod>();
  cache.put(aPod('a', { node: 'node-1' }));
  cache.addIndex('node', byNode);
  cache.addIndex('node', byNode);
  expect(names(cache.byIndex('node', 'node-1'))).toEqual(['a']);
  expect(() => cache.addIndex('node', () => [])).toThrow('differs');
  expect(() => cache.byIndex('zone', 'x')).toThrow('no index zone');
});

test('a replaced content deletes what is missing, adds what is new and leaves what is the same', () => {
  const cache = new Cache<Pod>();
  for (const name of ['gone', 'same', 'changed']) cache.put(aPod(name));
  const same = cache.get('default/same');
  const changes = cache.replace([aPod('same'), aPod('changed', { version: '2' }), aPod('new')]);
  expect(changes.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
    'deleted gone',
    'updated changed',
    'added new',
  ]);
  expect(cache.get('default/same')).toBe(same);
});

test('an object with another uid is a deletion and an addition', () => {
  const cache = new Cache<Pod>();
  cache.put(aPod('a', { uid: 'old' }));
  expect(
    cache.put(aPod('a', { uid: 'new', version: '5' })).map(({ type, object }) => [type, object.metadata.uid]),
  ).toEqual([
    ['deleted', 'old'],
    ['added', 'new'],
  ]);
});

test('managedFields are not kept', () => {
  const cache = new Cache<Pod>();
  cache.put(aPod('a'));
  expect(cache.get('default/a')!.metadata).not.toHaveProperty('managedFields');
});
