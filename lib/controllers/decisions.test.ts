/** The decisions, pure: tables of what is, and what is to be done. */
import fc from 'fast-check';
import type { EndpointSlice, Node, Pod } from '../api/types.js';
import { SteppedClock } from '../util/index.js';
import { Expectations } from './expectations.js';
import { observe, silenced, taintsFor } from './node-health.js';
import { inOrderOfDeletion } from './pod-ranking.js';
import { availableFromMs, isAvailable } from './pods.js';
import { slowStart, statusOf } from './replication.js';
import { planSlices } from './slices.js';
import { deadline } from './taint-eviction.js';

const now = Date.parse('2016-06-01T12:00:00Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

interface Given {
  node?: string;
  phase?: string;
  readyFor?: number;
  restarts?: number;
  age?: number;
  cost?: number;
}
const pod = (name: string, { node = 'n', phase = 'Running', readyFor, restarts = 0, age = 1000, cost }: Given): Pod =>
  ({
    metadata: {
      name,
      uid: name,
      creationTimestamp: ago(age),
      annotations: cost === undefined ? {} : { 'controller.kubernetes.io/pod-deletion-cost': String(cost) },
    },
    spec: { nodeName: node || undefined, containers: [] },
    status: {
      phase,
      conditions: readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }],
      containerStatuses: [{ restartCount: restarts }],
    },
  }) as unknown as Pod;

test.each<[string, Given, Given]>([
  ['without a node', { node: '', readyFor: 900 }, { readyFor: 900 }],
  ['pending', { phase: 'Pending', readyFor: 900 }, { readyFor: 900 }],
  ['not ready', {}, { readyFor: 900 }],
  ['cheaper', { readyFor: 900, cost: -5 }, { readyFor: 900 }],
  ['ready for a shorter time', { readyFor: 10 }, { readyFor: 900 }],
  ['restarted more often', { readyFor: 900, restarts: 3 }, { readyFor: 900, restarts: 1 }],
  ['younger', { readyFor: 900, age: 901 }, { readyFor: 900, age: 90_000 }],
])('a pod %s goes first', (_, first, second) => {
  for (const pods of [
    [pod('a', first), pod('b', second)],
    [pod('b', second), pod('a', first)],
  ])
    expect(inOrderOfDeletion(pods, now).map((p) => p.metadata.name)).toEqual(['a', 'b']);
});

test('where many stand on one node, one of them goes first', () => {
  const pods = [
    pod('alone', { node: 'x', readyFor: 5 }),
    ...['a', 'b'].map((n) => pod(n, { node: 'y', readyFor: 900 })),
  ];
  expect(inOrderOfDeletion(pods, now).at(-1)!.metadata.name).toBe('alone');
});

test('those who do the same work for another owner crowd a node too', () => {
  const pods = [pod('a', { node: 'x', readyFor: 900 }), pod('b', { node: 'y', readyFor: 900 })];
  const other = pod('other', { node: 'y', readyFor: 900 });
  expect(inOrderOfDeletion(pods, now, [...pods, other])[0]!.metadata.name).toBe('b');
});

test.each<[string, Given, number, number]>([
  ['not ready', {}, 0, Infinity],
  ['ready', { readyFor: 0 }, 0, -Infinity],
  ['ready for 9 of 10 seconds', { readyFor: 9 }, 10, now + 1000],
  ['ready for 10 of 10 seconds', { readyFor: 10 }, 10, now],
])('a pod that is %s is available at its time', (_, given, minReadySeconds, fromMs) => {
  const one = pod('a', given);
  expect(availableFromMs(one, minReadySeconds)).toBe(fromMs);
  expect(isAvailable(one, minReadySeconds, now)).toBe(fromMs <= now);
});

