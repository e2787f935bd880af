import type { Priority } from './priority.js';

/** *EqualPriority*: 1 for each node, so that the turn decides. What an algorithm without priorities uses. */
export const equal: Priority = { kept: true, map: () => 1 };
