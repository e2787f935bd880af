/** When things go wrong: no Pod is lost, no room is booked twice, and the loop goes on. */
import * as resources from '../api/resources.js';
import { serviceUnavailable } from '../api/status.js';
import type { Pod } from '../api/types.js';
import { runWhileLeading } from '../client/index.js';
import { silent, SteppedClock } from '../util/index.js';
import type { Extender } from './extender.js';
import { PodInfo } from './pod-info.js';
import { registerAlgorithmProvider, registerFitPredicate, registerPriorityFunction } from './registry.js';
import { runScheduler, Scheduler } from './scheduler.js';
import './defaults.js';
import { aNode, aPod } from './testing/builders.js';
import { FakeApi } from './testing/fake-api.js';
import { conditionOf, eventsOf, nodeOf, withScheduler } from './testing/with-scheduler.js';

const podsOf = (api: FakeApi): Pod[] => api.list(resources.pods) as Pod[];

/** Nothing is booked twice: no node runs more than its allocatable, and no Pod was bound more than once. */
function expectSound(api: FakeApi): void {
  for (const node of api.list(resources.nodes)) {
    const used = podsOf(api)
      .filter(({ spec }) => spec.nodeName === node.metadata.name)
      .reduce((sum, pod) => sum + new PodInfo(pod).requested.milliCPU, 0);
    expect(used).toBeLessThanOrEqual(Number(node.status.allocatable.cpu) * 1000);
  }
  const names = api.bindings.map((binding) => binding.split(' ')[0]);
  expect(new Set(names).size).toBe(names.length);
}

/** Lets everything happen that needs no time: some things take several turns of the event loop. */
const settle = async (clock: SteppedClock): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await clock.advance(1);
};

/** A provider whose extender does what `filter` says. */
const extended = (name: string, filter: NonNullable<Extender['filter']>, more: Partial<Extender> = {}): string =>
  registerAlgorithmProvider(name, ['PodFitsResources'], [], {
    extenders: [{ name: 'http://extender.test', weight: 1, filter, ...more }],
  });
const all = (nodes: readonly { readonly name: string }[]) => ({
  fitting: new Set(nodes.map(({ name }) => name)),
  failed: {},
});

describe('a binding', () => {
  test('that is refused again and again is tried again and again, with longer pauses, and does not hold up others', () =>
    withScheduler({}, async ({ api, clock, scheduler }) => {
      const tries: number[] = [];
      const startMs = clock.now();
      api.onBind = (pod) => {
        if (pod !== 'default/cursed') return;
        tries.push(Math.round((clock.now() - startMs) / 1000));
        if (tries.length < 6) throw new Error('no');
      };
      api.put(resources.nodes, aNode('node-1', { cpu: '2' }));
      api.put(resources.pods, aPod('cursed', { cpu: '1' }));
      api.put(resources.pods, aPod('blessed', { cpu: '1' }));
      await clock.advance(100);
      expect(nodeOf(api, 'blessed')).toBe('node-1');
      await clock.advance(40_000);
      expect(tries).toEqual([0, 1, 3, 7, 15, 31]);
      expect(nodeOf(api, 'cursed')).toBe('node-1');
      expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
      expectSound(api);
    }));

  test('whose answer is lost, but which arrived, keeps its room', () =>
    withScheduler({}, async ({ api, clock }) => {
      api.put(resources.nodes, aNode('node-1', { cpu: '1' }));
      api.onBound = () => {
        throw serviceUnavailable('the connection broke');
      };
      api.put(resources.pods, aPod('a', { cpu: '1' }));
      api.put(resources.pods, aPod('b', { cpu: '1' }));
      await clock.advance(60_000);
      expect([nodeOf(api, 'a'), nodeOf(api, 'b')]).toEqual(['node-1', undefined]);
      expect(eventsOf(api)).toContain('Normal Scheduled Successfully assigned default/a to node-1');
      expectSound(api);
    }));

  test('of a Pod that was deleted and made anew meanwhile does not cost the new one its place in the queue', () =>
    withScheduler({}, async ({ api, clock }) => {
      let arrive!: () => void;
      let isFirst = true;
      api.onBind = () => {
        if (!isFirst) return;
        isFirst = false;
        return new Promise<void>((resolve) => (arrive = resolve));
      };
      // Bound, deleted and made anew, before the answer to the first binding is here.
      api.onBound = (pod) => {
        if (api.bindings.length > 1) return;
        api.remove(resources.pods, pod);
        api.put(resources.pods, aPod('p', { cpu: '2' }, {}, { uid: 'another' }));
        return new Promise<void>((resolve) => setImmediate(resolve));
      };
      api.put(resources.nodes, aNode('node-1', { cpu: '1' }));
      api.put(resources.pods, aPod('p', { cpu: '1' }));
      await clock.advance(10);
      arrive();
      await clock.advance(5_000);
      api.put(resources.nodes, aNode('node-1', { cpu: '2' }));
      await clock.advance(60_000);
      expect(api.get(resources.pods, 'default/p')).toMatchObject({
        metadata: { uid: 'another' },
        spec: { nodeName: 'node-1' },
      });
    }));

  test('that is accepted but never heard of is forgotten after half a minute, and its room is free', () =>
    withScheduler({}, async ({ api, clock }) => {
      api.put(resources.nodes, aNode('node-1', { cpu: '1' }));
      api.put(resources.pods, aPod('a', { cpu: '1' }));
      api.isDeaf = true; // it says yes and does nothing
      await clock.advance(10);
      api.isDeaf = false;
      api.put(resources.pods, aPod('b', { cpu: '1' }));
      await clock.advance(20_000);
      expect(nodeOf(api, 'b')).toBeUndefined();
      await clock.advance(40_000);
      expect([nodeOf(api, 'a'), nodeOf(api, 'b')].filter(Boolean)).toEqual(['node-1']);
      expectSound(api);
    }));
});

