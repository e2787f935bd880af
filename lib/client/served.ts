/**
 * Which kinds the API server has: a component that would like to know of ReplicaSets must not wait for a list of them where
 * there are none.
 */
import { groupVersion, type Resource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import { Backoff, sleep, type Clock, type Log } from '../util/index.js';
import type { Client } from './client.js';

const firstPauseMs = 200;
const longestPauseMs = 5_000;

/**
 * Those of `wanted` that are served. Asks until it is answered, for the server may still be starting; empty when `signal`
 * aborts before.
 */
export async function served(
  { client, clock, log }: { readonly client: Client; readonly clock: Clock; readonly log: Log },
  wanted: readonly Resource[],
  signal: AbortSignal,
): Promise<Resource[]> {
  const backoff = new Backoff({ baseMs: firstPauseMs, maxMs: longestPauseMs });
  const found = await Promise.all([...new Set(wanted.map(groupVersion))].map(resourcesOf));
  return found.flat();

  async function resourcesOf(version: string): Promise<Resource[]> {
    const path = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
    while (!signal.aborted) {
      try {
        const { resources } = JSON.parse(await client.raw('GET', path, undefined, { signal })) as {
          readonly resources: readonly { readonly name: string }[];
        };
        return wanted.filter(
          (one) => groupVersion(one) === version && resources.some(({ name }) => name === one.resource),
        );
      } catch (error) {
        if (isNotFound(error)) return [];
        if (signal.aborted) break;
        log.warn('cannot ask what is served, will retry', { path, error });
        await sleep(clock, backoff.next(version), signal);
      }
    }
    return [];
  }
}
