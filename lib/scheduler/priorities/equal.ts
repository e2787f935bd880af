import type { Priority } from './priority.js';

/**
 * *EqualPriority*: 1 for each node, so that the turn decides. What an algorithm without priorities uses.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/generic_scheduler.go
 */
export const equal: Priority = { kept: true, map: () => 1 };
