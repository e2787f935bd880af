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
import type { Extender } from './extender.js';
import type { PostFilter, PreFilter, Reservation } from './extension-points.js';
import type { NodeInfo } from './node-info.js';
import type { PluginArgs } from './plugin-args.js';
import type { PodInfo } from './pod-info.js';
import { isKept, prepared, unfit, type FitPredicate, type Unfit, type Verdict } from './predicates/predicate.js';
import { equal } from './priorities/equal.js';
import type { Priority } from './priorities/priority.js';

const none: ReadonlyMap<any, never> = new Map<any, never>();

/** For how many shapes findings are kept; the one longest unused goes first. */
const shapesKept = 64;

/** A predicate under the name by which providers and policy files list it. */
export interface NamedPredicate {
  readonly name: string;
  readonly predicate: FitPredicate;
}

/** A priority under its name, with how much it counts. */
export interface WeightedPriority {
  readonly name: string;
  readonly priority: Priority;
  /** The score counts this many times; 0: the priority is skipped. */
  readonly weight: number;
}

/** What an {@link Algorithm} needs beside predicates and priorities; `today` needs most of it, 1.2 next to nothing. */
export interface AlgorithmOptions {
  /** In which order the predicates are asked, until one refuses; as they are listed if left out. */
  readonly asked?: readonly NamedPredicate[];
  /** Where it is looked for Pods that are nominated to a node; they are none if left out. */
  readonly cluster?: Pick<PluginArgs, 'nominations' | 'nodeNamed' | 'with'>;
  /** In which order Pods wait for it: as they came, or the highest priority first. `fifo` if left out. */
  readonly queue?: 'fifo' | 'priority';
  /** Who else is asked, over HTTP: then {@link Algorithm.scheduleWithExtenders} decides. */
  readonly extenders?: readonly Extender[];
  readonly preFilter?: PreFilter;
  readonly postFilter?: PostFilter;
  readonly reservation?: Reservation;
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
  /** Why no node would do, whatever the nodes: then each is refused for this. */
  readonly refused?: Refusal;
  /** What extenders said, in their order. */
  readonly extended?: readonly Extended[];
  /** How long each step took, in milliseconds. */
  readonly predicatesMs: number;
  readonly prioritiesMs: number;
}

/** What one extender said about a Pod. */
export interface Extended {
  /** Where it is. */
  readonly name: string;
  readonly weight: number;
  /** By node name: which nodes that were left it let pass; undefined: it was not asked. */
  readonly verdicts: ReadonlyMap<string, true | Unfit> | undefined;
  /** By node name; undefined: it was not asked, or did not answer sensibly. */
  readonly scores: ReadonlyMap<string, number> | undefined;
}

/** How {@link Algorithm.report} goes about it. */
export interface ReportOptions {
  /** Runs each predicate and each priority, and may time it. */
  readonly timed?: <R>(part: string, run: () => R) => R;
  /** What extenders said: they are not asked again. */
  readonly extended?: readonly Extended[];
}

/** Tells milliseconds, with fractions, since some moment: `() => performance.now()`. */
export type Stopwatch = () => number;

/** One node in full: each predicate's verdict, each priority's score. */
export interface NodeReport {
  readonly node: string;
  readonly predicates: readonly { readonly name: string; readonly verdict: true | Unfit }[];
  readonly fits: boolean;
  /** Empty for a node that does not fit. */
  readonly priorities: readonly { readonly name: string; readonly weight: number; readonly score: number }[];
  readonly total: number;
}

/**
 * Predicates and priorities, ready to decide about one Pod after another over the nodes of one cache; a factory of the
 * registry makes it (`createFromProvider`). It remembers findings and whose turn it is, and changes nothing else.
 *
 * ```ts
 * const algorithm = createFromProvider('DefaultProvider', cache);
 * const { node, score, feasible } = algorithm.schedule(new PodInfo(pod), cache.nodes);
 * ```
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/generic_scheduler.go
 */
export class Algorithm {
  /** As the provider lists them. */
  readonly predicates: readonly NamedPredicate[];
  readonly priorities: readonly WeightedPriority[];
  readonly options: AlgorithmOptions;
  readonly #asked: readonly NamedPredicate[];
  readonly #keptPredicates: readonly NamedPredicate[];
  readonly #otherPredicates: readonly NamedPredicate[];
  /** Those whose scores are kept and final: only their weighted sum is remembered. */
  readonly #summed: readonly WeightedPriority[];
  readonly #otherPriorities: readonly WeightedPriority[];
  readonly #findings = new Map<string, Findings>();
  /** 1.2's `lastNodeIndex`: which of several best nodes has its turn. Grows with every Pod that finds a node. */
  #turn = 0;
  /** Weighted sums and scores of one priority for the Pod at hand; kept to spare an allocation per Pod. */
  #totals = new Float64Array(0);
  #scores = new Float64Array(0);

