/** Read, change, write: again when somebody else wrote in between. */
import { isConflict } from '../api/status.js';
import { sleep, type Clock } from '../util/index.js';

/** How often, and after what pause in milliseconds, as client-go's `DefaultRetry`. */
const attempts = 5;
const pauseMs = 10;

/**
 * Runs `action` again as long as it ends in a `Conflict`, five times in all. It must read the object anew each time.
 *
 * ```ts
 * await retryOnConflict(clock, async () => {
 *   const node = await client.get(nodes, { name: 'node-1' });
 *   return client.update(nodes, { ...node, spec: { ...node.spec, unschedulable: true } });
 * });
 * ```
 *
 * @throws the last `Conflict`, or whatever else `action` throws
 * @see https://github.com/kubernetes/client-go/blob/master/util/retry/util.go
 */
export async function retryOnConflict<T>(clock: Clock, action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!isConflict(error) || attempt === attempts || signal?.aborted) throw error;
      await sleep(clock, pauseMs, signal);
    }
  }
}
