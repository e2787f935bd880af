/** Who is driven out, where, and what is said if nobody is. */
import type { KubernetesObject, Pod } from '../api/types.js';
import { PodInfo } from './pod-info.js';
import { aNode, aPod, bound } from './testing/builders.js';
import { Trial } from './testing/decide.js';
import { todayProvider } from './today/provider.js';

const trial = (...objects: KubernetesObject[]) => new Trial(todayProvider, objects);
const running = (name: string, node: string, cpu: string, priority: number, startTime?: string): Pod => {
  const pod = bound(aPod(name, { cpu }, { priority }, { labels: { app: name } }), node);
  return { ...pod, status: { ...pod.status, phase: 'Running', ...(startTime && { startTime }) } };
};
const vip = (cpu = '4', more = {}): Pod => aPod('vip', { cpu }, { priority: 1000, ...more });
const outcome = (preemption: ReturnType<Trial['preempt']>) => [
  preemption.nominatedNodeName,
  ...preemption.victims.map(({ pod }) => pod.metadata.name),
];
const budget = (app: string, disruptionsAllowed: number) => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed },
});

test('Pods of lower priority go, and not more of them than must', () => {
  const cluster = trial(
    aNode('node-1'),
    running('a', 'node-1', '2', 1),
    running('b', 'node-1', '1', 2),
    running('c', 'node-1', '1', 3),
  );
  // The important ones come back first.
  expect(outcome(cluster.preempt(vip('2')))).toEqual(['node-1', 'a']);
  expect(outcome(cluster.preempt(vip('3')))).toEqual(['node-1', 'b', 'a']);
  expect(cluster.preempt(vip('2')).message).toBe('');
});

test('nothing is changed by trying', () => {
  const cluster = trial(aNode('node-1'), running('a', 'node-1', '3', 1));
  const before = cluster.cache.nodeNamed('node-1')!.requested.milliCPU;
  cluster.preempt(vip('4'));
  expect(cluster.cache.nodeNamed('node-1')!.requested.milliCPU).toBe(before);
});

describe('of several nodes that is taken', () => {
  const nodes = [aNode('node-1'), aNode('node-2')];
  const day = (n: number) => `2026-01-0${n}T00:00:00Z`;

  test.each<[string, KubernetesObject[], string]>([
    [
      'where no budget is violated',
      [running('a', 'node-1', '4', 1), running('b', 'node-2', '4', 5), budget('a', 0), budget('b', 1)],
      'node-2',
    ],
    [
      'where the highest priority is the lowest',
      [running('a', 'node-1', '4', 5), running('b', 'node-2', '4', 1)],
      'node-2',
    ],
    [
      'where the priorities are less in sum',
      [
        running('a', 'node-1', '2', 5),
        running('b', 'node-1', '2', 4),
        running('c', 'node-2', '2', 5),
        running('d', 'node-2', '2', 1),
      ],
      'node-2',
    ],
    [
      'where fewer go, though two of a negative priority weigh less in sum',
      [running('a', 'node-1', '2', -5), running('b', 'node-1', '2', -5), running('c', 'node-2', '4', -5)],
      'node-2',
    ],
    [
      'where they started last',
      [running('a', 'node-1', '4', 1, day(1)), running('b', 'node-2', '4', 1, day(2))],
      'node-2',
    ],
  ])('%s', (_, objects, node) => {
    expect(trial(...nodes, ...objects).preempt(vip()).nominatedNodeName).toBe(node);
  });
});

test('a budget protects as far as others will do', () => {
  const cluster = trial(
    aNode('node-1'),
    running('a', 'node-1', '2', 1),
    running('b', 'node-1', '2', 5),
    budget('a', 0),
  );
  expect(outcome(cluster.preempt(vip('2')))).toEqual(['node-1', 'b']);
  expect(outcome(cluster.preempt(vip('4')))).toEqual(['node-1', 'b', 'a']);
});

describe('if nobody is driven out it is said why', () => {
  test.each<[string, Pod, KubernetesObject[], string]>([
    [
      'there is nobody of lower priority',
      vip(),
      [aNode('node-1'), running('a', 'node-1', '4', 2000)],
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'it would not help',
      vip('8'),
      [aNode('node-1'), aNode('node-2', {}, { unschedulable: true }), running('a', 'node-1', '4', 1)],
      '0/2 nodes are available: 2 Preemption is not helpful for scheduling.',
    ],
    [
      'it would not be enough',
      vip('3'),
      [aNode('node-1'), running('a', 'node-1', '1', 1), running('b', 'node-1', '3', 2000)],
      '0/1 nodes are available: 1 Insufficient cpu.',
    ],
    [
      'the Pod is not to',
      vip('4', { preemptionPolicy: 'Never' }),
      [aNode('node-1'), running('a', 'node-1', '4', 1)],
      'not eligible due to preemptionPolicy=Never.',
    ],
  ])('%s', (_, pod, objects, message) => {
    expect(trial(...objects).preempt(pod)).toEqual({ message, victims: [] });
  });

  test('victims are on their way out already', () => {
    const going = running('a', 'node-1', '4', 1);
    const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }];
    const dying = {
      ...going,
      metadata: { ...going.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { ...going.status, conditions },
    } as Pod;
    const cluster = trial(aNode('node-1'), dying);
    cluster.cache.nominate(new PodInfo(vip()), 'node-1');
    expect(cluster.preempt(vip())).toEqual({
      message: 'not eligible due to a terminating pod on the nominated node.',
      nominatedNodeName: 'node-1', // it keeps its place
      victims: [],
    });
  });
});

test('room that is being made for a Pod is not given to another of lower priority', () => {
  const cluster = trial(aNode('node-1'));
  cluster.cache.nominate(new PodInfo(vip('3')), 'node-1');
  expect(cluster.place(aPod('late', { cpu: '2' }, { priority: 10 }))).toBe('1 Insufficient cpu.');
  expect(cluster.place(aPod('later', { cpu: '2' }, { priority: 2000 }))).toBe('node-1');
  expect(cluster.place(vip('3'))).toBe('node-1');
});

test('a Pod for which room was made goes there, though another node would be better by now', () => {
  const cluster = trial(aNode('node-1'), aNode('node-2'), running('a', 'node-1', '2', 1));
  expect(cluster.place(vip('1'))).toBe('node-2');
  cluster.cache.nominate(new PodInfo(vip('1')), 'node-1');
  expect(cluster.place(vip('1'))).toBe('node-1');
  cluster.cache.nominate(new PodInfo(vip('3')), 'node-1'); // where it does not fit any more
  expect(cluster.place(vip('3'))).toBe('node-2');
});
