/**
 * The loop that all controllers share. Each is about its own idea, *reconcile*: make one object as it should be, whatever
 * happened since the last time.
 */
import type { ObjectKey } from '../api/meta.js';
import type { Client, Informer, InformerFactory, WorkQueue } from '../client/index.js';
import type { Clock, Log } from '../util/index.js';

/** What every controller is given. The informers are shared: one list and one watch a resource, whoever reads it. */
export interface Deps {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly informers: InformerFactory;
}

/** Something that runs until it is told to stop: a controller's workers, or a loop of another kind. */
export interface Runnable {
  /** As upstream's controller manager names it. */
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** How a reconciliation ended well; it failed by throwing. */
export interface Result {
  /** Look again after so many milliseconds, whether or not anything happens. */
  readonly requeueAfterMs?: number;
}

export const done: Result = {};

export interface Controller {
  readonly name: string;
  /** What must be in the cache before the first look. */
  readonly informers: readonly Informer<any>[];
  readonly queue: WorkQueue;
  /** Makes the world agree with the object of this key; the object may be gone. */
  reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result>;
}

/** So many keys are worked on at a time, as upstream's `--concurrent-…-syncs`. */
const workers = 5;

/** All workers of one controller, until `signal` aborts. */
export async function runController(controller: Controller, log: Log, signal: AbortSignal): Promise<void> {
  // A half-filled cache makes live objects look deleted.
  await Promise.all(controller.informers.map((informer) => informer.synced(signal)));
  await Promise.all(Array.from({ length: workers }, () => work(controller, log, signal)));
}

async function work({ name, queue, reconcile }: Controller, log: Log, signal: AbortSignal): Promise<void> {
  for await (const key of queue.keys(signal)) {
    try {
      const { requeueAfterMs } = await reconcile(key, signal);
      queue.forget(key); // the next failure starts again from a short delay
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('reconcile failed, will retry', { controller: name, key, error });
      queue.addRateLimited(key);
    } finally {
      queue.done(key);
    }
  }
}
