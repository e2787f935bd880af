import { pods, namespaces, nodes } from '../api/resources.js';
import { isConflict, isExpired, isTransient, StatusError } from '../api/status.js';
import type { Pod, WatchEvent } from '../api/types.js';
import { SmallServer, until } from '../../test/support/small-server.js';
import type { Client } from './client.js';
import { connect } from './connect.js';

let server: SmallServer;
let client: Client;

beforeEach(async () => {
  server = await SmallServer.start();
  client = connect({ server: server.url, userAgent: 'test/1.0' });
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const aPod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: 'web' }, spec: { containers: [] }, status: {} }; // prettier-ignore
const web = { namespace: 'default', name: 'web' };

test.each<[string, string, (c: Client) => Promise<unknown>]>([
  ['get', 'GET /api/v1/namespaces/default/pods/web', (c) => c.get(pods, web)],
  ['get of a cluster-scoped object', 'GET /api/v1/nodes/node-1', (c) => c.get(nodes, { name: 'node-1' })],
  ['list', 'GET /api/v1/pods?labelSelector=app%3Dweb%2Ctier!%3Ddb&limit=2', (c) => c.list(pods, { labelSelector: 'app=web,tier!=db', limit: 2 })],
  ['create', 'POST /api/v1/namespaces/default/pods?dryRun=All', (c) => c.create(pods, aPod, { dryRun: true })],
  ['update', 'PUT /api/v1/namespaces/default/pods/web?fieldManager=me', (c) => c.update(pods, aPod, { fieldManager: 'me' })],
  ['updateStatus', 'PUT /api/v1/namespaces/default/pods/web/status', (c) => c.updateStatus(pods, aPod)],
  ['patch', 'PATCH /api/v1/namespaces/default/pods/web/status', (c) => c.patch(pods, web, {}, { subresource: 'status' })],
  ['delete', 'DELETE /api/v1/namespaces/default/pods/web', (c) => c.delete(pods, web)],
  ['deleteCollection', 'DELETE /api/v1/namespaces/default/pods?fieldSelector=spec.nodeName%3Dn', (c) => c.deleteCollection(pods, { namespace: 'default', fieldSelector: 'spec.nodeName=n' })],
  ['createSubresource', 'POST /api/v1/namespaces/default/pods/web/binding', (c) => c.createSubresource(pods, web, 'binding', {})],
  ['raw', 'GET /healthz', (c) => c.raw('GET', '/healthz')],
])('%s asks for %s', async (_, expected, call) => {
  server.intercept = () => ({ body: {} });
  await call(client);
  expect(server.requests).toEqual([expected]);
}); // prettier-ignore

test('who asks, what is sent and what is expected stand in the headers', async () => {
  const seen: Record<string, unknown>[] = [];
  server.intercept = ({ headers }) => (seen.push(headers), { body: {} });
  let token = 'one';
  await using other = connect({ server: server.url + '/', userAgent: 'kubelet', token: () => token });
  await other.get(pods, web);
  token = 'two';
  await other.patch(pods, web, [], { type: 'json' });
  expect(seen[0]).toMatchObject({ authorization: 'Bearer one', accept: 'application/json', 'user-agent': 'kubelet' });
  expect(seen[1]).toMatchObject({ authorization: 'Bearer two', 'content-type': 'application/json-patch+json' });
});

test('deletion carries grace, propagation and preconditions; zero is a grace too', async () => {
  server.intercept = () => ({ body: {} });
  await client.delete(pods, web, { gracePeriodSeconds: 0, propagationPolicy: 'Orphan', preconditions: { uid: 'u' } });
  expect(JSON.parse(server.bodies[0]!)).toEqual({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Orphan',
    preconditions: { uid: 'u' },
  });
});

test('what is sent and what a list contains say their kind', async () => {
  server.intercept = () => ({ body: { metadata: {}, items: [{ metadata: { name: 'a' } }] } });
  await client.create(namespaces, { metadata: { name: 'a' } });
  expect(JSON.parse(server.bodies[0]!)).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } });
  expect((await client.list(namespaces)).items).toEqual([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  ]);
});