  /** @param priorities if there are none, all nodes are equal */
  constructor(
    predicates: readonly NamedPredicate[],
    priorities: readonly WeightedPriority[],
    options: AlgorithmOptions = {},
  ) {
    this.predicates = predicates;
    this.options = options;
    this.#asked = options.asked ?? predicates;
    this.#keptPredicates = this.#asked.filter(({ predicate }) => isKept(predicate));
    this.#otherPredicates = this.#asked.filter(({ predicate }) => !isKept(predicate));
    const used = priorities.filter(({ weight }) => weight !== 0);
    const isIndifferent = priorities.length === 0 && !options.extenders?.length;
    this.priorities = isIndifferent ? [{ name: 'EqualPriority', priority: equal, weight: 1 }] : used;
    const isSummed = ({ priority: { kept, map, reduce } }: WeightedPriority): boolean => !!kept && !!map && !reduce;
    this.#summed = this.priorities.filter(isSummed);
    this.#otherPriorities = this.priorities.filter((one) => !isSummed(one));
  }

  /**
   * Decides about `pod`. Nothing is changed but whose turn it is.
   *
   * @param nodes those of one cache, by descending name
   * @param stopwatch by which the steps are timed; they take no time if left out
   */
  schedule(pod: PodInfo, nodes: readonly NodeInfo[], stopwatch: Stopwatch = () => 0): Decision {
    const startMs = stopwatch();
    const filtered = this.#filter(pod, nodes);
    const filteredMs = stopwatch();
    const choice = this.#choose(filtered);
    choice.predicatesMs = filteredMs - startMs;
    choice.prioritiesMs = stopwatch() - filteredMs;
    return choice;
  }

