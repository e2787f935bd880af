/**
 * Why a Pod is where it is, as data: for a table, a chart, an answer over HTTP. The same shape tells of a decision that the
 * scheduler made (`explain.ts`) and of one that would be made (`snapshot.ts`).
 */
import type { ObjectKey } from '../api/meta.js';
import type { Algorithm, Decision, NodeReport, ReportOptions } from './algorithm.js';
import { fitError, fitError12 } from './fit-error.js';
import type { NodeInfo } from './node-info.js';
import type { PodInfo } from './pod-info.js';
import type { Unfit } from './predicates/predicate.js';

/** What one predicate says of one node. */
export interface PredicateVerdict {
  readonly name: string;
  readonly fits: boolean;
  /**
   * Why not, in the words of the algorithm's time: for `DefaultProvider`, `Textbook` and policy files those of 1.2
   * (`Node didn't have enough resource: CPU, requested: 100, used: 4000, capacity: 4000`), for `today` today's.
   */
  readonly reason?: string;
  /** Why not, in today's words, all reasons: `['Insufficient cpu']`. */
  readonly reasons?: readonly string[];
}

/** What one priority gives one node: `score` counts `weight` times. */
export interface PriorityScore {
  readonly name: string;
  readonly weight: number;
  readonly score: number;
}

/** One node: every predicate's verdict, every priority's score. */
export interface NodeVerdict {
  readonly node: string;
  /** Whether all predicates say so. */
  readonly fits: boolean;
  /** In the order of the provider; extenders, by their URL, come last. */
  readonly predicates: readonly PredicateVerdict[];
  /** In the order of the provider, then extenders. Empty for a node that does not fit: nobody scores it. */
  readonly priorities: readonly PriorityScore[];
  /** The sum of weight × score; 0 for a node that does not fit. */
  readonly total: number;
}

/** What became of a Pod, or would. */
export interface Outcome {
  /** `default/web-0` */
  readonly pod: ObjectKey;
  /** Who decided. */
  readonly algorithmProvider: string;
  /** The node chosen; undefined: none fits. */
  readonly node?: string;
  /** The winner's sum; 0 without one. */
  readonly score: number;
  /** The best of the others, and by how much it lost. */
  readonly runnerUp?: { readonly node: string; readonly score: number; readonly behind: number };
  /** How many nodes there were, and how many of them fit. */
  readonly nodes: number;
  readonly feasible: number;
  /** Why no node was found: today's sentence, as in the event `FailedScheduling`. */
  readonly message?: string;
}

/** The same with everything that led to it. */
export interface Explained extends Outcome {
  /** Who would be evicted to make room for the Pod, and where, if the algorithm does that. */
  readonly preemption?: { readonly node: string; readonly victims: readonly ObjectKey[] };
  /** 1.2's text if no node was found, for algorithms of its time. */
  readonly message12?: string;
  /** By name. */
  readonly table: readonly NodeVerdict[];
}

/** The outcome of `decision`. @param message why there is no node, if there is more to say than the decision can tell */
export function outcomeOf(decision: Decision, algorithmProvider: string, message?: string): Outcome {
  const { pod, node, score, runnerUp, nodes, feasible } = decision;
  const brief = { pod: pod.key, algorithmProvider, score, nodes, feasible };
  if (!node) return { ...brief, message: message ?? fitError(decision) };
  if (!runnerUp) return { ...brief, node: node.name };
  const behind = score - runnerUp.score;
  return { ...brief, node: node.name, runnerUp: { node: runnerUp.node.name, score: runnerUp.score, behind } };
}

/** Everything that `algorithm` finds out about `pod` on each of `nodes`, and 1.2's text if none fits. Nothing is changed. */
export function reportOn(
  algorithm: Algorithm,
  pod: PodInfo,
  nodes: readonly NodeInfo[],
  options?: ReportOptions,
): Pick<Explained, 'table' | 'message12'> {
  const reports = algorithm.report(pod, nodes, options);
  const old = isOf12(algorithm);
  const names12 = new Set(old ? algorithm.predicates.map(({ name }) => name) : []);
  names12.delete(beforePredicates);
  const table = reports.map((report) => verdictOf(report, names12)).sort((a, b) => (a.node < b.node ? -1 : 1));
  const message12 = old && !reports.some(({ fits }) => fits) ? fitError12(pod, reports) : undefined;
  return { table, ...(message12 !== undefined && { message12 }) };
}

/** As JSON: without a node, or a runner-up, they are `null`; the outcome comes first, the table last. */
export function explanationJSON<E extends Outcome & { readonly table?: Explained['table'] }>(explained: E) {
  const { pod, algorithmProvider, node = null, score, runnerUp = null, table, ...rest } = explained;
  return { pod, algorithmProvider, node, score, runnerUp, ...rest, ...(table && { table }) };
}

/** 1.2 left out nodes that were not ready before any predicate was asked; here that is a predicate of this name. */
const beforePredicates = 'CheckNodeCondition';

const isOf12 = ({ predicates }: Algorithm): boolean => predicates.some(({ name }) => name === beforePredicates);

/** @param names12 predicates of which 1.2 knew: their refusals are told in its words */
function verdictOf(
  { node, fits, predicates, priorities, total }: NodeReport,
  names12: ReadonlySet<string>,
): NodeVerdict {
  const reasonOf = (name: string, { reasons, reason12 }: Unfit): string =>
    names12.has(name) ? (reason12 ?? name) : reasons.join(', ');
  return {
    node,
    fits,
    predicates: predicates.map(({ name, verdict }) =>
      verdict === true
        ? { name, fits: true }
        : { name, fits: false, reason: reasonOf(name, verdict), reasons: verdict.reasons },
    ),
    priorities,
    total,
  };
}
