import { keep, unfit } from './predicate.js';

/**
 * *CheckNodeCondition*: which nodes are considered at all. 1.2 had no such predicate: its list of nodes left out those that
 * are cordoned (`spec.unschedulable`), whose condition Ready is there and not True, or whose condition OutOfDisk is there and
 * not False. So it precedes all others of an algorithm of the book's time, and 1.2's words do not mention such a node.
 * (Later: three taints.)
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/factory/factory.go
 */
export const checkNodeCondition = keep((_pod, { node }) => {
  const status = (type: string): string | undefined =>
    node!.status?.conditions?.find((condition) => condition.type === type)?.status;
  const reasons = [
    ...((status('Ready') ?? 'True') === 'True' ? [] : ['node(s) were not ready']),
    ...((status('OutOfDisk') ?? 'False') === 'False' ? [] : ['node(s) were out of disk']),
    ...(node!.spec?.unschedulable ? ['node(s) were unschedulable'] : []),
  ];
  return reasons.length === 0 || unfit(reasons);
});
