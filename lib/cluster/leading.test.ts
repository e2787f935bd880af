import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leases, pods } from '../api/resources.js';
import { connect } from '../client/index.js';
import { realClock as clock, Scope, silent as log, sleep, type Log } from '../util/index.js';
import { startCluster } from './cluster.js';
import { runElected, type LeaderElectionFlags } from './leading.js';

const flags: LeaderElectionFlags = {
  leaderElect: true,
  leaderElectLeaseDuration: 15_000,
  leaderElectRenewDeadline: 10_000,
  leaderElectRetryPeriod: 2_000,
};

test('a cluster whose parts compete works, and a scheduler of the same name beside it waits', async () => {
  await using scope = new Scope();
  const dataFolder = await mkdtemp(join(tmpdir(), 'kubebook-leading-'));
  scope.defer(() => rm(dataFolder, { recursive: true, force: true }));
  const cluster = scope.use(await startCluster({ dataFolder, port: 0, runtimes: ['hollow'], leaderElection: flags }));
  const client = scope.use(connect(cluster.clientOptions));
  const stop = new AbortController();

  // Bound: so the controllers made the account that it needs, and the scheduler found it a node.
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  };
  while (!(await client.create(pods, pod).catch(() => undefined))) await sleep(clock, 50);
  for await (const { object } of client.watch(pods, { namespace: 'default', resourceVersion: '0' }))
    if ('spec' in object && object.spec.nodeName) break;

  const { items } = await client.list(leases, { namespace: 'kube-system' });
  const holders = items.map(({ metadata, spec }) => [metadata.name, spec?.holderIdentity !== '']);
  expect(holders).toEqual([
    ['kube-controller-manager', true],
    ['kube-scheduler', true],
  ]);

  let worked = false;
  const waiting: string[] = [];
  const noting: Log = { ...log, info: (message) => (waiting.push(message), stop.abort()), with: () => noting };
  await runElected(
    flags,
    'kube-scheduler',
    { client, clock, log: noting },
    async () => void (worked = true),
    stop.signal,
  );
  expect([worked, waiting]).toEqual([false, ['waiting to become the leader']]);
}, 60_000);