describe('a node that vanishes', () => {
  test('while an extender is asked about it is not chosen', async () => {
    const provider = extended('Vanishing', async (_pod, nodes) => {
      if (api.get(resources.nodes, 'node-2')) api.remove(resources.nodes, 'node-2');
      await new Promise<void>((resolve) => setImmediate(resolve));
      return all(nodes);
    });
    const api = new FakeApi();
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2'));
    await withScheduler(
      { algorithmProvider: provider },
      async ({ clock }) => {
        api.put(resources.pods, aPod('p'));
        await settle(clock);
        expect(conditionOf(api, 'p')).toMatchObject({ reason: 'SchedulerError', message: 'node "node-2" not found' });
        await clock.advance(1_000);
        await settle(clock);
        expect(api.bindings).toEqual(['p → node-1']);
      },
      api,
    );
  });

  test('between reservation and binding is not bound to: what was reserved is given back', async () => {
    const said: string[] = [];
    const provider = registerAlgorithmProvider('Reserving', ['PodFitsResources'], [], {
      reservation: () => ({
        reserve: (_pod, node) => void said.push(`reserve ${node.name}`),
        unreserve: (_pod, node) => void said.push(`unreserve ${node.name}`),
        prepare: async (_pod, node) => {
          if (node.name === 'node-2') api.remove(resources.nodes, 'node-2');
          await new Promise<void>((resolve) => setImmediate(resolve));
        },
      }),
    });
    const api = new FakeApi();
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2'));
    await withScheduler(
      { algorithmProvider: provider },
      async ({ clock }) => {
        api.put(resources.pods, aPod('p'));
        await clock.advance(2_000);
        await settle(clock);
        expect(said).toEqual(['reserve node-2', 'unreserve node-2', 'reserve node-1']);
        expect(api.bindings).toEqual(['p → node-1']);
      },
      api,
    );
  });

  test('while the binding travels takes its Pod along; the next Pods go elsewhere', () =>
    withScheduler({}, async ({ api, clock, scheduler }) => {
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.nodes, aNode('node-2'));
      api.onBind = (_pod, node) => {
        if (node === 'node-2' && api.get(resources.nodes, 'node-2')) api.remove(resources.nodes, 'node-2');
      };
      api.put(resources.pods, aPod('a'));
      await clock.advance(10);
      api.put(resources.pods, aPod('b'));
      await clock.advance(60_000);
      expect([nodeOf(api, 'a'), nodeOf(api, 'b')]).toEqual(['node-2', 'node-1']); // a is the node controller's to clear away
      expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
    }));
});

