import { SteppedClock } from '../util/index.js';
import { WorkQueue } from './work-queue.js';

let clock: SteppedClock;
let queue: WorkQueue;
let stop: AbortController;

beforeEach(() => {
  clock = new SteppedClock();
  queue = new WorkQueue({ clock });
  stop = new AbortController();
});

/** Reads keys into an array and gives none back. */
function reader(): string[] {
  const taken: string[] = [];
  void (async () => {
    for await (const key of queue.keys(stop.signal)) taken.push(key);
    taken.push('end');
  })();
  return taken;
}

test('a key added many times before it is taken is taken once, in the order of the first', async () => {
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  expect(queue.length).toBe(3);
  const taken = reader();
  await clock.advance(0);
  expect(taken).toEqual(['a', 'b', 'c']);
});

test('a key added while it is lent comes back after done, once, and to nobody before', async () => {
  const [one, two] = [reader(), reader()];
  queue.add('a');
  await clock.advance(0);
  queue.add('a');
  queue.add('a');
  await clock.advance(0);
  expect([...one, ...two]).toEqual(['a']);
  queue.done('a');
  await clock.advance(0);
  expect([...one, ...two]).toEqual(['a', 'a']);
  queue.done('a');
  await clock.advance(0);
  expect([...one, ...two]).toEqual(['a', 'a']);
  expect(queue.idle).toBe(true);
});

test('several workers share the keys', async () => {
  const [one, two] = [reader(), reader()];
  for (let i = 0; i < 5000; i++) queue.add(`k${i}`);
  await clock.advance(0);
  expect(new Set([...one, ...two]).size).toBe(5000);
  expect(one.length + two.length).toBe(5000);
});

test('a key to be added later comes at the earliest time asked for, once', async () => {
  const taken = reader();
  queue.addAfter('a', 1000);
  queue.addAfter('a', 200);
  queue.addAfter('a', 500);
  await clock.advance(199);
  expect(taken).toEqual([]);
  await clock.advance(1);
  expect(taken).toEqual(['a']);
  queue.done('a');
  await clock.advance(5000);
  expect(taken).toEqual(['a']);
});

test('rate limited, a key waits 5 ms, then twice as long each time, up to 1000 s, until it is forgotten', async () => {
  const taken = reader();
  for (let i = 0; i < 20; i++) {
    const waitMs = Math.min(5 * 2 ** i, 1_000_000);
    queue.addRateLimited('a');
    await clock.advance(waitMs - 1);
    expect(taken.length).toBe(i);
    await clock.advance(1);
    expect(taken.length).toBe(i + 1);
    queue.done('a');
  }
  expect(queue.failures('a')).toBe(20);
  queue.forget('a');
  expect(queue.failures('a')).toBe(0);
});

test('aborted, all readers end without a throw, and no timer is left', async () => {
  const [one, two] = [reader(), reader()];
  queue.addAfter('a', 1000);
  await clock.advance(0);
  stop.abort();
  await clock.advance(0);
  expect([one, two]).toEqual([['end'], ['end']]);
  expect(clock.waiting).toBe(0);
});

test('a reader that leaves as it is handed a key leaves the key to another', async () => {
  const leaving = new AbortController();
  const first = queue.keys(leaving.signal).next();
  const second = queue.keys(stop.signal).next();
  await clock.advance(0);
  queue.add('a');
  leaving.abort();
  expect(await first).toEqual({ done: true, value: undefined });
  expect(await second).toEqual({ done: false, value: 'a' });
});
