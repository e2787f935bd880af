/**
 * A timeline of what happens to objects: watches a resource and notes when each object first reaches each stage.
 *
 * ```ts
 * const timeline = await recordTimeline(client, pods, { 'scheduled': (pod) => Boolean(pod.spec.nodeName), 'running': (pod) => pod.status.phase === 'Running' });
 * … // let things happen
 * display.png(await timeline.draw('From created to running'));
 * timeline.stop();
 * ```
 */
import type { Resource } from '../api/resources.js';
import type { KubernetesObject } from '../api/types.js';
import type { Client } from '../client/index.js';
import { realClock, type Clock } from '../util/index.js';
import { chart, type ChartSize } from './chart.js';

export interface Timeline {
  /** Milliseconds from the object's first appearance to each stage, by object name and stage. */
  readonly stages: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** One bar an object; one section for each wait between two stages. */
  draw(title: string, size?: ChartSize): Promise<Buffer>;
  /** Watches no longer; resolves when the connection is closed. */
  stop(): Promise<void>;
}

/** Watches from now on; resolves when nothing that happens is missed. @param stages in the order in which they are reached */
export async function recordTimeline<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  stages: Readonly<Record<string, (object: T) => boolean>>,
  { namespace = 'default', clock = realClock }: { readonly namespace?: string; readonly clock?: Clock } = {},
): Promise<Timeline> {
  const seen = new Map<string, Map<string, number>>();
  const firstMs = new Map<string, number>();
  const abort = new AbortController();
  const { metadata } = await client.list(resource, { namespace });
  const watching = (async () => {
    for await (const { type, object } of client.watch(resource, {
      namespace,
      resourceVersion: metadata.resourceVersion!,
      signal: abort.signal,
    })) {
      if (type !== 'ADDED' && type !== 'MODIFIED') continue;
      const { name } = object.metadata;
      const nowMs = clock.now();
      if (!firstMs.has(name)) {
        firstMs.set(name, nowMs);
        seen.set(name, new Map());
      }
      for (const [stage, reached] of Object.entries(stages))
        if (!seen.get(name)!.has(stage) && reached(object)) seen.get(name)!.set(stage, nowMs - firstMs.get(name)!);
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return {
    stages: seen,
    draw(title, size) {
      const names = [...seen.keys()];
      const steps = Object.keys(stages);
      const at = (name: string, step: number): number =>
        step < 0 ? 0 : (seen.get(name)!.get(steps[step]!) ?? at(name, step - 1));
      return chart(
        {
          type: 'bar',
          data: {
            labels: names,
            datasets: steps.map((label, step) => ({
              label,
              data: names.map((name) => [at(name, step - 1), at(name, step)]),
            })),
          },
          options: {
            indexAxis: 'y',
            scales: {
              x: { title: { display: true, text: 'milliseconds since the object was created' } },
              y: { stacked: true },
            },
            plugins: { title: { display: true, text: title } },
          },
        },
        size,
      );
    },
    stop: () => (abort.abort(), watching),
  };
}
