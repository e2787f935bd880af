import type { KubernetesObject } from '../types.js';
import { kindFor } from './index.js';

const [classes, priorities] = [
  kindFor('storage.k8s.io', 'v1', 'storageclasses')!,
  kindFor('scheduling.k8s.io', 'v1', 'priorityclasses')!,
];
const [volumes, claims] = [kindFor('', 'v1', 'persistentvolumes')!, kindFor('', 'v1', 'persistentvolumeclaims')!];

const said = (errors: readonly { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message.split('\n')[0]}`);
const aNew = (kind: typeof volumes, object: object): any => {
  const made = {
    metadata: { name: 'a', resourceVersion: '1', ...(kind.namespaced && { namespace: 'ns' }) },
    ...object,
  } as unknown as KubernetesObject;
  kind.default?.(made);
  return made;
};
const wrong = (kind: typeof volumes, object: object) => said(kind.validate(aNew(kind, object)));
const cells = (kind: typeof volumes, object: any) =>
  Object.fromEntries(kind.columns.map(({ name, cell }) => [name, cell(object, 0)]));

const aVolume = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/data' } };
const aClaim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

describe('a PersistentVolume', () => {
  test('is retained, holds a file system and is pending unless it says otherwise', () => {
    const volume = aNew(volumes, { spec: aVolume });
    expect(volume.spec).toMatchObject({ persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    expect(volume.status).toEqual({ phase: 'Pending' });
    expect(volumes.validate(volume)).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    [
      'has modes of access and one source',
      { capacity: { storage: '1Gi' }, hostPath: { path: '/x' }, nfs: { server: 's', path: '/x' } },
      ['spec.accessModes: Required value', 'spec.nfs: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'has a capacity and a source',
      { accessModes: ['ReadWriteOnce'] },
      [
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: null: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    [
      'says on which nodes it is, if it is local',
      { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, local: { path: '/mnt' } },
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      'is for one pod or for several',
      { ...aVolume, accessModes: ['ReadWriteOnce', 'ReadWriteOncePod'] },
      ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
    ],
    [
      'holds something',
      { ...aVolume, capacity: { storage: '0' } },
      ['spec.capacity[storage]: Invalid value: "0": must be greater than zero'],
    ],
  ])('%s', (_, spec, errors) => expect(wrong(volumes, { spec })).toEqual(errors));

  test('keeps its source', () => {
    const [old, moved] = [
      aNew(volumes, { spec: aVolume }),
      aNew(volumes, { spec: { ...aVolume, hostPath: { path: '/other' } } }),
    ];
    expect(said(volumes.validateUpdate(moved, old))).toEqual([
      'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
    ]);
  });

  test('shows whose it is, and how it may be used', () => {
    const spec = {
      ...aVolume,
      accessModes: ['ReadOnlyMany', 'ReadWriteOnce'],
      claimRef: { namespace: 'n', name: 'c' },
    };
    expect(cells(volumes, aNew(volumes, { spec }))).toMatchObject({
      ...{ Capacity: '1Gi', 'Access Modes': 'RWO,ROX', 'Reclaim Policy': 'Retain', Status: 'Pending', Claim: 'n/c' },
      ...{ StorageClass: '', VolumeAttributesClass: '<unset>', VolumeMode: 'Filesystem' },
    });
  });
});

describe('a PersistentVolumeClaim', () => {
  test.each<[string, object, string[]]>([
    ['may be plain', aClaim, []],
    [
      'says how much, and how it is accessed',
      { accessModes: ['Often'], resources: {} },
      [
        'spec.accessModes: Unsupported value: "Often": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      'names some mode of access',
      { resources: aClaim.resources },
      ['spec.accessModes: Required value: at least 1 access mode is required'],
    ],
  ])('%s', (_, spec, errors) => expect(wrong(claims, { spec })).toEqual(errors));

  const old = aNew(claims, { spec: aClaim });
  const changed = (spec: object, status = {}) =>
    said(claims.validateUpdate({ ...old, spec: { ...old.spec, ...spec }, status }, { ...old, status }));
  const immutable =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const bigger = { resources: { requests: { storage: '2Gi' } } };
  test.each<[string, object, object, string[]]>([
    ['gets its volume once', { volumeName: 'v' }, {}, []],
    ['gets its class later, if it had none', { storageClassName: 'fast' }, {}, []],
    ['keeps its modes of access', { accessModes: ['ReadOnlyMany'] }, {}, [immutable]],
    ['does not grow before it is bound', bigger, {}, [immutable]],
    ['grows when it is bound', bigger, { phase: 'Bound' }, []],
  ])('%s', (_, spec, status, errors) => expect(changed(spec, status)).toEqual(errors));
});

describe('a StorageClass', () => {
  test('deletes its volumes and binds at once unless it says otherwise', () => {
    const made = aNew(classes, { provisioner: 'example.com/disks' });
    expect(made).toMatchObject({ reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
    expect(classes.validate(made)).toEqual([]);
  });

  test('keeps who makes its volumes, and how', () => {
    const old = aNew(classes, { provisioner: 'a', parameters: { speed: 'fast' } });
    const made = aNew(classes, { provisioner: 'b', parameters: { speed: 'slow' } });
    expect(said(classes.validateUpdate(made, old))).toEqual([
      'parameters: Invalid value: {"speed":"slow"}: field is immutable',
      'provisioner: Invalid value: "b": field is immutable',
    ]);
  });

  test('is shown as the default one where it is', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    const made = aNew(classes, { metadata: { name: 'fast', annotations }, provisioner: 'a' });
    expect(cells(classes, made)).toMatchObject({ Name: 'fast (default)', AllowVolumeExpansion: 'false' });
  });
});

describe('a PriorityClass', () => {
  test.each<[string, object, string[]]>([
    ['may be below zero', { value: -5, preemptionPolicy: 'Never' }, []],
    [
      'leaves room for the system',
      { value: 2_000_000_000 },
      ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    ],
    [
      'does not take a name of the system',
      { metadata: { name: 'system-mine' }, value: 1 },
      [
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
      ],
    ],
    [
      'preempts, or never does',
      { value: 1, preemptionPolicy: 'Often' },
      ['preemptionPolicy: Unsupported value: "Often": supported values: "PreemptLowerPriority", "Never"'],
    ],
  ])('%s', (_, object, errors) => expect(wrong(priorities, object)).toEqual(errors));

  test('keeps its number', () => {
    const [old, made] = [aNew(priorities, { value: 1 }), aNew(priorities, { value: 5 })];
    expect(said(priorities.validateUpdate(made, old))).toEqual(['value: Forbidden: may not be changed in an update.']);
  });
});