test('batches double as long as all succeed, and end with the first failure', async () => {
  const batches: number[] = [];
  let running = 0;
  const act = async (): Promise<void> => {
    running++;
    await Promise.resolve();
    if (running > 0) batches.push(running);
    running = 0;
  };
  expect(await slowStart(10, act)).toEqual({ succeeded: 10 });
  expect(batches).toEqual([1, 2, 4, 3]);
  let calls = 0;
  const failure = new Error('quota');
  const result = await slowStart(500, () => (++calls > 3 ? Promise.reject(failure) : Promise.resolve()));
  expect(result).toEqual({ succeeded: 3, failure });
  expect(calls).toBe(7);
});

test('a status tells of a failure once, leaves zeros out, and forgets the failure when it is over', () => {
  const rc = { metadata: { generation: 3 }, spec: { replicas: 2 }, status: { replicas: 0 } } as never;
  const failed = statusOf(rc, { own: [], failure: new Error('no quota'), nowMs: now });
  expect(failed).toEqual({
    replicas: 0,
    observedGeneration: 3,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'no quota', lastTransitionTime: '2016-06-01T12:00:00Z' }],
  }); // prettier-ignore
  const told = { ...(rc as object), status: failed } as never;
  const again = statusOf(told, { own: [], failure: new Error('still none'), nowMs: now + 1000 });
  expect(again.conditions).toEqual(failed.conditions);
  expect(statusOf(told, { own: [], nowMs: now })).not.toHaveProperty('conditions');
  expect(statusOf(rc, { own: [], terminating: [], nowMs: now })).toHaveProperty('terminatingReplicas', 0);
  expect(statusOf(rc, { own: [], nowMs: now })).not.toHaveProperty('terminatingReplicas');
});

test('expectations hold until everything was heard of, or for five minutes', async () => {
  const clock = new SteppedClock();
  const expectations = new Expectations(clock);
  expect(expectations.satisfied('rc')).toBe(true);
  expectations.expectCreations('rc', 2);
  expectations.creationObserved('rc');
  expect(expectations.satisfied('rc')).toBe(false);
  expectations.creationObserved('rc');
  expect(expectations.satisfied('rc')).toBe(true);
  expectations.expectDeletions('rc', ['a', 'b']);
  for (let i = 0; i < 3; i++) expectations.deletionObserved('rc', 'a'); // one pod's end is heard of more than once
  expect(expectations.satisfied('rc')).toBe(false);
  await clock.advance(300_001);
  expect(expectations.satisfied('rc')).toBe(true);
});

const taint = (key: string, secondsAgo = 0) => ({ key, effect: 'NoExecute', timeAdded: ago(secondsAgo) });
test.each([
  ['no taint is no reason to leave', [], [], Infinity],
  ['what is not tolerated ends at once', [], [taint('a')], now],
  ['what is tolerated without limit never ends', [{ key: 'a', operator: 'Exists' }], [taint('a')], Infinity],
  ['everything may be tolerated', [{ operator: 'Exists' }], [taint('a'), taint('b')], Infinity],
  ['time runs from when the taint was added', [{ key: 'a', operator: 'Exists', tolerationSeconds: 300 }], [taint('a', 100)], now + 200_000],
  ['the shortest toleration counts', [{ operator: 'Exists', tolerationSeconds: 300 }, { key: 'a', operator: 'Exists', tolerationSeconds: 10 }], [taint('a')], now + 10_000],
  ['one taint that is not tolerated is enough', [{ key: 'a', operator: 'Exists' }], [taint('a'), taint('b')], now],
  ['another effect is not tolerated', [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }], [taint('a')], now],
  ['another value is not tolerated', [{ key: 'a', value: 'x' }], [taint('a')], now],
])('%s', (_, tolerations, taints, expected) => {
  expect(deadline(tolerations, taints, now)).toBe(expected);
}); // prettier-ignore

