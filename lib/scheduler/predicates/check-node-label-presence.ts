import { keep, unfit, type FitPredicate } from './predicate.js';

/**
 * *CheckNodeLabelPresence*, with arguments of a policy: each of `labels` is there (`presence: true`) or is not there
 * (`presence: false`), whatever its value: to keep away from nodes marked `retiring`, say.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/predicates/predicates.go
 */
export const checkNodeLabelPresence = (labels: readonly string[], presence: boolean): FitPredicate =>
  keep(
    (_pod, node) =>
      labels.every((label) => label in node.labels === presence) || unfit(["node(s) didn't have the requested labels"]),
  );
