import { reasonOf, TestApi } from '../../test/support/api.js';
import { defineKind } from '../api/kinds/define.js';
import { kinds } from '../api/kinds/index.js';
import type { KubernetesObject } from '../api/types.js';

interface Widget extends KubernetesObject {
  data?: Record<string, string>;
}

/** A kind that nobody has heard of, added in one entry. (Its type is borrowed from the schema's ConfigMap.) */
const widgets = defineKind<Widget>({
  group: 'example.com',
  version: 'v1',
  resource: 'widgets',
  kind: 'Widget',
  shortNames: ['wd'],
  definition: 'api.core.v1.ConfigMap',
  default: (widget) => void ((widget.data ??= {}).size ??= '1'),
  check: ({ data = {} }, errors) => {
    if (Number(data.size) < 0) errors.push({ reason: 'FieldValueInvalid', field: 'data.size', message: `Invalid value: ${data.size}: must not be negative` }); // prettier-ignore
  },
  selectableFields: { 'data.size': ({ data }) => data?.size ?? '' },
});

let api: TestApi;
beforeAll(async () => void (api = await TestApi.start({ kinds: [...kinds, widgets] })));
afterAll(() => api[Symbol.asyncDispose]());

const core = '/api/v1/namespaces/default';
const maps = `${core}/configmaps`;
const merge = { 'content-type': 'application/merge-patch+json' };

