/**
 * Namespace: a room for names. It goes in two steps: marked by a deletion, then emptied by its controller, which takes
 * its finalizer off through `finalize`.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
 */
import { namespaces } from '../resources.js';
import type { Namespace } from '../types.js';
import { invalid, root } from '../validation/errors.js';
import { complainAt, requireFullFinalizer, validateMetadataUpdate } from '../validation/metadata.js';
import { dnsLabel, qualifiedName } from '../validation/names.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import { allVerbs, type FieldError } from './kind.js';

/** Every namespace carries its name as a label, so that selectors can pick it. */
const nameLabel = 'kubernetes.io/metadata.name';

const finalizer = 'kubernetes';

type Finalizable = { spec: { finalizers?: readonly string[] } };

export const namespace = defineKind<Namespace>({
  ...namespaces,
  shortNames: ['ns'],
  // Emptying many namespaces by one request would be too easily done.
  verbs: allVerbs.filter((verb) => verb !== 'deletecollection'),
  deleteReturnsObject: true,
  name: dnsLabel,
  subresources: {
    status: statusDoor<Namespace>(({ metadata, status }, _old, errors) => {
      const path = root('status').child('Phase');
      const phase = status?.phase;
      if (metadata.deletionTimestamp) {
        if (phase !== 'Terminating') {
          errors.push(invalid(path, phase ?? '', "may only be 'Terminating' if `deletionTimestamp` is not empty"));
        }
      } else if (phase !== 'Active') {
        errors.push(invalid(path, phase ?? '', "may only be 'Active' if `deletionTimestamp` is empty"));
      }
    }),
    finalize: {
      type: 'part',
      verbs: ['update'],
      prepareForUpdate(object, old) {
        object.status = old.status as Namespace['status'];
      },
      validateUpdate(object, old) {
        const errors: FieldError[] = [];
        validateMetadataUpdate(object, old, errors);
        object.spec?.finalizers?.forEach((each, index) => {
          const path = root('spec').child('finalizers').at(String(index));
          complainAt(qualifiedName(each), path, each, errors);
          requireFullFinalizer(each, path, errors);
        });
        return errors;
      },
    },
  },
  default(object) {
    object.spec ??= {};
    object.status ??= {};
    if (!object.status.phase) (object.status as { phase?: string }).phase = 'Active';
    labelWithName(object);
  },
  prepareForCreate(object) {
    object.status = { phase: 'Active' };
    const spec = (object as Finalizable).spec;
    spec.finalizers = [...new Set([...(spec.finalizers ?? []), finalizer])];
    // A generated name was not known yet when defaults were filled in.
    labelWithName(object);
  },
  prepareForUpdate(object, old) {
    (object as Finalizable).spec.finalizers = old.spec.finalizers;
    object.status = old.status as Namespace['status'];
    labelWithName(object);
  },
  check({ spec }, errors) {
    const path = root('spec').child('finalizers');
    for (const each of spec.finalizers ?? []) {
      complainAt(qualifiedName(each), path, each, errors);
      requireFullFinalizer(each, path, errors);
    }
  },
  checkUpdate() {},
  columns: [
    nameColumn,
    column('Status', 'The status of the namespace', ({ status }: Namespace) => status?.phase ?? ''),
    ageColumn,
  ],
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '', name: ({ metadata }) => metadata.name },
});

function labelWithName({ metadata }: Namespace): void {
  if (metadata.name) metadata.labels = { ...metadata.labels, [nameLabel]: metadata.name };
}