describe('an extender', () => {
  test.each<[string, (signal: AbortSignal) => Promise<never>]>([
    ['that breaks', () => Promise.reject(new Error('out of order'))],
    ['that is late', (signal) => new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('late'))))],
  ])('%s holds up its own Pod only until it is better', async (what, breakdown) => {
    let isIll = true;
    const clock = new SteppedClock();
    const provider = extended(`Ill-${what.replaceAll(' ', '-')}`, async (_pod, nodes, signal) => {
      if (!isIll) return all(nodes);
      // As the HTTP extender does: it gives up after a while.
      const late = new AbortController();
      signal.addEventListener('abort', () => late.abort());
      using _timer = clock.after(5_000, () => late.abort());
      return await breakdown(late.signal);
    });
    await withScheduler(
      { algorithmProvider: provider },
      async ({ api, scheduler }) => {
        api.put(resources.nodes, aNode('node-1'));
        api.put(resources.pods, aPod('a'));
        api.put(resources.pods, aPod('b'));
        await clock.advance(20_000);
        expect(eventsOf(api).filter((event) => event.startsWith('Warning FailedScheduling'))).toHaveLength(2);
        expect(conditionOf(api, 'b')).toMatchObject({ reason: 'SchedulerError' });
        isIll = false;
        await clock.advance(120_000);
        expect([nodeOf(api, 'a'), nodeOf(api, 'b')]).toEqual(['node-1', 'node-1']);
        expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
      },
      new FakeApi(),
      clock,
    );
  });

  test('that refuses every node leaves the Pod unschedulable, with its reasons', async () => {
    const provider = extended('Picky-Extender', async () => ({
      fitting: new Set(),
      failed: { 'node-1': 'no license' },
    }));
    await withScheduler({ algorithmProvider: provider }, async ({ api, clock }) => {
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.nodes, aNode('node-2'));
      api.put(resources.pods, aPod('p'));
      await clock.advance(10);
      expect(conditionOf(api, 'p')?.message).toContain(
        '0/2 nodes are available: 1 no license, 1 node(s) were refused by the extender at http://extender.test.',
      );
    });
  });

  test('that is still being asked when the scheduler stops does not hold it back', async () => {
    const provider = extended(
      'Silent-Extender',
      (_pod, _nodes, signal) =>
        new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('stopped')))),
    );
    await withScheduler({ algorithmProvider: provider }, async ({ api, clock }) => {
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.pods, aPod('p'));
      await clock.advance(10);
    });
  });
});

describe('a plug-in that throws', () => {
  const boom = (): never => {
    throw new Error('boom');
  };
  const broken: [string, () => string][] = [
    [
      'a predicate',
      () => registerAlgorithmProvider('B-1', [registerFitPredicate('Boom-1', (pod) => !pod.labels.bomb || boom())], []),
    ],
    [
      'a priority',
      () =>
        registerAlgorithmProvider(
          'B-2',
          [],
          [registerPriorityFunction('Boom-2', (pod) => (pod.labels.bomb ? boom() : 1), 1)],
        ),
    ],
    [
      'a post-filter',
      () =>
        registerAlgorithmProvider('B-3', [registerFitPredicate('Never', (pod) => !pod.labels.bomb)], [], {
          postFilter: () => boom,
        }),
    ],
    [
      'a reservation',
      () => {
        const reservation = {
          reserve: (pod: PodInfo) => (pod.labels.bomb ? boom() : undefined),
          unreserve() {},
          async prepare() {},
        };
        return registerAlgorithmProvider('B-4', [], [], { reservation: () => reservation });
      },
    ],
    [
      'a preparation',
      () => {
        const prepare = async (pod: PodInfo) => (pod.labels.bomb ? boom() : undefined);
        return registerAlgorithmProvider('B-5', [], [], {
          reservation: () => ({ reserve() {}, unreserve() {}, prepare }),
        });
      },
    ],
  ];
  test.each(broken)('%s: the Pod is told and tried again, the others are scheduled', (_what, register) =>
    withScheduler({ algorithmProvider: register() }, async ({ api, clock, scheduler }) => {
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.pods, aPod('a', {}, {}, { labels: { bomb: 'yes' } }));
      api.put(resources.pods, aPod('b'));
      await clock.advance(10);
      expect([nodeOf(api, 'a'), nodeOf(api, 'b')]).toEqual([undefined, 'node-1']);
      expect(conditionOf(api, 'a')).toMatchObject({ status: 'False', reason: 'SchedulerError' });
      expect(conditionOf(api, 'a')?.message).toContain('boom');
      expect(scheduler.waiting).toEqual({ active: 0, backingOff: 1, unschedulable: 0 });
      api.put(resources.pods, aPod('a', {}, {}, { labels: {} })); // whatever it did not like
      await clock.advance(60_000);
      expect(nodeOf(api, 'a')).toBe('node-1');
    }),
  );
});

