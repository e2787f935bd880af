/** What the chapter says of the Scheduler, one statement a test. Section: 核心原理 § Scheduler, unless another is named. */
import * as resources from '../api/resources.js';
import type { Pod } from '../api/types.js';
import { silent, SteppedClock } from '../util/index.js';
import { SchedulerCache } from './cache.js';
import { PodInfo } from './pod-info.js';
import {
  algorithmProvider,
  createFromProvider,
  defaultProvider,
  isFitPredicateRegistered,
  listAlgorithmProviders,
  registerAlgorithmProvider,
  registerFitPredicate,
  registerCustomFitPredicate,
  registerPriorityFunction,
  runScheduler,
  textbookProvider,
} from './index.js';
import { aNode, aPod } from './testing/builders.js';
import { FakeApi } from './testing/fake-api.js';

const decide = (provider: string, nodes: Parameters<typeof aNode>[], pod: Pod = aPod('p')) => {
  const cache = new SchedulerCache();
  for (const node of nodes) cache.setNode(aNode(...node));
  return createFromProvider(provider, cache).schedule(new PodInfo(pod), cache.nodes);
};

test('“负责将要创建的Pod按照一定的规则分配在某个适合的Node上”: a new Pod is given a node that suits it', async () => {
  const api = new FakeApi();
  const clock = new SteppedClock();
  const stop = new AbortController();
  const running = runScheduler({ client: api.client, clock, log: silent }, stop.signal);
  await clock.advance(10);
  api.put(resources.nodes, aNode('small', { cpu: '1' }));
  api.put(resources.nodes, aNode('large', { cpu: '8' }));
  api.put(resources.pods, aPod('web', { cpu: '2' }));
  await clock.advance(10);
  expect(api.get(resources.pods, 'default/web').spec.nodeName).toBe('large');
  stop.abort();
  await running;
});

test('step one, 预选: all nodes are gone through, and those that do not meet the demands are struck out', () => {
  const { refusals, nodes, feasible } = decide(
    'DefaultProvider',
    [['a'], ['b', { cpu: '1' }]],
    aPod('p', { cpu: '2' }),
  );
  expect([nodes, feasible]).toEqual([2, 1]);
  expect(refusals).toMatchObject([{ predicate: 'PodFitsResources' }, undefined]); // b, a
});

test('step two, 确定最优节点: each candidate is scored, and the highest score wins', () => {
  const nodes: Parameters<typeof aNode>[] = [
    ['a', { cpu: '1', memory: '2Gi' }],
    ['b', { cpu: '32', memory: '64Gi' }],
  ];
  const { node, score, runnerUp } = decide('DefaultProvider', nodes, aPod('p', { cpu: '500m', memory: '1Gi' }));
  expect(node?.name).toBe('b');
  expect(score).toBeGreaterThan(runnerUp!.score);
  expect(runnerUp!.node.name).toBe('a');
});

test('algorithm providers are plug-ins: a set of predicates and a set of priorities under a name', () => {
  registerFitPredicate('NameStartsWithN', (_pod, node) => node.name.startsWith('n'));
  registerPriorityFunction('ShortNames', (_pod, node) => 10 - node.name.length, 1);
  registerAlgorithmProvider('MyProvider', ['NameStartsWithN'], ['ShortNames']);
  expect(decide('MyProvider', [['nnn'], ['nn'], ['a']])).toMatchObject({ node: { name: 'nn' }, score: 8, feasible: 2 });
});

test('RegisterAlgorithmProvider takes name, predicateKeys and priorityKeys', () => {
  expect(registerAlgorithmProvider('Three-Parameters', new Set(['HostName']), new Set(['EqualPriority']))).toBe(
    'Three-Parameters',
  );
  expect(algorithmProvider('Three-Parameters')).toMatchObject({
    predicateKeys: new Set(['HostName']),
    priorityKeys: new Set(['EqualPriority']),
  });
  expect(listAlgorithmProviders()).toContain('Three-Parameters');
});

