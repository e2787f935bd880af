/**
 * PersistentVolume: a piece of storage in the cluster, which a claim may get for itself.
 *
 * Of the sources that live on a storage vendor's machines only the fact that there is exactly one source is checked.
 *
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/
 */
import { parseQuantity } from '../quantity.js';
import { persistentVolumes } from '../resources.js';
import type { DeepReadonly, PersistentVolume } from '../types.js';
import { diffOf } from '../validation/diff.js';
import { same } from '../validation/equal.js';
import { forbidden, invalid, notSupported, required, root } from '../validation/errors.js';
import { complainAt, immutable } from '../validation/metadata.js';
import { dnsSubdomain } from '../validation/names.js';
import { validateAmount } from '../validation/resources.js';
import { validateNodeSelector } from '../validation/scheduling.js';
import { validateNoBacksteps, validateVolumeSource } from '../validation/volumes.js';
import { ageColumn, column, nameColumn, wideColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import type { FieldError } from './kind.js';
import { roundUp } from './poddefaults.js';
import { shownModes, storageClassOf, validateAccessModes, validateVolumeMode } from './volumemodes.js';

type Volume = DeepReadonly<PersistentVolume>;
type Source = keyof PersistentVolume['spec'];

/** In upstream's order. */
const sources: readonly Source[] = [
  ...(['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd'] as const),
  ...(['quobyte', 'cephfs', 'iscsi', 'cinder', 'fc', 'flexVolume', 'azureFile', 'vsphereVolume'] as const),
  ...(['photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local', 'storageos', 'csi'] as const),
];

export const persistentVolume = defineKind<PersistentVolume>({
  ...persistentVolumes,
  shortNames: ['pv'],
  deleteReturnsObject: true,
  subresources: { status: statusDoor<PersistentVolume>() },
  default(object) {
    object.spec ??= {};
    object.status ??= {};
    const { spec, status } = object;
    if (spec.capacity) roundUp(spec.capacity);
    if (spec.hostPath) spec.hostPath.type ??= '';
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    status.phase ||= 'Pending';
  },
  prepareForCreate(object) {
    const { creationTimestamp } = object.metadata;
    object.status = { phase: 'Pending', ...(creationTimestamp && { lastPhaseTransitionTime: creationTimestamp }) };
  },
  prepareForUpdate(object, old) {
    object.status = old.status as PersistentVolume['status'];
  },
  check,
  checkUpdate(object, old, errors) {
    check(object, errors);
    const path = root('spec').child('persistentvolumesource');
    if (!same(sourceOf(object), sourceOf(old))) {
      const diff = diffOf(sourceOf(old), sourceOf(object));
      errors.push(forbidden(path, `spec.persistentvolumesource is immutable after creation\n${diff}`));
    }
    const { volumeMode, nodeAffinity } = object.spec;
    if (volumeMode !== old.spec.volumeMode) errors.push(invalid(root('volumeMode'), volumeMode, immutable));
    if (old.spec.nodeAffinity && !same(nodeAffinity, old.spec.nodeAffinity)) {
      errors.push(invalid(root('spec').child('nodeAffinity'), nodeAffinity, immutable));
    }
  },
  columns: [
    nameColumn,
    column(
      'Capacity',
      "capacity is the description of the persistent volume's resources and capacity. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#capacity",
      ({ spec }: Volume) => spec.capacity?.storage ?? '0',
    ),
    column(
      'Access Modes',
      'accessModes contains all ways the volume can be mounted. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes',
      ({ spec }: Volume) => shownModes(spec.accessModes),
    ),
    column(
      'Reclaim Policy',
      'persistentVolumeReclaimPolicy defines what happens to a persistent volume when released from its claim. Valid options are Retain (default for manually created PersistentVolumes), Delete (default for dynamically provisioned PersistentVolumes), and Recycle (deprecated). Recycle must be supported by the volume plugin underlying this PersistentVolume. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#reclaiming',
      ({ spec }: Volume) => spec.persistentVolumeReclaimPolicy ?? '',
    ),
    column(
      'Status',
      'phase indicates if a volume is available, bound to a claim, or released by a claim. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#phase',
      ({ metadata, status }: Volume) => (metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? '')),
    ),
    column(
      'Claim',
      'claimRef is part of a bi-directional binding between PersistentVolume and PersistentVolumeClaim. Expected to be non-nil when bound. claim.VolumeName is the authoritative bind between PV and PVC. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#binding',
      ({ spec: { claimRef } }: Volume) => (claimRef ? `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}` : ''),
    ),
    column('StorageClass', 'StorageClass of the pv', (object: Volume) => storageClassOf(object) ?? ''),
    column(
      'VolumeAttributesClass',
      'VolumeAttributesClass of the pv',
      ({ spec }: Volume) => spec.volumeAttributesClassName ?? '<unset>',
    ),
    column(
      'Reason',
      'reason is a brief CamelCase string that describes any failure and is meant for machine parsing and tidy display in the CLI.',
      ({ status }: Volume) => status?.reason ?? '',
    ),
    ageColumn,
    wideColumn(
      'VolumeMode',
      'volumeMode defines if a volume is intended to be used with a formatted filesystem or to remain in raw block state. Value of Filesystem is implied when not included in spec.',
      ({ spec }: Volume) => spec.volumeMode ?? '<unset>',
    ),
  ],
});

