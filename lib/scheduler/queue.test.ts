import { SteppedClock } from '../util/index.js';
import { PodInfo } from './pod-info.js';
import { backoffMs, SchedulingQueue, unschedulableTimeoutMs, type QueuedPod, type QueueOrder } from './queue.js';
import { aPod } from './testing/builders.js';

/** In today's order, unless another is asked for. */
const queueWith = (...names: string[]) => queueIn('priority', ...names);
const queueIn = (order: QueueOrder, ...names: string[]) => {
  const clock = new SteppedClock();
  const queue = new SchedulingQueue({ clock, order });
  for (const name of names) queue.add(new PodInfo(aPod(name)));
  return { clock, queue };
};
const names = (queue: SchedulingQueue): string[] => {
  const popped: string[] = [];
  for (let pod = queue.pop(); pod; pod = queue.pop()) popped.push(pod.info.pod.metadata.name);
  return popped;
};

test('Pods leave in the order they came', () => {
  const { queue } = queueWith('a', 'b', 'c');
  queue.add(new PodInfo(aPod('a'))); // an update: keeps its place
  expect(names(queue)).toEqual(['a', 'b', 'c']);
  expect(queue.pop()).toBeUndefined();
});

test('a Pod that is deleted while it waits does not come', () => {
  const { queue } = queueWith('a', 'b');
  queue.remove('default/a');
  expect(names(queue)).toEqual(['b']);
});

test('a namesake is another Pod', () => {
  const { queue } = queueWith('a');
  const old = queue.pop()!;
  queue.add(new PodInfo(aPod('a', {}, {}, { uid: 'another' })));
  queue.putBack(old, 'failed');
  const popped = queue.pop()!;
  expect([popped.info.pod.metadata.uid, popped.attempts]).toEqual(['another', 1]);
});

test.each([
  [0, 0],
  [1, 1_000],
  [2, 2_000],
  [4, 8_000],
  [5, 10_000],
  [50, 10_000],
])('after %s attempts the back-off is %s ms', (attempts, expected) => expect(backoffMs(attempts)).toBe(expected));

test('an unschedulable Pod sleeps until something changes, and then at least through its back-off', async () => {
  const { clock, queue } = queueWith('a');
  queue.putBack(queue.pop()!, 'unschedulable');
  await clock.advance(60_000);
  expect(queue.lengths).toEqual({ active: 0, backingOff: 0, unschedulable: 1 });
  queue.moveAll();
  expect(names(queue)).toEqual(['a']); // its back-off was over long ago

  const again = queueWith('b');
  again.queue.putBack(again.queue.pop()!, 'unschedulable');
  await again.clock.advance(400);
  again.queue.moveAll();
  expect(again.queue.lengths).toEqual({ active: 0, backingOff: 1, unschedulable: 0 });
  await again.clock.advance(599);
  expect(again.queue.pop()).toBeUndefined();
  await again.clock.advance(1);
  expect(names(again.queue)).toEqual(['b']);
});

test('what failed by itself is tried again after its back-off, each time a longer one', async () => {
  const { clock, queue } = queueWith('a');
  const seen: number[] = [];
  let pod: QueuedPod | undefined = queue.pop();
  let lastMs = clock.now();
  while (seen.length < 6) {
    if (pod) {
      queue.putBack(pod, 'failed');
      lastMs = clock.now();
    }
    await clock.advance(100);
    pod = queue.pop();
    if (pod) seen.push(clock.now() - lastMs);
  }
  expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test.each(['failed', 'unschedulable'] as const)(
  'in 1.2’s order what is %s is tried again after 1 s, 2 s … 60 s, whether anything has changed or not',
  async (why) => {
    const { clock, queue } = queueIn('fifo', 'a');
    const seen: number[] = [];
    while (seen.length < 8) {
      const pod = queue.pop()!;
      queue.putBack(pod, why);
      const startMs = clock.now();
      while (queue.lengths.active === 0) await clock.advance(500);
      seen.push(clock.now() - startMs);
    }
    expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  },
);

test('the highest priority comes first in today’s order, and the first that came in 1.2’s; they can be swapped', () => {
  const fill = (queue: SchedulingQueue) => {
    for (const [name, priority] of [
      ['a', 0],
      ['b', 7],
      ['c', -1],
      ['d', 7],
    ] as const)
      queue.add(new PodInfo(aPod(name, {}, { priority })));
    return queue;
  };
  expect(names(fill(queueIn('priority').queue))).toEqual(['b', 'd', 'a', 'c']);
  expect(names(fill(queueIn('fifo').queue))).toEqual(['a', 'b', 'c', 'd']);
  const queue = fill(queueIn('fifo').queue);
  queue.sortBy('priority');
  queue.sortBy('priority');
  expect(names(queue)).toEqual(['b', 'd', 'a', 'c']);
});

test('without any change it is tried again after five minutes', async () => {
  const { clock, queue } = queueWith('a');
  queue.putBack(queue.pop()!, 'unschedulable');
  await clock.advance(unschedulableTimeoutMs - 1);
  expect(queue.pop()).toBeUndefined();
  await clock.advance(1);
  expect(names(queue)).toEqual(['a']);
});

test('a change of the Pod itself wakes it', async () => {
  const { clock, queue } = queueWith('a');
  queue.putBack(queue.pop()!, 'unschedulable');
  queue.add(new PodInfo(aPod('a'))); // its condition was written: no news
  await clock.advance(2_000);
  expect(queue.pop()).toBeUndefined();
  queue.add(new PodInfo(aPod('a', { cpu: '1m' })), true);
  expect(queue.pop()?.info.requested.milliCPU).toBe(1);
});

test('who waits for a Pod is woken by one, or by the end', async () => {
  const { clock, queue } = queueWith();
  const stop = new AbortController();
  const first = queue.active(stop.signal);
  queue.add(new PodInfo(aPod('a')));
  await first;
  expect(names(queue)).toEqual(['a']);
  const second = queue.active(stop.signal);
  stop.abort();
  await second;
  queue.close();
  expect(clock.waiting).toBe(0);
});