// The chapter gives the Go functions' names and misspells one (PodFitResources); 1.2.4 registered some under others.
test.each([
  ['NoDiskConflict', 'NoDiskConflict'],
  ['PodFitResources', 'PodFitsResources'],
  ['PodSelectorMatches', 'MatchNodeSelector'],
  ['PodFitHost', 'HostName'],
  ['PodFitsPorts', 'PodFitsPorts'],
])('the predicate %s is available as %s', (_inTheBook, name) => expect(isFitPredicateRegistered(name)).toBe(true));

test.each([
  ['CheckNodeLabelPresence', { labelsPresence: { labels: ['retiring'], presence: false } }],
  ['CheckServiceAffinity', { serviceAffinity: { labels: ['region'] } }],
])('the predicate %s is available with an argument, as 1.2.4 had it in policies', (name, argument) => {
  expect(registerCustomFitPredicate({ name, argument })).toBe(name);
  expect(isFitPredicateRegistered(name)).toBe(true);
});

test('the default, as the book prints it, has five predicates: provider Textbook', () => {
  expect([...algorithmProvider(textbookProvider).predicateKeys]).toEqual([
    'PodFitsPorts',
    'PodFitsResources',
    'NoDiskConflict',
    'MatchNodeSelector',
    'HostName',
  ]);
});

test('the default of 1.2.4 has three more, and PodFitsPorts by its new name: provider DefaultProvider', () => {
  expect([...algorithmProvider(defaultProvider).predicateKeys].sort()).toEqual([
    'HostName',
    'MatchNodeSelector',
    'MaxEBSVolumeCount',
    'MaxGCEPDVolumeCount',
    'NoDiskConflict',
    'NoVolumeZoneConflict',
    'PodFitsHostPorts',
    'PodFitsResources',
  ]);
  expect([...algorithmProvider(defaultProvider).priorityKeys].sort()).toEqual([
    'BalancedResourceAllocation',
    'LeastRequestedPriority',
    'NodeAffinityPriority',
    'SelectorSpreadPriority',
  ]);
});

const container = (ports: number[]) => [
  { name: 'a', image: 'i', ports: ports.map((hostPort) => ({ containerPort: 1, hostPort })) },
];
test.each([
  ['PodFitsPorts', aPod('p', {}, { containers: container([80]) })],
  ['PodFitsResources', aPod('p', { memory: '9Gi' })],
  ['NoDiskConflict', aPod('p', {}, { volumes: [{ name: 'v', awsElasticBlockStore: { volumeID: 'vol' } }] })],
  ['MatchNodeSelector', aPod('p', {}, { nodeSelector: { disk: 'ssd' } })],
  ['HostName', aPod('p', {}, { nodeName: 'elsewhere' })],
])('only a node that passes all five is a candidate: %s alone keeps a Pod away', (name, pod) => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  const volumes = [{ name: 'v', awsElasticBlockStore: { volumeID: 'vol' } }];
  cache.assume(new PodInfo(aPod('there', {}, { containers: container([80]), volumes })), 'a');
  const algorithm = createFromProvider('Textbook', cache);
  const refused = algorithm
    .report(new PodInfo(pod), cache.nodes)[0]!
    .predicates.filter(({ verdict }) => verdict !== true);
  expect(refused.map(({ name }) => name)).toEqual([name]);
});

test('§ 集群功能模块之间的通信: when the Scheduler hears that a Pod was deleted, its room is free again', async () => {
  // The chapter has the Scheduler delete the Pod's instance; that is the kubelet's work. The Scheduler takes it off its books.
  const api = new FakeApi();
  const clock = new SteppedClock();
  const stop = new AbortController();
  const running = runScheduler({ client: api.client, clock, log: silent }, stop.signal);
  await clock.advance(10);
  api.put(resources.nodes, aNode('a', { pods: '1' }));
  api.put(resources.pods, aPod('first'));
  await clock.advance(10);
  api.put(resources.pods, aPod('second'));
  await clock.advance(10);
  expect(api.get(resources.pods, 'default/second').spec.nodeName).toBeUndefined();
  api.remove(resources.pods, 'default/first');
  await clock.advance(1_000);
  expect(api.get(resources.pods, 'default/second').spec.nodeName).toBe('a');
  stop.abort();
  await running;
});
