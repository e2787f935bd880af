import { TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.start();
  await api.post(`${core}/serviceaccounts`, { metadata: { name: 'default' } });
});
afterEach(() => api[Symbol.asyncDispose]());

const core = '/api/v1/namespaces/default';
const maps = `${core}/configmaps`;
const pods = `${core}/pods`;
const aMap = (name: string, metadata = {}) => api.post(maps, { metadata: { name, ...metadata } });
const aPod = (name: string, nodeName?: string, grace = 30) =>
  api.post(pods, { metadata: { name }, spec: { nodeName, terminationGracePeriodSeconds: grace, containers: [{ name: 'c', image: 'web' }] } }); // prettier-ignore
const remove = (path: string, options?: object) => api.request('DELETE', path, options);

test('an object goes at once, and the answer tells which it was', async () => {
  const { uid } = (await aMap('m')).body.metadata;
  const { code, body } = await remove(`${maps}/m`);
  expect([code, body]).toEqual([200, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details: { name: 'm', kind: 'configmaps', uid } }]); // prettier-ignore
  expect((await api.get(`${maps}/m`)).code).toBe(404);
});

test('finalizers hold an object; it goes with the last of them, and the event still shows it', async () => {
  await aMap('held', { finalizers: ['example.com/hold', 'example.com/more'] });
  const marked = (await remove(`${maps}/held`)).body;
  expect(marked.metadata).toMatchObject({ deletionTimestamp: '2016-06-01T12:00:00Z', deletionGracePeriodSeconds: 0 });
  const again = (await remove(`${maps}/held`)).body;
  expect(again.metadata.resourceVersion).toBe(marked.metadata.resourceVersion);
  expect((await aMap('held')).body.message).toBe('object is being deleted: configmaps "held" already exists');
  const added = await api.merge(`${maps}/held`, { metadata: { finalizers: ['example.com/hold', 'example.com/more', 'example.com/new'] } }); // prettier-ignore
  expect(added.code).toBe(422);
  await api.merge(`${maps}/held`, { metadata: { finalizers: ['example.com/hold'] } });
  using watch = await api.watch(`${maps}?watch=true&resourceVersion=${(await api.get(maps)).body.metadata.resourceVersion}`); // prettier-ignore
  expect((await api.merge(`${maps}/held`, { metadata: { finalizers: null } })).code).toBe(200);
  const event = await watch.next();
  expect([event!.type, event!.object.metadata.finalizers]).toEqual(['DELETED', ['example.com/hold']]);
  expect((await api.get(`${maps}/held`)).code).toBe(404);
});

test.each([
  ['Foreground', ['foregroundDeletion']],
  ['Orphan', ['orphan']],
])('propagation %s leaves the object to the garbage collector', async (propagationPolicy, finalizers) => {
  await aMap('owner');
  expect((await remove(`${maps}/owner`, { propagationPolicy })).body.metadata.finalizers).toEqual(finalizers);
});

// A pod on a node waits for its kubelet; one that nobody runs does not.
test.each<[string, string | undefined, object | undefined, number]>([
  ['an unbound pod', undefined, undefined, 0],
  ['an unbound pod that is given time', undefined, { gracePeriodSeconds: 60 }, 0],
  ['a bound pod', 'node-1', undefined, 30],
  ['a bound pod in a hurry', 'node-1', { gracePeriodSeconds: 5 }, 5],
  ['a bound pod with a negative time', 'node-1', { gracePeriodSeconds: -5 }, 1],
  ['a bound pod at once', 'node-1', { gracePeriodSeconds: 0 }, 0],
])('%s has its time', async (_, node, options, seconds) => {
  await aPod('p', node);
  const { metadata } = (await remove(`${pods}/p`, options)).body;
  expect([metadata.deletionGracePeriodSeconds, metadata.generation]).toEqual([seconds, 2]);
  const until = new Date(api.clock.now() + seconds * 1000).toISOString().replace('.000', '');
  expect(metadata.deletionTimestamp).toBe(until);
  expect((await api.get(`${pods}/p`)).code).toBe(seconds === 0 ? 404 : 200);
});

test('a pod that is going can be hurried, not delayed', async () => {
  await aPod('p', 'node-1');
  const seconds = async (options?: object) =>
    (await remove(`${pods}/p`, options)).body.metadata.deletionGracePeriodSeconds;
  expect(await seconds()).toBe(30);
  expect(await seconds({ gracePeriodSeconds: 10 })).toBe(10);
  expect(await seconds({ gracePeriodSeconds: 100 })).toBe(10);
  expect(await seconds()).toBe(10);
});

test('a pod without time left is shown marked before it is gone', async () => {
  await aPod('p', 'node-1');
  using watch = await api.watch(`${pods}?watch=true&resourceVersion=${(await api.get(pods)).body.metadata.resourceVersion}`); // prettier-ignore
  await remove(`${pods}/p`, { gracePeriodSeconds: 0 });
  expect(await watch.told(2)).toEqual(['MODIFIED p', 'DELETED p']);
});

test.each([
  [{ uid: 'x' }, 'the UID in the precondition (x) does not match the UID in record'],
  [
    { resourceVersion: '1' },
    'the ResourceVersion in the precondition (1) does not match the ResourceVersion in record',
  ],
])('the precondition %j protects the object', async (preconditions, why) => {
  await aMap('m');
  const { code, body } = await remove(`${maps}/m`, { preconditions });
  expect([code, body.reason]).toEqual([409, 'Conflict']);
  expect(body.message).toContain(`Operation cannot be fulfilled on ConfigMap "m": ${why}`);
  expect((await api.get(`${maps}/m`)).code).toBe(200);
});

test('a dry run, said in the body, deletes nothing', async () => {
  await aPod('p', 'node-1');
  const dry = await remove(`${pods}/p`, { dryRun: ['All'] });
  expect(dry.body.metadata.deletionGracePeriodSeconds).toBe(30);
  expect((await api.get(`${pods}/p`)).body.metadata.deletionTimestamp).toBeUndefined();
});

test('a collection is deleted by its selection, and answered as a list', async () => {
  await aMap('a', { labels: { set: 'one' } });
  await aMap('b', { labels: { set: 'one' }, finalizers: ['example.com/hold'] });
  await aMap('c');
  const { body } = await remove(`${maps}?labelSelector=set=one`);
  expect([body.kind, body.items.map((each: any) => each.metadata.name)]).toEqual(['ConfigMapList', ['a', 'b']]);
  const left = (await api.get(maps)).body.items.map((each: any) => each.metadata.name);
  expect(left).toEqual(['b', 'c']);
});

test('an eviction is a deletion', async () => {
  await aPod('p', 'node-1');
  const eviction = { metadata: { name: 'p' }, deleteOptions: { gracePeriodSeconds: 7 } };
  expect((await api.post(`${pods}/p/eviction`, eviction)).body).toMatchObject({ status: 'Success', code: 201 });
  expect((await api.get(`${pods}/p`)).body.metadata.deletionGracePeriodSeconds).toBe(7);
});

test('a namespace is Terminating until its finalizer is taken off', async () => {
  await api.post('/api/v1/namespaces', { metadata: { name: 'n' } });
  const { body } = await remove('/api/v1/namespaces/n');
  expect([body.kind, body.status.phase, body.metadata.deletionTimestamp]).toEqual(['Namespace', 'Terminating', '2016-06-01T12:00:00Z']); // prettier-ignore
  await api.request('PUT', '/api/v1/namespaces/n/finalize', { metadata: { name: 'n' }, spec: {} });
  expect((await api.get('/api/v1/namespaces/n')).code).toBe(404);
});
