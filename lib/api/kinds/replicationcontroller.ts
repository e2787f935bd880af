/**
 * ReplicationController: keeps so many pods of a template alive. The book's controller; Deployments came later.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
 */
import { replicationControllers } from '../resources.js';
import { formatLabels as selectorText } from '../selectors.js';
import type { DeepReadonly, ReplicationController } from '../types.js';
import { same } from '../validation/equal.js';
import { forbidden, invalid, notSupported, required, root, type Path } from '../validation/errors.js';
import { notNegative } from '../validation/handlers.js';
import { validatePodTemplate } from '../validation/podspec.js';
import { ageColumn, column, containersColumn, formatLabels, imagesColumn, nameColumn, wideColumn } from './columns.js';
import { defineKind, partVerbs, statusDoor } from './define.js';
import type { FieldError } from './kind.js';
import { defaultPodTemplate } from './poddefaults.js';
import { nameWarning, templateWarnings } from './podwarnings.js';

type RC = DeepReadonly<ReplicationController>;

const templatePath = root('spec').child('template');

export const replicationController = defineKind<ReplicationController>({
  ...replicationControllers,
  shortNames: ['rc'],
  categories: ['all'],
  // Its pods once outlived it, and in v1 they still do unless the client says otherwise (kubectl does).
  defaultPropagation: 'Orphan',
  subresources: {
    scale: {
      type: 'scale',
      verbs: partVerbs,
      replicas: ({ spec, status }) => ({
        spec: spec.replicas ?? 0,
        status: status?.replicas ?? 0,
        selector: selectorText(spec.selector),
      }),
      setReplicas(object, replicas) {
        object.spec = { ...object.spec, replicas };
      },
    },
    status: statusDoor<ReplicationController>(({ status }, _old, errors) => validateStatus(status, errors)),
  },
  default(object) {
    object.spec ??= {};
    object.status ??= { replicas: 0 };
    object.status.replicas ??= 0;
    const { spec, metadata } = object;
    spec.replicas ??= 1;
    if (!spec.template) return;
    defaultPodTemplate(spec.template);
    const labels = spec.template.metadata?.labels;
    if (!labels) return;
    if (!spec.selector || Object.keys(spec.selector).length === 0) spec.selector = { ...labels };
    if (!metadata.labels || Object.keys(metadata.labels).length === 0) metadata.labels = { ...labels };
  },
  prepareForCreate(object) {
    object.status = { replicas: 0 };
    object.metadata.generation = 1;
  },
  prepareForUpdate(object, old) {
    object.status = old.status as ReplicationController['status'];
    object.metadata.generation = (old.metadata.generation ?? 0) + (same(object.spec, old.spec) ? 0 : 1);
  },
  check,
  warnings(object, old) {
    if (!old) return [...nameWarning(object.metadata.name), ...templateWarnings(object.spec.template, templatePath)];
    return same(object.spec, old.spec) ? [] : templateWarnings(object.spec.template, templatePath);
  },
  columns: [
    nameColumn,
    column(
      'Desired',
      'Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      ({ spec }: RC) => spec.replicas ?? 0,
      'integer',
    ),
    column(
      'Current',
      'Replicas is the most recently observed number of replicas. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      ({ status }: RC) => status?.replicas ?? 0,
      'integer',
    ),
    column(
      'Ready',
      'The number of ready replicas for this replication controller.',
      ({ status }: RC) => status?.readyReplicas ?? 0,
      'integer',
    ),
    ageColumn,
    containersColumn(({ spec }: RC) => spec.template?.spec?.containers),
    imagesColumn(({ spec }: RC) => spec.template?.spec?.containers),
    wideColumn(
      'Selector',
      'Selector is a label query over pods that should match the Replicas count. If Selector is empty, it is defaulted to the labels present on the Pod template. Label keys and values that must match in order to be controlled by this replication controller, if empty defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
      ({ spec }: RC) => formatLabels(spec.selector),
    ),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
});

function check({ spec }: RC, errors: FieldError[]): void {
  const path = root('spec');
  validateCount(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  const selector = spec.selector ?? {};
  if (Object.keys(selector).length === 0) errors.push(required(path.child('selector')));
  if (spec.replicas == null) errors.push(required(path.child('replicas')));
  else validateCount(spec.replicas, path.child('replicas'), errors);
  const { template } = spec;
  if (!template) {
    errors.push(required(templatePath));
    return;
  }
  const labels = template.metadata?.labels;
  if (Object.entries(selector).some(([key, value]) => labels?.[key] !== value)) {
    const at = templatePath.child('metadata').child('labels');
    errors.push(invalid(at, labels, '`selector` does not match template `labels`'));
  }
  validatePodTemplate(template, templatePath, errors);
  const policy = template.spec?.restartPolicy ?? '';
  if (policy !== 'Always') {
    errors.push(notSupported(templatePath.child('spec').child('restartPolicy'), policy, ['Always']));
  }
  if (template.spec?.activeDeadlineSeconds != null) {
    const not = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(forbidden(templatePath.child('spec').child('activeDeadlineSeconds'), not));
  }
}

function validateCount(count: number | undefined, path: Path, errors: FieldError[]): void {
  if (count !== undefined && count < 0) errors.push(invalid(path, count, notNegative));
}

/** No part can be larger than the whole. */
function validateStatus(status: RC['status'], errors: FieldError[]): void {
  const path = root('status');
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, fullyLabeledReplicas = 0 } = status;
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  for (const [field, count] of Object.entries(counts)) validateCount(count, path.child(field), errors);
  validateCount(status.observedGeneration, path.child('observedGeneration'), errors);
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    if (counts[field] <= replicas) continue;
    errors.push(invalid(path.child(field), counts[field], 'cannot be greater than status.replicas'));
  }
  if (availableReplicas > readyReplicas) {
    errors.push(invalid(path.child('availableReplicas'), availableReplicas, 'cannot be greater than readyReplicas'));
  }
}
