/**
 * The scheduler's memory of its reasons: the last attempts in brief, in a ring buffer beside the objects. To write one down
 * costs next to nothing. The full table (each predicate's verdict and each priority's score on each node) is made when
 * somebody asks, from the very state in which the attempt was made: the cache can be had as it was ({@link SchedulerCache.at}),
 * as far back as the ring reaches.
 *
 * ```
 *   attempt ──► ring: outcome, times, a mark in the cache's journal
 *                 │ explain
 *                 ▼
 *   cache.at(mark) ──► algorithm.report ──► table
 * ```
 * What a predicate looks at beside its arguments (a clock, a variable of a notebook) is not remembered: it is asked again. If
 * the table then tells another story than the attempt, the explanation says so ({@link Explanation.reproduced}).
 */
import type { ObjectKey } from '../api/meta.js';
import type { Algorithm, Decision, Extended, Stopwatch } from './algorithm.js';
import type { SchedulerCache } from './cache.js';
import { outcomeOf, reportOn, type Explained, type Outcome } from './explanation.js';
import { fitError } from './fit-error.js';
import type { PodInfo } from './pod-info.js';
import type { AlgorithmFactory } from './registry.js';

/** How many attempts are remembered. */
export const attemptsKept = 1000;

/** One attempt to schedule a Pod, in brief. */
export interface Attempt extends Outcome {
  readonly uid: string | undefined;
  /** 1 for the first attempt at this Pod. */
  readonly attempt: number;
  /** When, in milliseconds since 1970. */
  readonly atMs: number;
  /** How long the two steps took, in milliseconds. */
  readonly predicatesMs: number;
  readonly prioritiesMs: number;
  /** How long the binding took; undefined: it has not been answered, or there was none. */
  readonly bindingMs?: number;
  /** What came of the binding. */
  readonly binding: 'none' | 'under way' | 'bound' | 'refused';
}

/** How long one predicate, or one priority, took for all nodes. */
export interface Part {
  readonly name: string;
  readonly ms: number;
}

/** Why a Pod is where it is, or nowhere. */
export interface Explanation extends Outcome, Partial<Pick<Explained, 'table' | 'message12'>> {
  /**
   * What `table` was made from: the cluster as it was at the attempt; the cluster as it is now, for a Pod of which no attempt
   * is remembered; or nothing, because the state of the attempt is too long ago (`gone`: then there is no table).
   */
  readonly basis: 'attempt' | 'present' | 'gone';
  /** The last attempt; undefined if none is remembered. */
  readonly attempt?: Attempt;
  /** False: the table differs from what was decided, since something that a predicate or priority looks at has not been remembered. */
  readonly reproduced?: boolean;
  /** How long each predicate and each priority took, for all nodes, when the table was made. */
  readonly parts?: readonly Part[];
}

/** What is to be known of an attempt beside the decision. */
export interface About {
  readonly algorithmProvider: string;
  readonly create: AlgorithmFactory;
  /** 1 for the first attempt at this Pod. */
  readonly attempt: number;
  /** The cache's mark when it was decided. */
  readonly mark: number;
  readonly atMs: number;
  /** The sentence of the event, if no node was found: it tells of preemption as well. */
  readonly message?: string;
}

/** As little as will do for every attempt: the rest is made when somebody asks. */
interface Remembered {
  /** Without its `refusals`, which are large and told of in `message`. */
  readonly decision: Decision;
  readonly about: About;
  readonly message: string | undefined;
  binding: Attempt['binding'];
  bindingMs: number | undefined;
}

const withoutRefusals: Decision['refusals'] = [];

export interface ExplanationsOptions {
  readonly cache: Pick<SchedulerCache, 'at' | 'forgetBefore'>;
  /** How many attempts are remembered; {@link attemptsKept} if left out. */
  readonly size?: number;
  readonly stopwatch?: Stopwatch;
}