describe('a Pod that is deleted', () => {
  test.each(['active', 'unschedulable', 'backingOff'] as const)('while it waits (%s) is not scheduled', (place) =>
    withScheduler({}, async ({ api, clock, scheduler }) => {
      if (place !== 'unschedulable') api.put(resources.nodes, aNode('node-1'));
      if (place === 'backingOff')
        api.onBind = () => {
          throw new Error('no');
        };
      api.put(resources.pods, aPod('p'));
      if (place !== 'active') await clock.advance(10);
      if (place !== 'active') expect(scheduler.waiting[place]).toBe(1);
      api.remove(resources.pods, 'default/p');
      api.onBind = () => {};
      api.put(resources.nodes, aNode('node-2'));
      await clock.advance(120_000);
      expect(api.bindings).toEqual([]);
      expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
    }),
  );

  test('while an extender is asked about it is forgotten without a word', async () => {
    const provider = extended('Slow-Extender', async (_pod, nodes) => {
      if (api.get(resources.pods, 'default/p')) api.remove(resources.pods, 'default/p');
      await new Promise<void>((resolve) => setImmediate(resolve));
      return all(nodes);
    });
    const api = new FakeApi();
    api.put(resources.nodes, aNode('node-1', { cpu: '1' }));
    await withScheduler(
      { algorithmProvider: provider },
      async ({ clock }) => {
        api.put(resources.pods, aPod('p', { cpu: '1' }));
        await settle(clock);
        expect([api.bindings, eventsOf(api)]).toEqual([[], []]);
        api.put(resources.pods, aPod('q', { cpu: '1' }));
        await settle(clock);
        expect(nodeOf(api, 'q')).toBe('node-1'); // the room was never taken
      },
      api,
    );
  });
});

test('a scheduler that is killed between decision and binding is succeeded by one that knows what was bound', async () => {
  const api = new FakeApi();
  const clock = new SteppedClock();
  api.put(resources.nodes, aNode('node-1', { cpu: '1' }));
  api.put(resources.nodes, aNode('node-2', { cpu: '1' }));
  for (const name of ['a', 'b', 'c']) api.put(resources.pods, aPod(name, { cpu: '1' }));
  // Of the first one's two bindings, a's never leaves and b's arrives, but its answer is not awaited any more.
  const killed = new AbortController();
  api.onBind = (pod) => (pod === 'default/a' ? new Promise(() => {}) : undefined);
  void new Scheduler({ client: api.client, clock, log: silent }).run(killed.signal);
  await clock.advance(10);
  killed.abort();
  api.onBind = () => {};
  await withScheduler(
    {},
    async () => {
      await clock.advance(10);
      expect(podsOf(api).filter(({ spec }) => spec.nodeName)).toHaveLength(2);
      expect(nodeOf(api, 'b')).toBeDefined();
      expectSound(api);
    },
    api,
    clock,
  ).catch((error: Error) => {
    if (!/timers are left/.test(error.message)) throw error; // those of the one that was killed
  });
});

