import { alreadyExists, conflict, notFound, serviceUnavailable } from '../api/status.js';
import type { Lease } from '../api/types.js';
import { silent, SteppedClock } from '../util/index.js';
import type { Client } from './client.js';
import { LeadershipLostError, runWhileLeading, type LeaderElectionOptions } from './leader-election.js';

/** A server with one Lease. Whoever is in `cutOff` cannot reach it; who is in `ignored` is never answered. */
function aServer() {
  let lease: Lease | undefined;
  let version = 0;
  const cutOff = new Set<string>();
  const ignored = new Set<string>();
  const resource = { group: 'coordination.k8s.io', resource: 'leases' };
  const put = (next: unknown): Lease => {
    const stored = structuredClone(next) as Lease;
    lease = { ...stored, metadata: { ...stored.metadata, resourceVersion: String(++version) } };
    return structuredClone(lease);
  };
  const clientOf = (identity: string): Client => {
    const reach = (signal?: AbortSignal): Promise<void> | void => {
      if (ignored.has(identity))
        return new Promise((_, no) => signal?.addEventListener('abort', () => no(signal.reason)));
      if (cutOff.has(identity)) throw serviceUnavailable('no route');
    };
    return {
      async get(_resource: unknown, { name }: { name: string }, { signal }: { signal?: AbortSignal } = {}) {
        await reach(signal);
        if (!lease) throw notFound(resource, name);
        return structuredClone(lease);
      },
      async create(_resource: unknown, object: Lease, { signal }: { signal?: AbortSignal } = {}) {
        await reach(signal);
        if (lease) throw alreadyExists(resource, object.metadata.name);
        return put(object);
      },
      async update(_resource: unknown, object: Lease, { signal }: { signal?: AbortSignal } = {}) {
        await reach(signal);
        if (object.metadata.resourceVersion !== lease?.metadata.resourceVersion)
          throw conflict(resource, object.metadata.name, 'the object has been modified');
        return put(object);
      },
    } as unknown as Client;
  };
  return {
    clientOf,
    cutOff,
    ignored,
    put,
    lease: () => lease,
    spec: () => lease?.spec,
    delete: () => (lease = undefined),
  };
}

/** Candidates for one Lease; `working` are those that think they lead, in the order in which they began. */
function anElection(more: Partial<LeaderElectionOptions> = {}) {
  const server = aServer();
  const clock = new SteppedClock();
  const working: string[] = [];
  const join = (identity: string) => {
    const stop = new AbortController();
    const work = (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        working.push(identity);
        signal.addEventListener('abort', () => (working.splice(working.indexOf(identity), 1), resolve()));
      });
    const options = {
      client: server.clientOf(identity),
      clock,
      log: silent,
      namespace: 'kube-system',
      name: 'kube-scheduler',
    };
    const running = runWhileLeading({ ...options, identity, ...more }, work, stop.signal);
    running.catch(() => {});
    return { running, leave: () => (stop.abort(), running) };
  };
  return { server, clock, working, join };
}

test('of two, one leads, and keeps leading by renewing', async () => {
  const { clock, working, join, server } = anElection();
  const a = join('a');
  await clock.advance(0);
  const b = join('b');
  await clock.advance(120_000);
  expect(working).toEqual(['a']);
  expect(server.spec()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(clock.now() - Date.parse(server.spec()!.renewTime!)).toBeLessThanOrEqual(2_000);
  await Promise.all([a.leave(), b.leave()]);
  expect(clock.waiting).toBe(0);
});

test('two that come at the same moment do not both lead', async () => {
  const { clock, working, join } = anElection();
  const all = ['a', 'b', 'c'].map(join);
  await clock.advance(30_000);
  expect(working).toHaveLength(1);
  for (const one of all) await one.leave();
});

test('who leaves gives the lease back: the next one leads after its retry period', async () => {
  const { clock, working, join, server } = anElection();
  const a = join('a');
  await clock.advance(0);
  const b = join('b');
  await clock.advance(5_000);
  await a.leave();
  expect(server.spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  await clock.advance(2_400);
  expect(working).toEqual(['b']);
  expect(server.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  await b.leave();
});

test('it is given back also when the last renewal arrived and nobody heard of it', async () => {
  const { clock, working, join, server } = anElection();
  const a = join('a');
  await clock.advance(5_000);
  server.put({ ...server.lease(), spec: { ...server.spec(), renewTime: '2016-06-01T12:00:05.000001Z' } });
  await a.leave();
  expect([working, server.spec()?.holderIdentity]).toEqual([[], '']);
});

test('a leader that is killed is succeeded when its lease runs out, not before', async () => {
  const { clock, working, join, server } = anElection();
  join('a');
  await clock.advance(0);
  const b = join('b');
  await clock.advance(4_000);
  server.ignored.add('a'); // from here on nothing is heard of it
  await clock.advance(12_000);
  expect(working).not.toContain('b');
  await clock.advance(6_000);
  expect(working).toEqual(['b']);
  await b.leave();
});

test.each(['cutOff', 'ignored'] as const)(
  'a leader that cannot renew (%s) stops before anybody else begins, and says so',
  async (how) => {
    const { clock, working, join, server } = anElection();
    const a = join('a');
    await clock.advance(0);
    const b = join('b');
    await clock.advance(4_000);
    server[how].add('a');
    let most = 0;
    for (let second = 0; second < 20; second += 0.5) {
      await clock.advance(500);
      most = Math.max(most, working.length);
    }
    expect(most).toBe(1);
    expect(working).toEqual(['b']);
    await expect(a.running).rejects.toThrow(LeadershipLostError);
    await b.leave();
    expect(clock.waiting).toBe(0);
  },
);

test('a short outage is survived', async () => {
  const { clock, working, join, server } = anElection();
  const a = join('a');
  await clock.advance(0);
  server.cutOff.add('a');
  await clock.advance(8_000);
  server.cutOff.delete('a');
  await clock.advance(60_000);
  expect(working).toEqual(['a']);
  await a.leave();
});

test('a lease that somebody deletes is made anew', async () => {
  const { clock, working, join, server } = anElection();
  const a = join('a');
  await clock.advance(0);
  server.delete();
  await clock.advance(2_000);
  expect([working, server.spec()?.holderIdentity]).toEqual([['a'], 'a']);
  await a.leave();
});

test('when the work ends, or breaks, the lease is given back', async () => {
  const { server, clock } = anElection();
  const options = { clock, log: silent, namespace: 'kube-system', name: 'kube-scheduler' };
  const lead = (identity: string, work: () => Promise<void>) =>
    runWhileLeading({ ...options, client: server.clientOf(identity), identity }, work, new AbortController().signal);
  await lead('a', async () => {});
  expect(server.spec()?.holderIdentity).toBe('');
  const broken = expect(
    lead('b', async () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  await clock.advance(5_000);
  await broken;
  expect([server.spec()?.holderIdentity, clock.waiting]).toEqual(['', 0]);
});

test('who is told to stop while waiting has done nothing', async () => {
  const { clock, join, working } = anElection();
  const a = join('a');
  await clock.advance(0);
  const b = join('b');
  await clock.advance(3_000);
  await b.leave();
  expect(working).toEqual(['a']);
  await a.leave();
});

test.each([
  [{ leaseDurationMs: 10_000 }, 'leaseDuration must be greater than renewDeadline'],
  [{ retryPeriodMs: 9_000 }, 'renewDeadline must be greater than retryPeriod*JitterFactor'],
])('times that make no sense are refused: %j', async (times, message) => {
  await expect(anElection(times).join('a').running).rejects.toThrow(message);
});