const sourceOf = ({ spec }: Volume): object =>
  Object.fromEntries(sources.flatMap((source) => (spec[source] ? [[source, spec[source]]] : [])));

function check({ spec }: Volume, errors: FieldError[]): void {
  const path = root('spec');
  const { accessModes, capacity, persistentVolumeReclaimPolicy: policy, nodeAffinity, storageClassName = '' } = spec;
  validateAccessModes(accessModes, path.child('accessModes'), '', errors);

  const names = Object.keys(capacity ?? {});
  if (names.length === 0) errors.push(required(path.child('capacity')));
  if (names.length !== 1 || names[0] !== 'storage') {
    errors.push(notSupported(path.child('capacity'), capacity, ['storage']));
  }
  for (const name of names) {
    const at = path.child('capacity').at(name);
    const amount = parseQuantity(capacity![name]!);
    validateAmount(name, amount, at, errors);
    if (amount.sign() <= 0) errors.push(invalid(at, amount.toString(), 'must be greater than zero'));
  }

  const policies = ['Delete', 'Recycle', 'Retain'];
  if (policy && !policies.includes(policy)) {
    errors.push(notSupported(path.child('persistentVolumeReclaimPolicy'), policy, policies));
  }
  if (nodeAffinity) {
    const at = path.child('nodeAffinity').child('required');
    if (nodeAffinity.required) validateNodeSelector(nodeAffinity.required, at, errors);
    else errors.push(required(at, 'must specify required node constraints'));
  }
  validateSource(spec, errors);
  if (spec.hostPath && policy === 'Recycle' && /^\/+$/.test(spec.hostPath.path)) {
    const at = path.child('persistentVolumeReclaimPolicy');
    errors.push(forbidden(at, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  if (storageClassName !== '') {
    complainAt(dnsSubdomain(storageClassName), path.child('storageClassName'), storageClassName, errors);
  }
  validateVolumeMode(spec.volumeMode, path.child('volumeMode'), errors);
}

function validateSource(spec: Volume['spec'], errors: FieldError[]): void {
  const path = root('spec');
  const [first, ...more] = sources.filter((source) => spec[source]);
  if (!first) return void errors.push(required(path, 'must specify a volume type'));
  if (first === 'local') {
    const at = path.child('local').child('path');
    if (!spec.local!.path) errors.push(required(at));
    else validateNoBacksteps(spec.local!.path, at, errors);
    if (!spec.nodeAffinity) errors.push(required(path.child('nodeAffinity'), 'Local volume requires node affinity'));
  } else if (first === 'hostPath' || first === 'nfs') {
    validateVolumeSource(first, { name: '', [first]: spec[first] }, path.child(first), errors);
  }
  for (const source of more) errors.push(forbidden(path.child(source), 'may not specify more than 1 volume type'));
}
