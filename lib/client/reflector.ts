/**
 * The reflector keeps a local copy in step with the API server: list once, then watch from the list's version on. When the
 * watch ends (the server ends each after some minutes) it watches again from the last version seen, so nothing is read
 * twice; only when the server no longer keeps that version (`410 Gone`) does it list again.
 *
 * ```
 *   list (resourceVersion=0) ──► watch from v ──► event: v = its version ──┐
 *     ▲                            ▲   ▲──────────────────────────────────┘
 *     │ Expired                    │ ended, cut off, refused: after a pause
 *     └────────────────────────────┘
 * ```
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/cache/reflector.go
 */
import { groupResource, type Resource } from '../api/resources.js';
import { isExpired, StatusError } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import { Backoff, sleep, type Clock, type Log } from '../util/index.js';
import type { Client } from './client.js';

/** How many objects a page of the list holds. */
const pageSize = 500;
/** How long a watch is asked for, in seconds: between one and two times this, so that not all end at once. */
const watchSeconds = 300;
/** The pause after a failure: doubles from the first to the second, and up to twice that by chance. */
const backoffMs = { baseMs: 800, maxMs: 30_000 };

/** Where the objects go. */
export interface ReflectorStore<T> {
  /** The whole content, as the list had it. */
  replace(objects: readonly T[]): void;
  /** An object that was added or changed. */
  put(object: T): void;
  /** An object's last state: it was deleted. */
  remove(object: T): void;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly resource: Resource<T>;
  readonly store: ReflectorStore<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Lists and watches into `store` until `signal` aborts. No failure of the server ends it. */
export async function runReflector<T extends KubernetesObject>(
  { client, clock, log, resource, store, ...selection }: ReflectorOptions<T>,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, labelSelector, fieldSelector } = selection;
  const query = { namespace, labelSelector, fieldSelector, signal };
  const backoff = new Backoff(backoffMs);
  /** The version the store has reached; undefined: it must be listed. */
  let version: string | undefined;
  /** "0": any version the server has at hand will do. Later lists ask for no older one than was seen: no way back. */
  let notOlderThan = '0';

  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const list = await listAll(client, resource, { ...query, resourceVersion: notOlderThan });
        store.replace(list.items);
        notOlderThan = version = list.metadata.resourceVersion ?? '0';
      }
      const timeoutSeconds = Math.floor(watchSeconds * (1 + Math.random()));
      const events = client.watch(resource, {
        ...query,
        resourceVersion: version,
        allowWatchBookmarks: true,
        timeoutSeconds,
      });
      const startedMs = clock.now();
      let seen = 0;
      for await (const event of events) {
        if (event.type === 'ADDED' || event.type === 'MODIFIED') store.put(event.object);
        else if (event.type === 'DELETED') store.remove(event.object);
        notOlderThan = version = event.object.metadata.resourceVersion!;
        seen++;
        backoff.forget(failing);
      }
      if (signal.aborted) return;
      // A server that ends every watch at once would otherwise be asked without a pause.
      if (seen === 0 && clock.now() - startedMs < 1000) await pause();
      else backoff.forget(failing);
    } catch (error) {
      if (signal.aborted) return;
      if (isExpired(error) || isFuture(error)) {
        // Of a watch: what happened since is forgotten, list. Of a list: that version is not there, take the latest one.
        if (version === undefined) notOlderThan = '';
        version = undefined;
        if (backoff.failures(failing) === 0) {
          backoff.next(failing);
          continue;
        }
      }
      log.warn('cannot list and watch, will retry', { resource: groupResource(resource), error });
      await pause();
    }
  }

  function pause(): Promise<void> {
    return sleep(clock, backoff.next(failing) * (1 + Math.random()), signal);
  }
}

/** The one key of the back-off. */
const failing = '';

/** A version that the server has not reached: it was set up anew, or we speak with one that lags behind. */
const isFuture = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'ResourceVersionTooLarge');

/** All pages as one list. If the first page's version is forgotten before the last is read, all at once instead. */
async function listAll<T extends KubernetesObject>(
  client: Client,
  resource: Resource<T>,
  { resourceVersion, ...query }: Parameters<Client['list']>[1] & object,
) {
  const list = await client.list(resource, {
    ...query,
    resourceVersion: resourceVersion || undefined,
    limit: pageSize,
  });
  try {
    for (let token = list.metadata.continue; token;) {
      const page = await client.list(resource, { ...query, limit: pageSize, continue: token });
      for (const item of page.items) list.items.push(item);
      token = page.metadata.continue;
    }
    return list;
  } catch (error) {
    if (isExpired(error)) return client.list(resource, query);
    throw error;
  }
}
