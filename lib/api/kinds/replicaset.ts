/**
 * ReplicaSet: keeps so many pods of a template alive, and selects them in more words than a ReplicationController can
 * (`tier in (front,back)`). It takes nothing for granted: the selector must be given, and stays as it is.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
 */
import { replicaSets } from '../resources.js';
import { nothing, selectorOf } from '../selectors.js';
import type { DeepReadonly, ReplicaSet } from '../types.js';
import { same } from '../validation/equal.js';
import { invalid, required, root } from '../validation/errors.js';
import { immutable, shownSelector, validateLabelSelector } from '../validation/metadata.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';
import { defaultPodTemplate } from './poddefaults.js';
import { replicated, validateCount, validateReplicaTemplate } from './replicas.js';

const selectorPath = root('spec').child('selector');

export const replicaSet = defineKind<ReplicaSet>({
  ...replicaSets,
  shortNames: ['rs'],
  ...replicated<ReplicaSet>({
    selector: ({ spec }) => selectorOf(spec.selector),
    descriptions: {
      desired:
        'Replicas is the number of desired pods. This is a pointer to distinguish between explicit zero and unspecified. Defaults to 1. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset',
      current:
        'Replicas is the most recently observed number of non-terminating pods. More info: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset',
      ready: 'The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition.',
      selector:
        "Selector is a label query over pods that should match the replica count. Label keys and values that must match in order to be controlled by this replica set. It must match the pod template's labels. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
    },
  }),
  default(object) {
    object.spec ??= {} as ReplicaSet['spec'];
    object.status ??= { replicas: 0 };
    object.status.replicas ??= 0;
    object.spec.replicas ??= 1;
    defaultPodTemplate((object.spec.template ??= {}));
  },
  check,
  checkUpdate(object, old, errors) {
    check(object, errors);
    const { selector } = object.spec;
    if (!same(selector, old.spec.selector))
      errors.push(invalid(selectorPath, selector && shownSelector(selector), immutable));
  },
});

function check({ spec }: DeepReadonly<ReplicaSet>, errors: FieldError[]): void {
  const path = root('spec');
  validateCount(spec.replicas, path.child('replicas'), errors);
  validateCount(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  const { selector, template = {} } = spec;
  if (!selector) {
    errors.push(required(selectorPath));
    return validateReplicaTemplate(template, nothing, 'ReplicaSet', errors);
  }
  const before = errors.length;
  validateLabelSelector(selector, selectorPath, errors);
  const broken = errors.length > before;
  if (Object.keys({ ...selector.matchLabels }).length + (selector.matchExpressions?.length ?? 0) === 0) {
    errors.push(invalid(selectorPath, selector, 'empty selector is invalid for deployment')); // upstream's words
  }
  if (broken) errors.push(invalid(selectorPath, shownSelector(selector), 'invalid label selector'));
  else validateReplicaTemplate(template, selectorOf(selector), 'ReplicaSet', errors);
}
