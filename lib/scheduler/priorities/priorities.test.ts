import type { Pod } from '../../api/types.js';
import { SchedulerCache } from '../cache.js';
import { PodInfo } from '../pod-info.js';
import { aController, aNode, aPod, aService, bound } from '../testing/builders.js';
import { balancedResourceAllocation } from './balanced-resource-allocation.js';
import { equal } from './equal.js';
import { imageLocality } from './image-locality.js';
import { leastRequested } from './least-requested.js';
import { nodeAffinity } from './node-affinity.js';
import { nodeLabel } from './node-label.js';
import type { Priority } from './priority.js';
import { selectorSpread } from './selector-spread.js';
import { serviceAntiAffinity } from './service-anti-affinity.js';

/** The scores of all nodes, by name. */
function scores(priority: Priority, pod: Pod, cache: SchedulerCache): Record<string, number> {
  const info = new PodInfo(pod);
  const raw = Float64Array.from(cache.nodes, (node) => priority.map?.(info, node) ?? 0);
  priority.reduce?.(info, cache.nodes, raw);
  return Object.fromEntries(cache.nodes.map(({ name }, i) => [name, raw[i]!]));
}

function cacheOf(nodes: Parameters<typeof aNode>[], pods: [Pod, string][] = []): SchedulerCache {
  const cache = new SchedulerCache();
  for (const node of nodes) cache.setNode(aNode(...node));
  for (const [pod, node] of pods) cache.setPod(bound(pod, node));
  return cache;
}

const bytes = (cpu: string, memory: string) => ({ cpu, memory });

describe('LeastRequestedPriority and BalancedResourceAllocation', () => {
  // The Pod asks for; others ask for; allocatable; LeastRequested; Balanced. Reckoned by hand.
  test.each([
    // (4000 − 3000) · 10 / 4000 = 2.5 → 2; (10000 − 5000) · 10 / 10000 = 5; (2 + 5) / 2 = 3.5 → 3.  |0.75 − 0.5| · 10 = 2.5 → 7
    [bytes('3', '5000'), [], bytes('4', '10000'), 3, 7],
    [bytes('3', '5000'), [], bytes('6', '10000'), 5, 10],
    [bytes('0', '0'), [], bytes('4', '10000'), 10, 10], // an explicit 0 is 0
    [bytes('0', '0'), [bytes('3', '5000'), bytes('3', '0')], bytes('10', '20000'), 5, 6], // 0.6 − 0.25
    [bytes('5', '5'), [bytes('6', '0')], bytes('10', '10'), 2, 0], // cpu is asked for beyond what there is
    [bytes('1', '1'), [], bytes('0', '0'), 0, 0],
    [bytes('6', '5'), [], bytes('10', '10'), 4, 9], // 10 − |0.6 − 0.5| · 10 is 9.000000000000002: just enough
  ])('asked for %j beside %j on %j: %s and %s', (wanted, others, there, least, balanced) => {
    const cache = cacheOf(
      [['n', there]],
      others.map((other, i) => [aPod(`other-${i}`, other), 'n']),
    );
    expect(scores(leastRequested, aPod('p', wanted), cache)).toEqual({ n: least });
    expect(scores(balancedResourceAllocation, aPod('p', wanted), cache)).toEqual({ n: balanced });
  });

  test('take 100 millicores and 200 MiB for what a container does not say', () => {
    const { scored, requested } = new PodInfo(aPod('p'));
    expect(scored).toEqual({ milliCPU: 100, memory: 209715200 });
    expect(requested).toMatchObject({ milliCPU: 0, memory: 0 });
  });
});

