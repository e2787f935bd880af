/**
 * The scheduler's figures, by upstream's names.
 *
 * @see https://kubernetes.io/docs/reference/instrumentation/metrics/
 */
import { Counter, exponentialBuckets, Gauge, Histogram, metricsText, type Metric } from '../util/index.js';
import type { Decision } from './algorithm.js';

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

export interface SchedulerMetricsOptions {
  /** The scheduler's name. */
  readonly profile: string;
  /** How many Pods wait in each queue. */
  pending(): Readonly<Record<'active' | 'backingOff' | 'unschedulable', number>>;
  /** How much the cache holds. */
  cacheSize(): Readonly<Record<'nodes' | 'pods' | 'assumed_pods', number>>;
}

export class SchedulerMetrics {
  readonly #all: readonly Metric[];
  readonly #profile: string;
  readonly #attempts = new Counter(
    'scheduler_schedule_attempts_total',
    "[STABLE] Number of attempts to schedule pods, by the result. 'unschedulable' means a pod could not be scheduled, while 'error' means an internal scheduler problem.",
  );
  readonly #durations = new Histogram(
    'scheduler_scheduling_attempt_duration_seconds',
    '[STABLE] Scheduling attempt latency in seconds (scheduling algorithm + binding)',
    exponentialBuckets(0.001, 2, 15),
  );
  readonly #algorithm = new Histogram(
    'scheduler_scheduling_algorithm_duration_seconds',
    '[ALPHA] Scheduling algorithm latency in seconds',
    exponentialBuckets(0.001, 2, 15),
  );
  readonly #points = new Histogram(
    'scheduler_framework_extension_point_duration_seconds',
    '[STABLE] Latency for running all plugins of a specific extension point.',
    exponentialBuckets(0.0001, 2, 12),
  );
  readonly #attemptsOfPod = new Histogram(
    'scheduler_pod_scheduling_attempts',
    '[STABLE] Number of attempts to successfully schedule a pod.',
    [1, 2, 4, 8, 16],
  );
  readonly #preemptions = new Counter(
    'scheduler_preemption_attempts_total',
    '[STABLE] Total preemption attempts in the cluster till now',
  );
  readonly #victims = new Histogram(
    'scheduler_preemption_victims',
    '[STABLE] Number of selected preemption victims',
    exponentialBuckets(1, 2, 7),
  );
  // Looked up once: a label is written for each of many thousand Pods otherwise.
  readonly #filter: Observed;
  readonly #score: Observed;
  readonly #bind: Observed;
  readonly #scheduled: Result;

  constructor({ profile, pending, cacheSize }: SchedulerMetricsOptions) {
    this.#profile = profile;
    const point = (extension_point: string) => this.#points.with({ extension_point, profile, status: 'Success' });
    [this.#filter, this.#score, this.#bind] = [point('Filter'), point('Score'), point('Bind')];
    this.#scheduled = this.#seriesOf('scheduled');
    this.#all = [
      this.#attempts,
      this.#durations,
      this.#algorithm,
      this.#points,
      this.#attemptsOfPod,
      new Gauge(
        'scheduler_pending_pods',
        "[STABLE] Number of pending pods, by the queue type. 'active' means number of pods in activeQ; 'backoff' means number of pods in backoffQ; 'unschedulable' means number of pods in unschedulablePods that the scheduler attempted to schedule and failed; 'gated' is the number of unschedulable pods that the scheduler never attempted to schedule because they are gated.",
        () => {
          const { active, backingOff, unschedulable } = pending();
          return [
            [{ queue: 'active' }, active],
            [{ queue: 'backoff' }, backingOff],
            [{ queue: 'unschedulable' }, unschedulable],
          ];
        },
      ),
      new Gauge(
        'scheduler_scheduler_cache_size',
        '[ALPHA] Number of nodes, pods, and assumed (bound) pods in the scheduler cache.',
        () => Object.entries(cacheSize()).map(([type, count]) => [{ type }, count] as const),
      ),
      this.#preemptions,
      this.#victims,
    ];
  }

  /** A decision was made. */
  decided({ predicatesMs, prioritiesMs, node }: Decision): void {
    this.#filter.observe(predicatesMs / 1000);
    if (node) this.#score.observe(prioritiesMs / 1000);
    this.#algorithm.observe((predicatesMs + prioritiesMs) / 1000);
  }

  /** A binding was accepted. @param attempt which attempt at the Pod it was */
  bound(
    attempt: number,
    { algorithmMs, bindingMs }: { readonly algorithmMs: number; readonly bindingMs: number },
  ): void {
    this.#bind.observe(bindingMs / 1000);
    this.#attemptsOfPod.observe(attempt);
    this.#scheduled.attempts.add();
    this.#scheduled.durations.observe((algorithmMs + bindingMs) / 1000);
  }

  /** An attempt came to nothing after `ms` milliseconds. */
  failed(result: Exclude<AttemptResult, 'scheduled'>, ms: number): void {
    const { attempts, durations } = this.#seriesOf(result);
    attempts.add();
    durations.observe(ms / 1000);
  }

  /** It was tried to make room. @param victims how many Pods are evicted */
  preempted(victims: number): void {
    this.#preemptions.add();
    if (victims > 0) this.#victims.observe(victims);
  }

  text(): string {
    return metricsText(this.#all);
  }

  #seriesOf(result: AttemptResult): Result {
    const labels = { profile: this.#profile, result };
    return { attempts: this.#attempts.with(labels), durations: this.#durations.with(labels) };
  }
}

type Observed = ReturnType<Histogram['with']>;

interface Result {
  readonly attempts: ReturnType<Counter['with']>;
  readonly durations: Observed;
}
