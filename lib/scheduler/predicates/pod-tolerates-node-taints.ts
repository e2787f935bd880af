import type { DeepReadonly, Taint, Toleration } from '../../api/types.js';
import { keep, unfit } from './predicate.js';

/**
 * *PodToleratesNodeTaints*: the Pod tolerates each taint of the node whose effect is NoSchedule or NoExecute. That a node is
 * not ready is such a taint too. Later than 1.2. (Today's name: *TaintToleration*.)
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
 */
export const podToleratesNodeTaints = keep(
  (pod, node) =>
    node.repelling.every((taint) => tolerates(pod.tolerations, taint)) || unfit(['node(s) had untolerated taint(s)']),
);

/** Whether one of `tolerations` is for `taint`: an empty key with `Exists` for all, an empty effect for every effect. */
export const tolerates = (
  tolerations: readonly DeepReadonly<Toleration>[],
  taint: Pick<DeepReadonly<Taint>, 'key' | 'value' | 'effect'>,
): boolean =>
  tolerations.some(
    ({ key = '', operator = 'Equal', value = '', effect }) =>
      (!effect || effect === taint.effect) &&
      (key === '' || key === taint.key) &&
      (operator === 'Exists' || value === (taint.value ?? '')),
  );
