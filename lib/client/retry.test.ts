import { pods } from '../api/resources.js';
import { conflict, notFound } from '../api/status.js';
import { SteppedClock } from '../util/index.js';
import { retryOnConflict } from './retry.js';

const clock = new SteppedClock();
const raced = conflict(pods, 'web', 'the object has been modified');

test('an action is repeated until it meets no conflict', async () => {
  let calls = 0;
  const result = retryOnConflict(clock, () => (++calls < 4 ? Promise.reject(raced) : Promise.resolve(calls)));
  await clock.advance(100);
  expect(await result).toBe(4);
});

test('five conflicts are enough', async () => {
  let calls = 0;
  const result = retryOnConflict(clock, () => (calls++, Promise.reject(raced)));
  result.catch(() => {});
  await clock.advance(100);
  await expect(result).rejects.toBe(raced);
  expect(calls).toBe(5);
});

test('another failure is not a conflict', async () => {
  let calls = 0;
  await expect(retryOnConflict(clock, () => (calls++, Promise.reject(notFound(pods, 'web'))))).rejects.toMatchObject({
    reason: 'NotFound',
  });
  expect(calls).toBe(1);
});
