import type { Pod } from '../api/types.js';
import { assumedPodExpiryMs, SchedulerCache } from './cache.js';
import { PodInfo } from './pod-info.js';
import { aNode, aPod, aService, bound } from './testing/builders.js';

const cpuOn = (cache: SchedulerCache, node: string) => cache.nodeNamed(node)?.requested.milliCPU;
const web = aPod('web', { cpu: '1' });

test('an assumed Pod counts at once, and counts once when it is confirmed', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  cache.assume(new PodInfo(web), 'a');
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, true]);
  cache.setPod(bound(web, 'a'));
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, false]);
  cache.forget(new PodInfo(web)); // too late: it is confirmed
  expect(cpuOn(cache, 'a')).toBe(1000);
});

test('a Pod that turns out to be elsewhere is moved', () => {
  const cache = new SchedulerCache();
  cache.assume(new PodInfo(web), 'a');
  cache.setPod(bound(web, 'b'));
  expect([cpuOn(cache, 'a'), cpuOn(cache, 'b')]).toEqual([undefined, 1000]);
});

test('an assumption expires thirty seconds after its binding, not before it', () => {
  const cache = new SchedulerCache();
  cache.assume(new PodInfo(web), 'a');
  expect(cache.expire(1e15)).toEqual([]);
  cache.finishBinding(new PodInfo(web), 1000);
  expect(cache.expire(1000 + assumedPodExpiryMs - 1)).toEqual([]);
  expect(cache.expire(1000 + assumedPodExpiryMs).map(({ key }) => key)).toEqual(['default/web']);
  expect(cache.nodeOf('default/web')).toBeUndefined();
});

test('Pods of a node that is gone count again when it returns; a node without Pods leaves nothing behind', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  cache.setPod(bound(web, 'a'));
  cache.removeNode('a');
  expect(cache.nodes).toEqual([]);
  cache.setNode(aNode('a'));
  expect([cache.nodes.length, cpuOn(cache, 'a')]).toEqual([1, 1000]);
  cache.removePod('default/web');
  cache.removeNode('a');
  expect(cache.nodeNamed('a')).toBeUndefined();
});

test('a resize in place is seen', () => {
  const cache = new SchedulerCache();
  cache.setPod(bound(web, 'a'));
  cache.setPod(bound(aPod('web', { cpu: '3' }), 'a'));
  expect(cpuOn(cache, 'a')).toBe(3000);
});

test('to look at the cluster without a Pod changes nothing', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  cache.assume(new PodInfo(web), 'a');
  expect(cache.without(['default/web'], () => cpuOn(cache, 'a'))).toBe(0);
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, true]);
});

describe('an earlier moment', () => {
  const labels = { app: 'web' };
  const content = (cache: SchedulerCache) =>
    cache.nodes.map(({ name, requested, labels, pods }) => [name, labels.disk, requested.milliCPU, [...pods.keys()]]);

  test('is had back whole, whatever came since', () => {
    const cache = new SchedulerCache();
    cache.setNode(aNode('a', {}, { labels: { disk: 'ssd' } }));
    cache.setNode(aNode('b'));
    cache.setService(aService('web', labels));
    const first = new PodInfo(aPod('1', { cpu: '1' }, {}, { labels }));
    cache.assume(first, 'a');
    cache.setPod(bound(aPod('2', { cpu: '2' }, {}, { labels }), 'b'));
    const { mark } = cache;
    const before = content(cache);
    const selector = cache.services(first)[0]!;

    cache.setPod(bound(first.pod as Pod, 'a')); // confirmed
    cache.setNode(aNode('a', {}, { labels: { disk: 'hdd' } }));
    cache.removePod('default/1');
    cache.removeNode('b');
    cache.removeService(aService('web', labels));
    cache.setPod(bound(aPod('1', { cpu: '3' }, {}, { labels }), 'a'));

    const then = cache.at(mark)!;
    expect(content(then)).toEqual(before);
    expect(then.services(first)).toHaveLength(1);
    expect(then.podsMatching('default', selector).map(({ pod }) => pod.key)).toEqual(['default/1', 'default/2']); // in order
    expect(then.peers(first, 'services').most).toBe(1);
  });

  test('is a copy: what happens to it does not concern the original', () => {
    const cache = new SchedulerCache();
    cache.setNode(aNode('a'));
    const copy = cache.at()!;
    copy.assume(new PodInfo(aPod('p', { cpu: '1' })), 'a');
    copy.setNode(aNode('b'));
    expect(content(cache)).toEqual([['a', undefined, 0, []]]);
    expect(copy.nodes).toHaveLength(2);
  });

  test('is gone once nobody was to ask for it', () => {
    const cache = new SchedulerCache();
    const { mark } = cache;
    for (let i = 0; i < 3000; i++) cache.setNode(aNode('a', { cpu: String(i) }));
    cache.forgetBefore(cache.mark);
    expect(cache.at(mark)).toBeUndefined();
    expect(cache.at(cache.mark)?.nodes).toHaveLength(1);
  });
});
