/** A watch over HTTP: from its query to a {@link Watch} that writes into the answer. */
import type { Kind } from '../api/kinds/kind.js';
import { unclassified } from '../api/status.js';
import type { Clock } from '../util/index.js';
import { mediaTypes, notStreamable, type Accepted } from './negotiate.js';
import type { WatchCache } from './watch-cache/watch-cache.js';
import { checkWatchQuery, type ListQuery, parseRevision, waitFor } from './registry/list.js';
import { Watch, type WatchOptions } from './registry/watch.js';
import { boolean, formOf, listQuery, selectionOf, type ResourceRequest } from './resource-request.js';
import { timeoutOf } from './write-options.js';

/** A watch without `timeoutSeconds` ends after half an hour to an hour, so that not all clients come back at once. */
const watchTimeoutMs = 30 * 60 * 1000;

export interface Watching {
  readonly cache: WatchCache;
  readonly clock: Clock;
}

/** Resolves when the watch has ended. @throws StatusError before the first byte is written */
export async function watch(
  { cache, clock }: Watching,
  request: ResourceRequest,
  kind: Kind,
  accepted: Accepted,
): Promise<void> {
  const { query, response, signal, auditId } = request;
  if (accepted.type === 'yaml') throw notStreamable();
  const asked = listQuery(request);
  checkWatchQuery(asked);
  const begin = beginning(asked);
  const timeoutMs = timeoutOf(query);
  const seconds = asked.timeoutSeconds;
  const bookmarks = boolean(query, 'allowWatchBookmarks') === true;
  const selection = selectionOf(request, kind);
  const form = formOf(kind, accepted, request, clock, false);
  if (begin.waits) await waitFor(cache, asked.resourceVersion);

  response.writeHead(200, {
    'Audit-Id': auditId,
    'Cache-Control': 'no-cache, private',
    'Content-Type': accepted.type === 'json' ? mediaTypes.json : `${mediaTypes[accepted.type]};stream=watch`,
  });
  response.flushHeaders();
  const options: WatchOptions = {
    cache,
    selection,
    form,
    clock,
    after: begin.initial ? undefined : (begin.after ?? cache.revision),
    markInitialEvents: begin.marked && bookmarks,
    bookmarks,
    timeoutMs: seconds > 0 ? seconds * 1000 : (timeoutMs ?? watchTimeoutMs * (1 + Math.random())),
  };
  await new Promise<void>((resolve) => {
    const running = new Watch(options, {
      write: (chunk) => response.write(chunk),
      onDrain: (drained) => response.on('drain', drained),
      end: () => response.end(),
      destroy: () => response.destroy(),
    });
    const end = (): void => {
      running[Symbol.dispose]();
      response.end();
    };
    signal.addEventListener('abort', end, { once: true });
    response.on('close', () => {
      signal.removeEventListener('abort', end);
      running[Symbol.dispose]();
      resolve();
    });
    if (signal.aborted) end();
    else running.start();
  });
}

interface Beginning {
  /** What is there comes first, as ADDED. */
  readonly initial: boolean;
  /** … and a bookmark tells when that was all. */
  readonly marked: boolean;
  /** After which revision to begin; undefined: now. */
  readonly after?: number;
  /** … once the revision has been reached. */
  readonly waits: boolean;
}

/**
 * | `sendInitialEvents` | `resourceVersion` | begins                                              |
 * | --- | --- | --- |
 * | none                | none, 0           | with what is there                                   |
 * | none                | N                 | after N                                              |
 * | true                | any               | with what is there, once N has been reached, marked  |
 * | false               | none, 0           | now                                                  |
 * | false               | N                 | after N                                              |
 */
function beginning({ resourceVersion, sendInitialEvents }: ListQuery): Beginning {
  let revision: number;
  try {
    revision = Number(parseRevision(resourceVersion));
  } catch (error) {
    throw unclassified((error as Error).message);
  }
  if (sendInitialEvents === true) return { initial: true, marked: true, waits: true };
  if (revision > 0) return { initial: false, marked: false, after: revision, waits: false };
  return { initial: sendInitialEvents === undefined, marked: false, waits: false };
}
