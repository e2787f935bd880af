/**
 * ReplicationController: keeps so many pods of a template alive. The book's controller; ReplicaSets and Deployments came
 * later.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
 */
import { replicationControllers } from '../resources.js';
import { selectorOfLabels } from '../selectors.js';
import type { DeepReadonly, ReplicationController } from '../types.js';
import { required, root } from '../validation/errors.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';
import { defaultPodTemplate } from './poddefaults.js';
import { replicated, templatePath, validateCount, validateReplicaTemplate } from './replicas.js';

export const replicationController = defineKind<ReplicationController>({
  ...replicationControllers,
  shortNames: ['rc'],
  // Its pods once outlived it, and in v1 they still do unless the client says otherwise (kubectl does).
  defaultPropagation: 'Orphan',
  ...replicated<ReplicationController>({
    selector: ({ spec }) => selectorOfLabels(spec.selector),
    descriptions: {
      desired:
        'Replicas is the number of desired replicas. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      current:
        'Replicas is the most recently observed number of replicas. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
      ready: 'The number of ready replicas for this replication controller.',
      selector:
        'Selector is a label query over pods that should match the Replicas count. If Selector is empty, it is defaulted to the labels present on the Pod template. Label keys and values that must match in order to be controlled by this replication controller, if empty defaulted to labels on Pod template. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    },
  }),
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
  check,
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
});

function check({ spec }: DeepReadonly<ReplicationController>, errors: FieldError[]): void {
  const path = root('spec');
  validateCount(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  const selector = selectorOfLabels(spec.selector);
  if (selector.empty) errors.push(required(path.child('selector')));
  if (spec.replicas == null) errors.push(required(path.child('replicas')));
  else validateCount(spec.replicas, path.child('replicas'), errors);
  if (!spec.template) errors.push(required(templatePath));
  else validateReplicaTemplate(spec.template, selector, 'ReplicationController', errors);
}