  /**
   * The same, with the extenders asked too: whether the nodes that fit will do for them, and how much they like each. The cluster
   * may change while they answer; a node that went meanwhile may still be chosen.
   *
   * @throws Error if an extender cannot be asked whether a node will do
   */
  async scheduleWithExtenders(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    signal: AbortSignal,
    stopwatch: Stopwatch = () => 0,
  ): Promise<Decision> {
    const { extenders = [] } = this.options;
    const startMs = stopwatch();
    let filtered = this.#filter(pod, nodes);
    const verdicts = new Map<Extender, Map<string, true | Unfit>>();
    for (const extender of extenders) {
      if (!extender.filter || filtered.fitting.length === 0) continue;
      const { fitting, failed } = await extender.filter(pod, filtered.fitting, signal);
      const verdictOn = ({ name }: NodeInfo): true | Refusal => fitting.has(name) || refusedBy(extender, failed[name]);
      verdicts.set(extender, new Map(filtered.fitting.map((node) => [node.name, verdictOn(node)])));
      const refusals = filtered.refusals.map((refusal, i) =>
        refusal || fitting.has(nodes[i]!.name) ? refusal : refusedBy(extender, failed[nodes[i]!.name]),
      );
      filtered = { ...filtered, refusals, ...feasibleOf(nodes, refusals) };
    }
    const filteredMs = stopwatch();
    const likes = await Promise.all(
      // Whoever cannot say what he likes has no preference.
      extenders.map((extender) => extender.prioritize?.(pod, filtered.fitting, signal).catch(() => undefined)),
    );
    const choice = this.#choose(filtered, (node) =>
      extenders.reduce((sum, { weight }, i) => sum + weight * (likes[i]?.get(node.name) ?? 0), 0),
    );
    const extended = extenders.map((extender, i): Extended => {
      const { name, weight } = extender;
      return { name, weight, verdicts: verdicts.get(extender), scores: likes[i] };
    });
    return { ...choice, extended, predicatesMs: filteredMs - startMs, prioritiesMs: stopwatch() - filteredMs };
  }

  /** Every predicate's verdict and every priority's score on every node, found out afresh. Nothing is changed. */
  report(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    { timed = (_part, run) => run(), extended = [] }: ReportOptions = {},
  ): NodeReport[] {
    const verdicts = this.predicates.map(({ name, predicate }) =>
      timed(name, () => {
        const ask = prepared(predicate, pod, nodes);
        return nodes.map((node) => ({ name, verdict: asVerdict(name, ask?.(node) ?? true) }));
      }),
    );
    const passed = (i: number): boolean => verdicts.every((each) => each[i]!.verdict === true);
    const refused = this.options.preFilter?.(pod);
    // The predicate of that name, if it is listed, says so already.
    if (refused && !this.predicates.some(({ name }) => name === refused.predicate))
      verdicts.unshift(nodes.map(() => ({ name: refused.predicate, verdict: refused })));
    const refusals = nodes.map((_, i) => (passed(i) ? undefined : unfit([])));
    for (const [node, refusal] of this.#refusedForNominated({ nodes, refusals }, pod)) {
      const predicate = verdicts.find(([first]) => first?.name === refusal.predicate)!;
      predicate[node.position] = { name: refusal.predicate, verdict: refusal };
    }
    for (const { name, verdicts: said } of extended)
      if (said) verdicts.push(nodes.map((node) => ({ name, verdict: said.get(node.name) ?? true })));

    const fits = nodes.map((_, i) => passed(i));
    const fitting = nodes.filter((_, i) => fits[i]);
    const scores = this.priorities.map(({ name, weight, priority }) =>
      timed(name, () => {
        const raw = Float64Array.from(fitting, (node) => priority.map?.(pod, node) ?? 0);
        priority.reduce?.(pod, fitting, raw);
        return { name, weight, raw };
      }),
    );
    for (const { name, weight, scores: said } of extended)
      if (said) scores.push({ name, weight, raw: Float64Array.from(fitting, (node) => said.get(node.name) ?? 0) });
    let position = 0;
    return nodes.map((node, i) => {
      const at = fits[i] ? position++ : -1;
      const priorities = at < 0 ? [] : scores.map(({ name, weight, raw }) => ({ name, weight, score: raw[at]! }));
      const total = priorities.reduce((sum, { weight, score }) => sum + weight * score, 0);
      return { node: node.name, predicates: verdicts.map((each) => each[i]!), fits: fits[i]!, priorities, total };
    });
  }

  /** Why `node` is refused, found out afresh; undefined: it fits. @param nodes all nodes, for those predicates that look at them */
  refusal(pod: PodInfo, node: NodeInfo, nodes: readonly NodeInfo[]): Refusal | undefined {
    return firstRefusal(prepareAll(this.#asked, pod, nodes), node);
  }

  #filter(pod: PodInfo, nodes: readonly NodeInfo[]): Filtered {
    const findings = this.#findingsFor(pod, nodes);
    const refused = this.options.preFilter?.(pod);
    if (refused) {
      const refusals = nodes.map(() => refused);
      return { pod, findings, refusals, refused, ...feasibleOf(nodes, refusals) };
    }
    this.#refresh(findings, pod);
    const others = prepareAll(this.#otherPredicates, pod, nodes);
    const refusedToo = this.#refusedForNominated(findings, pod);
    const own = this.#nominatedNode(pod, nodes);
    if (others.length === 0 && refusedToo.size === 0 && !own) {
      findings.lent = true;
      return {
        pod,
        findings,
        refusals: findings.refusals,
        ...(findings.feasible ??= feasibleOf(nodes, findings.refusals)),
      };
    }
    const refusals = findings.refusals.map(
      (refusal, i) => refusal ?? firstRefusal(others, nodes[i]!) ?? refusedToo.get(nodes[i]!),
    );
    if (!own || refusals[own.position]) return { pod, findings, refusals, ...feasibleOf(nodes, refusals) };
    return { pod, findings, refusals, fitting: [own], positions: Int32Array.of(own.position) };
  }

  /** @param more what is added to a node's score */
  #choose(
    { pod, findings, refusals, refused, fitting, positions }: Filtered,
    more?: (node: NodeInfo) => number,
  ): Choice {
    const nodes = findings.nodes.length;
    const count = fitting.length;
    const untimed = { predicatesMs: 0, prioritiesMs: 0 };
    if (count === 0)
      return { pod, node: undefined, score: 0, runnerUp: undefined, nodes, feasible: 0, refusals, refused, ...untimed };

    const { totals, same } = this.#score(findings, pod, fitting, positions);
    if (more) for (let i = 0; i < count; i++) totals[i]! += more(fitting[i]!);
    const { best, first, equals, second: other } = bestOf(totals, count);
    let winner = first;
    for (let turn = this.#turn++ % equals; turn > 0; turn--) while (totals[++winner] !== best);
    let second = other;
    if (equals > 1) second = winner === first ? totals.indexOf(best, first + 1) : first;
    return {
      pod,
      node: fitting[winner]!,
      score: best + same,
      runnerUp: second < 0 ? undefined : { node: fitting[second]!, score: totals[second]! + same },
      nodes,
      feasible: count,
      refusals,
      refused,
      ...untimed,
    };
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
    const reduced = this.#otherPriorities.filter(({ priority }) => priority.kept && priority.map);
    findings = {
      nodes,
      generation: 0,
      refusals: new Array<Refusal | undefined>(nodes.length).fill(undefined),
      lent: false,
      feasible: undefined,
      sums: new Float64Array(nodes.length),
      raw: new Map(reduced.map((one) => [one, new Float64Array(nodes.length)])),
    };
    this.#findings.delete(pod.shape);
    this.#findings.set(pod.shape, findings);
    if (this.#findings.size > shapesKept) this.#findings.delete(this.#findings.keys().next().value!);
    return findings;
  }

  /** Looks again at the nodes that have changed: the cache keeps them in the order in which they did, the last one first. */
  #refresh(findings: Findings, pod: PodInfo): void {
    const { nodes, generation, raw, sums } = findings;
    const newest = nodes[0]?.recency.newest;
    for (let node = newest; node && node.generation > generation; node = node.older) {
      const i = node.position;
      if (nodes[i] !== node) continue; // not there any more: only its Pods are
      const refusal = firstRefusalKept(this.#keptPredicates, pod, node);
      if (refusal !== findings.refusals[i]) {
        // A decision may still be read that was made before.
        if (findings.lent) findings.refusals = findings.refusals.slice();
        findings.lent = false;
        if (!refusal !== !findings.refusals[i]) findings.feasible = undefined;
        findings.refusals[i] = refusal;
      }
      if (refusal) continue;
      let sum = 0;
      for (const { priority, weight } of this.#summed) sum += weight * priority.map!(pod, node);
      sums[i] = sum;
      for (const [{ priority }, scores] of raw) scores[i] = priority.map!(pod, node);
    }
    findings.generation = newest?.generation ?? 0; // only now: a plug-in may have thrown half-way
  }

  /** The node on which room was made for `pod`: if it fits there, it goes nowhere else. (Where extenders are asked, it may.) */
  #nominatedNode(pod: PodInfo, nodes: readonly NodeInfo[]): NodeInfo | undefined {
    const { cluster, extenders } = this.options;
    if (extenders?.length) return undefined;
    for (const [name, nominated] of cluster?.nominations() ?? none) {
      if (!nominated.some(({ key }) => key === pod.key)) continue;
      const node = cluster!.nodeNamed(name);
      return node && nodes[node.position] === node ? node : undefined;
    }
    return undefined;
  }

  /** Room that was made for others, of the same or a higher priority, is not there for `pod`: nodes on which that matters. */
  #refusedForNominated(
    { nodes, refusals }: { readonly nodes: readonly NodeInfo[]; readonly refusals: readonly (Unfit | undefined)[] },
    pod: PodInfo,
  ): ReadonlyMap<NodeInfo, Refusal> {
    const { cluster } = this.options;
    const nominations = cluster?.nominations() ?? none;
    if (nominations.size === 0) return none;
    const refused = new Map<NodeInfo, Refusal>();
    for (const [name, nominated] of nominations) {
      const others = nominated.filter((other) => other.key !== pod.key && other.priority >= pod.priority);
      const node = cluster!.nodeNamed(name);
      if (!node || others.length === 0 || nodes[node.position] !== node || refusals[node.position]) continue;
      const refusal = cluster!.with(others, name, () => this.refusal(pod, node, nodes));
      if (refusal) refused.set(node, refusal);
    }
    return refused;
  }

  /** The weighted sums of the nodes that fit (those at the end of the array are of no meaning), and what all of them get besides. */
  #score({ sums, raw }: Findings, pod: PodInfo, fitting: readonly NodeInfo[], positions: Int32Array) {
    const count = fitting.length;
    if (this.#totals.length < count) [this.#totals, this.#scores] = [new Float64Array(count), new Float64Array(count)];
    const totals = this.#totals;
    const scores = this.#scores.length === count ? this.#scores : this.#scores.subarray(0, count);
    let same = 0;
    const differing = this.#otherPriorities.filter(({ priority, weight }) => {
      const score = priority.uniform?.(pod);
      same += weight * (score ?? 0);
      return score === undefined;
    });
    if (count === sums.length) totals.set(sums);
    else for (let i = 0; i < count; i++) totals[i] = sums[positions[i]!]!;
    for (const weighted of differing) {
      const { priority, weight } = weighted;
      const known = raw.get(weighted);
      if (known) for (let i = 0; i < count; i++) scores[i] = known[positions[i]!]!;
      else if (priority.map) for (let i = 0; i < count; i++) scores[i] = priority.map(pod, fitting[i]!);
      else scores.fill(0);
      priority.reduce?.(pod, fitting, scores);
      addWeighted(totals, scores, weight);
    }
    return { totals, same };
  }
}

