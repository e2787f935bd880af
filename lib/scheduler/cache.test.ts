import { assumedPodExpiryMs, SchedulerCache } from './cache.js';
import { PodInfo } from './pod-info.js';
import { aNode, aPod, bound } from './testing/builders.js';

const cpuOn = (cache: SchedulerCache, node: string) => cache.nodeNamed(node)?.requested.milliCPU;
const web = aPod('web', { cpu: '1' });

test('an assumed Pod counts at once, and counts once when it is confirmed', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  cache.assume(new PodInfo(web), 'a');
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, true]);
  cache.setPod(bound(web, 'a'));
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, false]);
  cache.forget('default/web'); // too late: it is confirmed
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
  cache.finishBinding('default/web', 1000);
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
  expect(cache.without('default/web', () => cpuOn(cache, 'a'))).toBe(0);
  expect([cpuOn(cache, 'a'), cache.isAssumed('default/web')]).toEqual([1000, true]);
});