export class Explanations {
  readonly #cache: ExplanationsOptions['cache'];
  readonly #size: number;
  readonly #stopwatch: Stopwatch;
  readonly #ring: Remembered[] = [];
  /** Where the next one goes: once the ring is full, the place of the oldest. */
  #next = 0;
  /** The last attempt at each Pod. */
  readonly #last = new Map<ObjectKey, Remembered>();

  constructor({ cache, size = attemptsKept, stopwatch = () => 0 }: ExplanationsOptions) {
    this.#cache = cache;
    this.#size = size;
    this.#stopwatch = stopwatch;
  }

  /** Writes a decision down. */
  add(decision: Decision, about: About): void {
    const { node, pod } = decision;
    const remembered: Remembered = {
      decision: { ...decision, refusals: withoutRefusals },
      about,
      message: node ? undefined : (about.message ?? fitError(decision)),
      binding: node ? 'under way' : 'none',
      bindingMs: undefined,
    };
    const oldest = this.#ring[this.#next]?.decision.pod.key;
    if (oldest !== undefined && this.#last.get(oldest) === this.#ring[this.#next]) this.#last.delete(oldest);
    this.#ring[this.#next] = remembered;
    this.#next = (this.#next + 1) % this.#size;
    this.#last.set(pod.key, remembered);
    this.#cache.forgetBefore((this.#ring[this.#next] ?? this.#ring[0]!).about.mark);
  }

  /** The binding that followed from the last attempt at `pod` was answered after `ms` milliseconds. */
  bound(pod: ObjectKey, binding: 'bound' | 'refused', ms: number): void {
    const remembered = this.#last.get(pod);
    if (remembered) [remembered.binding, remembered.bindingMs] = [binding, ms];
  }

  /** Attempts, the newest first: all that are remembered, or those at one Pod. */
  list(pod?: ObjectKey): Attempt[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
      .filter(({ decision }) => pod === undefined || decision.pod.key === pod)
      .map(attemptOf)
      .reverse();
  }

  /** The last attempt at `pod` in full; undefined if none is remembered. */
  explain(pod: ObjectKey): Explanation | undefined {
    const remembered = this.#last.get(pod);
    if (!remembered) return undefined;
    const { decision, about } = remembered;
    const outcome = outcomeOfRemembered(remembered);
    const attempt = attemptOf(remembered);
    const then = this.#cache.at(about.mark);
    if (!then) return { ...outcome, basis: 'gone', attempt };
    const full = this.report(about.create(then), decision.pod, then, decision.extended);
    return { ...outcome, basis: 'attempt', attempt, reproduced: agrees(outcome, full.table), ...full };
  }

  /** The table for `pod`, each part timed. */
  report(
    algorithm: Algorithm,
    pod: PodInfo,
    { nodes }: SchedulerCache,
    extended?: readonly Extended[],
  ): Pick<Explained, 'table' | 'message12'> & { readonly parts: readonly Part[] } {
    const parts: Part[] = [];
    const timed = <R>(name: string, run: () => R): R => {
      const startMs = this.#stopwatch();
      try {
        return run();
      } finally {
        parts.push({ name, ms: this.#stopwatch() - startMs });
      }
    };
    return { ...reportOn(algorithm, pod, nodes, { timed, extended }), parts };
  }
}

const outcomeOfRemembered = ({ decision, about, message }: Remembered): Outcome =>
  outcomeOf(decision, about.algorithmProvider, message);

function attemptOf(remembered: Remembered): Attempt {
  const { decision, about, binding, bindingMs } = remembered;
  return {
    ...outcomeOfRemembered(remembered),
    uid: decision.pod.pod.metadata.uid,
    attempt: about.attempt,
    atMs: about.atMs,
    predicatesMs: decision.predicatesMs,
    prioritiesMs: decision.prioritiesMs,
    binding,
    ...(bindingMs !== undefined && { bindingMs }),
  };
}

/** Whether the table tells the same as the attempt. */
const agrees = ({ node, score, feasible }: Outcome, table: Explained['table']): boolean =>
  table.filter(({ fits }) => fits).length === feasible &&
  (node === undefined || table.find((verdict) => verdict.node === node)?.total === score);
