/**
 * What a ReplicationController and a ReplicaSet have in common, which is nearly everything: both keep so many pods of a
 * template alive, and tell how far they have got. They differ in how they select pods, and in what they take for granted.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/apps/replicaset/strategy.go
 */
import type { Selector } from '../selectors.js';
import type { DeepReadonly, PodTemplateSpec, ReplicaSetStatus, Replicated } from '../types.js';
import { same } from '../validation/equal.js';
import { forbidden, invalid, notSupported, root, type Path } from '../validation/errors.js';
import { notNegative } from '../validation/handlers.js';
import { shownLabels } from '../validation/metadata.js';
import { validatePodTemplate } from '../validation/podspec.js';
import { ageColumn, column, containersColumn, imagesColumn, nameColumn, wideColumn } from './columns.js';
import { partVerbs, statusDoor, type Definition } from './define.js';
import type { FieldError } from './kind.js';
import { nameWarning, templateWarnings } from './podwarnings.js';

export interface ReplicatedOptions<T extends Replicated> {
  /** Which pods are counted. Never asked of an object that validation would refuse. */
  readonly selector: (object: DeepReadonly<T>) => Selector;
  /** What a table's header says of its columns. */
  readonly descriptions: Readonly<Record<'desired' | 'current' | 'ready' | 'selector', string>>;
}

type Shared = 'categories' | 'subresources' | 'prepareForCreate' | 'prepareForUpdate' | 'warnings' | 'columns';

/** The parts of the table's entry that both kinds share; the rest is spread beside it. */
export function replicated<T extends Replicated>({
  selector,
  descriptions,
}: ReplicatedOptions<T>): Required<Pick<Definition<T>, Shared>> {
  const containers = ({ spec }: DeepReadonly<T>) => spec.template?.spec?.containers;
  return {
    categories: ['all'],
    subresources: {
      scale: {
        type: 'scale',
        verbs: partVerbs,
        replicas: (object) => ({
          spec: object.spec.replicas ?? 0,
          status: object.status?.replicas ?? 0,
          selector: selector(object).toString(),
        }),
        setReplicas(object, replicas) {
          object.spec = { ...object.spec, replicas };
        },
      },
      status: statusDoor<T>(({ status }, _old, errors) => validateStatus(status, errors)),
    },
    prepareForCreate(object) {
      object.status = { replicas: 0 };
      object.metadata.generation = 1;
    },
    prepareForUpdate(object, old) {
      object.status = old.status as T['status'];
      object.metadata.generation = (old.metadata.generation ?? 0) + (same(object.spec, old.spec) ? 0 : 1);
    },
    warnings({ metadata, spec }, old) {
      const { template } = spec;
      if (!old) return [...nameWarning(metadata.name), ...templateWarnings(template, templatePath)];
      return same(spec, old.spec) ? [] : templateWarnings(template, templatePath);
    },
    columns: [
      nameColumn,
      column('Desired', descriptions.desired, ({ spec }: DeepReadonly<T>) => spec.replicas ?? 0, 'integer'),
      column('Current', descriptions.current, ({ status }: DeepReadonly<T>) => status?.replicas ?? 0, 'integer'),
      column('Ready', descriptions.ready, ({ status }: DeepReadonly<T>) => status?.readyReplicas ?? 0, 'integer'),
      ageColumn,
      containersColumn(containers),
      imagesColumn(containers),
      wideColumn(
        'Selector',
        descriptions.selector,
        (object: DeepReadonly<T>) => selector(object).toString() || '<none>',
      ),
    ],
  };
}

export const templatePath = root('spec').child('template');

/**
 * The template of pods that are to be replaced when they end: the selector must find them again, and none may be meant to
 * end by itself.
 *
 * @param selector empty: whether it finds them is not asked
 */
export function validateReplicaTemplate(
  template: DeepReadonly<PodTemplateSpec>,
  selector: Selector,
  kind: string,
  errors: FieldError[],
): void {
  const labels = template.metadata?.labels;
  if (!selector.empty && !selector.matches(labels)) {
    const at = templatePath.child('metadata').child('labels');
    errors.push(invalid(at, shownLabels(labels), '`selector` does not match template `labels`'));
  }
  validatePodTemplate(template, templatePath, errors);
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(templatePath.child('spec').child('restartPolicy'), policy, ['Always']));
  }
  if (template.spec?.activeDeadlineSeconds != null) {
    const not = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbidden(templatePath.child('spec').child('activeDeadlineSeconds'), not));
  }
}

export function validateCount(count: number | undefined, path: Path, errors: FieldError[]): void {
  if (count != null && count < 0) errors.push(invalid(path, count, notNegative));
}

/** No part can be larger than the whole. */
function validateStatus(status: DeepReadonly<ReplicaSetStatus>, errors: FieldError[]): void {
  const path = root('status');
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, fullyLabeledReplicas = 0 } = status;
  const { terminatingReplicas, observedGeneration } = status;
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  for (const [field, count] of Object.entries({ ...counts, terminatingReplicas, observedGeneration }))
    validateCount(count, path.child(field), errors);
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if (counts[field] <= replicas) continue;
    errors.push(invalid(path.child(field), counts[field], 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid(path.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas'));
  }
}
