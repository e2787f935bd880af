/**
 * A pod's volumes, and where its containers mount them. Of the sources that live on a storage vendor's machines only the
 * fact that there is exactly one source is checked; nothing here mounts them.
 *
 * @see https://kubernetes.io/docs/concepts/storage/volumes/
 */
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  VolumeDevice,
  VolumeMount,
} from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import { parseQuantity } from '../quantity.js';
import type { DeepReadonly, Volume } from '../types.js';
import { duplicate, forbidden, invalid, notFound, notSupported, required, type Path } from './errors.js';
import { validateFieldRef, validateResourceFieldRef, volumeFieldPaths } from './downward.js';
import { complain } from './metadata.js';
import { dnsLabel } from './names.js';

/** In upstream's order. */
const sources = [
  ...['emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi'],
  ...['glusterfs', 'flocker', 'persistentVolumeClaim', 'rbd', 'cinder', 'cephfs', 'quobyte', 'downwardAPI', 'fc'],
  ...['flexVolume', 'configMap', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk'],
  ...['storageos', 'projected', 'scaleIO', 'csi', 'ephemeral', 'image'],
] as readonly (keyof Volume)[];
const order: ReadonlyMap<keyof Volume, number> = new Map(sources.map((source, index) => [source, index]));

/** The path under which upstream reports a second source, where it is not the field's own name. */
const misspelled: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

const hostPathTypes = [
  ...['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
];

const badMode = 'must be a number between 0 and 0777 (octal), both inclusive';

export type Volumes = ReadonlyMap<string, DeepReadonly<Volume>>;

/** @returns the sound volumes by name: only these may be mounted */
export function validateVolumes(
  volumes: DeepReadonly<Volume[]> | undefined,
  path: Path,
  errors: FieldError[],
): Volumes {
  const sound = new Map<string, DeepReadonly<Volume>>();
  volumes?.forEach((volume, index) => {
    const at = path.at(index);
    const before = errors.length;
    validateSource(volume, at, errors);
    const { name = '' } = volume;
    if (name === '') errors.push(required(at.child('name')));
    else complain(dnsLabel(name), at, 'name', name, errors);
    if (sound.has(name)) errors.push(duplicate(at.child('name'), name));
    if (errors.length === before) sound.set(name, volume);
  });
  return sound;
}

function validateSource(volume: DeepReadonly<Volume>, path: Path, errors: FieldError[]): void {
  const given = (Object.keys(volume) as (keyof Volume)[]).filter(
    (field) => order.has(field) && volume[field] !== null && typeof volume[field] === 'object',
  );
  if (given.length > 1) given.sort((a, b) => order.get(a)! - order.get(b)!);
  given.forEach((source, index) => {
    if (index > 0) {
      errors.push(forbidden(path.child(misspelled[source] ?? source), 'may not specify more than 1 volume type'));
    } else validateVolumeSource(source, volume, path.child(source), errors);
  });
  if (given.length === 0) errors.push(required(path, 'must specify a volume type'));
}

/** What is wrong with a source of that kind. */
export function validateVolumeSource(
  source: keyof Volume,
  volume: DeepReadonly<Volume>,
  path: Path,
  errors: FieldError[],
): void {
  switch (source) {
    case 'emptyDir': {
      const { sizeLimit } = volume.emptyDir!;
      if (sizeLimit !== undefined && parseQuantity(sizeLimit).sign() < 0) {
        errors.push(forbidden(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
      }
      return;
    }
    case 'hostPath': {
      const { path: where, type } = volume.hostPath!;
      if (!where) {
        errors.push(required(path.child('path')));
        return;
      }
      validateNoBacksteps(where, path.child('path'), errors);
      if (type !== undefined && !hostPathTypes.includes(type)) {
        errors.push(notSupported(path.child('type'), type, hostPathTypes));
      }
      return;
    }
    case 'secret': {
      const { secretName, defaultMode, items } = volume.secret!;
      if (!secretName) errors.push(required(path.child('secretName')));
      validateMode(defaultMode, path.child('defaultMode'), errors);
      validateItems(items, path, errors);
      return;
    }
    case 'configMap': {
      const { name, defaultMode, items } = volume.configMap!;
      if (!name) errors.push(required(path.child('name')));
      validateMode(defaultMode, path.child('defaultMode'), errors);
      validateItems(items, path, errors);
      return;
    }
    case 'nfs': {
      const { server, path: where = '' } = volume.nfs!;
      if (!server) errors.push(required(path.child('server')));
      if (where === '') errors.push(required(path.child('path')));
      if (!where.startsWith('/')) errors.push(invalid(path.child('path'), where, 'must be an absolute path'));
      return;
    }
    case 'persistentVolumeClaim':
      if (!volume.persistentVolumeClaim!.claimName) errors.push(required(path.child('claimName')));
      return;
    case 'downwardAPI':
      validateMode(volume.downwardAPI!.defaultMode, path.child('defaultMode'), errors);
      for (const file of volume.downwardAPI!.items ?? []) validateDownwardFile(file, path, errors);
      return;
    case 'projected':
      validateMode(volume.projected!.defaultMode, path.child('defaultMode'), errors);
      validateProjection(volume.projected!, path, errors);
  }
}

function validateMode(mode: number | undefined, path: Path, errors: FieldError[]): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.push(invalid(path, mode, badMode));
}

function validateItems(items: DeepReadonly<KeyToPath[]> | undefined, path: Path, errors: FieldError[]): void {
  items?.forEach(({ key, path: where = '', mode }, index) => {
    const at = path.child('items').at(index);
    if (!key) errors.push(required(at.child('key')));
    if (where === '') errors.push(required(at.child('path')));
    validateFilePath(where, at.child('path'), errors);
    validateMode(mode, at.child('mode'), errors);
  });
}

function validateDownwardFile(file: DeepReadonly<DownwardAPIVolumeFile>, path: Path, errors: FieldError[]): void {
  if (!file.path) errors.push(required(path.child('path')));
  validateFilePath(file.path ?? '', path.child('path'), errors);
  if (file.fieldRef) {
    validateFieldRef(file.fieldRef, volumeFieldPaths, path.child('fieldRef'), errors);
    if (file.resourceFieldRef) {
      errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (file.resourceFieldRef) {
    validateResourceFieldRef(file.resourceFieldRef, true, path.child('resourceFieldRef'), errors);
  } else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'));
  validateMode(file.mode, path.child('mode'), errors);
}

function validateProjection(
  { sources: given }: DeepReadonly<ProjectedVolumeSource>,
  path: Path,
  errors: FieldError[],
): void {
  const taken = new Set<string>();
  const claim = (where: string | undefined, shown: string): void => {
    if (!where) return;
    if (taken.has(where)) errors.push(invalid(path, shown, 'conflicting duplicate paths'));
    taken.add(where);
  };
  given?.forEach(({ secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle }, index) => {
    const at = path.child('sources').at(index);
    for (const [field, source] of [['secret', secret] as const, ['configMap', configMap] as const]) {
      if (!source) continue;
      if (!source.name) errors.push(required(at.child(field).child('name')));
      validateItems(source.items, at.child(field), errors);
      source.items?.forEach((item) => claim(item.path, source.name ?? ''));
    }
    downwardAPI?.items?.forEach((file) => {
      validateDownwardFile(file, at.child('downwardAPI'), errors);
      claim(file.path, file.path ?? '');
    });
    if (serviceAccountToken) {
      const { expirationSeconds = 3600, path: where } = serviceAccountToken;
      const expiry = at.child('serviceAccountToken').child('expirationSeconds');
      if (expirationSeconds < 600) {
        errors.push(invalid(expiry, expirationSeconds, 'may not specify a duration less than 10 minutes'));
      }
      if (expirationSeconds > 2 ** 32) {
        errors.push(invalid(expiry, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'));
      }
      if (!where) errors.push(required(path.child('path')));
      else validateFilePath(where, path.child('path'), errors);
    }
    if (clusterTrustBundle) claim(clusterTrustBundle.path, clusterTrustBundle.path);
    const count = [secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle].filter(Boolean).length;
    if (count > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'));
  });
}

const isBackstep = (where: string): boolean => where.includes('..') && where.split('/').includes('..');

export function validateNoBacksteps(where: string, path: Path, errors: FieldError[]): void {
  if (isBackstep(where)) errors.push(invalid(path, where, "must not contain '..'"));
}

/** A path inside: not absolute, and not out again. */
export function validateDescendingPath(where: string, path: Path, errors: FieldError[]): void {
  if (where.startsWith('/')) errors.push(invalid(path, where, 'must be a relative path'));
  validateNoBacksteps(where, path, errors);
}

/** `..data` and the like are what the kubelet itself writes into a volume. */
function validateFilePath(where: string, path: Path, errors: FieldError[]): void {
  validateDescendingPath(where, path, errors);
  if (where.startsWith('..') && !where.startsWith('../')) {
    errors.push(invalid(path, where, "must not start with '..'"));
  }
}

export interface Mounting {
  readonly mounts: DeepReadonly<VolumeMount[]> | undefined;
  readonly devices: DeepReadonly<VolumeDevice[]> | undefined;
  readonly privileged: boolean;
}

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveModes = ['Disabled', 'Enabled', 'IfPossible'];

export function validateMounts(
  { mounts, devices = [], privileged }: Mounting,
  volumes: Volumes,
  path: Path,
  errors: FieldError[],
): void {
  if (!mounts || mounts.length === 0) return;
  const used = new Set<string>();
  mounts.forEach((mount, index) => {
    const at = path.at(index);
    const { name = '', mountPath = '', subPath, subPathExpr, mountPropagation: propagation, recursiveReadOnly } = mount;
    if (name === '') errors.push(required(at.child('name')));
    if (!volumes.has(name)) errors.push(notFound(at.child('name'), name));
    if (mountPath === '') errors.push(required(at.child('mountPath')));
    if (used.has(mountPath)) errors.push(invalid(at.child('mountPath'), mountPath, 'must be unique'));
    used.add(mountPath);
    if (devices.some((device) => device.name === name)) {
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mountPath)) {
      errors.push(invalid(at.child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'));
    }
    // Upstream leaves the index out of the following paths.
    if (subPath) validateDescendingPath(subPath, path.child('subPath'), errors);
    if (subPathExpr) {
      if (subPath) {
        errors.push(invalid(at.child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      }
      validateDescendingPath(subPathExpr, path.child('subPathExpr'), errors);
    }
    if (propagation !== undefined) {
      const where = path.child('mountPropagation');
      if (!propagations.includes(propagation)) errors.push(notSupported(where, propagation, propagations));
      if (propagation === 'Bidirectional' && !privileged) {
        errors.push(forbidden(where, 'Bidirectional mount propagation is available only to privileged containers'));
      }
    }
    if (recursiveReadOnly !== undefined && recursiveReadOnly !== 'Disabled') {
      const where = path.child('recursiveReadOnly');
      if (!recursiveModes.includes(recursiveReadOnly)) {
        errors.push(notSupported(where, recursiveReadOnly, recursiveModes));
        return;
      }
      if (!mount.readOnly) errors.push(forbidden(where, 'may only be specified when readOnly is true'));
      if (propagation !== undefined && propagation !== 'None') {
        errors.push(forbidden(where, 'may only be specified when mountPropagation is None or not specified'));
      }
    }
  });
}

export function validateDevices(
  { mounts = [], devices }: Mounting,
  volumes: Volumes,
  path: Path,
  errors: FieldError[],
): void {
  if (!devices || devices.length === 0) return;
  const names = new Set<string>();
  const paths = new Set<string>();
  devices.forEach(({ name = '', devicePath = '' }, index) => {
    const at = path.at(index);
    const volume = volumes.get(name);
    if (name === '') errors.push(required(at.child('name')));
    if (names.has(name)) errors.push(invalid(at.child('name'), name, 'must be unique'));
    if (!volume) errors.push(notFound(at.child('name'), name));
    else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
      const only = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalid(at.child('name'), name, only));
    }
    if (devicePath === '') errors.push(required(at.child('devicePath')));
    if (paths.has(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must be unique'));
    if (isBackstep(devicePath)) {
      errors.push(invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"));
    } else paths.add(devicePath);
    if (mounts.some((mount) => mount.name === name)) {
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount.mountPath === devicePath)) {
      errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name !== '') names.add(name);
  });
}
