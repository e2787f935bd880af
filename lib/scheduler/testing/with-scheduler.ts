/** For tests of the loop: a scheduler that runs against a {@link FakeApi} until the end of the test. */
import * as resources from '../../api/resources.js';
import type { Event, Pod } from '../../api/types.js';
import { silent, SteppedClock } from '../../util/index.js';
import { Scheduler, type SchedulerOptions } from '../scheduler.js';
import { FakeApi } from './fake-api.js';

export interface Running {
  readonly api: FakeApi;
  readonly clock: SteppedClock;
  readonly scheduler: Scheduler;
  nodeOf(pod: string): string | undefined;
}

/** @throws Error if timers are left when it has stopped */
export async function withScheduler(
  options: Partial<SchedulerOptions>,
  test: (running: Running) => Promise<void>,
  api: FakeApi = new FakeApi(),
  clock: SteppedClock = new SteppedClock(),
): Promise<void> {
  const scheduler = new Scheduler({ client: api.client, clock, log: silent, ...options });
  const stop = new AbortController();
  const running = scheduler.run(stop.signal);
  try {
    await clock.advance(10);
    await test({ api, clock, scheduler, nodeOf: (pod) => nodeOf(api, pod) });
  } finally {
    stop.abort();
    await running;
  }
  if (clock.waiting > 0) throw new Error(`${clock.waiting} timers are left`);
}

/** Where a Pod of the namespace `default` is bound to; undefined if nowhere, or if it is not there. */
export const nodeOf = (api: FakeApi, pod: string): string | undefined =>
  (api.get(resources.pods, `default/${pod}`) as Pod | undefined)?.spec.nodeName;

/** @example ['Normal Scheduled Successfully assigned default/web-0 to node-1'] */
export const eventsOf = (api: FakeApi): string[] =>
  (api.list(resources.events) as Event[]).map(({ type, reason, message }) => `${type} ${reason} ${message}`);

/** The condition PodScheduled of a Pod of the namespace `default`. */
export const conditionOf = (api: FakeApi, pod: string) =>
  (api.get(resources.pods, `default/${pod}`) as Pod).status.conditions?.find(({ type }) => type === 'PodScheduled');
