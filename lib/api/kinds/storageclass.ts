/**
 * StorageClass: a kind of storage by name, who makes it, and whether a claim is bound at once or waits for its first Pod.
 *
 * @see https://kubernetes.io/docs/concepts/storage/storage-classes/
 */
import { storageClasses } from '../resources.js';
import type { DeepReadonly, StorageClass } from '../types.js';
import { same } from '../validation/equal.js';
import { invalid, notSupported, required, root, tooLong } from '../validation/errors.js';
import { complainAt, immutable } from '../validation/metadata.js';
import { labelValueCheck, qualifiedName } from '../validation/names.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

type Class = DeepReadonly<StorageClass>;

/** How many parameters there may be. */
const parametersLimit = 512;
/** All parameters together, keys included, in bytes. */
const parametersSizeLimit = 256 * 1024;

/** Claims that name no class are of the class marked so; the second form is of 1.4. */
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
] as const;

export const isDefaultStorageClass = ({ metadata: { annotations } }: DeepReadonly<Pick<StorageClass, 'metadata'>>) =>
  defaultAnnotations.some((annotation) => annotations?.[annotation] === 'true');

export const storageClass = defineKind<StorageClass>({
  ...storageClasses,
  shortNames: ['sc'],
  default(object) {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  check,
  checkUpdate(object, old, errors) {
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
      if (!same(object[field], old[field])) errors.push(invalid(root(field), object[field], immutable));
    }
    validateTopologies(object, errors);
  },
  columns: [
    {
      ...nameColumn,
      cell: (object) => `${object.metadata.name}${isDefaultStorageClass(object) ? ' (default)' : ''}`,
    },
    column(
      'Provisioner',
      'provisioner indicates the type of the provisioner.',
      ({ provisioner }: Class) => provisioner ?? '',
    ),
    column(
      'ReclaimPolicy',
      'reclaimPolicy controls the reclaimPolicy for dynamically provisioned PersistentVolumes of this storage class. Defaults to Delete.',
      ({ reclaimPolicy }: Class) => reclaimPolicy ?? 'Delete',
    ),
    column(
      'VolumeBindingMode',
      'volumeBindingMode indicates how PersistentVolumeClaims should be provisioned and bound.  When unset, VolumeBindingImmediate is used. This field is only honored by servers that enable the VolumeScheduling feature.',
      ({ volumeBindingMode }: Class) => volumeBindingMode ?? 'Immediate',
    ),
    column(
      'AllowVolumeExpansion',
      'allowVolumeExpansion shows whether the storage class allow volume expand.',
      ({ allowVolumeExpansion }: Class) => String(allowVolumeExpansion ?? false),
    ),
    ageColumn,
  ],
});

function check(object: Class, errors: FieldError[]): void {
  const { provisioner = '', parameters = {}, reclaimPolicy, volumeBindingMode } = object;
  if (provisioner === '') errors.push(required(root('provisioner')));
  else complainAt(qualifiedName(provisioner.toLowerCase()), root('provisioner'), provisioner, errors);

  const entries = Object.entries(parameters);
  if (entries.length > parametersLimit) errors.push(tooLong(root('parameters'), parametersLimit));
  if (entries.some(([key]) => key === '')) errors.push(invalid(root('parameters'), '', 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > parametersSizeLimit) errors.push(tooLong(root('parameters'), parametersSizeLimit));

  const policies = ['Delete', 'Retain'];
  if (reclaimPolicy && !policies.includes(reclaimPolicy)) {
    errors.push(notSupported(root('reclaimPolicy'), reclaimPolicy, policies));
  }
  const modes = ['Immediate', 'WaitForFirstConsumer'];
  if (!volumeBindingMode) errors.push(required(root('volumeBindingMode')));
  else if (!modes.includes(volumeBindingMode)) {
    errors.push(notSupported(root('volumeBindingMode'), volumeBindingMode, modes));
  }
  validateTopologies(object, errors);
}

function validateTopologies({ allowedTopologies }: Class, errors: FieldError[]): void {
  const path = root('allowedTopologies');
  allowedTopologies?.forEach(({ matchLabelExpressions }, index) => {
    const at = path.at(index).child('matchLabelExpressions');
    matchLabelExpressions?.forEach(({ key = '', values = [] }, i) => {
      if (values.length === 0) errors.push(required(at.at(i).child('values')));
      complainAt(qualifiedName(key), at.at(i).child('key'), key, errors);
      for (const [j, value] of values.entries()) {
        complainAt(labelValueCheck(value), at.at(i).child('values').at(j), value, errors);
      }
    });
  });
}
