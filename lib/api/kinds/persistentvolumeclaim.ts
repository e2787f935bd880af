/**
 * PersistentVolumeClaim: a wish for storage. Its controller, and with the first Pod the scheduler, find it a volume.
 *
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims
 */
import { parseQuantity } from '../quantity.js';
import { persistentVolumeClaims } from '../resources.js';
import type { DeepReadonly, PersistentVolumeClaim } from '../types.js';
import { diffOf } from '../validation/diff.js';
import { same } from '../validation/equal.js';
import { forbidden, invalid, required, root } from '../validation/errors.js';
import { complainAt, immutable, validateLabelSelector } from '../validation/metadata.js';
import { dnsSubdomain } from '../validation/names.js';
import { ageColumn, column, nameColumn, wideColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import type { FieldError } from './kind.js';
import { roundUp } from './poddefaults.js';
import { shownModes, storageClassOf, validateAccessModes, validateVolumeMode } from './volumemodes.js';

type Claim = DeepReadonly<PersistentVolumeClaim>;

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  ...persistentVolumeClaims,
  shortNames: ['pvc'],
  deleteReturnsObject: true,
  subresources: { status: statusDoor<PersistentVolumeClaim>() },
  default(object) {
    object.spec ??= {};
    object.status ??= {};
    const { spec, status } = object;
    spec.resources ??= {};
    for (const amounts of [spec.resources.requests, spec.resources.limits]) if (amounts) roundUp(amounts);
    spec.volumeMode ??= 'Filesystem';
    status.phase ||= 'Pending';
  },
  prepareForCreate(object) {
    object.status = { phase: 'Pending' };
  },
  prepareForUpdate(object, old) {
    object.status = old.status as PersistentVolumeClaim['status'];
  },
  check,
  checkUpdate(object, old, errors) {
    check(object, errors);
    const rest = withoutMutable(object, old);
    if (!same(rest, old.spec)) {
      const may =
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
      errors.push(forbidden(root('spec'), `${may}\n${diffOf(old.spec, rest)}`));
    }
    const [size, oldSize] = [storageOf(object), storageOf(old)];
    const granted = parseQuantity(old.status?.capacity?.storage ?? '0');
    if (size.compare(oldSize) < 0 && size.compare(granted) <= 0) {
      const path = root('spec').child('resources').child('requests').child('storage');
      errors.push(forbidden(path, 'field can not be less than status.capacity'));
    }
    if (object.spec.volumeMode !== old.spec.volumeMode) {
      errors.push(invalid(root('volumeMode'), object.spec.volumeMode, immutable));
    }
  },
  columns: [
    nameColumn,
    column('Status', 'phase represents the current phase of PersistentVolumeClaim.', ({ metadata, status }: Claim) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    column(
      'Volume',
      'volumeName is the binding reference to the PersistentVolume backing this claim.',
      ({ spec }: Claim) => spec.volumeName ?? '',
    ),
    column('Capacity', 'capacity represents the actual resources of the underlying volume.', (object: Claim) =>
      object.spec.volumeName ? (object.status?.capacity?.storage ?? '0') : '',
    ),
    column(
      'Access Modes',
      'accessModes contains the actual access modes the volume backing the PVC has. More info: https://kubernetes.io/docs/concepts/storage/persistent-volumes#access-modes-1',
      ({ spec, status }: Claim) => (spec.volumeName ? shownModes(status?.accessModes) : ''),
    ),
    column('StorageClass', 'StorageClass of the pvc', (object: Claim) => storageClassOf(object) ?? ''),
    column(
      'VolumeAttributesClass',
      'VolumeAttributesClass of the pvc',
      ({ spec }: Claim) => spec.volumeAttributesClassName ?? '<unset>',
    ),
    ageColumn,
    wideColumn(
      'VolumeMode',
      'volumeMode defines what type of volume is required by the claim. Value of Filesystem is implied when not included in claim spec.',
      ({ spec }: Claim) => spec.volumeMode ?? '<unset>',
    ),
  ],
});

const storageOf = ({ spec }: Claim) => parseQuantity(spec.resources?.requests?.storage ?? '0');

/** The new spec with what may change put back. */
function withoutMutable({ spec, status }: Claim, { spec: old }: Claim): Claim['spec'] {
  const bound = status?.phase === 'Bound';
  return {
    ...spec,
    volumeAttributesClassName: old.volumeAttributesClassName,
    // Once, when it is bound.
    ...(!old.volumeName && { volumeName: old.volumeName }),
    // The class that became the default one after the claim was made.
    ...(old.storageClassName === undefined && { storageClassName: undefined }),
    ...(bound &&
      spec.resources?.requests && {
        resources: {
          ...spec.resources,
          requests: { ...spec.resources.requests, storage: old.resources?.requests?.storage ?? '0' },
        },
      }),
  };
}

function check({ spec }: Claim, errors: FieldError[]): void {
  const path = root('spec');
  validateAccessModes(spec.accessModes, path.child('accessModes'), 'at least 1 access mode is required', errors);
  validateLabelSelector(spec.selector, path.child('selector'), errors);
  const storage = spec.resources?.requests?.storage;
  const at = path.child('resources').at('storage');
  if (storage === undefined) errors.push(required(at));
  else if (parseQuantity(storage).sign() <= 0) {
    errors.push(invalid(at, parseQuantity(storage).toString(), 'must be greater than zero'));
  }
  if (spec.storageClassName) {
    complainAt(dnsSubdomain(spec.storageClassName), path.child('storageClassName'), spec.storageClassName, errors);
  }
  validateVolumeMode(spec.volumeMode, path.child('volumeMode'), errors);
  if (spec.volumeAttributesClassName) {
    const where = path.child('volumeAttributesClassName');
    complainAt(dnsSubdomain(spec.volumeAttributesClassName), where, spec.volumeAttributesClassName, errors);
  }
}
