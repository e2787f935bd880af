import { connect as connectSocket } from 'node:net';
import { TestApi } from '../../test/support/api.js';
import { MemoryStorage } from './storage/memory.js';
import { logLimits } from './watch-cache/event-log.js';

let api: TestApi;
beforeEach(async () => void (api = await TestApi.start()));
afterEach(() => api[Symbol.asyncDispose]());

const maps = '/api/v1/namespaces/default/configmaps';
const create = (name: string, labels = {}, data = {}) => api.post(maps, { metadata: { name, labels }, data });
const revision = async (): Promise<string> => (await api.get(maps)).body.metadata.resourceVersion;

test('a watch without a version begins with what is there, and goes on', async () => {
  await create('a');
  using watch = await api.watch(`${maps}?watch=true`);
  expect(await watch.told(1)).toEqual(['ADDED a']);
  await create('b');
  await api.merge(`${maps}/b`, { data: { k: 'v' } });
  await api.request('DELETE', `${maps}/a`);
  expect(await watch.told(3)).toEqual(['ADDED b', 'MODIFIED b', 'DELETED a']);
});

test('a watch from a version shows what came after it, each event with its own version', async () => {
  await create('before');
  const after = await revision();
  await create('a');
  await api.request('DELETE', `${maps}/a`);
  using watch = await api.watch(`${maps}?watch=true&resourceVersion=${after}`);
  const events = [await watch.next(), await watch.next()];
  expect(events.map((event) => event!.type)).toEqual(['ADDED', 'DELETED']);
  const versions = events.map((event) => Number(event!.object.metadata.resourceVersion));
  expect(versions).toEqual([Number(after) + 1, Number(after) + 2]);
});

test('an object that enters a selection is ADDED, one that leaves it DELETED with its old state', async () => {
  await create('e', { set: 'one' });
  using watch = await api.watch(`${maps}?watch=true&labelSelector=set=one&resourceVersion=${await revision()}`);
  await api.merge(`${maps}/e`, { metadata: { labels: { set: 'two' } } });
  await api.merge(`${maps}/e`, { data: { unseen: 'yes' } });
  await api.merge(`${maps}/e`, { metadata: { labels: { set: 'one' } } });
  const [left, entered] = [await watch.next(), await watch.next()];
  expect([left!.type, left!.object.metadata.labels]).toEqual(['DELETED', { set: 'one' }]);
  expect([entered!.type, entered!.object.data]).toEqual(['ADDED', { unseen: 'yes' }]);
});

test.each([
  [`${maps}?watch=true&fieldSelector=metadata.name=b`],
  ['/api/v1/watch/namespaces/default/configmaps/b'],
  ['/api/v1/watch/namespaces/default/configmaps?fieldSelector=metadata.name=b'],
])('%s shows one object alone', async (path) => {
  await create('a');
  await create('b');
  using watch = await api.watch(path);
  await create('c');
  await api.request('DELETE', `${maps}/b`);
  expect(await watch.told(2)).toEqual(['ADDED b', 'DELETED b']);
});

