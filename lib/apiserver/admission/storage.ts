/**
 * What admission does for storage:
 *
 * - `StorageObjectInUseProtection`: a claim that pods use, and a volume that a claim holds, must not vanish under them. A
 *   finalizer keeps both until their controllers find them free.
 * - `DefaultStorageClass`: a claim that names no class is of the default one, if there is one.
 * - `PersistentVolumeClaimResize`: a claim grows only if its class can make its volume grow. (That it is bound is validation's.)
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/
 */
import { isDefaultStorageClass } from '../../api/kinds/storageclass.js';
import { storageClassOf } from '../../api/kinds/volumemodes.js';
import { parseQuantity } from '../../api/quantity.js';
import { storageClasses } from '../../api/resources.js';
import type { DeepReadonly, PersistentVolumeClaim, StorageClass } from '../../api/types.js';
import type { Reader } from '../reader.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';
import { refuse } from './refuse.js';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  operations: ['CREATE'],
  admit({ kind, subresource, object }) {
    const finalizer = kind.group === '' ? finalizers[kind.resource] : undefined;
    if (!finalizer || subresource !== '' || !object || object.metadata.finalizers?.includes(finalizer)) return;
    object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer];
  },
};

const isClaim = ({ kind, subresource }: AdmissionRequest): boolean =>
  kind.group === '' && kind.resource === 'persistentvolumeclaims' && subresource === '';

export const defaultStorageClass = (reader: Reader): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  operations: ['CREATE'],
  admit(request: AdmissionRequest<PersistentVolumeClaim>) {
    const { object: claim } = request;
    // An empty name says: of no class.
    if (!isClaim(request) || !claim || storageClassOf(claim) !== undefined) return;
    const name = newestDefault(reader);
    if (name !== undefined) claim.spec.storageClassName = name;
  },
});

/** Several may be marked while one follows another: the newest counts, by name among those of one second. */
const newestDefault = (reader: Reader): string | undefined =>
  reader
    .list<StorageClass>(storageClasses)
    .filter(isDefaultStorageClass)
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        Date.parse(b.creationTimestamp ?? '') - Date.parse(a.creationTimestamp ?? '') || (a.name < b.name ? -1 : 1),
    )[0]?.metadata.name;

export const persistentVolumeClaimResize = (reader: Reader): AdmissionPlugin => ({
  name: 'PersistentVolumeClaimResize',
  operations: ['UPDATE'],
  validate(request: AdmissionRequest<PersistentVolumeClaim>) {
    const { object: claim, oldObject: old } = request;
    if (!isClaim(request) || !claim || !old || sizeOf(claim).compare(sizeOf(old)) <= 0) return;
    const name = storageClassOf(old);
    const found = name ? reader.get<StorageClass>(storageClasses, '', name) : undefined;
    if (found?.allowVolumeExpansion && storageClassOf(claim) === name) return;
    throw refuse(
      request,
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    );
  },
});

const sizeOf = ({ spec }: DeepReadonly<PersistentVolumeClaim>) =>
  parseQuantity(spec.resources?.requests?.storage ?? '0');
