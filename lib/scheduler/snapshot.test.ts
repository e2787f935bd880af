import * as resources from '../api/resources.js';
import type { Pod } from '../api/types.js';
import { Algorithm } from './algorithm.js';
import type { Explained } from './explanation.js';
import type { Extender } from './extender.js';
import { Snapshot, differences } from './snapshot.js';
import { withScheduler } from './testing/with-scheduler.js';
import { todayProvider } from './today/provider.js';
import { aController, aNode, aPod, aService, bound } from './testing/builders.js';

const labels = { app: 'web' };
const web = (name: string) => aPod(name, { cpu: '500m', memory: '512Mi' }, {}, { labels });
const cluster = new Snapshot([
  aNode('node-1'),
  aNode('node-2'),
  aService('web', labels),
  bound(web('web-0'), 'node-1'),
  web('web-1'),
  web('web-2'),
]);
const places = async (snapshot: Snapshot, options?: Parameters<Snapshot['place']>[0]) =>
  Object.fromEntries((await snapshot.place(options)).outcomes.map(({ pod, node }) => [pod.split('/')[1], node]));

test('places the Pods that wait, in their order, each seen by the next', async () => {
  expect(await places(cluster)).toEqual({ 'web-1': 'node-2', 'web-2': 'node-1' }); // the second are equals, and it is node-1's turn
  expect((await cluster.place()).after.waiting).toEqual([]);
  expect(cluster.waiting).toHaveLength(2); // and nothing has happened to it
});

test.each([
  ['a node is added', cluster.with(aNode('node-3')), { 'web-1': 'node-3', 'web-2': 'node-2' }],
  ['a node is gone', cluster.without('Node', 'node-2'), { 'web-1': 'node-1', 'web-2': 'node-1' }],
  ['a node is drained', cluster.drained('node-1'), { 'web-0': 'node-2', 'web-1': 'node-2', 'web-2': 'node-2' }],
])('what if %s?', async (_what, changed, expected) => expect(await places(changed)).toEqual(expected));

test('what if a label changes?', async () => {
  const picky = cluster.with(aPod('picky', {}, { nodeSelector: { disk: 'ssd' } }));
  expect((await places(picky))['picky']).toBeUndefined();
  const labelled = picky.labelled('node-1', { disk: 'ssd' });
  expect((await places(labelled))['picky']).toBe('node-1');
  expect((await places(labelled.labelled('node-1', { disk: null })))['picky']).toBeUndefined();
});

test('what if a hundred Pods come? They are not in the snapshot afterwards', async () => {
  const hundred = Array.from({ length: 100 }, (_, i) => aPod(`p-${i}`, { cpu: '100m' }));
  const { outcomes, after } = await cluster.place({ pods: hundred });
  const fitting = outcomes.filter(({ node }) => node);
  expect(outcomes).toHaveLength(102);
  // Two nodes of 4 CPUs have room for 1.5 of web and 65 tenths.
  expect(fitting).toHaveLength(2 + 65);
  expect(after.waiting).toHaveLength(0); // those without a node were never in the cluster
  expect(cluster.objects).toHaveLength(6);
});

test('in brief, only the outcome is told', async () => {
  const [{ table, ...brief }] = (await cluster.place({ brief: true })).outcomes as [Explained];
  const [{ table: full, ...outcome }] = (await cluster.place()).outcomes as [Explained];
  expect([brief, table.length, full.length]).toEqual([outcome, 0, 2]);
});

test('a drained node keeps its daemons', async () => {
  const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
  const daemon = bound(aPod('d-0', {}, {}, { ownerReferences: [owner] }), 'node-1');
  expect(
    cluster
      .with(daemon)
      .drained('node-1')
      .waiting.map(({ metadata }) => metadata.name),
  ).toEqual(['web-0', 'web-1', 'web-2']);
});

test('is the same after it was saved and read again', async () => {
  const read = Snapshot.read(JSON.stringify(cluster));
  expect((await read.place()).outcomes).toEqual((await cluster.place()).outcomes);
  expect(JSON.stringify(Snapshot.read(JSON.stringify(read)))).toBe(JSON.stringify(read));
});

test('explains a Pod as if it were not placed yet', async () => {
  const { table, ...outcome } = await cluster.explain('default/web-0');
  expect(outcome).toEqual({
    pod: 'default/web-0',
    algorithmProvider: 'DefaultProvider',
    node: 'node-2', // equals: the highest name first
    score: 27,
    runnerUp: { node: 'node-1', score: 27, behind: 0 },
    nodes: 2,
    feasible: 2,
  });
  expect(table[0]!.priorities).toEqual([
    { name: 'LeastRequestedPriority', weight: 1, score: 8 }, // ⌊(8 + 9) / 2⌋
    { name: 'BalancedResourceAllocation', weight: 1, score: 9 }, // ⌊10 − |0.125 − 0.0625| · 10⌋
    { name: 'SelectorSpreadPriority', weight: 1, score: 10 },
    { name: 'NodeAffinityPriority', weight: 1, score: 0 },
  ]);
});