test('a server over an older store refuses versions that the store has forgotten', async () => {
  await create('a');
  await api.storage.compact(Number(await revision()));
  await using second = await TestApi.start({ storage: api.storage });
  const watch = await second.watch(`${maps}?watch=true&resourceVersion=1`);
  const event = await watch.next();
  expect(event!.type).toBe('ERROR');
  expect(event!.object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' });
  expect(event!.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
  expect(await watch.next()).toBeUndefined();
});

test('timeoutSeconds ends a watch; two seconds before, a bookmark tells how far it has come', async () => {
  await create('a');
  const after = await revision();
  using watch = await api.watch(`${maps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=10&resourceVersion=${after}`);
  await api.post('/api/v1/namespaces/default/secrets', { metadata: { name: 'elsewhere' } });
  await api.clock.advance(8_000);
  const bookmark = await watch.next();
  expect(bookmark!.type).toBe('BOOKMARK');
  expect(Number(bookmark!.object.metadata.resourceVersion)).toBe(Number(after) + 1);
  await api.clock.advance(2_000);
  expect(await watch.next()).toBeUndefined();
}); // prettier-ignore

test('sendInitialEvents streams what is there and marks its end', async () => {
  await create('a');
  using watch = await api.watch(`${maps}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan`); // prettier-ignore
  expect((await watch.next())!.object.metadata.name).toBe('a');
  const mark = await watch.next();
  expect(mark!.type).toBe('BOOKMARK');
  expect(mark!.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  await create('b');
  expect(await watch.told(1)).toEqual(['ADDED b']);
});

test('sendInitialEvents without resourceVersionMatch is refused', async () => {
  const { code, body } = await api.get(`${maps}?watch=true&sendInitialEvents=true`);
  expect([code, body.message]).toEqual([422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan']); // prettier-ignore
});

test('a watch as Table names the columns once', async () => {
  await create('a', {}, { k: 'v' });
  using watch = await api.watch(`${maps}?watch=true`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
  const first = await watch.next();
  expect(first!.object.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Data', 'Age']);
  await api.request('DELETE', `${maps}/a`);
  const second = await watch.next();
  expect([second!.type, second!.object.columnDefinitions, second!.object.rows[0].cells[0]]).toEqual(['DELETED', null, 'a']);
}); // prettier-ignore

test('when the server ends, its watches end', async () => {
  const watch = await api.watch(`${maps}?watch=true`);
  await api[Symbol.asyncDispose]();
  await expect(watch.next().catch(() => undefined)).resolves.toBeUndefined();
});

test('a watch outlives a restart of its server: it goes on after any version that the store still remembers', async () => {
  const storage = new MemoryStorage();
  let after: string;
  {
    await using before = await TestApi.start({ storage });
    await before.post(maps, { metadata: { name: 'a' } });
    after = (await before.get(maps)).body.metadata.resourceVersion;
    await before.post(maps, { metadata: { name: 'b' } });
    await before.request('DELETE', `${maps}/a`);
  }
  await using again = await TestApi.start({ storage });
  using watch = await again.watch(`${maps}?watch=true&resourceVersion=${after}`);
  expect(await watch.told(2)).toEqual(['ADDED b', 'DELETED a']);
  await again.post(maps, { metadata: { name: 'c' } });
  expect(await watch.told(1)).toEqual(['ADDED c']);
  expect((await again.get(maps)).body.items.map(({ metadata }: any) => metadata.name)).toEqual(['b', 'c']);
});

test('a watch that does not read slows nobody, and is cut off when its place is forgotten', async () => {
  const usual = { ...logLimits };
  Object.assign(logLimits, { events: 1000, bytes: 8 * 1024 * 1024 });
  try {
    const { hostname, port } = new URL(api.server.url);
    const socket = connectSocket(Number(port), hostname);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    socket.write(`GET /api/v1/configmaps?watch=true HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
    socket.pause();
    await create('big');
    using reading = await api.watch(`${maps}?watch=true&resourceVersion=${await revision()}`);
    const text = 'x'.repeat(500_000);
    for (let turn = 0; turn < 40; turn++) {
      await api.merge(`${maps}/big`, { data: { text: text + turn } });
      expect(await reading.told(1)).toEqual(['MODIFIED big']);
    }
    socket.resume(); // what was in its pipe comes out, then nothing more
    await closed;
  } finally {
    Object.assign(logLimits, usual);
  }
});

test.each([['lately'], ['long ago']])('a store that another program has written into %s is refused', async (when) => {
  const storage = new MemoryStorage();
  await storage.put('/registry/pods/default/x', Buffer.from('k8s\0…'));
  if (when === 'long ago') await storage.compact(2);
  await expect(TestApi.start({ storage })).rejects.toThrow(
    'the store holds objects of another program (/registry/pods/default/x is not JSON)',
  );
});
