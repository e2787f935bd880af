/**
 * Lists: which state is shown, which part of it, and in how many pages.
 *
 * | `resourceVersion` | match          | with `limit` | the state shown                                     |
 * | --- | --- | --- | --- |
 * | none              |                | any          | the present one                                     |
 * | 0                 |                | ignored      | any: the present one, as it is at hand              |
 * | N                 | NotOlderThan   | any          | the present one, once it has reached N              |
 * | N                 | none           | no           | as NotOlderThan                                     |
 * | N                 | none           | yes          | as Exact                                            |
 * | N                 | Exact          | any          | that of N                                           |
 * | `continue`        |                | any          | that of the first page                              |
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import type { StatusCause } from '../../api/status.js';
import { badRequest, expired, invalid, StatusError, timeout } from '../../api/status.js';
import { CompactedError, FutureRevisionError } from '../storage/storage.js';
import { CachedEntry } from '../watch-cache/entry.js';
import { parseUint } from '../numbers.js';
import type { WatchCache } from '../watch-cache/watch-cache.js';
import type { ListMetadata } from '../forms.js';
import { decodeContinue, encodeContinue } from './continue-token.js';
import type { Registry } from './registry.js';
import type { Selection } from './selection.js';

/** How long a read waits for a revision that this server has not seen yet. */
const futureTimeoutMs = 3000;

/** What a list or a watch asks for. */
export interface ListQuery {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly sendInitialEvents: boolean | undefined;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  /** Of a watch; 0 if none is given. */
  readonly timeoutSeconds: number;
}

export interface Page {
  readonly entries: readonly CachedEntry[];
  readonly metadata: ListMetadata;
}

/** @throws BadRequest, Invalid; Expired: that state is no longer kept; Timeout: it has not been reached */
export async function list(registry: Registry, selection: Selection, query: ListQuery): Promise<Page> {
  const { cache } = registry;
  checkQuery(query);
  const limit = query.resourceVersion === '0' && query.continue === '' ? 0 : query.limit;
  if (query.continue !== '') {
    const { revision, after } = decodeContinue(query.continue);
    if (revision < 0) {
      await cache.current();
      return page(snapshot(cache, selection, after), cache.revision, selection, limit);
    }
    const entries = await atRevision(registry, selection, revision, after).catch((error) => {
      throw error instanceof CompactedError ? continueExpired(after) : error;
    });
    return page(entries, revision, selection, limit);
  }
  const revision = await waitFor(cache, query.resourceVersion);
  const exact =
    query.resourceVersionMatch === 'Exact' || (query.resourceVersionMatch === '' && limit > 0 && revision > 0);
  if (!exact) return page(snapshot(cache, selection), cache.revision, selection, limit);
  const entries = await atRevision(registry, selection, revision).catch((error) => {
    throw error instanceof CompactedError ? expired('The resourceVersion for the provided list is too old.') : error;
  });
  return page(entries, revision, selection, limit);
}

/**
 * Waits until the cache has reached a revision as a client writes it; nothing is as good as 0.
 *
 * @throws BadRequest it is no number; Timeout after three seconds
 */
export async function waitFor(cache: WatchCache, text: string): Promise<number> {
  let wanted: bigint;
  try {
    wanted = parseRevision(text);
  } catch (error) {
    throw badRequest(`invalid resource version: ${(error as Error).message}`);
  }
  const revision = Number(wanted);
  if (await cache.reached(revision, futureTimeoutMs)) return revision;
  throw tooLarge(wanted, cache.revision);
}