describe('failures', () => {
  test('a Status is thrown as it came, with Retry-After where only the header has it', async () => {
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'TooManyRequests', message: 'later', code: 429 }; // prettier-ignore
    server.intercept = () => ({ code: 429, body: status, headers: { 'retry-after': '3' } });
    const error = await client.get(pods, web).catch((e: unknown) => e as StatusError);
    expect(isTransient(error)).toBe(true);
    expect(error).toMatchObject({ message: 'later', code: 429, status: { details: { retryAfterSeconds: 3 } } });
  });

  test.each([
    [404, 'GET', '404 page not found', 'NotFound', 'the server could not find the requested resource (get pods)'],
    [409, 'POST', '', 'AlreadyExists', 'the server reported a conflict (post pods)'],
    [409, 'PUT', '', 'Conflict', 'the server reported a conflict (put pods)'],
    [502, 'GET', '<html>', 'InternalError', 'an error on the server ("<html>") has prevented the request from succeeding (get pods)'],
    [503, 'GET', '', 'ServiceUnavailable', 'the server is currently unable to handle the request (get pods)'],
    [418, 'GET', '', undefined, 'the server responded with the status code 418 but did not return more information (get pods)'],
  ])('%i to %s without a Status means %4$s', async (code, method, body, reason, message) => {
    server.intercept = () => ({ code, body });
    const call = { GET: client.get(pods, web), POST: client.create(pods, aPod), PUT: client.update(pods, aPod) };
    const results = await Promise.allSettled(Object.values(call));
    const failed = results[Object.keys(call).indexOf(method)] as PromiseRejectedResult;
    expect(failed.reason).toMatchObject({ reason, message, code });
  }); // prettier-ignore

  test('a server that is not there is ServiceUnavailable, with the cause', async () => {
    await server.close();
    const error = await client.get(pods, web).catch((e: unknown) => e as StatusError);
    expect(error).toMatchObject({ reason: 'ServiceUnavailable', cause: { code: 'ECONNREFUSED' } });
    expect((error as Error).message).toContain(`${server.url} cannot be reached: connect ECONNREFUSED`);
  });

  test('a read on a connection that the server has just closed is tried again, a write is not', async () => {
    const cutOnce = (): void => {
      let cut = true;
      server.intercept = ({ socket }) => (cut ? ((cut = false), socket.destroy(), undefined) : { body: aPod });
    };
    cutOnce();
    await expect(client.get(pods, web)).resolves.toEqual(aPod);
    cutOnce();
    await expect(client.create(pods, aPod)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(server.requests.length).toBe(3);
  });

  test('an answer that is not JSON is an InternalError, and a read that is cut twice gives up', async () => {
    server.intercept = () => ({ body: '{"kind": "Po' });
    await expect(client.get(pods, web)).rejects.toMatchObject({ reason: 'InternalError' });
    server.intercept = ({ socket }) => (socket.destroy(), undefined);
    await expect(client.get(pods, web)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  test('aborted, a call rejects with the reason of the signal', async () => {
    server.intercept = (_, response) => (response.flushHeaders(), undefined);
    const stop = new AbortController();
    const call = client.get(pods, web, { signal: stop.signal });
    await until(() => server.requests.length === 1);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
    await expect(client.get(pods, web, { signal: stop.signal })).rejects.toBe(reason);
  });
});

describe('a watch', () => {
  let stop: AbortController;
  let seen: WatchEvent<Pod>[];
  beforeEach(() => ((stop = new AbortController()), (seen = [])));

  const watch = async (): Promise<void> => {
    const query = { resourceVersion: '1', signal: stop.signal, allowWatchBookmarks: true, timeoutSeconds: 300 };
    for await (const event of client.watch(pods, query)) seen.push(event);
  };
  const namesSeen = (): string[] => seen.map(({ type, object }) => `${type} ${(object as Pod).metadata.name}`);

  test('yields events in order until it is aborted, then ends without a throw and hangs up', async () => {
    const watching = watch();
    await until(() => server.watching === 1);
    server.put('a');
    server.put('a');
    server.remove('a');
    await until(() => seen.length === 3);
    stop.abort();
    await watching;
    expect(namesSeen()).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(server.requests).toEqual([
      'GET /api/v1/pods?watch=true&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=300',
    ]);
    await until(() => server.watching === 0);
  });

  test('reads characters that arrive in two chunks', async () => {
    const watching = watch();
    await until(() => server.watching === 1);
    const object = { ...aPod, metadata: { ...aPod.metadata, annotations: { greeting: '你好，世界 🌍' } } };
    for (const byte of Buffer.from(JSON.stringify({ type: 'ADDED', object }) + '\n')) server.write(Buffer.from([byte]));
    await until(() => seen.length === 1);
    expect(seen[0]!.object).toEqual(object);
    stop.abort();
    await watching;
  });

  test('ends when the server ends it, and throws when it is cut off', async () => {
    const first = watch();
    await until(() => server.watching === 1);
    server.endWatches('end');
    await first;
    const second = watch();
    await until(() => server.watching === 1);
    server.endWatches('destroy');
    await expect(second).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  test('throws the Status of an ERROR event, and of a refusal', async () => {
    server.oldest = 5;
    expect(isExpired(await watch().catch((e: unknown) => e))).toBe(true);
    server.intercept = () => ({ code: 409, body: { kind: 'Status', reason: 'Conflict', message: 'no', code: 409 } });
    expect(isConflict(await watch().catch((e: unknown) => e))).toBe(true);
  });

  test('hangs up when its reader leaves the loop', async () => {
    server.put('a');
    for await (const event of client.watch(pods, { resourceVersion: '1' })) {
      expect(event.type).toBe('ADDED');
      break;
    }
    await until(() => server.watching === 0);
  });

  test('aborted before it begins, it asks nothing', async () => {
    stop.abort();
    await watch();
    expect(server.requests).toEqual([]);
  });
});