describe('a kind that is one entry of the table', () => {
  const path = '/apis/example.com/v1/namespaces/default/widgets';

  test('is created with its defaults, and refused by its own validation', async () => {
    const made = await api.post(path, { metadata: { name: 'w' } });
    expect([made.code, made.body.kind, made.body.data]).toEqual([201, 'Widget', { size: '1' }]);
    const bad = await api.post(path, { metadata: { name: 'bad' }, data: { size: '-1' } });
    expect(bad.body.message).toBe('Widget.example.com "bad" is invalid: data.size: Invalid value: -1: must not be negative'); // prettier-ignore
  });

  test('is listed, selected by its field, watched, shown as a table, patched and deleted', async () => {
    await api.post(path, { metadata: { name: 'large' }, data: { size: '9' } });
    const listed = await api.get(`${path}?fieldSelector=data.size=9`);
    expect(listed.body.items.map((each: Widget) => each.metadata.name)).toEqual(['large']);
    using watch = await api.watch(`${path}?watch=true&fieldSelector=data.size=9`);
    expect(await watch.told(1)).toEqual(['ADDED large']);
    const table = await api.get(`${path}/large`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    expect(table.body.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Created At']);
    expect((await api.merge(`${path}/large`, { data: { size: '10' } })).body.data.size).toBe('10');
    expect(await watch.told(1)).toEqual(['DELETED large']);
    expect((await api.request('DELETE', `${path}/large`)).body.details).toMatchObject({ group: 'example.com', kind: 'widgets' }); // prettier-ignore
  });

  test('is found by discovery in both forms, and described by OpenAPI', async () => {
    const plain = await api.get('/apis/example.com/v1');
    expect(plain.body.resources).toEqual([
      { name: 'widgets', singularName: 'widget', namespaced: true, kind: 'Widget', shortNames: ['wd'], verbs: expect.arrayContaining(['create', 'watch']) },
    ]); // prettier-ignore
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const response = await fetch(api.server.url + '/apis', { headers: { accept } });
    const groups = (await response.json()) as { items: { metadata: { name: string }; versions: unknown[] }[] };
    expect(groups.items.find(({ metadata }) => metadata.name === 'example.com')?.versions).toHaveLength(1);
    const document = await api.get('/openapi/v3/apis/example.com/v1');
    expect(Object.keys(document.body.paths)).toContain('/apis/example.com/v1/namespaces/{namespace}/widgets/{name}');
  });

  test('lies in the store under its group', async () => {
    expect(await api.storage.get('/registry/example.com/widgets/default/w')).toBeDefined();
  });
});

test('what is stored carries no resourceVersion; what is answered carries the store’s revision', async () => {
  const { body } = await api.post(maps, { metadata: { name: 'plain' }, data: { text: 'été ☃' } });
  const entry = await api.storage.get('/registry/configmaps/default/plain');
  expect(entry!.value.toString()).not.toContain('resourceVersion');
  expect(body.metadata.resourceVersion).toBe(String(entry!.modRevision));
  expect((await api.get(`${maps}/plain`)).body).toEqual(body);
  const item = (await api.get(`${maps}?fieldSelector=metadata.name=plain`)).body.items[0];
  expect({ kind: body.kind, apiVersion: body.apiVersion, ...item }).toEqual(body);
});

test('a client decides neither uid nor times nor deletion of what it creates', async () => {
  const given = { uid: 'mine', creationTimestamp: '2001-02-03T04:05:06Z', deletionTimestamp: '2001-02-03T04:05:06Z', deletionGracePeriodSeconds: 3, selfLink: '/x' }; // prettier-ignore
  const { metadata } = (await api.post(maps, { metadata: { name: 'own', ...given } })).body;
  expect(metadata).toMatchObject({ creationTimestamp: '2016-06-01T12:00:00Z', namespace: 'default' });
  expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) expect(metadata).not.toHaveProperty(field); // prettier-ignore
});

test('a generated name has five letters that spell nothing', async () => {
  const { metadata } = (await api.post(maps, { metadata: { generateName: 'g-' } })).body;
  expect(metadata.name).toMatch(/^g-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test('a change that changes nothing keeps the version, and nobody hears of it', async () => {
  const { metadata } = (await api.post(maps, { metadata: { name: 'same' }, data: { a: '1' } })).body;
  const again = await api.merge(`${maps}/same`, { data: { a: '1' } });
  expect(again.body.metadata.resourceVersion).toBe(metadata.resourceVersion);
});

test('of many who change one object at once, all succeed unless they say what they saw', async () => {
  await api.post(maps, { metadata: { name: 'shared' } });
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => api.merge(`${maps}/shared`, { data: { [`k${n}`]: 'v' } })));
  const { body } = await api.get(`${maps}/shared`);
  expect(Object.keys(body.data)).toHaveLength(8);
  const put = () => api.request('PUT', `${maps}/shared`, { metadata: { name: 'shared', resourceVersion: body.metadata.resourceVersion } }); // prettier-ignore
  const codes = (await Promise.all([put(), put(), put()])).map(({ code }) => code);
  expect(codes.sort()).toEqual([200, 409, 409]);
});

test.each<[string, string, number, string | undefined]>([
  ['GET', `${maps}/none`, 404, 'configmaps "none" not found'],
  ['GET', `${core}/gadgets`, 404, 'the server could not find the requested resource'],
  ['GET', `${maps}/none/status`, 404, 'the server could not find the requested resource'],
  ['GET', `${maps}/none/constructor`, 404, 'the server could not find the requested resource'],
  ['GET', '/api/v1/namespaces/default/nodes', 404, 'the server could not find the requested resource'],
  ['GET', '/api/v1/pods/web', 404, 'the server could not find the requested resource'],
  ['GET', '/apis/none.example.com/v1/things', 404, undefined],
  ['POST', `${maps}/x`, 405, 'the server does not allow this method on the requested resource'],
  ['PUT', maps, 405, 'the server does not allow this method on the requested resource'],
  ['POST', '/api/v1/configmaps', 405, 'the server does not allow this method on the requested resource'],
  ['DELETE', '/api/v1/namespaces', 405, 'the server does not allow this method on the requested resource'],
  ['OPTIONS', maps, 405, 'the server does not allow this method on the requested resource'],
])('%s %s is answered %i', async (method, path, code, message) => {
  const answer = await api.request(method, path, method === 'POST' || method === 'PUT' ? {} : undefined);
  expect([answer.code, answer.body?.message]).toEqual([code, message]);
});

test.each<[string, string, unknown, number, string | undefined]>([
  ['another namespace', 'POST', { metadata: { name: 'm', namespace: 'elsewhere' } }, 400, 'BadRequest'],
  ['a version', 'POST', { metadata: { name: 'm', resourceVersion: '5' } }, 500, undefined],
  ['a wrong type', 'POST', { metadata: { name: 7 } }, 400, 'BadRequest'],
  ['no JSON', 'POST', '{"metadata":', 400, 'BadRequest'],
  ['an unknown dryRun', 'POST?dryRun=Some', { metadata: { name: 'm' } }, 422, 'Invalid'],
  ['a name that is none', 'POST', { metadata: { name: 'No' } }, 422, 'Invalid'],
])('creating with %s is refused', async (_, request, body, code, reason) => {
  const [method, query = ''] = request.split('?');
  const answer = await api.request(method!, `${maps}?${query}`, body);
  expect([answer.code, reasonOf(answer)]).toEqual([code, reason]);
});

test('__proto__ is a key like any other, and does nothing', async () => {
  const { code } = await api.post(
    maps,
    '{"metadata":{"name":"proto","labels":{"__proto__":"x"}},"__proto__":{"data":1}}',
  );
  expect([201, 400, 422]).toContain(code);
  expect(({} as { data?: unknown }).data).toBeUndefined();
});

test('a body of more than 3 MiB is not read to its end', async () => {
  const { code, body } = await api.post(maps, { metadata: { name: 'big' }, data: { k: 'x'.repeat(3_200_000) } });
  expect([code, body.message]).toEqual([413, 'Request entity too large: limit is 3145728']);
});

test('a dry run goes through everything and leaves nothing', async () => {
  const made = await api.request('POST', `${maps}?dryRun=All`, { metadata: { name: 'dry' } });
  expect([made.code, made.body.metadata.resourceVersion]).toEqual([201, undefined]);
  expect((await api.get(`${maps}/dry`)).code).toBe(404);
});

test('a view shows the objects of another kind in its own words', async () => {
  const event = { metadata: { name: 'e' }, involvedObject: { namespace: 'default', name: 'web', kind: 'Pod' }, reason: 'Started', message: 'yes' }; // prettier-ignore
  await api.post(`${core}/events`, event);
  const view = (await api.get('/apis/events.k8s.io/v1/namespaces/default/events/e')).body;
  expect([view.apiVersion, view.note, view.regarding.name]).toEqual(['events.k8s.io/v1', 'yes', 'web']);
  const listed = (await api.get('/apis/events.k8s.io/v1/events')).body;
  expect([listed.kind, listed.items[0].note]).toEqual(['EventList', 'yes']);
  using watch = await api.watch('/apis/events.k8s.io/v1/events?watch=true');
  expect((await watch.next())!.object.note).toBe('yes');
});

test('answers come as YAML, indented or packed where that is asked for', async () => {
  await api.post(maps, { metadata: { name: 'large' }, data: { k: 'x'.repeat(200_000) } });
  const yaml = await api.get(`${maps}/plain`, { accept: 'application/yaml' });
  expect([yaml.type, yaml.text.split('\n')[0]]).toEqual(['application/yaml', 'apiVersion: v1']);
  expect((await api.get(`${maps}/plain?pretty=true`)).text.split('\n')[1]).toBe('  "kind": "ConfigMap",');
  const packed = await api.get(`${maps}/large`, { 'accept-encoding': 'gzip' });
  expect([packed.headers.get('content-encoding'), packed.body.data.k.length]).toEqual(['gzip', 200_000]);
});

test('a pod is bound once', async () => {
  await api.post(`${core}/serviceaccounts`, { metadata: { name: 'default' } });
  await api.post(`${core}/pods`, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'web' }] } });
  const bind = (node: string) =>
    api.post(`${core}/pods/p/binding`, { metadata: { name: 'p' }, target: { name: node } });
  expect((await bind('node-1')).body).toEqual({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }); // prettier-ignore
  expect((await bind('node-2')).body.message).toBe('Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "node-1"'); // prettier-ignore
  const { spec, status } = (await api.get(`${core}/pods/p`)).body;
  expect([spec.nodeName, status.conditions[0].type]).toEqual(['node-1', 'PodScheduled']);
});

