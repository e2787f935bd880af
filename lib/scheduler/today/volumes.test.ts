/** Volumes and nodes: where a Pod's volumes are, and which it gets. */
import { persistentVolumes } from '../../api/resources.js';
import type { KubernetesObject, PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types.js';
import { bindCompletedAnnotation } from '../../api/volumes.js';
import { PodInfo } from '../pod-info.js';
import { aNode, aPod, bound } from '../testing/builders.js';
import { Trial } from '../testing/decide.js';
import { todayProvider } from './provider.js';

const nodes = [aNode('node-1'), aNode('node-2')];
const trial = (...objects: KubernetesObject[]) => new Trial(todayProvider, [...nodes, ...objects]);
const uses = (name: string, ...claims: string[]): Pod =>
  aPod(name, {}, { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) });

const aVolume = (name: string, storage: string, node?: string, spec = {}): PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name, resourceVersion: '1' },
  spec: {
    capacity: { storage },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local',
    ...(node && {
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    }),
    ...spec,
  },
  status: { phase: 'Available' },
});

const aClaim = (name: string, storage = '1Gi', volumeName?: string, spec = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    ...(volumeName && { annotations: { [bindCompletedAnnotation]: 'yes' } }),
  },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local',
    resources: { requests: { storage } },
    volumeName,
    ...spec,
  },
  status: { phase: volumeName ? 'Bound' : 'Pending' },
});

const aClass = (name: string, provisioner = 'kubernetes.io/no-provisioner', more = {}) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});

describe('no node will do, whatever the nodes, while a claim', () => {
  test.each<[string, KubernetesObject[], string]>([
    ['is not there', [], 'persistentvolumeclaim "data" not found.'],
    ['should be bound and is not', [aClaim('data')], 'pod has unbound immediate PersistentVolumeClaims.'],
    [
      'is being deleted',
      [{ ...aClaim('data'), metadata: { ...aClaim('data').metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }],
      'persistentvolumeclaim "data" is being deleted.',
    ],
    [
      'has lost its volume',
      [{ ...aClaim('data', '1Gi', 'gone'), status: { phase: 'Lost' } }],
      'persistentvolumeclaim "data" bound to non-existent persistentvolume "gone".',
    ],
  ])('%s', (_, objects, sentence) => expect(trial(...objects).place(uses('p', 'data'))).toBe(sentence));
});

test('a bound claim is where its volume is', () => {
  const claim = aClaim('data', '1Gi', 'disk');
  expect(trial(claim, aVolume('disk', '1Gi', 'node-2')).place(uses('p', 'data'))).toBe('node-2');
  expect(trial(claim, aVolume('disk', '1Gi', 'node-3')).place(uses('p', 'data'))).toBe(
    "2 node(s) didn't match PersistentVolume's node affinity.",
  );
});

describe('a claim that waits for its first Pod', () => {
  test('gets the smallest volume that is large enough, where there is one', () => {
    const cluster = trial(
      aClass('local'),
      aClaim('data', '5Gi'),
      aVolume('small', '1Gi', 'node-1'),
      aVolume('large', '9Gi', 'node-2'),
    );
    expect(cluster.place(uses('p', 'data'))).toBe('node-2');
    expect(trial(aClass('local'), aClaim('data', '5Gi'), aVolume('small', '1Gi')).place(uses('p', 'data'))).toBe(
      "2 node(s) didn't find available persistent volumes to bind.",
    );
  });

  test('does not get one that is reserved for another', () => {
    const reserved = aVolume('disk', '9Gi', 'node-1', { claimRef: { namespace: 'default', name: 'other' } });
    expect(trial(aClass('local'), aClaim('data'), reserved).place(uses('p', 'data'))).toMatch(/didn't find available/);
  });

  test('two claims of one Pod need two volumes of one node', () => {
    const claims = [aClaim('a'), aClaim('b')];
    const apart = [aVolume('x', '1Gi', 'node-1'), aVolume('y', '1Gi', 'node-2')];
    expect(trial(aClass('local'), ...claims, ...apart).place(uses('p', 'a', 'b'))).toMatch(/didn't find available/);
    expect(trial(aClass('local'), ...claims, ...apart, aVolume('z', '1Gi', 'node-2')).place(uses('p', 'a', 'b'))).toBe(
      'node-2',
    );
  });

  test('may have one made, where its class allows', () => {
    const made = (more = {}) => aClass('local', 'example.com/disks', more);
    expect(trial(made(), aClaim('data')).place(uses('p', 'data'))).toMatch(/^node-/);
    const only = [{ matchLabelExpressions: [{ key: 'kubernetes.io/hostname', values: ['node-1'] }] }];
    expect(trial(made({ allowedTopologies: only }), aClaim('data')).place(uses('p', 'data'))).toBe('node-1');
    const elsewhere = aClaim('data');
    elsewhere.metadata.annotations = { 'volume.kubernetes.io/selected-node': 'node-2' };
    expect(trial(made(), elsewhere).place(uses('p', 'data'))).toBe('node-2');
  });

  test('what is set aside for one Pod is not offered to the next, until it is given back', async () => {
    const cluster = trial(aClass('local'), aClaim('a'), aClaim('b'), aVolume('disk', '1Gi', 'node-1'));
    const { reservation } = cluster.algorithm.options;
    const first = new PodInfo(uses('p', 'a'));
    const node = cluster.cache.nodeNamed('node-1')!;
    reservation!.reserve(first, node);
    expect(cluster.place(uses('q', 'b'))).toMatch(/didn't find available/);
    reservation!.unreserve(first, node);
    expect(cluster.place(uses('q', 'b'))).toBe('node-1');
  });

  test('before the binding the volume says whose it is, and the controller is waited for', async () => {
    const claim = aClaim('a');
    const cluster = trial(aClass('local'), claim, aVolume('disk', '1Gi', 'node-1'));
    const patches: unknown[] = [];
    const client = {
      patch: async (...args: unknown[]) => void patches.push(args.slice(0, 3)),
      async *watch() {
        yield { type: 'ADDED', object: claim };
        patches.push('waited');
        yield { type: 'MODIFIED', object: aClaim('a', '1Gi', 'disk') };
        patches.push('too long');
      },
    } as never;
    const pod = new PodInfo(uses('p', 'a'));
    const node = cluster.cache.nodeNamed('node-1')!;
    const { reservation } = cluster.algorithm.options;
    reservation!.reserve(pod, node);
    await reservation!.prepare(pod, node, { client, signal: new AbortController().signal });
    const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'a', namespace: 'default', uid: 'uid-a' };
    const metadata = { resourceVersion: '1', annotations: { 'pv.kubernetes.io/bound-by-controller': 'yes' } };
    expect(patches).toEqual([[persistentVolumes, { name: 'disk' }, { metadata, spec: { claimRef } }], 'waited']);
  });
});

test('a claim for one Pod alone is used by one Pod alone', () => {
  const claim = aClaim('data', '1Gi', 'disk', { accessModes: ['ReadWriteOncePod'] });
  const cluster = trial(claim, aVolume('disk', '1Gi'), bound(uses('first', 'data'), 'node-1'));
  expect(cluster.place(uses('p', 'data'))).toBe(
    '2 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode.',
  );
});

test('a driver attaches so many volumes to a node, each counted once', () => {
  const csi = (name: string) => aVolume(name, '1Gi', undefined, { csi: { driver: 'example.com', volumeHandle: name } });
  const limited = (node: string) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name: node },
    spec: { drivers: [{ name: 'example.com', nodeID: node, allocatable: { count: 1 } }] },
  });
  const cluster = trial(
    ...['a', 'b'].flatMap((name) => [csi(name), aClaim(name, '1Gi', name)]),
    ...['node-1', 'node-2'].flatMap((name) => [limited(name), bound(uses(`on-${name}`, 'a'), name)]),
  );
  expect(cluster.place(uses('p', 'a'))).toMatch(/^node-/);
  expect(cluster.place(uses('p', 'b'))).toBe('2 node(s) exceed max volume count.');
});

