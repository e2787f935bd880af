/**
 * The book's two steps, as one pure decision: *predicates* choose the nodes that will do, *priorities* score these, and the
 * highest score wins.
 *
 * ```
 *   nodes ──predicates──► those that fit ──priorities × weights──► scores ──► the best, in turn among equals
 * ```
 * Every node is looked at for every Pod, yet hardly any is looked at twice: what a predicate or a priority found out about a
 * node is kept by the Pod's shape ({@link PodInfo.shape}) until that node changes. So the next replica of a controller costs a
 * look at the one node that got the last one, and a sum per node.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/generic_scheduler.go
 */
import type { NodeInfo } from './node-info.js';
import type { PodInfo } from './pod-info.js';
import { isAsked, isKept, unfit, type FitPredicate, type Unfit } from './predicates/predicate.js';
import { equal } from './priorities/equal.js';
import type { Priority, Scores } from './priorities/priority.js';

/** For how many shapes findings are kept; the one longest unused goes first. */
const shapesKept = 64;

export interface NamedPredicate {
  readonly name: string;
  readonly predicate: FitPredicate;
}

export interface WeightedPriority {
  readonly name: string;
  readonly priority: Priority;
  /** The score counts this many times; 0: the priority is skipped. */
  readonly weight: number;
}

/** Why a node is refused, and by which predicate. */
export interface Refusal extends Unfit {
  readonly predicate: string;
}

/** What became of one Pod. */
export interface Decision {
  readonly pod: PodInfo;
  /** The winner; undefined if no node fits. */
  readonly node: NodeInfo | undefined;
  /** The winner's score, weights included. */
  readonly score: number;
  /** The best of the others that fit, and its score. */
  readonly runnerUp: { readonly node: NodeInfo; readonly score: number } | undefined;
  /** How many nodes there were, and how many fit. */
  readonly nodes: number;
  readonly feasible: number;
  /** By node, in the order of the nodes; undefined: it fits. */
  readonly refusals: readonly (Refusal | undefined)[];
}

/** One node in full: each predicate's verdict, each priority's score. */
export interface NodeReport {
  readonly node: string;
  readonly predicates: readonly { readonly name: string; readonly verdict: true | Unfit }[];
  readonly fits: boolean;
  /** Empty for a node that does not fit. */
  readonly priorities: readonly { readonly name: string; readonly weight: number; readonly score: number }[];
  readonly total: number;
}

export class Algorithm {
  readonly predicates: readonly NamedPredicate[];
  readonly priorities: readonly WeightedPriority[];
  readonly #keptPredicates: readonly NamedPredicate[];
  readonly #otherPredicates: readonly NamedPredicate[];
  readonly #findings = new Map<string, Findings>();
  /** 1.2's `lastNodeIndex`: which of several best nodes has its turn. Grows with every Pod that finds a node. */
  #turn = 0;
  /** Positions of the nodes that fit the Pod at hand; kept to spare an allocation per Pod. */
  #feasible = new Int32Array(0);

  /** @param priorities if there are none, all nodes are equal */
  constructor(predicates: readonly NamedPredicate[], priorities: readonly WeightedPriority[]) {
    this.predicates = predicates;
    const used = priorities.filter(({ weight }) => weight !== 0);
    this.priorities = priorities.length === 0 ? [{ name: 'EqualPriority', priority: equal, weight: 1 }] : used;
    this.#keptPredicates = predicates.filter(({ predicate }) => isKept(predicate));
    this.#otherPredicates = predicates.filter(({ predicate }) => !isKept(predicate));
  }

