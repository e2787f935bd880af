import { explanationText } from './explanation-text.js';
import * as resources from '../api/resources.js';
import { conflict } from '../api/status.js';
import { registerAlgorithmProvider, registerFitPredicate } from './registry.js';
import { aController, aNode, aPod, bound } from './testing/builders.js';
import { FakeApi } from './testing/fake-api.js';
import { conditionOf, eventsOf, withScheduler } from './testing/with-scheduler.js';

test('binds a Pod to the emptier node and says so', () =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2'));
    api.put(resources.pods, bound(aPod('other', { cpu: '3', memory: '6Gi' }), 'node-2'));
    api.put(resources.pods, aPod('web-0'));
    await clock.advance(10);
    expect(nodeOf('web-0')).toBe('node-1');
    expect(eventsOf(api)).toEqual(['Normal Scheduled Successfully assigned default/web-0 to node-1']);
  }));

test('finds what was there before it started', async () => {
  const api = new FakeApi();
  api.put(resources.nodes, aNode('node-1'));
  api.put(resources.pods, aPod('early'));
  await withScheduler({}, async ({ nodeOf }) => expect(nodeOf('early')).toBe('node-1'), api);
});

test.each([
  ['for another scheduler', aPod('p', {}, { schedulerName: 'nobody' })],
  ['with a scheduling gate', aPod('p', {}, { schedulingGates: [{ name: 'play.test/wait' }] })],
  ['being deleted', aPod('p', {}, {}, { deletionTimestamp: '2016-06-01T12:00:00Z' })],
  ['that has failed', { ...aPod('p'), status: { phase: 'Failed' } }],
])('leaves a Pod %s alone', (_what, pod) =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, pod);
    await clock.advance(10);
    expect([nodeOf('p'), eventsOf(api)]).toEqual([undefined, []]);
  }),
);

test('takes the Pods of its own name', () =>
  withScheduler({ schedulerName: 'mine' }, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, aPod('default-s'));
    api.put(resources.pods, aPod('mine-s', {}, { schedulerName: 'mine' }));
    await clock.advance(10);
    expect([nodeOf('default-s'), nodeOf('mine-s')]).toEqual([undefined, 'node-1']);
  }));

test('a Pod is scheduled when its last gate is taken away', () =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, aPod('p', {}, { schedulingGates: [{ name: 'play.test/wait' }] }));
    await clock.advance(10);
    api.put(resources.pods, aPod('p', {}, { schedulingGates: [] }));
    await clock.advance(10);
    expect(nodeOf('p')).toBe('node-1');
  }));

test('says why no node fits, in an event and in the condition, and tries again when there is room', () =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: ' +
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.';
    api.put(resources.nodes, aNode('node-1', { cpu: '2' }));
    api.put(resources.pods, bound(aPod('first', { cpu: '2' }), 'node-1'));
    api.put(resources.pods, aPod('second', { cpu: '1' }));
    await clock.advance(10);
    expect(eventsOf(api)).toEqual([`Warning FailedScheduling ${message}`]);
    expect(conditionOf(api, 'second')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastProbeTime: null,
    });

    api.remove(resources.pods, 'default/first');
    await clock.advance(500);
    expect(nodeOf('second')).toBeUndefined(); // the back-off
    await clock.advance(500);
    expect(nodeOf('second')).toBe('node-1');
  }));

test.each([
  ['a node comes', aNode('node-2')],
  ['a node is made larger', aNode('node-1', { cpu: '64' })],
  ['a node is uncordoned', aNode('node-1')],
])('an unschedulable Pod wakes when %s', (what, node) =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    api.put(
      resources.nodes,
      what === 'a node is uncordoned' ? aNode('node-1', {}, { unschedulable: true }) : aNode('node-1', { cpu: '1' }),
    );
    api.put(resources.pods, aPod('p', { cpu: '3' }));
    await clock.advance(2_000);
    expect(nodeOf('p')).toBeUndefined();
    api.put(resources.nodes, node);
    await clock.advance(1_000); // the rest of its second back-off
    expect(nodeOf('p')).toBe(node.metadata.name);
  }),
);

test('a heartbeat wakes nobody, nor does the condition that was written', () =>
  withScheduler(
    { algorithmProvider: registerAlgorithmProvider('Today', ['PodFitsResources'], [], { queue: 'priority' }) },
    async ({ api, clock, scheduler }) => {
      const beat = (at: number): void => {
        const node = aNode('node-1', { cpu: '1' });
        node.status.conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: String(at) }];
        api.put(resources.nodes, node);
      };
      beat(0);
      api.put(resources.pods, aPod('p', { cpu: '3' }));
      for (let at = 1; at < 20; at++) {
        await clock.advance(10_000);
        beat(at);
      }
      expect(scheduler.attempts()).toHaveLength(1);
    },
  ));

test('does not give the same room away twice while bindings travel', () =>
  withScheduler({}, async ({ api, clock }) => {
    let arrive!: () => void;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    api.onBind = () => arrived;
    api.put(resources.nodes, aNode('node-1', { cpu: '2' }));
    api.put(resources.nodes, aNode('node-2', { cpu: '2' }));
    for (let i = 0; i < 3; i++) api.put(resources.pods, aPod(`p-${i}`, { cpu: '2' }));
    await clock.advance(10);
    expect(api.bindings).toEqual([]);
    arrive();
    await clock.advance(10);
    expect(api.bindings).toEqual(['p-0 → node-2', 'p-1 → node-1']);
    expect(conditionOf(api, 'p-2')?.message).toContain('2 Insufficient cpu');
  }));

