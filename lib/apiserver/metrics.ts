/**
 * What the server counts, in the text form that Prometheus reads. Names and labels are upstream's.
 *
 * @see https://kubernetes.io/docs/reference/instrumentation/metrics/
 */
import type { ResourcePath } from './request-info.js';

/** Upper bounds of the buckets in which durations are counted, in seconds. */
const bucketSeconds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

interface Durations {
  count: number;
  sumSeconds: number;
  readonly buckets: number[];
}

export class Metrics {
  /** By their labels. */
  readonly #requests = new Map<string, number>();
  readonly #durations = new Map<string, Durations>();

  /** @param verb as upstream writes it: `GET`, `LIST`, `WATCH` … */
  count(verb: string, path: ResourcePath | undefined, code: number, seconds: number): void {
    const { group = '', version = '', resource = '', subresource = '' } = path ?? {};
    const scope = !path ? '' : path.name !== '' ? 'resource' : path.namespace !== '' ? 'namespace' : 'cluster';
    const labels = `group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`;
    const request = `code="${code}",${labels}`;
    this.#requests.set(request, (this.#requests.get(request) ?? 0) + 1);
    if (verb === 'WATCH') return; // how long somebody watched says nothing about the server
    let durations = this.#durations.get(labels);
    if (!durations)
      this.#durations.set(labels, (durations = { count: 0, sumSeconds: 0, buckets: bucketSeconds.map(() => 0) }));
    durations.count++;
    durations.sumSeconds += seconds;
    const bucket = bucketSeconds.findIndex((limit) => seconds <= limit);
    if (bucket >= 0) durations.buckets[bucket]!++;
  }

  /** `apiserver_request_total{code="200",…} 7` and so on, a line each. */
  text(): string {
    const lines = [
      '# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      '# TYPE apiserver_request_total counter',
      ...[...this.#requests].sort().map(([labels, count]) => `apiserver_request_total{${labels}} ${count}`),
      '# HELP apiserver_request_duration_seconds [STABLE] Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      '# TYPE apiserver_request_duration_seconds histogram',
    ];
    for (const [labels, { count, sumSeconds, buckets }] of [...this.#durations].sort()) {
      const name = 'apiserver_request_duration_seconds';
      let below = 0;
      buckets.forEach((inBucket, index) => {
        below += inBucket;
        lines.push(`${name}_bucket{${labels},le="${bucketSeconds[index]}"} ${below}`);
      });
      lines.push(
        `${name}_bucket{${labels},le="+Inf"} ${count}`,
        `${name}_sum{${labels}} ${sumSeconds}`,
        `${name}_count{${labels}} ${count}`,
      );
    }
    const { rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    lines.push(
      '# HELP process_resident_memory_bytes Resident memory size in bytes.',
      '# TYPE process_resident_memory_bytes gauge',
      `process_resident_memory_bytes ${rss}`,
      '# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.',
      '# TYPE process_cpu_seconds_total counter',
      `process_cpu_seconds_total ${(user + system) / 1e6}`,
    );
    return lines.join('\n') + '\n';
  }

  /** `/resetMetrics`, as the book's server had it. */
  reset(): void {
    this.#requests.clear();
    this.#durations.clear();
  }
}
