import { lineChart, roundMarks } from './line-chart.js';

const isPicture = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(Buffer.from('\x89PNG', 'latin1'));

test('a line chart is a picture, with equal distances or equal ratios', async () => {
  const options = {
    title: 'Waiting',
    x: 'clients',
    y: 'ms',
    at: [1, 2, 4],
    lines: { one: [1, 20, 400], other: [2, 2, 2] },
  };
  const linear = await lineChart(options);
  const logarithmic = await lineChart({ ...options, logarithmic: true });
  expect([linear, logarithmic].map(isPicture)).toEqual([true, true]);
  expect(logarithmic.equals(linear)).toBe(false);
});

test('its size can be chosen', async () => {
  const options = { title: 'Waiting', x: 'clients', y: 'ms', at: [1], lines: { one: [1] } };
  const width = (picture: Buffer): number => picture.readUInt32BE(16); // of the PNG's first chunk
  expect(width(await lineChart(options, { width: 400 }))).toBe(800); // twice, for sharp screens
  expect(width(await lineChart(options))).toBe(1440);
});

test.each([
  [
    [3, 40],
    [2, 5, 10, 20, 50],
  ],
  [
    [1, 10],
    [1, 2, 5, 10],
  ],
  [
    [0.7, 0.9],
    [0.5, 1],
  ],
  [[7], [5, 10]],
  [[5], [5]],
  [
    [400, 55_000],
    [200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000],
  ],
])('a logarithmic axis for %j is marked at %j', (values, marks) => expect(roundMarks(values)).toEqual(marks));
