import { maxPriority, type Priority } from './priority.js';

/**
 * *NodeLabelPriority*, with arguments of a policy: 10 where `label` is there (or, without `presence`, is not there), else 0.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/priorities.go
 */
export const nodeLabel = (label: string, presence: boolean): Priority => ({
  kept: true,
  map: (_pod, node) => (label in node.labels === presence ? maxPriority : 0),
});