test('a refused binding frees the room and is tried again after a back-off', () =>
  withScheduler({}, async ({ api, clock, nodeOf }) => {
    let refusals = 1;
    api.onBind = (pod) => {
      if (pod === 'default/a' && refusals-- > 0) throw new Error('etcd is tired');
    };
    api.put(resources.nodes, aNode('node-1', { cpu: '2' }));
    api.put(resources.pods, aPod('a', { cpu: '1' }));
    await clock.advance(10);
    expect(eventsOf(api)).toEqual([
      'Warning FailedScheduling binding rejected: running Bind plugin "DefaultBinder": etcd is tired',
    ]);
    expect(conditionOf(api, 'a')).toMatchObject({ status: 'False', reason: 'SchedulerError' });
    api.put(resources.pods, aPod('b', { cpu: '2' })); // the room is free
    await clock.advance(10);
    expect(nodeOf('b')).toBe('node-1');
    api.remove(resources.pods, 'default/b');
    await clock.advance(1_000);
    expect(nodeOf('a')).toBe('node-1');
  }));

test('a Pod that somebody else has bound meanwhile is left where it is', () =>
  withScheduler({}, async ({ api, clock, nodeOf, scheduler }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2'));
    api.onBind = (_pod, node) => {
      if (node !== 'node-2') return;
      api.put(resources.pods, bound(aPod('p'), 'node-1'));
      throw conflict({ group: '', resource: 'pods/binding' }, 'p', `pod p is already assigned to node "node-1"`);
    };
    api.put(resources.pods, aPod('p'));
    await clock.advance(60_000);
    expect(nodeOf('p')).toBe('node-1');
    expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
  }));

test('a Pod deleted while its binding travels is forgotten without an event', () =>
  withScheduler({}, async ({ api, clock, scheduler }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.onBind = (pod) => api.remove(resources.pods, pod);
    api.put(resources.pods, aPod('p'));
    await clock.advance(60_000);
    expect([eventsOf(api), scheduler.waiting.backingOff, scheduler.waiting.active]).toEqual([[], 0, 0]);
  }));

test('a predicate that throws does not stall the others', async () => {
  registerFitPredicate('Bomb', (pod) => {
    if (pod.labels.bomb) throw new Error('boom');
    return true;
  });
  registerAlgorithmProvider('Explosive', ['Bomb'], ['EqualPriority']);
  await withScheduler({ algorithmProvider: 'Explosive' }, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, aPod('a', {}, {}, { labels: { bomb: 'yes' } }));
    api.put(resources.pods, aPod('b'));
    await clock.advance(10);
    expect([nodeOf('a'), nodeOf('b')]).toEqual([undefined, 'node-1']);
    expect(eventsOf(api)).toContain('Warning FailedScheduling boom');
  });
});

test('of a Pod about which nobody here decides it is explained why, and where it would go', () =>
  withScheduler({}, async ({ api, clock, scheduler }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, aPod('other', {}, { schedulerName: 'mine' }));
    api.put(resources.pods, aPod('gated', {}, { schedulingGates: [{ name: 'example.com/gate' }] }));
    await clock.advance(10);
    const explain = (pod: string) => scheduler.explain(`default/${pod}`)!;
    expect(explain('other')).toMatchObject({
      basis: 'present',
      node: 'node-1',
      message: 'it waits for the scheduler "mine", not for default-scheduler',
    });
    expect(explain('gated').message).toBe('Scheduling is blocked due to non-empty scheduling gates');
    expect(explanationText(explain('other'))).toContain('\nNobody decides about it: it waits for the scheduler "mine"');
  }));

test('another provider is swapped in without losing a Pod', async () => {
  registerFitPredicate('OnlyOnNode1', (_pod, node) => node.name === 'node-1');
  registerAlgorithmProvider('Narrow', ['OnlyOnNode1'], []);
  await withScheduler({ algorithmProvider: 'Narrow' }, async ({ api, clock, scheduler, nodeOf }) => {
    api.put(resources.nodes, aNode('node-2'));
    api.put(resources.pods, aPod('p'));
    await clock.advance(5_000);
    expect(conditionOf(api, 'p')?.message).toContain('1 OnlyOnNode1');
    scheduler.useProvider('DefaultProvider');
    await clock.advance(2_000); // the rest of its third back-off
    expect(nodeOf('p')).toBe('node-2');
    expect(() => scheduler.useProvider('Unheard')).toThrow('plugin "Unheard" has not been registered');
  });
});

test('explains each node: verdicts, scores and weights', () =>
  withScheduler({}, async ({ api, clock, scheduler }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2', { cpu: '50m' }));
    api.put(resources.replicationControllers, aController('web', { app: 'web' }));
    api.put(resources.pods, aPod('web-0', { cpu: '100m' }, {}, { labels: { app: 'web' } }));
    await clock.advance(10);
    const explanation = scheduler.explain('default/web-0')!;
    expect(explanation).toMatchObject({
      node: 'node-1',
      score: 28,
      feasible: 1,
      nodes: 2,
      algorithmProvider: 'DefaultProvider',
    });
    const [first, second] = explanation.table!;
    expect(first).toMatchObject({
      node: 'node-1',
      fits: true,
      total: 28,
      priorities: [
        { name: 'LeastRequestedPriority', weight: 1, score: 9 },
        { name: 'BalancedResourceAllocation', weight: 1, score: 9 },
        { name: 'SelectorSpreadPriority', weight: 1, score: 10 },
        { name: 'NodeAffinityPriority', weight: 1, score: 0 },
      ],
    });
    expect(second!.fits).toBe(false);
    expect(second!.predicates.find(({ name }) => name === 'PodFitsResources')).toEqual({
      name: 'PodFitsResources',
      fits: false,
      reason: "Node didn't have enough resource: CPU, requested: 100, used: 0, capacity: 50",
      reasons: ['Insufficient cpu'],
    });
    expect(scheduler.explain('default/nobody')).toBeUndefined();
  }));