test('two providers differ where one knows of controllers and the other does not', async () => {
  const pods = [bound(web('web-0'), 'node-2'), web('web-1')];
  const controlled = new Snapshot([
    aNode('node-1'),
    aNode('node-2', { cpu: '40', memory: '80Gi' }),
    aController('web', labels),
    ...pods,
  ]);
  const found = differences(await controlled.place(), await controlled.place({ algorithmProvider: 'Textbook' }));
  expect(found.map(({ pod, a, b }) => [pod, a.node, b.node])).toEqual([['default/web-1', 'node-1', 'node-2']]);
});

test.each([
  ['a node that is not there', async () => cluster.drained('node-9'), 'there is no Node "node-9" in this snapshot'],
  ['a Pod that is not there', () => cluster.explain('default/x'), 'there is no Pod "default/x" in this snapshot'],
  [
    'a provider that is not there',
    () => cluster.place({ algorithmProvider: 'x' }),
    'plugin "x" has not been registered',
  ],
])('%s is an error', async (_what, act, message) => {
  await expect((async () => act())()).rejects.toThrow(message);
});

test('extenders are asked, and what they say stands in the table', async () => {
  const extender: Extender = {
    name: 'http://extender',
    weight: 2,
    filter: async () => ({ fitting: new Set(['node-1', 'node-2']), failed: { 'node-3': 'too far' } }),
    prioritize: async () => new Map([['node-1', 4]]),
  };
  const { outcomes } = await cluster.with(aNode('node-3')).place({
    algorithmProvider: 'Policy',
    create: () => new Algorithm([], [], { extenders: [extender] }),
  });
  expect(outcomes[0]).toMatchObject({ node: 'node-1', score: 8, runnerUp: { node: 'node-2', score: 0, behind: 8 } });
  expect(outcomes[0]!.table).toEqual([
    {
      node: 'node-1',
      fits: true,
      predicates: [{ name: 'http://extender', fits: true }],
      priorities: [{ name: 'http://extender', weight: 2, score: 4 }],
      total: 8,
    },
    expect.objectContaining({ node: 'node-2', fits: true, total: 0 }),
    {
      node: 'node-3',
      fits: false,
      predicates: [{ name: 'http://extender', fits: false, reason: 'too far', reasons: ['too far'] }],
      priorities: [],
      total: 0,
    },
  ]);
});

test('today’s provider tells whom it would evict, and evicts nobody', async () => {
  const low = bound(aPod('low', { cpu: '3' }, { priority: 1 }), 'node-1');
  const full = new Snapshot([aNode('node-1'), low, aPod('high', { cpu: '2' }, { priority: 10 })]);
  const { outcomes, after } = await full.place({ algorithmProvider: todayProvider });
  expect(outcomes[0]).toMatchObject({ preemption: { node: 'node-1', victims: ['default/low'] } });
  expect(outcomes[0]!.node).toBeUndefined();
  expect(after.all<Pod>('Pod').map(({ spec }) => spec.nodeName)).toEqual(['node-1', undefined]);
});

describe('of a running scheduler', () => {
  test('shows a Pod where it is about to be bound, and is not changed by what comes', () =>
    withScheduler({}, async ({ api, clock, scheduler }) => {
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.services, aService('web', labels));
      await clock.advance(10);
      let bind = (): void => {};
      api.onBind = () => new Promise<void>((resolve) => (bind = resolve));
      api.put(resources.pods, web('web-0'));
      api.put(resources.pods, aPod('huge', { cpu: '100' }));
      await clock.advance(10);
      const snapshot = scheduler.snapshot();
      bind();
      await clock.advance(10);
      api.put(resources.nodes, aNode('node-2'));
      await clock.advance(10);
      expect(snapshot.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
        'Node node-1',
        'Service web',
        'Pod web-0',
        'Pod huge',
      ]);
      expect(snapshot.all<Pod>('Pod').map(({ spec }) => spec.nodeName)).toEqual(['node-1', undefined]);
      expect((await snapshot.with(aNode('big', { cpu: '200' })).place()).outcomes).toMatchObject([{ node: 'big' }]);
      expect(api.bindings).toEqual(['web-0 → node-1']);
    }));

  test('another algorithm is swapped in by what builds it, and explains what it decided', () =>
    withScheduler({}, async ({ api, clock, scheduler, nodeOf }) => {
      for (const name of ['node-1', 'node-2']) api.put(resources.nodes, aNode(name));
      await clock.advance(10);
      const likes = { map: (_pod: unknown, node: { name: string }) => (node.name === 'node-1' ? 7 : 0) };
      scheduler.useProvider('Mine', () => new Algorithm([], [{ name: 'Likes', priority: likes, weight: 2 }]));
      api.put(resources.pods, aPod('p'));
      await clock.advance(10);
      expect(nodeOf('p')).toBe('node-1');
      expect(scheduler.explain('default/p')).toMatchObject({
        algorithmProvider: 'Mine',
        runnerUp: { node: 'node-2', behind: 14 },
        basis: 'attempt',
        reproduced: true,
      });
    }));
});