test('a volume that lives in a zone is mounted there', () => {
  const zone = 'topology.kubernetes.io/zone';
  const disk = aVolume('disk', '1Gi');
  disk.metadata.labels = { [zone]: 'x__z' };
  const cluster = (place: string) =>
    new Trial(todayProvider, [aNode('node-1', {}, { labels: { [zone]: place } }), aClaim('data', '1Gi', 'disk'), disk]);
  expect(cluster('z').place(uses('p', 'data'))).toBe('node-1');
  expect(cluster('y').place(uses('p', 'data'))).toBe('1 node(s) had no available volume zone.');
});

test.each<[string, object, object, boolean]>([
  ['GCE disk', { gcePersistentDisk: { pdName: 'a' } }, { gcePersistentDisk: { pdName: 'b' } }, true],
  ['EBS volume', { awsElasticBlockStore: { volumeID: 'a' } }, { awsElasticBlockStore: { volumeID: 'b' } }, false],
  ['RBD image', { rbd: { monitors: ['m', 'n'], image: 'a' } }, { rbd: { monitors: ['m'], image: 'b' } }, true],
  [
    'iSCSI target',
    { iscsi: { iqn: 'a', targetPortal: 't', lun: 0 } },
    { iscsi: { iqn: 'b', targetPortal: 't', lun: 0 } },
    true,
  ],
])('one %s is mounted by one Pod of a node, or by readers alone', (_, disk, another, readersShare) => {
  const mounts = (name: string, volume: object, readOnly: boolean) => {
    const source = Object.fromEntries(Object.entries(volume).map(([kind, one]) => [kind, { ...one, readOnly }]));
    return aPod(name, {}, { volumes: [{ name: 'v', ...source }] });
  };
  const place = (volume: object, readOnly: boolean, othersReadOnly = readOnly) =>
    trial(...nodes.map(({ metadata: { name } }) => bound(mounts(`on-${name}`, disk, othersReadOnly), name))).place(
      mounts('p', volume, readOnly),
    );
  const refused = '2 node(s) had no available disk.';
  expect(place(disk, false)).toBe(refused);
  expect(place(disk, true, false)).toBe(refused);
  expect(place(disk, true)).toMatch(readersShare ? /^node-/ : refused);
  expect(place(another, false)).toMatch(/^node-/);
});
