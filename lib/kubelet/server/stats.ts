/**
 * What the containers use: `/stats/summary` (JSON, for heapster of old) and `/metrics/resource` (Prometheus text, for
 * metrics-server of today). The runtime counts processor time; a rate needs two readings, so the last one is kept.
 *
 * The node's own use is the sum of its containers: several nodes may share one machine here.
 *
 * @see https://github.com/kubernetes/kubelet/blob/master/pkg/apis/stats/v1alpha1/types.go
 */
import { timestamp } from '../../util/clock.js';
import type { ContainerStats } from '../runtime/runtime.js';
import type { KubeletHost } from './host.js';

export class StatsReader {
  readonly #host: KubeletHost;
  /** Per container and start: the reading before the present one. */
  #before = new Map<string, Usage>();

  constructor(host: KubeletHost) {
    this.#host = host;
  }

  /** The body of `/stats/summary`. */
  async summary(): Promise<object> {
    const containers = await this.#read();
    const pods = this.#host
      .pods()
      .map((pod) => ({ pod, of: containers.filter(({ podUID }) => podUID === pod.metadata.uid) }))
      .filter(({ of }) => of.length > 0);
    return {
      node: { nodeName: this.#host.nodeName, ...summed(containers) },
      pods: pods.map(({ pod, of }) => ({
        podRef: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
        startTime: pod.status.startTime,
        containers: of.map((usage) => ({
          name: usage.container,
          startTime: pod.status.containerStatuses?.find(({ name }) => name === usage.container)?.state?.running
            ?.startedAt,
          ...figures(usage),
        })),
        ...summed(of),
      })),
    };
  }

  /** The body of `/metrics/resource`. */
  async metrics(): Promise<string> {
    const containers = await this.#read();
    const named = containers.flatMap((usage) => {
      const pod = this.#host.pods().find(({ metadata }) => metadata.uid === usage.podUID);
      return pod
        ? [
            {
              usage,
              labels: { container: usage.container, namespace: pod.metadata.namespace ?? '', pod: pod.metadata.name },
            },
          ]
        : [];
    });
    const perPod = new Map<string, { readonly labels: Record<string, string>; readonly of: Usage[] }>();
    for (const { usage, labels } of named) {
      const { namespace, pod } = labels;
      const entry = perPod.get(usage.podUID) ?? { labels: { namespace, pod }, of: [] };
      entry.of.push(usage);
      perPod.set(usage.podUID, entry);
    }
    const cpu = (of: readonly Usage[]): number => sum(of, 'cpuUsageNanos') / 1e9;
    const memory = (of: readonly Usage[]): number => sum(of, 'memoryBytes');
    return [
      metric(
        'container_cpu_usage_seconds_total',
        'counter',
        named.map(({ usage, labels }) => [labels, cpu([usage])]),
      ),
      metric(
        'container_memory_working_set_bytes',
        'gauge',
        named.map(({ usage, labels }) => [labels, memory([usage])]),
      ),
      metric('node_cpu_usage_seconds_total', 'counter', [[{}, cpu(containers)]]),
      metric('node_memory_working_set_bytes', 'gauge', [[{}, memory(containers)]]),
      metric(
        'pod_cpu_usage_seconds_total',
        'counter',
        [...perPod.values()].map(({ labels, of }) => [labels, cpu(of)]),
      ),
      metric(
        'pod_memory_working_set_bytes',
        'gauge',
        [...perPod.values()].map(({ labels, of }) => [labels, memory(of)]),
      ),
      metric('scrape_error', 'gauge', [[{}, 0]]),
    ].join('');
  }

  async #read(): Promise<Usage[]> {
    const now = await this.#host.runtime.stats();
    const usages = now.map((stats): Usage => {
      const before = this.#before.get(keyOf(stats));
      const elapsedMs = before ? stats.timeMs - before.timeMs : 0;
      const nanos = before ? stats.cpuUsageNanos - before.cpuUsageNanos : -1;
      // A counter that fell belongs to a container that started again; one moment gives no rate: the last one holds.
      const nanoCores = elapsedMs > 0 && nanos >= 0 ? Math.round((nanos * 1000) / elapsedMs) : before?.nanoCores;
      return { ...stats, ...(nanoCores !== undefined && { nanoCores }) };
    });
    this.#before = new Map(usages.map((usage) => [keyOf(usage), usage]));
    return usages;
  }
}

/** `nanoCores`: billionths of a processor, since the reading before; undefined at the first. */
type Usage = ContainerStats & { readonly nanoCores?: number };

const keyOf = ({ podUID, container }: ContainerStats): string => `${podUID}/${container}`;

const sum = (usages: readonly Usage[], field: 'cpuUsageNanos' | 'memoryBytes'): number =>
  usages.reduce((total, usage) => total + usage[field], 0);

function figures({ timeMs, cpuUsageNanos, memoryBytes, nanoCores }: Omit<Usage, 'podUID' | 'container'>): object {
  const time = timestamp(timeMs);
  return {
    cpu: { time, ...(nanoCores !== undefined && { usageNanoCores: nanoCores }), usageCoreNanoSeconds: cpuUsageNanos },
    memory: { time, usageBytes: memoryBytes, workingSetBytes: memoryBytes, rssBytes: memoryBytes },
  };
}

function summed(usages: readonly Usage[]): object {
  if (usages.length === 0) return {};
  const known = usages.filter(({ nanoCores }) => nanoCores !== undefined);
  return figures({
    timeMs: Math.max(...usages.map(({ timeMs }) => timeMs)),
    cpuUsageNanos: sum(usages, 'cpuUsageNanos'),
    memoryBytes: sum(usages, 'memoryBytes'),
    ...(known.length > 0 && { nanoCores: known.reduce((total, { nanoCores }) => total + nanoCores!, 0) }),
  });
}

/** One metric in Prometheus' text form. Label values are names of Kubernetes objects: nothing to escape. */
function metric(
  name: string,
  type: string,
  samples: readonly (readonly [Readonly<Record<string, string>>, number])[],
): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}\n`;
  });
  return `# TYPE ${name} ${type}\n${lines.join('')}`;
}