describe('two schedulers of one name', () => {
  test('that know nothing of each other bind no Pod twice', async () => {
    const api = new FakeApi();
    const clock = new SteppedClock();
    for (let i = 0; i < 3; i++) api.put(resources.nodes, aNode(`node-${i}`));
    for (let i = 0; i < 30; i++) api.put(resources.pods, aPod(`p-${i}`));
    await withScheduler(
      {},
      ({ scheduler: one }) =>
        withScheduler(
          {},
          async ({ scheduler: other }) => {
            await clock.advance(120_000);
            expect(podsOf(api).every(({ spec }) => spec.nodeName)).toBe(true);
            expectSound(api);
            for (const { waiting } of [one, other])
              expect(waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
          },
          api,
          clock,
        ).catch(ignoreTimers),
      api,
      clock,
    );
  });

  test('of which one leads book no room twice, and when it ends, the other goes on', async () => {
    const api = new FakeApi();
    const clock = new SteppedClock();
    const lead = (identity: string) => {
      const stop = new AbortController();
      const options = {
        client: api.client,
        clock,
        log: silent,
        namespace: 'kube-system',
        name: 'kube-scheduler',
        identity,
      };
      const work = (signal: AbortSignal) => runScheduler({ client: api.client, clock, log: silent }, signal);
      const running = runWhileLeading(options, work, stop.signal);
      return () => (stop.abort(), running);
    };
    const leave = [lead('one')];
    await clock.advance(0);
    leave.push(lead('other'));
    for (let i = 0; i < 4; i++) api.put(resources.nodes, aNode(`node-${i}`, { cpu: '1' }));
    for (let i = 0; i < 3; i++) api.put(resources.pods, aPod(`p-${i}`, { cpu: '1' }));
    await clock.advance(5_000);
    expect(api.bindings).toHaveLength(3);
    await leave[0]!();
    for (let i = 3; i < 6; i++) api.put(resources.pods, aPod(`p-${i}`, { cpu: '1' }));
    await clock.advance(5_000);
    expect(podsOf(api).filter(({ spec }) => spec.nodeName)).toHaveLength(4); // one node was left
    expectSound(api);
    await leave[1]!();
    expect(clock.waiting).toBe(0);
  });
});

const ignoreTimers = (error: Error): void => {
  if (!/timers are left/.test(error.message)) throw error;
};

test('through a storm of refusals, restarts and deletions every Pod that stays is bound, once, and no node is overbooked', async () => {
  const api = new FakeApi();
  const clock = new SteppedClock();
  let seed = 7;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let i = 0; i < 10; i++) api.put(resources.nodes, aNode(`node-${i}`, { cpu: '8' }));
  api.onBind = () => {
    if (random() < 0.3) throw random() < 0.5 ? serviceUnavailable('busy') : new Error('no');
  };
  api.onBound = () => {
    if (random() < 0.3) throw serviceUnavailable('the connection broke');
  };
  let made = 0;
  for (let round = 0; round < 6; round++) {
    await withScheduler(
      {},
      async () => {
        for (let i = 0; i < 12; i++) api.put(resources.pods, aPod(`p-${made++}`, { cpu: '1' }));
        for (let i = 0; i < 3; i++) {
          await clock.advance(random() * 2_000);
          const pods = podsOf(api);
          const { metadata } = pods[Math.floor(random() * pods.length)]!;
          api.remove(resources.pods, `default/${metadata.name}`);
        }
      },
      api,
      clock,
    );
    expectSound(api);
  }
  api.onBind = api.onBound = () => {};
  await withScheduler(
    {},
    async ({ scheduler }) => {
      await clock.advance(120_000);
      expect(scheduler.waiting).toEqual({ active: 0, backingOff: 0, unschedulable: 0 });
      expect(podsOf(api).filter(({ spec }) => !spec.nodeName)).toEqual([]);
    },
    api,
    clock,
  );
  expectSound(api);
  expect(made).toBe(72);
});
