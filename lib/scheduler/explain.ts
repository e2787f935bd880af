/**
 * The scheduler's memory of its reasons: the last decisions in brief, in a ring buffer beside the objects. The full table of
 * a decision (each predicate's verdict and each priority's score on each node) is written down in small clusters; in large
 * ones it would cost more than deciding, and is made on demand for the cluster as it is then.
 */
import type { ObjectKey } from '../api/meta.js';
import { fitError, fitError12 } from './fit-error.js';
import type { Algorithm, Decision, NodeReport } from './algorithm.js';
import type { NodeInfo } from './node-info.js';

/** How many decisions are remembered. */
export const decisionsKept = 1000;
/** Up to how many nodes the full table is written down with each. */
export const fullReportNodes = 20;

export interface Explanation {
  /** `default/web-0` */
  readonly pod: ObjectKey;
  readonly uid: string | undefined;
  /** When it was decided, in milliseconds. */
  readonly atMs: number;
  /** How long deciding took, in milliseconds, by the clock that was handed in. */
  readonly tookMs: number;
  readonly algorithmProvider: string;
  /** The node chosen; undefined: none fits. */
  readonly node: string | undefined;
  readonly score: number;
  readonly runnerUp: { readonly node: string; readonly score: number } | undefined;
  readonly nodes: number;
  readonly feasible: number;
  /** Today's sentence, if no node fits. */
  readonly message: string | undefined;
  /** 1.2's, if no node fits: its wording, one reason for each node. */
  readonly message12: string | undefined;
  /** Every node in full; undefined in large clusters. */
  readonly table: readonly NodeReport[] | undefined;
}

export class Explanations {
  readonly #ring: (Explanation | undefined)[] = [];
  #next = 0;
  readonly #size: number;

  constructor(size: number = decisionsKept) {
    this.#size = size;
  }

  add(explanation: Explanation): void {
    this.#ring[this.#next] = explanation;
    this.#next = (this.#next + 1) % this.#size;
  }

  /** The last decision about `pod`, if it is still remembered. */
  about(pod: ObjectKey): Explanation | undefined {
    return this.list().find((explanation) => explanation.pod === pod);
  }

  /** The newest first. */
  list(): Explanation[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
      .filter((e) => e !== undefined)
      .reverse();
  }
}

/** Writes a decision down, before anything it rests on has changed. */
export function explain(
  decision: Decision,
  about: {
    readonly algorithm: Algorithm;
    readonly algorithmProvider: string;
    readonly nodes: readonly NodeInfo[];
    readonly atMs: number;
    readonly tookMs: number;
  },
): Explanation {
  const { pod, node, score, runnerUp, feasible } = decision;
  const { algorithm, algorithmProvider, nodes, atMs, tookMs } = about;
  const table = nodes.length <= fullReportNodes ? algorithm.report(pod, nodes) : undefined;
  return {
    pod: pod.key,
    uid: pod.pod.metadata.uid,
    atMs,
    tookMs,
    algorithmProvider,
    node: node?.name,
    score,
    runnerUp: runnerUp && { node: runnerUp.node.name, score: runnerUp.score },
    nodes: nodes.length,
    feasible,
    message: node ? undefined : fitError(decision),
    message12: node || !table ? undefined : fitError12(pod, table),
    table,
  };
}