test('status is another door: nothing else changes through it, and it through nothing else', async () => {
  const through = await api.request('PATCH', `${core}/pods/p/status`, { status: { phase: 'Running' }, spec: { activeDeadlineSeconds: 5 } }, merge); // prettier-ignore
  expect([through.body.status.phase, through.body.spec.activeDeadlineSeconds]).toEqual(['Running', undefined]);
  expect((await api.merge(`${core}/pods/p`, { status: { phase: 'Failed' } })).body.status.phase).toBe('Running');
});

describe.each([
  ['replicationcontrollers', core, { a: 'b' }, 'a=b'],
  ['replicasets', '/apis/apps/v1/namespaces/default', { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }] }, 'a in (b,c)'], // prettier-ignore
])('what keeps replicas (%s)', (resource, namespace, selector, words) => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'web' }] } };
  const path = `${namespace}/${resource}/keeper`;
  beforeAll(() => api.post(`${namespace}/${resource}`, { metadata: { name: 'keeper' }, spec: { replicas: 2, selector, template } })); // prettier-ignore

  test('is seen and set as a Scale', async () => {
    const { body } = await api.get(`${path}/scale`);
    expect([body.kind, body.apiVersion, body.spec, body.status]).toEqual(['Scale', 'autoscaling/v1', { replicas: 2 }, { replicas: 0, selector: words }]); // prettier-ignore
    const table = await api.get(`${path}/scale`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const columns = table.body.columnDefinitions.map(({ name }: { name: string }) => name);
    expect([columns, table.body.rows[0].cells]).toEqual([['Name', 'Desired', 'Available', 'Age'], ['keeper', 2, 0, '0s']]); // prettier-ignore
    expect((await api.merge(`${path}/scale`, { spec: { replicas: 0 } })).body.spec).toEqual({});
    expect((await api.merge(`${path}/scale`, { spec: { replicas: -1 } })).body.message).toBe('Scale.autoscaling "keeper" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'); // prettier-ignore
    expect((await api.get(path)).body).toMatchObject({ metadata: { generation: 2 }, spec: { replicas: 0 } });
  });

  test('has conditions that a strategic patch tells apart by their type, through the door of status alone', async () => {
    const strategic = (at: string, ...types: string[]) => {
      const conditions = types.map((type) => ({ type, status: 'True' }));
      return api.request('PATCH', at, { spec: { replicas: 7 }, status: { conditions } }, { 'content-type': 'application/strategic-merge-patch+json' }); // prettier-ignore
    };
    await strategic(`${path}/status`, 'A');
    const { body } = await strategic(`${path}/status`, 'B');
    expect(body.status.conditions.map(({ type }: { type: string }) => type).sort()).toEqual(['A', 'B']);
    expect([body.spec.replicas, body.metadata.generation]).toEqual([0, 2]);
    const whole = (await strategic(path, 'C')).body;
    expect([whole.spec.replicas, whole.metadata.generation, whole.status.conditions.length]).toEqual([7, 3, 2]);
  });

  test('is found by discovery with both its doors', async () => {
    const { body } = await api.get(namespace.replace('/namespaces/default', ''));
    const doors = body.resources.filter(({ name }: { name: string }) => name.startsWith(resource));
    expect(doors).toEqual([
      expect.objectContaining({ name: resource, categories: ['all'], namespaced: true }),
      expect.objectContaining({ name: `${resource}/scale`, group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: ['get', 'patch', 'update'] }), // prettier-ignore
      expect.objectContaining({ name: `${resource}/status`, verbs: ['get', 'patch', 'update'] }),
    ]);
  });
});
