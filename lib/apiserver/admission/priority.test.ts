import { TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeEach(async () => {
  api = await TestApi.start();
  await api.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
});
afterEach(() => api[Symbol.asyncDispose]());

const classes = '/apis/scheduling.k8s.io/v1/priorityclasses';
const aPod = (spec = {}) => ({
  metadata: { generateName: 'p-' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
});
const create = (spec = {}) => api.post('/api/v1/namespaces/default/pods', aPod(spec));

test('a pod gets the number and the policy of its class', async () => {
  await api.post(classes, { metadata: { name: 'batch' }, value: -5, preemptionPolicy: 'Never' });
  expect((await create({ priorityClassName: 'batch' })).body.spec).toMatchObject({
    priority: -5,
    preemptionPolicy: 'Never',
  });
  expect((await create({ priorityClassName: 'system-node-critical' })).body.spec.priority).toBe(2_000_001_000);
  expect((await create({ priorityClassName: 'none' })).body).toMatchObject({
    code: 403,
    message: expect.stringContaining('no PriorityClass with name none was found'),
  });
});

test('who names none gets the default class, or 0', async () => {
  expect((await create()).body.spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' });
  await api.post(classes, { metadata: { name: 'usual' }, value: 7, globalDefault: true });
  expect((await create()).body.spec).toMatchObject({ priority: 7, priorityClassName: 'usual' });
});

test('there is one default at most', async () => {
  await api.post(classes, { metadata: { name: 'usual' }, value: 7, globalDefault: true });
  expect((await api.post(classes, { metadata: { name: 'other' }, value: 8, globalDefault: true })).body).toMatchObject({
    code: 403,
    message:
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass usual is already marked as default. Only one default can exist',
  });
  expect((await api.merge(`${classes}/usual`, { description: 'as ever' })).code).toBe(200);
});

test('the classes of the system stay', async () => {
  expect((await api.request('DELETE', `${classes}/system-node-critical`)).body).toMatchObject({
    code: 403,
    message:
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
  });
});