describe('SelectorSpreadPriority', () => {
  const labels = { app: 'web' };
  const web = (name: string, more: Partial<Pod['metadata']> = {}) => aPod(name, {}, {}, { labels, ...more });
  const zone = (name: string) => ({ labels: { 'failure-domain.beta.kubernetes.io/zone': name } });

  test.each([
    ['nobody selects the Pod', undefined, { a: 10, b: 10, c: 10 }],
    ['a Service does', (cache: SchedulerCache) => cache.setService(aService('s', labels)), { a: 0, b: 5, c: 10 }],
    [
      'a controller does',
      (cache: SchedulerCache) => cache.setController(aController('rc', labels)),
      { a: 0, b: 5, c: 10 },
    ],
    [
      'a Service without selector does not',
      (cache: SchedulerCache) => cache.setService(aService('s')),
      { a: 10, b: 10, c: 10 },
    ],
    [
      'a Service of other Pods does not',
      (cache: SchedulerCache) => cache.setService(aService('s', { app: 'db' })),
      { a: 10, b: 10, c: 10 },
    ],
  ])('when %s', (_what, select, expected) => {
    const cache = cacheOf(
      [['a'], ['b'], ['c']],
      [
        [web('1'), 'a'],
        [web('2'), 'a'],
        [web('3'), 'b'],
      ],
    );
    select?.(cache);
    expect(scores(selectorSpread(cache), web('p'), cache)).toEqual(expected);
  });

  test('a Pod that both a Service and a controller select counts once; one being deleted, or elsewhere, not at all', () => {
    const cache = cacheOf(
      [['a'], ['b']],
      [
        [web('1'), 'a'],
        [web('2', { deletionTimestamp: '2016-06-01T12:00:00Z' }), 'b'],
        [web('3', { namespace: 'other' }), 'b'],
      ],
    );
    cache.setService(aService('s', labels));
    cache.setController(aController('rc', labels));
    expect(cache.peers(new PodInfo(web('p')), 'services and controllers').most).toBe(1);
    expect(scores(selectorSpread(cache), web('p'), cache)).toEqual({ a: 0, b: 10 });
  });

  test('ServiceSpreadingPriority knows no controllers', () => {
    const cache = cacheOf([['a'], ['b']], [[web('1'), 'a']]);
    cache.setController(aController('rc', labels));
    expect(scores(selectorSpread(cache, 'services'), web('p'), cache)).toEqual({ a: 10, b: 10 });
    cache.setService(aService('s', labels));
    expect(scores(selectorSpread(cache, 'services'), web('p'), cache)).toEqual({ a: 0, b: 10 });
  });

  test('zones count for two thirds', () => {
    const nodes: Parameters<typeof aNode>[] = [
      ['a1', {}, zone('a')],
      ['a2', {}, zone('a')],
      ['b1', {}, zone('b')],
      ['none'],
    ];
    const cache = cacheOf(nodes, [[web('1'), 'a1']]);
    cache.setService(aService('s', labels));
    // a2 is empty, but its zone is the fullest: 10/3 + 0 = 3.3. b1 has both: 10. A node without a zone has its own score only.
    expect(scores(selectorSpread(cache), web('p'), cache)).toEqual({ a1: 0, a2: 3, b1: 10, none: 10 });
  });

  test('the first Pod of all is not divided by zero', () => {
    const cache = cacheOf([
      ['a', {}, zone('a')],
      ['b', {}, zone('b')],
    ]);
    cache.setService(aService('s', labels));
    expect(scores(selectorSpread(cache), web('p'), cache)).toEqual({ a: 10, b: 10 });
  });

  test('counts follow Pods that come, go, are relabelled, or whose Service changes', () => {
    const cache = cacheOf([['a'], ['b']], [[web('1'), 'a']]);
    cache.setService(aService('s', labels));
    const spread = () => scores(selectorSpread(cache), web('p'), cache);
    expect(spread()).toEqual({ a: 0, b: 10 });
    cache.setPod(bound(web('2'), 'b'));
    cache.setPod(bound(web('3'), 'b'));
    expect(spread()).toEqual({ a: 5, b: 0 });
    cache.setPod(bound(aPod('3', {}, {}, { labels: { app: 'db' } }), 'b'));
    expect(spread()).toEqual({ a: 0, b: 0 });
    cache.removePod('default/2');
    expect(spread()).toEqual({ a: 0, b: 10 });
    cache.removeService(aService('s', labels));
    expect(spread()).toEqual({ a: 10, b: 10 });
  });
});

