import { TestApi } from '../../../test/support/api.js';

let api: TestApi;
beforeEach(async () => (api = await TestApi.start()));
afterEach(() => api[Symbol.asyncDispose]());

const classes = '/apis/storage.k8s.io/v1/storageclasses';
const volumes = '/api/v1/persistentvolumes';
const claims = '/api/v1/namespaces/default/persistentvolumeclaims';
const aClaim = (name: string, spec = {}) => ({
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const aClass = (name: string, isDefault: boolean, more = {}) => ({
  metadata: { name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
  provisioner: 'example.com/disks',
  ...more,
});

test('claims and volumes carry what keeps them while they are in use', async () => {
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/x' } };
  const { body: volume } = await api.post(volumes, { metadata: { name: 'v' }, spec });
  const { body: claim } = await api.post(claims, aClaim('c'));
  expect([volume.metadata.finalizers, claim.metadata.finalizers]).toEqual([
    ['kubernetes.io/pv-protection'],
    ['kubernetes.io/pvc-protection'],
  ]);
});

test('a claim that names no class is of the default one; an empty name says none', async () => {
  expect((await api.post(claims, aClaim('before'))).body.spec.storageClassName).toBeUndefined();
  await api.post(classes, aClass('slow', false));
  await api.post(classes, aClass('fast', true));
  expect((await api.post(claims, aClaim('any'))).body.spec.storageClassName).toBe('fast');
  expect((await api.post(claims, aClaim('none', { storageClassName: '' }))).body.spec.storageClassName).toBe('');
  expect((await api.post(claims, aClaim('slow', { storageClassName: 'slow' }))).body.spec.storageClassName).toBe(
    'slow',
  );
});

test('a claim grows only when it is bound, and its class lets it', async () => {
  await api.post(classes, aClass('fixed', false));
  await api.post(classes, aClass('grows', false, { allowVolumeExpansion: true }));
  for (const storageClassName of ['fixed', 'grows'])
    await api.post(claims, aClaim(storageClassName, { storageClassName }));
  const grow = (name: string) =>
    api.merge(`${claims}/${name}`, { spec: { resources: { requests: { storage: '2Gi' } } } });
  const bind = (name: string) => api.merge(`${claims}/${name}/status`, { status: { phase: 'Bound' } });
  const refused =
    'persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

  expect((await grow('grows')).body.message).toMatch('spec is immutable after creation');
  for (const name of ['fixed', 'grows']) await bind(name);
  expect((await grow('fixed')).body).toMatchObject({ code: 403, message: refused });
  expect((await grow('grows')).body.spec.resources.requests.storage).toBe('2Gi');
});