function addWeighted(totals: Float64Array, scores: Float64Array, weight: number): void {
  for (let i = 0; i < scores.length; i++) totals[i]! += weight * scores[i]!;
}

/**
 * The highest of the first `count` totals, the first place where it is and how many there are; the first place of the next
 * lower one (-1: there is none).
 */
function bestOf(totals: Float64Array, count: number) {
  let best = -Infinity;
  for (let i = 0; i < count; i++) if (totals[i]! > best) best = totals[i]!;
  let equals = 0;
  let first = 0; // of scores that are no numbers none is best
  let second = -1;
  let secondBest = -Infinity;
  for (let i = 0; i < count; i++) {
    const total = totals[i]!;
    if (total === best) {
      if (equals++ === 0) first = i;
    } else if (total > secondBest) {
      secondBest = total;
      second = i;
    }
  }
  return { best, first, equals, second };
}

/** A decision whose times are still to be written down. */
type Choice = Omit<Decision, `${string}Ms`> & { predicatesMs: number; prioritiesMs: number };

/** The nodes that fit, and where each of them stands among all. */
interface Feasible {
  readonly fitting: readonly NodeInfo[];
  readonly positions: Int32Array;
}

/** The first step's outcome. */
interface Filtered extends Feasible {
  readonly pod: PodInfo;
  readonly findings: Findings;
  readonly refusals: readonly (Refusal | undefined)[];
  readonly refused?: Refusal;
}

