import { inTurns, load } from './load.js';

/** A server that takes one request at a time, each for so many milliseconds. */
function server(ms: number) {
  let nowMs = 0;
  let last = Promise.resolve();
  const asked: number[] = [];
  return {
    asked,
    stopwatch: () => nowMs,
    ask: (n: number) => {
      asked.push(n);
      return (last = last.then(() => void (nowMs += ms)));
    },
  };
}

test('one client waits for nobody but the server', async () => {
  const { ask, asked, stopwatch } = server(10);
  expect(await load(1, ask, { durationMs: 100, stopwatch })).toEqual({
    clients: 1,
    count: 10,
    perSecond: 100,
    medianMs: 10,
    p99Ms: 10,
  });
  expect(asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('several share it: each waits for the others, and they get no more together', async () => {
  const { ask, asked, stopwatch } = server(10);
  const { count, perSecond, medianMs } = await load(4, ask, { durationMs: 1000, stopwatch });
  expect(perSecond).toBeCloseTo(100);
  expect(medianMs).toBe(40);
  expect(new Set(asked).size).toBe(count);
});

test('what most did not wait for is in the last hundredth alone', async () => {
  let nowMs = 0;
  const ask = async (n: number) => void (nowMs += n % 100 === 99 ? 1000 : 1);
  const result = await load(1, ask, { durationMs: 10 * 1099, stopwatch: () => nowMs });
  expect(result).toMatchObject({ count: 1000, medianMs: 1, p99Ms: 1 });
});

test('who is refused stops the measurement', async () => {
  await expect(load(2, () => Promise.reject(new Error('full')))).rejects.toThrow('full');
});

test('who is measured in turns is judged by the middle one', async () => {
  const asked: string[] = [];
  const measure = (name: string, speeds: number[]) => async (clients: number) => {
    asked.push(`${name}${clients}`);
    return { clients, count: 1, perSecond: speeds.shift()!, medianMs: 1, p99Ms: 1 };
  };
  const measures = { a: measure('a', [9, 1, 5, 1, 7, 1]), b: measure('b', [1, 2, 1, 8, 1, 4]) };
  const { a, b } = await inTurns([1, 2], measures, { turns: 3 });
  expect(a!.map(({ clients, perSecond }) => [clients, perSecond])).toEqual([[1, 7], [2, 1]]); // prettier-ignore
  expect(b!.map(({ clients, perSecond }) => [clients, perSecond])).toEqual([[1, 1], [2, 4]]); // prettier-ignore
  expect(asked.slice(0, 6)).toEqual(['a1', 'b1', 'a2', 'b2', 'a1', 'b1']);
});
