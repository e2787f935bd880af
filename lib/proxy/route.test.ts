import { loopbackRange, overlap, serviceRoute } from './route.js';

test.each([
  ['10.0.0.0/24', '127.10.0.0/24'],
  ['172.30.4.0/22', '127.172.20.0/22'],
  ['10.96.0.0/12', '127.10.0.0/16'],
  ['0.0.0.0/24', '127.1.0.0/24'],
])('%s has its stand-in at %s', (range, expected) => {
  expect(loopbackRange(range)).toBe(expected);
});

test.each([
  ['10.0.0.0/24', '10.0.0.7', true],
  ['10.0.0.0/24', '10.0.1.0/24', false],
  ['10.0.0.0/8', '10.3.0.0/16', true],
  ['192.168.0.0/16', '10.0.0.0/8', false],
])('%s and %s overlap: %s', (a, b, expected) => expect(overlap(a, b)).toBe(expected));

test('a range of the loopback network needs no route', async () => {
  await using route = await serviceRoute('127.20.0.0/24');
  expect(route).toMatchObject({ range: '127.20.0.0/24' });
  expect(route.note).toBeUndefined();
});
