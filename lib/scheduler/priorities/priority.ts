/**
 * A priority prefers some of the nodes that fit, by whole numbers from 0 to 10 (today's word: *score plugin*; today's scale
 * ends at 100). It has two steps, either of which may be missing:
 *
 * - `map` gives each node a raw score, from the Pod and this node alone;
 * - `reduce` sees all nodes that fit and makes of the raw scores (0 without `map`) the final ones, in place.
 */
import type { NodeInfo } from '../node-info.js';
import type { PodInfo } from '../pod-info.js';

/** The highest score of 1.2's scale. */
export const maxPriority = 10;

/** See above: `map`, then `reduce`. */
export interface Priority {
  /** The raw score of one node. */
  map?(pod: PodInfo, node: NodeInfo): number;
  /** Makes raw scores final, in place. @param nodes those that fit, in the order of `scores` */
  reduce?(pod: PodInfo, nodes: readonly NodeInfo[], scores: Scores): void;
  /** The final score, if it is the same on every node that fits, whichever these are: then neither step is taken. */
  uniform?(pod: PodInfo): number | undefined;
  /** The result of `map` hangs on nothing but the Pod's shape and the node: found out once, it holds until one changes. */
  readonly kept?: boolean;
}

/** One number per node, in the order of the nodes. */
export type Scores = Float64Array;

/** The simplest priority: a score from 0 to 10 per node. @example (pod, node) => (node.name === 'node-1' ? 10 : 0) */
export type PriorityFunction = (pod: PodInfo, node: NodeInfo) => number;
