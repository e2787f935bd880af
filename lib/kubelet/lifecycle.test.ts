import { CrashBackoff, goDuration } from './lifecycle.js';

test.each([
  [0, '0s'],
  [350, '350ms'],
  [1500, '1.5s'],
  [10_000, '10s'],
  [80_000, '1m20s'],
  [300_000, '5m0s'],
  [3_723_000, '1h2m3s'],
])('%d ms is %s', (ms, text) => {
  expect(goDuration(ms)).toBe(text);
});

test('a container that keeps ending at once waits 10 s, 20 s, 40 s … 5 min', () => {
  const backoff = new CrashBackoff();
  let nowMs = 0;
  const pauses = Array.from({ length: 8 }, () => {
    const pauseMs = backoff.pauseMs(nowMs);
    nowMs += pauseMs;
    backoff.restarted(nowMs - pauseMs, nowMs);
    return pauseMs / 1000;
  });
  expect(pauses).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
});

test('one that ran for more than ten minutes starts from the beginning', () => {
  const backoff = new CrashBackoff();
  backoff.restarted(0, 0);
  backoff.restarted(5000, 15_000);
  expect(backoff.pauseMs(20_000)).toBe(20_000);
  expect(backoff.pauseMs(15_000 + 600_001)).toBe(0);
});
