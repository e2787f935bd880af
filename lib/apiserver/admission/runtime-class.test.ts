import { TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
  await api.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
  await api.post(classes, {
    metadata: { name: 'sandboxed' },
    handler: 'vm',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
  });
});
afterAll(() => api[Symbol.asyncDispose]());

const classes = '/apis/node.k8s.io/v1/runtimeclasses';
const create = (spec: object) =>
  api.post('/api/v1/namespaces/default/pods?dryRun=All', {
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
  });

test('a pod is told what its class costs and where it runs', async () => {
  const { code, body } = await create({
    runtimeClassName: 'sandboxed',
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'own' }],
  });
  expect(code).toBe(201);
  expect(body.spec).toMatchObject({ overhead: { cpu: '250m' }, nodeSelector: { disk: 'ssd', vm: 'yes' } });
  expect(body.spec.tolerations.map(({ key }: { key: string }) => key)).toEqual(expect.arrayContaining(['own', 'vm']));
});

test.each([
  [{ runtimeClassName: 'none' }, 'pod rejected: RuntimeClass "none" not found'],
  [{ overhead: { cpu: '1' } }, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'],
  [
    { runtimeClassName: 'sandboxed', overhead: { cpu: '1' } },
    "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ],
  [
    { runtimeClassName: 'sandboxed', nodeSelector: { vm: 'no' } },
    'conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no',
  ],
])('%j is refused', async (spec, why) => {
  const { code, body } = await create(spec);
  expect([code, body.message]).toEqual([403, `pods "p" is forbidden: ${why}`]);
});

test('a class has a handler, for good', async () => {
  const bad = await api.post(classes, { metadata: { name: 'bad' }, handler: 'No' });
  expect(bad.body.details.causes).toEqual([expect.objectContaining({ field: 'handler', reason: 'FieldValueInvalid' })]);
  const changed = await api.merge(`${classes}/sandboxed`, { handler: 'other' });
  expect(changed.body.message).toBe(
    'RuntimeClass.node.k8s.io "sandboxed" is invalid: handler: Invalid value: "other": field is immutable',
  );
});

test('a pod without containers is refused for that', async () => {
  for (const containers of [undefined, null, []]) {
    const { code, body } = await create({ containers });
    expect([code, body.message]).toEqual([422, 'Pod "p" is invalid: spec.containers: Required value']);
  }
});
