/** Claims, volumes and who protects them, looked at through a real API server. */
import {
  events,
  persistentVolumeClaims as claims,
  persistentVolumes as volumes,
  pods,
  storageClasses,
} from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import { silent } from '../util/index.js';
import { World } from '../../test/support/world.js';
import { runControllers } from './run.js';

let world: World;
beforeEach(async () => {
  world = await World.start();
  const { client, clock } = world;
  const controllers = [
    'persistentvolume-binder-controller',
    'persistentvolume-protection-controller',
    'persistentvolumeclaim-protection-controller',
  ] as const;
  world.run((signal) => runControllers({ client, clock, log: silent, controllers }, signal));
});
afterEach(() => world[Symbol.asyncDispose]());

const namespace = 'default';
const make = {
  volume: (name: string, storage: string, more = {}) =>
    world.client.create(volumes, {
      metadata: { name },
      spec: {
        capacity: { storage },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'disks',
        hostPath: { path: `/${name}` },
        ...more,
      },
    } as never),
  claim: (name: string, storage: string, more = {}) =>
    world.client.create(claims, {
      metadata: { name, namespace },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'disks',
        resources: { requests: { storage } },
        ...more,
      },
    } as never),
  storageClass: (name: string, provisioner: string, volumeBindingMode?: string) =>
    world.client.create(storageClasses, { metadata: { name }, provisioner, volumeBindingMode } as never),
};
const volume = (name: string) => world.client.get(volumes, { name });
const claim = (name: string) => world.client.get(claims, { namespace, name });
const told = async (name: string) =>
  (await world.client.list(events, { namespace, fieldSelector: `involvedObject.name=${name}` })).items.map(
    ({ reason, message }) => `${reason}: ${message}`,
  );
const eventually = (check: () => Promise<boolean>) => world.until(async () => expect(await check()).toBe(true));
/** So long that what should not happen would have. */
const settle = () => {
  let rounds = 25;
  return world.until(async () => expect(--rounds).toBe(0));
};
const isGone = (promise: Promise<unknown>) => promise.then(() => false, isNotFound);

test('a claim gets the smallest volume that is large enough', async () => {
  await make.volume('small', '1Gi');
  await make.volume('large', '9Gi');
  await make.volume('right', '5Gi');
  await make.claim('data', '2Gi');
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
  const { metadata, spec, status } = await claim('data');
  expect([spec.volumeName, status.capacity, status.accessModes]).toEqual([
    'right',
    { storage: '5Gi' },
    ['ReadWriteOnce'],
  ]);
  expect(metadata.annotations).toEqual({
    'pv.kubernetes.io/bind-completed': 'yes',
    'pv.kubernetes.io/bound-by-controller': 'yes',
  });
  const bound = await volume('right');
  expect([bound.status.phase, bound.spec.claimRef]).toMatchObject([
    'Bound',
    { name: 'data', namespace, uid: metadata.uid },
  ]);
  expect((await volume('small')).status.phase).toBe('Available');
});

test('two claims never get one volume', async () => {
  await make.volume('only', '1Gi');
  await Promise.all([make.claim('a', '1Gi'), make.claim('b', '1Gi')]);
  await eventually(async () => [(await claim('a')).status.phase, (await claim('b')).status.phase].includes('Bound'));
  await settle();
  const phases = [(await claim('a')).status.phase, (await claim('b')).status.phase].sort();
  expect(phases).toEqual(['Bound', 'Pending']);
});

test('a claim without a volume is told why, and served when there is one', async () => {
  await make.claim('data', '2Gi');
  await eventually(async () => (await told('data')).length > 0);
  expect(await told('data')).toEqual(['ProvisioningFailed: storageclass.storage.k8s.io "disks" not found']);
  await make.volume('late', '2Gi');
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
});

test('a class that waits for the first Pod leaves the choice to the scheduler', async () => {
  await make.storageClass('disks', 'kubernetes.io/no-provisioner', 'WaitForFirstConsumer');
  await make.volume('disk', '2Gi');
  const { metadata } = await make.claim('data', '2Gi');
  await eventually(async () => (await told('data')).length > 0);
  expect(await told('data')).toEqual(['WaitForFirstConsumer: waiting for first consumer to be created before binding']);
  expect((await claim('data')).spec.volumeName).toBeUndefined();
  // The scheduler has chosen.
  await world.client.patch(
    volumes,
    { name: 'disk' },
    { spec: { claimRef: { name: 'data', namespace, uid: metadata.uid } } },
  );
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
});

test('who makes volumes is told by an annotation', async () => {
  await make.storageClass('disks', 'example.com/disks');
  await make.claim('data', '2Gi');
  await eventually(async () => (await claim('data')).metadata.annotations !== undefined);
  expect((await claim('data')).metadata.annotations).toMatchObject({
    'volume.kubernetes.io/storage-provisioner': 'example.com/disks',
  });
});

test('what is in use stays until it is free', async () => {
  await make.volume('disk', '2Gi');
  await make.claim('data', '2Gi');
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
  const spec = {
    nodeName: 'node-1',
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'a', image: 'i' }],
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
  };
  await world.client.create(pods, { metadata: { name: 'user', namespace }, spec } as never);
  await world.client.delete(claims, { namespace, name: 'data' });
  await world.client.delete(volumes, { name: 'disk' });
  await settle();
  expect([await isGone(claim('data')), await isGone(volume('disk'))]).toEqual([false, false]);
  await world.client.delete(pods, { namespace, name: 'user' }, { gracePeriodSeconds: 0 });
  await eventually(async () => (await isGone(claim('data'))) && (await isGone(volume('disk'))));
});

test('a volume whose claim has gone is released, and nobody else gets it', async () => {
  await make.volume('disk', '2Gi');
  await make.claim('data', '2Gi');
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
  await world.client.delete(claims, { namespace, name: 'data' });
  await eventually(async () => (await volume('disk')).status.phase === 'Released');
  await make.claim('next', '2Gi');
  await settle();
  expect((await claim('next')).status.phase).toBe('Pending');
});

test('a claim whose volume has gone is lost', async () => {
  await make.volume('disk', '2Gi');
  await make.claim('data', '2Gi');
  await eventually(async () => (await claim('data')).status.phase === 'Bound');
  await world.client.patch(volumes, { name: 'disk' }, { metadata: { finalizers: null } }, { type: 'merge' });
  await world.client.delete(volumes, { name: 'disk' });
  await eventually(async () => (await claim('data')).status.phase === 'Lost');
  expect(await told('data')).toContain(
    'ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  );
});