  /** Decides about `pod`. Nothing is changed but whose turn it is. @param nodes by descending name */
  schedule(pod: PodInfo, nodes: readonly NodeInfo[]): Decision {
    const findings = this.#findingsFor(pod, nodes);
    this.#refresh(findings, pod);
    const refusals = this.#refusals(findings, pod);

    if (this.#feasible.length < nodes.length) this.#feasible = new Int32Array(nodes.length);
    const feasible = this.#feasible;
    let count = 0;
    for (let i = 0; i < nodes.length; i++) if (refusals[i] === undefined) feasible[count++] = i;
    if (count === 0) {
      return { pod, node: undefined, score: 0, runnerUp: undefined, nodes: nodes.length, feasible: 0, refusals };
    }

    const totals = this.#score(findings, pod, feasible, count);
    let best = -Infinity;
    let equals = 0;
    for (let i = 0; i < count; i++) {
      const total = totals[i]!;
      if (total > best) [best, equals] = [total, 1];
      else if (total === best) equals++;
    }
    let turn = this.#turn++ % equals;
    let winner = 0;
    while (totals[winner] !== best || turn-- > 0) winner++;
    let second = -1;
    for (let i = 0; i < count; i++) if (i !== winner && (second < 0 || totals[i]! > totals[second]!)) second = i;
    return {
      pod,
      node: nodes[feasible[winner]!]!,
      score: best,
      runnerUp: second < 0 ? undefined : { node: nodes[feasible[second]!]!, score: totals[second]! },
      nodes: nodes.length,
      feasible: count,
      refusals,
    };
  }

  /** Every predicate's verdict and every priority's score on every node, found out afresh. Nothing is changed. */
  report(pod: PodInfo, nodes: readonly NodeInfo[]): NodeReport[] {
    const verdicts = nodes.map((node) =>
      this.predicates.map(({ name, predicate }) => ({ name, verdict: asVerdict(name, predicate(pod, node)) })),
    );
    const fits = verdicts.map((list) => list.every(({ verdict }) => verdict === true));
    const fitting = nodes.filter((_, i) => fits[i]);
    const scores = this.priorities.map(({ priority }) => {
      const raw = Float64Array.from(fitting, (node) => priority.map?.(pod, node) ?? 0);
      priority.reduce?.(pod, fitting, raw);
      return raw;
    });
    let position = 0;
    return nodes.map((node, i) => {
      const at = fits[i] ? position++ : -1;
      const priorities =
        at < 0 ? [] : this.priorities.map(({ name, weight }, p) => ({ name, weight, score: scores[p]![at]! }));
      const total = priorities.reduce((sum, { weight, score }) => sum + weight * score, 0);
      return { node: node.name, predicates: verdicts[i]!, fits: fits[i]!, priorities, total };
    });
  }

  #findingsFor(pod: PodInfo, nodes: readonly NodeInfo[]): Findings {
    let findings = this.#findings.get(pod.shape);
    if (findings?.nodes === nodes) {
      if (this.#findings.size > 1) {
        this.#findings.delete(pod.shape); // puts it last: the first is the one longest unused
        this.#findings.set(pod.shape, findings);
      }
      return findings;
    }
    const kept = this.priorities.filter(({ priority }) => priority.kept && priority.map);
    findings = {
      nodes,
      generations: new Float64Array(nodes.length),
      refusals: new Array<Refusal | undefined>(nodes.length).fill(undefined),
      sums: new Float64Array(nodes.length),
      raw: new Map(kept.filter(({ priority }) => priority.reduce).map((p) => [p, new Float64Array(nodes.length)])),
    };
    this.#findings.delete(pod.shape);
    this.#findings.set(pod.shape, findings);
    if (this.#findings.size > shapesKept) this.#findings.delete(this.#findings.keys().next().value!);
    return findings;
  }

  /** Looks again at the nodes that have changed. */
  #refresh({ nodes, generations, refusals, sums, raw }: Findings, pod: PodInfo): void {
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      if (generations[i] === node.generation) continue;
      generations[i] = node.generation;
      refusals[i] = firstRefusal(this.#keptPredicates, pod, node);
      if (refusals[i]) continue;
      let sum = 0;
      for (const priority of this.priorities) {
        if (!priority.priority.kept) continue;
        const score = priority.priority.map!(pod, node);
        if (priority.priority.reduce) raw.get(priority)![i] = score;
        else sum += priority.weight * score;
      }
      sums[i] = sum;
    }
  }

  /** With the verdicts that cannot be kept. */
  #refusals({ nodes, refusals }: Findings, pod: PodInfo): readonly (Refusal | undefined)[] {
    const asked = this.#otherPredicates.filter(({ predicate }) => isAsked(predicate, pod));
    // A copy: the decision outlives the next Pod's, which writes into what is kept.
    return asked.length === 0
      ? refusals.slice()
      : nodes.map((node, i) => refusals[i] ?? firstRefusal(asked, pod, node));
  }

  /** The weighted sums of the first `count` nodes of `feasible`. */
  #score({ nodes, sums, raw }: Findings, pod: PodInfo, feasible: Int32Array, count: number): Scores {
    const totals = new Float64Array(count);
    for (let i = 0; i < count; i++) totals[i] = sums[feasible[i]!]!;
    const fitting = count === nodes.length ? nodes : Array.from({ length: count }, (_, i) => nodes[feasible[i]!]!);
    const scores = new Float64Array(count);
    for (const weighted of this.priorities) {
      const { priority, weight } = weighted;
      if (priority.kept && !priority.reduce) continue; // is in the sums
      const known = raw.get(weighted);
      if (known) for (let i = 0; i < count; i++) scores[i] = known[feasible[i]!]!;
      else if (priority.map) for (let i = 0; i < count; i++) scores[i] = priority.map(pod, fitting[i]!);
      else scores.fill(0);
      priority.reduce?.(pod, fitting, scores);
      for (let i = 0; i < count; i++) totals[i]! += weight * scores[i]!;
    }
    return totals;
  }
}

/** What is known of each node for Pods of one shape. */
interface Findings {
  readonly nodes: readonly NodeInfo[];
  /** The node's generation when it was looked at. */
  readonly generations: Float64Array;
  /** By the predicates whose verdicts are kept. */
  readonly refusals: (Refusal | undefined)[];
  /** Weighted scores of the priorities that are kept and need no `reduce`, added up. */
  readonly sums: Float64Array;
  /** Raw scores of those that are kept and do. */
  readonly raw: ReadonlyMap<WeightedPriority, Float64Array>;
}

function firstRefusal(predicates: readonly NamedPredicate[], pod: PodInfo, node: NodeInfo): Refusal | undefined {
  for (const { name, predicate } of predicates) {
    const verdict = predicate(pod, node);
    if (verdict !== true) return { ...(verdict || unfit([name], { resolvable: true })), predicate: name };
  }
  return undefined;
}

const asVerdict = (name: string, verdict: boolean | Unfit): true | Unfit =>
  verdict || unfit([name], { resolvable: true });
