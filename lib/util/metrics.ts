/**
 * Figures in the text form that Prometheus reads.
 *
 * ```ts
 * const attempts = new Counter('scheduler_schedule_attempts_total', 'Number of attempts to schedule pods.');
 * attempts.add({ result: 'scheduled' });
 * metricsText([attempts]); // # HELP … # TYPE … scheduler_schedule_attempts_total{result="scheduled"} 1
 * ```
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */

export type Labels = Readonly<Record<string, string>>;

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Without `HELP` and `TYPE`. */
  lines(): string[];
}

/** Only grows. */
export class Counter implements Metric {
  readonly type = 'counter';
  readonly #series = new Map<string, CounterSeries>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  /** The figure for these labels; to be kept by those who count often. */
  with(labels: Labels): CounterSeries {
    return seriesOf(this.#series, labels, () => new CounterSeries());
  }

  add(labels: Labels = {}, by = 1): void {
    this.with(labels).add(by);
  }

  lines(): string[] {
    return [...this.#series].sort(byLabels).map(([labels, { value }]) => `${this.name}${braced(labels)} ${value}`);
  }
}

class CounterSeries {
  value = 0;

  add(by = 1): void {
    this.value += by;
  }
}

/** Is looked up when somebody asks. */
export class Gauge implements Metric {
  readonly type = 'gauge';

  constructor(
    readonly name: string,
    readonly help: string,
    readonly read: () => Iterable<readonly [Labels, number]>,
  ) {}

  lines(): string[] {
    return [...this.read()].map(([labels, value]) => `${this.name}${braced(format(labels))} ${value}`);
  }
}

/** Counts what was observed by size. */
export class Histogram implements Metric {
  readonly type = 'histogram';
  readonly #series = new Map<string, HistogramSeries>();

  /** @param limits upper bounds of the buckets, ascending; what is larger than all of them counts only in the whole */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly limits: readonly number[],
  ) {}

  /** The figures for these labels; to be kept by those who observe often. */
  with(labels: Labels): HistogramSeries {
    return seriesOf(this.#series, labels, () => new HistogramSeries(this.limits));
  }

  observe(value: number, labels: Labels = {}): void {
    this.with(labels).observe(value);
  }

  lines(): string[] {
    return [...this.#series].sort(byLabels).flatMap(([labels, { count, sum, inBucket }]) => {
      let below = 0;
      const buckets = inBucket.map((inThis, i) => [String(this.limits[i]), (below += inThis)] as const);
      const prefix = labels === '' ? '' : `${labels},`;
      return [
        ...[...buckets, ['+Inf', count] as const].map(
          ([limit, value]) => `${this.name}_bucket{${prefix}le="${limit}"} ${value}`,
        ),
        `${this.name}_sum${braced(labels)} ${sum}`,
        `${this.name}_count${braced(labels)} ${count}`,
      ];
    });
  }
}

class HistogramSeries {
  count = 0;
  sum = 0;
  /** Each value in the first bucket that takes it. */
  readonly inBucket: number[];
  readonly #limits: readonly number[];

  constructor(limits: readonly number[]) {
    this.#limits = limits;
    this.inBucket = limits.map(() => 0);
  }

  observe(value: number): void {
    this.count++;
    this.sum += value;
    const bucket = this.#limits.findIndex((limit) => value <= limit);
    if (bucket >= 0) this.inBucket[bucket]!++;
  }
}

/** `count` bounds, each `factor` times the one before. */
export const exponentialBuckets = (start: number, factor: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => start * factor ** i);

/** All of `metrics`, in the order given. */
export const metricsText = (metrics: readonly Metric[]): string =>
  metrics
    .flatMap((metric) => [
      `# HELP ${metric.name} ${metric.help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...metric.lines(),
    ])
    .join('\n') + '\n';

function seriesOf<S>(all: Map<string, S>, labels: Labels, make: () => S): S {
  const written = format(labels);
  let series = all.get(written);
  if (!series) all.set(written, (series = make()));
  return series;
}

const byLabels = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const format = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`)
    .join(',');

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);
