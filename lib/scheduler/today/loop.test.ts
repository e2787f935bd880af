/** `today` in the loop: who is tried when, and what becomes of a preemption. */
import * as resources from '../../api/resources.js';
import type { Pod } from '../../api/types.js';
import { aNode, aPod, bound } from '../testing/builders.js';
import { FakeApi } from '../testing/fake-api.js';
import { conditionOf, eventsOf, withScheduler } from '../testing/with-scheduler.js';
import { todayProvider } from './provider.js';

const today = { algorithmProvider: todayProvider };
const term = (app: string) => ({ topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app } } });
const near = (app: string): Partial<Pod['spec']> => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app)] } },
});

test('the highest priority goes first', () =>
  withScheduler(today, async ({ api, clock, nodeOf }) => {
    for (const [name, priority] of [
      ['low', 1],
      ['high', 9],
      ['middle', 5],
    ] as const)
      api.put(resources.pods, aPod(name, { cpu: '3' }, { priority, preemptionPolicy: 'Never' }));
    await clock.advance(10);
    api.put(resources.nodes, aNode('node-1'));
    await clock.advance(20_000);
    expect(['low', 'high', 'middle'].map(nodeOf)).toEqual([undefined, 'node-1', undefined]);
  }));

test('a Pod that wants to be near another is tried again when that one has a node', () =>
  withScheduler(today, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.nodes, aNode('node-2'));
    api.put(resources.pods, aPod('guest', {}, near('host')));
    await clock.advance(10);
    expect(conditionOf(api, 'guest')?.message).toMatch(
      /^0\/2 nodes are available: 2 node\(s\) didn't match pod affinity rules\./,
    );
    api.put(resources.pods, aPod('host', {}, {}, { labels: { app: 'host' } }));
    await clock.advance(2_000);
    expect(nodeOf('guest')).toBe(nodeOf('host'));
    expect(nodeOf('guest')).toMatch(/^node-/);
  }));

test('a victim is told, and its room is the preemptor’s', () =>
  withScheduler(today, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    api.put(resources.pods, bound(aPod('victim', { cpu: '4' }, { priority: 1 }), 'node-1'));
    api.put(resources.pods, aPod('vip', { cpu: '4' }, { priority: 9 }));
    await clock.advance(10);
    expect(eventsOf(api)).toEqual(
      expect.arrayContaining([
        'Warning FailedScheduling 0/1 nodes are available: 1 Insufficient cpu.',
        'Normal Preempted Preempted by pod uid-vip on node node-1',
      ]),
    );
    // Somebody less important comes in between.
    api.put(resources.pods, aPod('late', { cpu: '4' }, { priority: 5 }));
    await clock.advance(20_000);
    expect([nodeOf('vip'), nodeOf('late')]).toEqual(['node-1', undefined]);
  }));

test('room for which somebody less important was waiting is the preemptor’s, and that is written down', () =>
  withScheduler(today, async ({ api, clock, nodeOf }) => {
    api.put(resources.nodes, aNode('node-1'));
    const deletionTimestamp = '2026-01-01T00:00:00Z';
    api.put(resources.pods, bound(aPod('going', { cpu: '4' }, { priority: 1 }, { deletionTimestamp }), 'node-1'));
    const waiting = aPod('waiting', { cpu: '4' }, { priority: 5 });
    api.put(resources.pods, { ...waiting, status: { ...waiting.status, nominatedNodeName: 'node-1' } } as Pod);
    await clock.advance(10);
    expect(api.get(resources.pods, 'default/waiting').status.nominatedNodeName).toBe('node-1');
    api.put(resources.pods, aPod('vip', { cpu: '4' }, { priority: 9 }));
    await clock.advance(10);
    expect(api.get(resources.pods, 'default/waiting').status.nominatedNodeName).toBeNull();
    api.remove(resources.pods, 'default/going');
    await clock.advance(20_000);
    expect([nodeOf('vip'), nodeOf('waiting')]).toEqual(['node-1', undefined]);
  }));

test('a claim that is bound lets its Pod go', async () => {
  const api = new FakeApi();
  api.served.push(resources.persistentVolumes, resources.persistentVolumeClaims);
  await withScheduler(
    today,
    async ({ clock, nodeOf }) => {
      const claim = (volumeName?: string) => ({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: 'data',
          namespace: 'default',
          ...(volumeName && { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }),
        },
        spec: { volumeName },
      });
      api.put(resources.nodes, aNode('node-1'));
      api.put(resources.persistentVolumeClaims, claim());
      await clock.advance(10);
      api.put(
        resources.pods,
        aPod('p', {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }),
      );
      await clock.advance(10);
      expect(conditionOf(api, 'p')?.message).toMatch(
        /^0\/1 nodes are available: pod has unbound immediate PersistentVolumeClaims\. no new claims to deallocate, preemption: 0\/1 nodes are available: 1 Preemption is not helpful for scheduling\.$/,
      );
      api.put(resources.persistentVolumes, {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'disk' },
        spec: {},
      } as never);
      api.put(resources.persistentVolumeClaims, claim('disk'));
      await clock.advance(2_000);
      expect(nodeOf('p')).toBe('node-1');
    },
    api,
  );
});
