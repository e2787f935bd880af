import { Algorithm } from './algorithm.js';
import { SchedulerCache } from './cache.js';
import { fitError, fitError12 } from './fit-error.js';
import { PodInfo } from './pod-info.js';
import { podFitsResources } from './predicates/pod-fits-resources.js';
import { createFromProvider } from './registry.js';
import './defaults.js';
import { aNode, aPod } from './testing/builders.js';

const cacheOf = (...nodes: Parameters<typeof aNode>[]) => {
  const cache = new SchedulerCache();
  for (const node of nodes) cache.setNode(aNode(...node));
  return cache;
};

test('equals have their turn, in the order of descending names', () => {
  const cache = cacheOf(['a'], ['b'], ['c']);
  const algorithm = new Algorithm([], []);
  const choose = () => algorithm.schedule(new PodInfo(aPod('p')), cache.nodes).node?.name;
  expect(Array.from({ length: 7 }, choose)).toEqual(['c', 'b', 'a', 'c', 'b', 'a', 'c']);
});

test('the turn moves on with every Pod that finds a node, though there is no choice', () => {
  const cache = cacheOf(['a'], ['b']);
  const algorithm = new Algorithm(
    [{ name: 'Picky', predicate: (pod, node) => node.name >= (pod.labels.from ?? '') }],
    [],
  );
  const choose = (from?: string) =>
    algorithm.schedule(new PodInfo(aPod('p', {}, {}, { labels: from ? { from } : {} })), cache.nodes).node?.name;
  expect([choose(), choose('b'), choose(), choose('c'), choose()]).toEqual(['b', 'b', 'b', undefined, 'a']);
});

test('weights count, and a weight of 0 does not', () => {
  const cache = cacheOf(['a'], ['b']);
  const likes = (name: string, weight: number) => ({
    name: `Likes-${name}`,
    priority: { map: (_pod: PodInfo, node: { name: string }) => (node.name === name ? 10 : 0) },
    weight,
  });
  const decide = (...weights: [number, number]) =>
    new Algorithm([], [likes('a', weights[0]), likes('b', weights[1])]).schedule(new PodInfo(aPod('p')), cache.nodes);
  expect(decide(2, 1)).toMatchObject({ node: { name: 'a' }, score: 20, runnerUp: { node: { name: 'b' }, score: 10 } });
  expect(decide(0, 1)).toMatchObject({ node: { name: 'b' }, score: 10 });
});

test('what a predicate of the user’s found out is asked again each time', () => {
  const cache = cacheOf(['a']);
  let open = false;
  const algorithm = new Algorithm([{ name: 'Door', predicate: () => open }], []);
  const pod = new PodInfo(aPod('p'));
  expect(algorithm.schedule(pod, cache.nodes).refusals).toMatchObject([{ predicate: 'Door', reasons: ['Door'] }]);
  open = true;
  expect(algorithm.schedule(pod, cache.nodes).node?.name).toBe('a');
});

test('the findings about one node are not mixed up with another’s when nodes come and go', () => {
  const cache = cacheOf(['a', { cpu: '1' }], ['b', { cpu: '8' }]);
  const algorithm = new Algorithm([{ name: 'PodFitsResources', predicate: podFitsResources }], []);
  const choose = () => algorithm.schedule(new PodInfo(aPod('p', { cpu: '4' })), cache.nodes).node?.name;
  expect(choose()).toBe('b');
  cache.removeNode('b');
  expect(choose()).toBeUndefined();
  cache.setNode(aNode('c', { cpu: '8' }));
  expect(choose()).toBe('c');
  cache.setNode(aNode('c', { cpu: '1' }));
  expect(choose()).toBeUndefined();
});

describe('the reasons', () => {
  const decide = (pod: Parameters<typeof aPod>, ...nodes: Parameters<typeof aNode>[]) => {
    const cache = cacheOf(...nodes);
    const algorithm = createFromProvider('DefaultProvider', cache);
    const decision = algorithm.schedule(new PodInfo(aPod(...pod)), cache.nodes);
    return { today: fitError(decision), then: fitError12(decision.pod, algorithm.report(decision.pod, cache.nodes)) };
  };
  const three: Parameters<typeof aNode>[] = [['node-1'], ['node-2'], ['node-3']];
  const cordoned: Parameters<typeof aNode> = ['node-1', {}, { unschedulable: true }];
  const helpless =
    'no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';

  test.each([
    [['huge', { cpu: '1000' }], three, `0/3 nodes are available: 3 Insufficient cpu. ${helpless}`],
    [['fat', { memory: '100Ti' }], three, `0/3 nodes are available: 3 Insufficient memory. ${helpless}`],
    [
      ['picky', {}, { nodeSelector: { 'kubernetes.io/hostname': 'nowhere' } }],
      three,
      `0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. ${helpless}`,
    ],
    [
      ['here', {}, { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } }],
      [cordoned, ...three.slice(1)],
      `0/3 nodes are available: 1 node(s) were unschedulable, 2 node(s) didn't match Pod's node affinity/selector. ${helpless}`,
    ],
    [['early', {}], [], 'no nodes available to schedule pods'],
    [
      ['modest', { cpu: '1' }, { preemptionPolicy: 'Never' }],
      [['node-1', { cpu: '500m' }]],
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
  ] as [Parameters<typeof aPod>, Parameters<typeof aNode>[], string][])('%j', (pod, nodes, expected) => {
    expect(decide(pod, ...nodes).today).toBe(expected);
  });

  test('tell where an eviction might have helped', () => {
    const cache = cacheOf(cordoned, ['node-2', { cpu: '2' }]);
    cache.assume(new PodInfo(aPod('other', { cpu: '1500m' })), 'node-2');
    const algorithm = createFromProvider('DefaultProvider', cache);
    expect(fitError(algorithm.schedule(new PodInfo(aPod('p', { cpu: '1' })), cache.nodes))).toBe(
      '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. no new claims to deallocate, ' +
        'preemption: 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.',
    );
  });

  test('are one for each node that was considered in 1.2’s words, in the order in which 1.2.4 lists its predicates', () => {
    const ssd = { labels: { disk: 'ssd' } };
    expect(
      decide(['p', { cpu: '9' }, { nodeSelector: { disk: 'ssd' } }], cordoned, ['a', { cpu: '9' }], ['b', {}, ssd])
        .then,
    ).toBe(
      'pod (p) failed to fit in any node\n' +
        "fit failure on node (b): Node didn't have enough resource: CPU, requested: 9000, used: 0, capacity: 4000\n" +
        'fit failure on node (a): MatchNodeSelector',
    );
    expect(decide(['p'], cordoned).then).toBe('no nodes available to schedule pods');
  });
});
