import { Balancer, type Affinity } from './balancer.js';

const none: Affinity = { type: 'None', timeoutSeconds: 0 };
const sticky: Affinity = { type: 'ClientIP', timeoutSeconds: 60 };
const balancer = (affinity = none, endpoints = ['a:1', 'b:1', 'c:1']): Balancer => {
  const made = new Balancer();
  made.update(endpoints, affinity);
  return made;
};
const picks = (from: Balancer, count: number, client = '10.0.0.9'): string =>
  Array.from({ length: count }, () => from.pick(client, 0)?.[0] ?? '-').join('');

describe('a balancer', () => {
  test('takes endpoints in turn', () => expect(picks(balancer(), 7)).toBe('abcabca'));
  test('has nothing to offer without endpoints', () => expect(balancer(none, []).pick('x', 0)).toBeUndefined());

  test('goes on with the endpoint whose turn it was when others come and go', () => {
    const made = balancer();
    picks(made, 1);
    made.update(['x:1', 'b:1', 'c:1', 'y:1'], none);
    expect(picks(made, 4)).toBe('bcyx');
  });

  test('keeps a client with its endpoint until the time-out after its last connection', () => {
    const made = balancer(sticky);
    expect([0, 50_000, 100_000].map((ms) => made.pick('client', ms))).toEqual(['a:1', 'a:1', 'a:1']);
    expect(made.pick('other', 100_000)).toBe('b:1');
    expect(made.pick('client', 160_000)).toBe('c:1');
  });

  test('moves a client whose endpoint cannot be reached, and keeps it at the new one', () => {
    const made = balancer(sticky);
    expect(made.pick('client', 0)).toBe('a:1');
    expect(made.pick('client', 0, { another: true })).toBe('b:1');
    expect(made.pick('client', 0)).toBe('b:1');
  });

  test('gives a client whose endpoint is gone another one', () => {
    const made = balancer(sticky);
    made.pick('client', 0);
    made.update(['b:1', 'c:1'], sticky);
    expect(made.pick('client', 0)).toBe('b:1');
  });
});
