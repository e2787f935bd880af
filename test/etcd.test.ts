/** A cluster on etcd, with a second API server beside it: both are one cluster, also after etcd was away. */
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startControlPlane } from '../lib/cluster/control-plane.js';
import { startCluster, type Cluster } from '../lib/index.js';
import { freePorts, realClock as clock, Scope, silent as log } from '../lib/util/index.js';
import { describeWithEtcd, Etcd } from './support/etcd.js';
import { eventually, Kubectl } from './support/kubectl.js';

describeWithEtcd('a cluster on etcd', () => {
  let scope: Scope;
  let etcd: Etcd;
  let cluster: Cluster;
  let kubectl: Kubectl;
  /** The second API server, and kubectl as its client. */
  let second: string;
  let beside: Kubectl;

  beforeAll(async () => {
    scope = new Scope();
    const folder = await mkdtemp(join(tmpdir(), 'kubebook-etcd-cluster-'));
    scope.defer(() => rm(folder, { recursive: true, force: true }));
    etcd = scope.use(await Etcd.start());
    const place = { endpoints: [etcd.endpoint] };
    const [port, otherPort] = await freePorts(2);
    const shared = { etcd: place, port: 0, clock, log };
    const dataFolder = join(folder, 'one');
    cluster = scope.use(
      await startCluster({ ...shared, dataFolder, runtimes: ['hollow', 'hollow'], securePort: port }),
    );
    // Another folder: what it must have in common with the first server it finds in etcd.
    const other = { ...shared, dataFolder: join(folder, 'two'), serviceRange: '10.0.0.0/24', securePort: otherPort! };
    const { kubeconfig, server } = await startControlPlane(scope, other);
    second = server.secureUrl!;
    kubectl = new Kubectl(cluster.kubeconfig);
    beside = new Kubectl(kubeconfig);
  }, 120_000);
  afterAll(() => scope[Symbol.asyncDispose](), 60_000);

  const ready = async (wanted: string): Promise<boolean> =>
    (await beside.get('rc web', '{.status.readyReplicas}'))[0] === wanted;

  test('runs what was asked of the other server, and keeps it where etcdctl finds it', async () => {
    await beside.run('create -f examples/guestbook/');
    await eventually('three ready', () => ready('3'), 60_000);
    const keys = etcd.ctl(['get', '--prefix', '--keys-only', '/registry/pods/default/web-']).trim().split(/\n+/);
    const names = await kubectl.get('pods', '{.items[*].metadata.name}');
    expect(keys).toEqual(names.map((name) => `/registry/pods/default/${name}`));
    expect(await kubectl.get('endpoints kubernetes', '{.subsets[*].ports[*].port}')).toHaveLength(2);
  }, 90_000);

  test('takes a token of one server at the other', async () => {
    const token = (await kubectl.run('create token default')).trim();
    const codeFor = (bearer: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { authorization: `Bearer ${bearer}` };
        get(`${second}/api/v1/namespaces`, { headers, rejectUnauthorized: false }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        }).on('error', reject);
      });
    expect([await codeFor(token), await codeFor(`${token.slice(0, -8)}AAAAAAAA`)]).toEqual([200, 401]);
  }, 60_000);

  test('goes on where it was when etcd was away', async () => {
    await etcd.kill();
    await expect(kubectl.run('get pods')).rejects.toThrow(/etcd/);
    await etcd.restart();
    await eventually('an answer', () => kubectl.run('scale rc web --replicas=5').then(() => true, () => false), 60_000); // prettier-ignore
    await eventually('five ready', () => ready('5'), 60_000);
    expect(await kubectl.get('nodes', '{.items[*].metadata.name}')).toEqual(['node-1', 'node-2']);
  }, 180_000);
});
