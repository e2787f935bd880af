/** What clients are answered while the store fails: never an old state as if it were the present one, never a success. */
import { TestApi } from '../../test/support/api.js';
import { describeWithEtcd, Etcd } from '../../test/support/etcd.js';
import { realClock as clock, Scope, silent as log, sleep } from '../util/index.js';
import { EtcdStorage } from './storage/etcd/etcd.js';

import.meta.jest.setTimeout(60_000);

const maps = '/api/v1/namespaces/default/configmaps';
const map = (name: string, text = '') => ({ metadata: { name }, data: { text } });

describeWithEtcd('while etcd', () => {
  let scope: Scope;
  beforeEach(() => void (scope = new Scope()));
  afterEach(() => scope[Symbol.asyncDispose]());

  async function start(flags: readonly string[] = [], timeoutMs = 1000): Promise<{ etcd: Etcd; api: TestApi }> {
    const etcd = scope.use(await Etcd.start({ flags }));
    const storage = scope.use(await EtcdStorage.open({ endpoints: [etcd.endpoint], clock, log, timeoutMs }));
    return { etcd, api: scope.use(await TestApi.start({ storage, clock })) };
  }

  test.each([
    ['is gone', (etcd: Etcd) => etcd.kill(), (etcd: Etcd) => etcd.restart()],
    ['is stuck', async (etcd: Etcd) => etcd.stop(), async (etcd: Etcd) => etcd.continue()],
  ])('%s, only who asks for any state is answered', async (_, fail, mend) => {
    const { etcd, api } = await start();
    await api.post(maps, map('a'));
    const { resourceVersion } = (await api.get(maps)).body.metadata;
    using watch = await api.watch(`${maps}?watch=true&resourceVersion=${resourceVersion}`);
    await fail(etcd);
    for (const [method, path, body] of [
      ['GET', `${maps}/a`],
      ['GET', maps],
      ['GET', `${maps}?limit=1`],
      ['GET', `${maps}?watch=true`],
      ['GET', '/api/v1/namespaces/default/pods/missing/log'],
      ['POST', maps, map('b')],
      ['PUT', `${maps}/a`, map('a', 'new')],
      ['DELETE', `${maps}/a`],
      ['POST', '/api/v1/namespaces/default/services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }],
    ] as const) {
      const answer = await api.request(method, path, body);
      expect([503, 504]).toContain(answer.code);
      expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.code });
      expect(answer.body.reason).toBe(answer.code === 503 ? 'ServiceUnavailable' : 'Timeout');
      expect(answer.body.message).toContain('etcd');
    }
    // What says that an older state will do gets one.
    for (const version of ['0', resourceVersion]) {
      expect((await api.get(`${maps}?resourceVersion=${version}`)).code).toBe(200);
      expect((await api.get(`${maps}/a?resourceVersion=${version}`)).code).toBe(200);
    }
    expect((await api.get('/healthz')).code).toBe(500);
    expect((await api.get('/version')).code).toBe(200);

    await mend(etcd);
    while ((await api.get(`${maps}/a`)).code !== 200) await sleep(clock, 50);
    const put = await api.merge(`${maps}/a`, { data: { text: 'after' } });
    expect(put.code).toBe(200);
    // What was sent to a stuck etcd may have happened; what the watch shows is all that did, to the last.
    for (let event = await watch.next(); ; event = await watch.next())
      if (event!.object.metadata.resourceVersion === put.body.metadata.resourceVersion) break;
    expect((await api.get('/healthz')).code).toBe(200);
  });

  test('is stuck, the server is said to be unhealthy long before a request is given up', async () => {
    const { etcd, api } = await start([], 60_000);
    etcd.stop();
    const beganMs = clock.now();
    expect((await api.get('/readyz/etcd')).code).toBe(500);
    expect(clock.now() - beganMs).toBeLessThan(20_000);
    etcd.continue();
    while ((await api.get('/readyz/etcd')).code !== 200) await sleep(clock, 50);
  });

  test('is full, writes are told so in its words, and reads are served', async () => {
    const { api } = await start(['--quota-backend-bytes', String(2 * 1024 * 1024)]);
    await api.post(maps, map('a'));
    let code = 201;
    let message = '';
    for (let i = 0; i < 50 && code === 201; i++)
      ({ code, body: { message = '' } = {} } = await api.post(maps, map(`m${i}`, 'x'.repeat(200_000))));
    expect([code, message]).toEqual([500, 'etcdserver: mvcc: database space exceeded']);
    expect((await api.merge(`${maps}/a`, { data: { text: 'x' } })).code).toBe(500);
    expect((await api.get(`${maps}/a`)).body.data).toEqual({ text: '' });
  });

  test('takes no object so large, that is said', async () => {
    const { api } = await start();
    const secrets = '/api/v1/namespaces/default/secrets';
    const annotations = { a: 'x'.repeat(200_000) };
    const data = { text: Buffer.alloc(1024 * 1024, 'x').toString('base64') };
    const { code, body } = await api.post(secrets, { metadata: { name: 's', annotations }, data });
    expect([code, body.message]).toEqual([500, 'etcdserver: request is too large']);
    expect((await api.get(`${secrets}/s`)).code).toBe(404);
  });

  test('holds what another program has put there, the server does not start, and changes nothing', async () => {
    const etcd = scope.use(await Etcd.start());
    etcd.ctl(['put', '/registry/pods/default/theirs', 'k8s…']);
    const storage = scope.use(await EtcdStorage.open({ endpoints: [etcd.endpoint], clock, log }));
    const revision = await storage.revision();
    await expect(TestApi.start({ storage, clock })).rejects.toThrow(
      'the store holds objects of another program (/registry/pods/default/theirs is not JSON): choose another one, or another --etcd-prefix. Nothing was changed',
    );
    expect(await storage.revision()).toBe(revision);
  });
});
