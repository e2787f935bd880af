/** What the chapter says about the API server, § API Server and § 集群功能模块之间的通信 (communication between the modules). */
import { connect } from '../client/index.js';
import { silent, SteppedClock } from '../util/index.js';
import { TestApi } from '../../test/support/api.js';
import { ApiServer } from './index.js';
import { MemoryStorage } from './storage/memory.js';

let api: TestApi;
beforeEach(async () => void (api = await TestApi.start()));
afterEach(() => api[Symbol.asyncDispose]());

test('§ API Server: the local port receives HTTP requests without authentication', async () => {
  expect(api.server.url).toMatch(/^http:/);
  expect((await api.post('/api/v1/namespaces', { metadata: { name: 'anybody' } })).code).toBe(201);
});

test('§ API Server: by default the HTTPS port is not opened', () => {
  expect(api.server.secureUrl).toBeUndefined();
});

test('§ API Server: curl of the root shows the paths', async () => {
  const { paths } = (await api.get('/')).body;
  expect(paths).toEqual(expect.arrayContaining(['/api', '/api/v1', '/apis', '/healthz', '/healthz/ping', '/metrics', '/version'])); // prettier-ignore
});

test('§ API Server: GET /api tells the versions and the address of the server', async () => {
  const { body } = await api.get('/api');
  expect(body).toEqual({
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: new URL(api.server.url).host }],
  });
});

test('§ 集群功能模块之间的通信: what the modules tell the API server is kept in the store', async () => {
  await api.post('/api/v1/nodes', { metadata: { name: 'node-1' } });
  const status = { conditions: [{ type: 'Ready', status: 'True' }] };
  await api.request('PATCH', '/api/v1/nodes/node-1/status', { status }, { 'content-type': 'application/merge-patch+json' }); // prettier-ignore
  const entry = await api.storage.get('/registry/minions/node-1');
  expect(JSON.parse(entry!.value.toString()).status.conditions[0].status).toBe('True');
});

test('§ 集群功能模块之间的通信: other modules read it through the API server, and hear of changes by watching', async () => {
  using watch = await api.watch('/api/v1/nodes?watch=true');
  await api.post('/api/v1/nodes', { metadata: { name: 'node-1' } });
  expect(await watch.told(1)).toEqual(['ADDED node-1']);
});

test('§ 集群功能模块之间的通信: reading takes nothing from the store: lists and watches come from memory', async () => {
  const storage = new MemoryStorage();
  await using server = await ApiServer.start({ storage, clock: new SteppedClock(), log: silent, port: 0 });
  await using client = connect({ server: server.url, userAgent: 'test' });
  const asked: string[] = [];
  for (const method of ['get', 'list'] as const) {
    const original = storage[method].bind(storage) as (...args: any[]) => Promise<any>;
    Object.assign(storage, { [method]: (...args: any[]) => (asked.push(method), original(...args)) });
  }
  await client.raw('GET', '/api/v1/namespaces');
  await client.raw('GET', '/api/v1/namespaces/default');
  expect(asked).toEqual([]);
});

test('the open port answers nobody who was sent by another site', async () => {
  const { code, body } = await api.get('/api/v1/secrets', { origin: 'https://attacker.example' });
  expect([code, body.reason]).toEqual([403, 'Forbidden']);
});