/** What is known of each node for Pods of one shape, by the node's position. */
interface Findings {
  readonly nodes: readonly NodeInfo[];
  /** Changes up to this generation are reckoned in. */
  generation: number;
  /** By the predicates whose verdicts are kept. */
  refusals: (Refusal | undefined)[];
  /** `refusals` is part of a decision: it is copied before it is changed. */
  lent: boolean;
  /** Undefined: a verdict has changed. */
  feasible: Feasible | undefined;
  /** Weighted scores of the priorities that are kept and need no `reduce`, added up. */
  readonly sums: Float64Array;
  /** Raw scores of those that are kept and do. */
  readonly raw: ReadonlyMap<WeightedPriority, Float64Array>;
}

function feasibleOf(nodes: readonly NodeInfo[], refusals: readonly (Refusal | undefined)[]): Feasible {
  const positions = new Int32Array(nodes.length);
  const fitting: NodeInfo[] = [];
  for (let i = 0; i < nodes.length; i++) if (refusals[i] === undefined) positions[fitting.push(nodes[i]!) - 1] = i;
  return { fitting, positions };
}

const refusedBy = ({ name }: Extender, why = `node(s) were refused by the extender at ${name}`): Refusal => ({
  ...unfit([why], { resolvable: true }),
  predicate: name,
});

/** A predicate made ready for one Pod. */
interface Question {
  readonly name: string;
  readonly ask: (node: NodeInfo) => Verdict;
}

const prepareAll = (predicates: readonly NamedPredicate[], pod: PodInfo, nodes: readonly NodeInfo[]): Question[] =>
  predicates.flatMap(({ name, predicate }) => {
    const ask = prepared(predicate, pod, nodes);
    return ask ? { name, ask } : [];
  });

function firstRefusal(questions: readonly Question[], node: NodeInfo): Refusal | undefined {
  for (const { name, ask } of questions) {
    const verdict = asVerdict(name, ask(node));
    if (verdict !== true) return { ...verdict, predicate: name };
  }
  return undefined;
}

/** The same of predicates that need no preparation: that is what makes them worth keeping. */
function firstRefusalKept(predicates: readonly NamedPredicate[], pod: PodInfo, node: NodeInfo): Refusal | undefined {
  for (const { name, predicate } of predicates) {
    const verdict = predicate(pod, node);
    if (verdict !== true) return { ...(asVerdict(name, verdict) as Unfit), predicate: name };
  }
  return undefined;
}

const asVerdict = (name: string, verdict: Verdict): true | Unfit => verdict || unfit([name], { resolvable: true });
