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
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Labels = {}, by = 1): void {
    const written = format(labels);
    this.#values.set(written, (this.#values.get(written) ?? 0) + by);
  }

  lines(): string[] {
    return [...this.#values].sort().map(([labels, value]) => `${this.name}${braced(labels)} ${value}`);
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
  readonly #observed = new Map<string, { count: number; sum: number; readonly inBucket: number[] }>();

  /** @param limits upper bounds of the buckets, ascending; what is larger than all of them counts only in the whole */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly limits: readonly number[],
  ) {}

  observe(value: number, labels: Labels = {}): void {
    const written = format(labels);
    let seen = this.#observed.get(written);
    if (!seen) this.#observed.set(written, (seen = { count: 0, sum: 0, inBucket: this.limits.map(() => 0) }));
    seen.count++;
    seen.sum += value;
    const bucket = this.limits.findIndex((limit) => value <= limit);
    if (bucket >= 0) seen.inBucket[bucket]!++;
  }

  lines(): string[] {
    return [...this.#observed].sort().flatMap(([labels, { count, sum, inBucket }]) => {
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

const format = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`)
    .join(',');

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);