/** @throws Error in upstream's words */
export function parseRevision(text: string): bigint {
  if (text === '') return 0n;
  try {
    return parseUint(text);
  } catch (error) {
    throw new Error(`resourceVersion: Invalid value: ${JSON.stringify(text)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function tooLarge(revision: bigint | number, current: number): StatusError {
  const { status } = timeout(`Timeout: Too large resource version: ${revision}, current: ${current}`, 1);
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  return new StatusError({ ...status, details: { causes, retryAfterSeconds: 1 } });
}

function snapshot(cache: WatchCache, { kind, prefix, onlyKey }: Selection, after = ''): CachedEntry[] {
  const entries = cache.of(kind);
  if (onlyKey === undefined) return entries.list(prefix, after === '' ? '' : prefix + after);
  const only = onlyKey.startsWith(prefix) ? entries.get(onlyKey) : undefined;
  return only ? [only] : [];
}

/** The state of an earlier revision: from memory if the kind has not changed since, else from the store. */
async function atRevision(
  { cache, storage }: Registry,
  selection: Selection,
  revision: number,
  after = '',
): Promise<CachedEntry[]> {
  const present = cache.of(selection.kind);
  if (present.changed <= revision && revision <= cache.revision) return snapshot(cache, selection, after);
  try {
    const { prefix } = selection;
    const { entries } = await storage.list(prefix, { revision, ...(after !== '' && { after: prefix + after }) });
    return entries.map(({ key, value, modRevision }) => new CachedEntry(present.codec, key, value, modRevision));
  } catch (error) {
    if (error instanceof FutureRevisionError) throw tooLarge(revision, cache.revision);
    throw error;
  }
}

/** The first `limit` of those that match. What follows is counted only where everything matches. */
function page(candidates: readonly CachedEntry[], revision: number, selection: Selection, limit: number): Page {
  if (limit === 0) {
    const entries = selection.all ? candidates : candidates.filter((entry) => selection.matches(entry));
    return { entries, metadata: { resourceVersion: String(revision) } };
  }
  const entries: CachedEntry[] = [];
  let index = 0;
  for (; index < candidates.length && entries.length < limit; index++) {
    const entry = candidates[index]!;
    if (selection.all || selection.matches(entry)) entries.push(entry);
  }
  const rest = candidates.length - index;
  if (rest === 0) return { entries, metadata: { resourceVersion: String(revision) } };
  const after = candidates[index - 1]!.key.slice(selection.prefix.length);
  return {
    entries,
    metadata: {
      resourceVersion: String(revision),
      continue: encodeContinue({ revision, after }),
      ...(selection.all && { remainingItemCount: rest }),
    },
  };
}

function checkQuery({
  resourceVersion,
  resourceVersionMatch: match,
  sendInitialEvents,
  continue: token,
}: ListQuery): void {
  const causes: StatusCause[] = [];
  if (match !== '') {
    if (resourceVersion === '')
      causes.push(forbidden(matchField, `${matchField} is forbidden unless resourceVersion is provided`));
    if (token !== '') causes.push(matchWithContinue);
    if (match !== 'Exact' && match !== 'NotOlderThan') causes.push(notSupported(match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && resourceVersion === '0')
      causes.push(forbidden(matchField, `${matchField} "exact" is forbidden for resourceVersion "0"`));
  }
  if (sendInitialEvents !== undefined)
    causes.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  refuse(causes);
  if (token !== '' && resourceVersion !== '' && resourceVersion !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
}

/** What a watch may ask for, of the same. @throws Invalid */
export function checkWatchQuery({ resourceVersionMatch: match, sendInitialEvents, continue: token }: ListQuery): void {
  const causes: StatusCause[] = [];
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan')
    causes.push(forbidden(matchField, `sendInitialEvents requires setting ${matchField} to NotOlderThan`));
  if (match !== '') {
    if (sendInitialEvents === undefined)
      causes.push(forbidden(matchField, `${matchField} is forbidden for watch unless sendInitialEvents is provided`));
    if (match !== 'NotOlderThan') causes.push(notSupported(match, ['NotOlderThan']));
    if (token !== '') causes.push(matchWithContinue);
  }
  refuse(causes);
}

const matchField = 'resourceVersionMatch';

const forbidden = (field: string, why: string): StatusCause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
});

const matchWithContinue = forbidden(matchField, `${matchField} is forbidden when continue is provided`);

const notSupported = (value: string, supported: readonly string[]): StatusCause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((each) => JSON.stringify(each)).join(', ')}`,
  field: matchField,
});

function refuse(causes: StatusCause[]): void {
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', causes);
}

function continueExpired(after: string): StatusError {
  const { status } = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  return new StatusError({ ...status, metadata: { continue: encodeContinue({ revision: -1, after }) } });
}