test('ServiceAntiAffinityPriority spreads over the values of a label', () => {
  const labels = { app: 'web' };
  const rack = (name: string) => ({ labels: { rack: name } });
  const cache = cacheOf([['a', {}, rack('1')], ['b', {}, rack('1')], ['c', {}, rack('2')], ['d']]);
  const pod = aPod('p', {}, {}, { labels });
  const anti = serviceAntiAffinity('rack', cache);
  expect(scores(anti, pod, cache)).toEqual({ a: 10, b: 10, c: 10, d: 0 });
  cache.setService(aService('s', labels));
  ['a', 'b', 'c'].forEach((node, i) => cache.setPod(bound(aPod(`${i}`, {}, {}, { labels }), node)));
  expect(scores(anti, pod, cache)).toEqual({ a: 3, b: 3, c: 6, d: 0 }); // 10 · (3 − 2) / 3, 10 · (3 − 1) / 3
});

test('NodeAffinityPriority adds up weights and takes the most for 10', () => {
  const cache = cacheOf([['a', {}, { labels: { ssd: '' } }], ['b', {}, { labels: { ssd: '', near: '' } }], ['c']]);
  const preference = (key: string) => ({ matchExpressions: [{ key, operator: 'Exists' }] });
  const nodeAffinityOfPod = {
    preferredDuringSchedulingIgnoredDuringExecution: [
      { weight: 3, preference: preference('ssd') },
      { weight: 4, preference: preference('near') },
      { weight: 5, preference: {} }, // empty: matches nothing
    ],
  };
  const now = aPod('p', {}, { affinity: { nodeAffinity: nodeAffinityOfPod } as never });
  const annotations = { 'scheduler.alpha.kubernetes.io/affinity': JSON.stringify({ nodeAffinity: nodeAffinityOfPod }) };
  for (const pod of [now, aPod('p', {}, {}, { annotations })]) {
    expect(scores(nodeAffinity, pod, cache)).toEqual({ a: 4, b: 10, c: 0 }); // ⌊10 · 3/7⌋
  }
  expect(scores(nodeAffinity, aPod('p'), cache)).toEqual({ a: 0, b: 0, c: 0 });
});

const mb = 1024 * 1024;
test.each([
  [[22 * mb], 0],
  [[23 * mb], 1],
  [[500 * mb], 5], // 10 · 477 / 977 = 4.88 → 4, + 1
  [[999 * mb], 10],
  [[1000 * mb], 10],
  [[400 * mb, 600 * mb], 10],
])('ImageLocalityPriority of images of %j bytes is %s', (sizes, expected) => {
  const cache = new SchedulerCache();
  const node = aNode('n');
  node.status.images = sizes.map((sizeBytes, i) => ({ names: [`i${i}`, `i${i}@sha256:0`], sizeBytes }));
  cache.setNode(node);
  const pod = aPod('p', {}, { containers: sizes.map((_, i) => ({ name: `c${i}`, image: `i${i}` })) });
  expect(scores(imageLocality, pod, cache)).toEqual({ n: expected });
});

test('of two images of one name that a node lists the first counts', () => {
  const cache = new SchedulerCache();
  const node = aNode('n');
  const names = ['i'];
  node.status.images = [
    { names, sizeBytes: 2000 * 1024 * 1024 },
    { names, sizeBytes: 1 },
  ];
  cache.setNode(node);
  const pod = aPod('p', {}, { containers: [{ name: 'c', image: 'i' }] });
  expect(scores(imageLocality, pod, cache)).toEqual({ n: 10 });
});

test('NodeLabelPriority and EqualPriority', () => {
  const cache = cacheOf([['a', {}, { labels: { old: 'false' } }], ['b']]);
  expect(scores(nodeLabel('old', true), aPod('p'), cache)).toEqual({ a: 10, b: 0 });
  expect(scores(nodeLabel('old', false), aPod('p'), cache)).toEqual({ a: 0, b: 10 });
  expect(scores(equal, aPod('p'), cache)).toEqual({ a: 1, b: 1 });
});
