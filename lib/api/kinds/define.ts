/**
 * How an entry of the table is written: what is usual may be left out.
 *
 * @example
 * // A further plain kind, served in full: discovery, CRUD, watch, tables, metadata validation.
 * export const widget = defineKind<Widget>({
 *   group: 'example.com',
 *   version: 'v1',
 *   resource: 'widgets',
 *   kind: 'Widget',
 *   check: ({ spec }, errors) => {
 *     if (spec.size < 0) errors.push(invalid(root('spec').child('size'), spec.size, 'must be greater than or equal to 0'));
 *   },
 * });
 */
import type { DeepReadonly, KubernetesObject } from '../types.js';
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.js';
import { dnsSubdomain, type Check } from '../validation/names.js';
import { createdAtColumn, nameColumn } from './columns.js';
import { allVerbs, type FieldError, type Kind, type StatusSubresource, type Verb } from './kind.js';

type Given = 'group' | 'version' | 'resource' | 'kind';
type Made = 'validate' | 'validateUpdate';

export interface Definition<T extends KubernetesObject>
  extends Pick<Kind<T>, Given>, Partial<Omit<Kind<T>, Given | Made>> {
  /** What a name of this kind must look like; a DNS subdomain if left out. */
  readonly name?: Check;
  /** What is wrong with a new object, beside its metadata. */
  readonly check?: (object: DeepReadonly<T>, errors: FieldError[]) => void;
  /** What is wrong with a change, beside its metadata. As {@link check} if left out. */
  readonly checkUpdate?: (object: DeepReadonly<T>, old: DeepReadonly<T>, errors: FieldError[]) => void;
}

/**
 * Completes an entry: namespaced, all verbs, named by its kind in lower case, a DNS subdomain as name, the columns Name
 * and Created At. Metadata is validated first, then what `check` and `checkUpdate` add.
 */
export function defineKind<T extends KubernetesObject = any>({
  name = dnsSubdomain,
  check,
  checkUpdate = (object, _old, errors) => check?.(object, errors),
  ...given
}: Definition<T>): Kind<T> {
  const namespaced = given.namespaced ?? true;
  const fillIn = given.default;
  return {
    namespaced,
    singular: given.kind.toLowerCase(),
    verbs: allVerbs,
    definition: definitionOf(given.group, given.version, given.kind),
    columns: [nameColumn, createdAtColumn],
    ...given,
    default(object) {
      dropEmpty(object.metadata);
      fillIn?.(object);
    },
    validate(object) {
      const errors: FieldError[] = [];
      validateMetadata(object, namespaced, name, errors);
      check?.(object, errors);
      return errors;
    },
    validateUpdate(object, old) {
      const errors: FieldError[] = [];
      validateMetadataUpdate(object, old, errors);
      checkUpdate(object, old, errors);
      return errors;
    },
  };
}

/** A map or list without entries is not there, as everywhere in upstream's JSON. */
function dropEmpty(metadata: KubernetesObject['metadata']): void {
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    if (metadata[field] && Object.keys(metadata[field]).length === 0) delete metadata[field];
  }
}

/** `api.core.v1.Pod`, `api.discovery.v1.EndpointSlice`: a group's first word names its package. */
export const definitionOf = (group: string, version: string, kind: string): string =>
  `api.${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`;

export const partVerbs: readonly Verb[] = ['get', 'patch', 'update'];

/** Puts back all of the metadata that a door to a part of the object has no business with. */
export function resetMetadata(object: KubernetesObject, old: DeepReadonly<KubernetesObject>): void {
  const before = old.metadata as KubernetesObject['metadata'];
  const { deletionTimestamp, generation, labels, annotations, finalizers, ownerReferences } = before;
  Object.assign(object.metadata, { deletionTimestamp, generation, labels, annotations, finalizers, ownerReferences });
}

/**
 * The usual `status` door: only the status changes, the rest is put back.
 * @param check what is wrong with the new status
 */
export function statusDoor<T extends KubernetesObject & { spec?: unknown }>(
  check?: (object: DeepReadonly<T>, old: DeepReadonly<T>, errors: FieldError[]) => void,
): StatusSubresource<T> {
  return {
    type: 'part',
    verbs: partVerbs,
    prepareForUpdate(object, old) {
      object.spec = old.spec as T['spec'];
    },
    validateUpdate(object, old) {
      const errors: FieldError[] = [];
      validateMetadataUpdate(object, old, errors);
      check?.(object, old, errors);
      return errors;
    },
  };
}