describe('a node', () => {
  const aNode = (conditions: object[], spec: object = {}): Node =>
    ({ metadata: { name: 'n', creationTimestamp: ago(0) }, spec, status: { conditions } }) as unknown as Node;

  test('is believed by our own clock: only a changed sign is a sign of life', () => {
    const node = aNode([{ type: 'Ready', status: 'True', lastHeartbeatTime: '2030-01-01T00:00:00Z' }]);
    const first = observe(undefined, node, 'lease 1', now);
    expect(observe(first, node, 'lease 1', now + 60_000)).toBe(first);
    expect(observe(first, node, 'lease 2', now + 60_000).signOfLifeMs).toBe(now + 60_000);
  });

  test('that falls silent is unknown in all it reported, and in what it never did', () => {
    const conditions = silenced(
      aNode([
        { type: 'Ready', status: 'True' },
        { type: 'NetworkUnavailable', status: 'False' },
      ]),
      now,
    );
    expect(conditions.map(({ type, status, reason }) => `${type}=${status} ${reason ?? ''}`)).toEqual([
      'Ready=Unknown NodeStatusUnknown',
      'NetworkUnavailable=False ',
      'MemoryPressure=Unknown NodeStatusNeverUpdated',
      'DiskPressure=Unknown NodeStatusNeverUpdated',
      'PIDPressure=Unknown NodeStatusNeverUpdated',
    ]);
    expect(silenced(aNode([...conditions]), now)).toEqual(conditions);
  });

  test.each([
    ['ready', [{ type: 'Ready', status: 'True' }], {}, false, []],
    ['not ready', [{ type: 'Ready', status: 'False' }], {}, false, ['node.kubernetes.io/not-ready:NoSchedule']],
    ['unreachable, to be emptied', [{ type: 'Ready', status: 'Unknown' }], {}, true, ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute']],
    ['cordoned and full', [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'True' }], { unschedulable: true }, false, ['node.kubernetes.io/unschedulable:NoSchedule', 'node.kubernetes.io/disk-pressure:NoSchedule']],
    ['new, of which nothing is known', [], { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] }, false, ['node.kubernetes.io/not-ready:NoSchedule']],
    ['ready, with a taint of its owner', [{ type: 'Ready', status: 'True' }], { taints: [{ key: 'mine', effect: 'NoExecute' }, { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }, false, ['mine:NoExecute']],
  ])('that is %s has these taints', (_, conditions, spec, evict, expected) => {
    expect(taintsFor(aNode(conditions, spec), evict, now).map(({ key, effect }) => `${key}:${effect}`)).toEqual(expected);
  }); // prettier-ignore
});

test('slices together hold every endpoint once, at most a hundred each, and what fits stays where it is', () => {
  const ports = [{ name: '', port: 80, protocol: 'TCP' }];
  const endpoint = (i: number) => ({ addresses: [`10.0.${i >> 8}.${i & 255}`], conditions: { ready: true } });
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(400), { minLength: 1 }),
      fc.uniqueArray(fc.nat(400), { minLength: 1 }),
      (before, after) => {
        const group = (ids: number[]) => [{ ports, endpoints: ids.map(endpoint) }];
        const existing = planSlices(group(before), []).toCreate.map((content) => content as unknown as EndpointSlice);
        const { toCreate, toUpdate, toDelete } = planSlices(group(after), existing);
        const result = [...existing.filter((s) => !toDelete.includes(s)).map((s) => toUpdate.get(s) ?? s), ...toCreate];
        const addresses = result.flatMap((slice) => slice.endpoints.map((e) => e.addresses[0])).sort();
        expect(addresses).toEqual(after.map((i) => endpoint(i).addresses[0]).sort());
        expect(Math.max(...result.map((slice) => slice.endpoints.length))).toBeLessThanOrEqual(100);
        const same = planSlices(group(before), existing);
        expect([same.toCreate.length, same.toUpdate.size, same.toDelete.length]).toEqual([0, 0, 0]);
      },
    ),
    { numRuns: 50 },
  );
});
