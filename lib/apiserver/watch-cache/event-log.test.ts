import { EventLog, type CacheEvent } from './event-log.js';

const event = (revision: number, bytes = 10): CacheEvent =>
  ({ revision, entry: { value: Buffer.alloc(bytes) }, deleted: false, previous: undefined }) as unknown as CacheEvent; // prettier-ignore

test('a place in the log is found by the revision it comes after', () => {
  const log = new EventLog(1);
  for (const revision of [3, 5, 9]) log.append(event(revision));
  expect([1, 3, 4, 5, 9, 20].map((revision) => log.after(revision))).toEqual([0, 1, 1, 2, 3, 3]);
});

test.each([
  ['events', { events: 10, bytes: 1e9 }],
  ['bytes', { events: 1e9, bytes: 100 }],
])('when there are too many %s the oldest are forgotten, and whoever needs them is told', (_, limits) => {
  const log = new EventLog(1, limits);
  for (let revision = 2; revision <= 100; revision++) log.append(event(revision));
  expect(log.end).toBe(99);
  expect(log.at(98)!.revision).toBe(100);
  expect(log.at(99)).toBeUndefined();
  expect(() => log.at(0)).toThrow(RangeError);
  // What is kept is everything after `since`.
  expect(log.at(log.after(log.since))!.revision).toBe(log.since + 1);
  expect(log.end - log.after(log.since)).toBeLessThanOrEqual(10);
});
