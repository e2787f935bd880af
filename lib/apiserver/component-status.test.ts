import { TestApi } from '../../test/support/api.js';
import type { Check } from '../util/index.js';

const components = new Map<string, Check>([
  ['scheduler', () => {}],
  ['controller-manager', () => Promise.reject(new Error('it has stopped'))],
]);
let api: TestApi;
beforeAll(async () => void (api = await TestApi.start({ components })));
afterAll(() => api[Symbol.asyncDispose]());

const path = '/api/v1/componentstatuses';

test('each component, and the store, is asked when somebody asks', async () => {
  const { body, headers } = await api.get(path);
  expect(headers.get('warning')).toBe('299 - "v1 ComponentStatus is deprecated in v1.19+"');
  expect(body).toMatchObject({ kind: 'ComponentStatusList', metadata: {} });
  const told = () =>
    api
      .get(path)
      .then((list) =>
        list.body.items.map(({ metadata, conditions }: any) => [
          metadata.name,
          ...conditions.map(({ status, message }: any) => [status, message]),
        ]),
      );
  expect(await told()).toEqual([
    ['scheduler', ['True', 'ok']],
    ['controller-manager', ['False', 'it has stopped']],
    ['etcd-0', ['True', 'ok']],
  ]);
  components.set('scheduler', () => Promise.reject(new Error('gone')));
  expect((await told())[0]).toEqual(['scheduler', ['False', 'gone']]);
});

test('one is read, shown as a row, selected; and none is written or watched', async () => {
  expect((await api.get(`${path}/etcd-0`)).body).toEqual({
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name: 'etcd-0' },
    conditions: [{ type: 'Healthy', status: 'True', message: 'ok' }],
  });
  const table = await api.get(`${path}?fieldSelector=metadata.name=controller-manager`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  });
  expect(table.body.rows.map(({ cells }: any) => cells)).toEqual([
    ['controller-manager', 'Unhealthy', 'it has stopped', ''],
  ]);
  expect((await api.get(`${path}/nobody`)).body).toMatchObject({ code: 500, message: 'Component not found: nobody' });
  expect((await api.get(`${path}?watch=true`)).code).toBe(405);
  expect((await api.post(path, { metadata: { name: 'a' } })).code).toBe(405);
});
