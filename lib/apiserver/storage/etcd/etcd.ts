/**
 * The store over an etcd, which holds the data elsewhere, perhaps three times, and serves several API servers at once.
 *
 * ```
 *   put, delete ──▶ one transaction: has the key still that revision? ──▶ etcd: majority, disk ──▶ its revision
 *   get, list   ──▶ a linearizable range ─────────────────────────────▶ etcd
 *   watch       ◀── every write since a revision, at the reader's pace ◀─ etcd
 * ```
 *
 * etcd's promises are the store's promises, so that little is added here: keys and revisions are etcd's own. What is:
 *
 * - A watch outlives its connection: it goes on after the last revision it has shown.
 * - A watch follows *all* keys of the etcd, and shows those of its prefix. Every revision writes some key, so that it knows
 *   up to where it has seen everything, whoever else writes: this is what makes a cache behind it fit for consistent reads.
 *   (Upstream watches its prefix and asks etcd how far it has got, which before 3.4.31 and 3.5.13 could be answered too
 *   early.) A user that etcd shows no other keys watches those of the prefix, and writes one of them before it believes that
 *   a watch has got as far as the etcd.
 * - Every five minutes, what is older than five to ten is compacted, by one of the API servers.
 *
 * @see https://etcd.io/docs/v3.4/learning/api_guarantees/
 */
import { Backoff, childAbort, type Clock, type Log, Slab, sleep } from '../../../util/index.js';
import {
  CompactedError,
  type Entry,
  FutureRevisionError,
  type Listing,
  type ListOptions,
  maxValueBytes,
  RevisionMismatchError,
  type Storage,
  type StoreEvent,
  TooLargeError,
  UnavailableError,
  type WatchOptions,
} from '../storage.js';
import { detailsOf, EtcdClient, type EtcdClientOptions, says } from './client.js';
import { runCompaction } from './compaction.js';
import { EtcdError, type EtcdPlace } from './place.js';
import {
  type KeyValue,
  methods,
  type Range,
  type RequestOp,
  type TxnResponse,
  type WatchResponse,
} from './protocol.js';

export interface EtcdStorageOptions extends EtcdClientOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** What is older than this, and up to twice as old, is forgotten: five minutes by default, as upstream; 0 is never. */
  readonly historyMs?: number;
}

/** Where the keys lie, here and in an etcd that is used as Kubernetes uses it. */
const root = '/registry';

/** All keys there are. */
const everything: Range = { key: Buffer.of(0), rangeEnd: Buffer.of(0) };

/** Written where a watch must be shown that the etcd has got so far. No kind lies there. */
const fence = `${root}/kubebook/fence`;

export class EtcdStorage implements Storage {
  readonly shared = true;
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #prefix: string;
  /** Whether we may read every key of the etcd; else only those below the prefix. */
  readonly #seesAll: boolean;
  /** The highest revision that is known to have written a key below the prefix. */
  #own = 0;
  readonly #slab = new Slab();
  readonly #stop = new AbortController();
  readonly #compacting: Promise<void>;

  /** @throws {EtcdError} one sentence for the user: no etcd is there, or it does not let us in */
  static async open(options: EtcdStorageOptions): Promise<EtcdStorage> {
    const prefix = checkPrefix(options.prefix ?? root);
    const client = await EtcdClient.open(options);
    try {
      const seesAll = await mayRead(client, everything);
      if (seesAll || (await mayRead(client, below(`${prefix}/`))))
        return new EtcdStorage(client, prefix, seesAll, options);
      throw new EtcdError(denied(options, says.denied, prefix));
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw explained(options, error, prefix);
    }
  }

  private constructor(
    client: EtcdClient,
    prefix: string,
    seesAll: boolean,
    { clock, log, historyMs = 5 * 60_000 }: EtcdStorageOptions,
  ) {
    this.#client = client;
    this.#prefix = prefix;
    this.#seesAll = seesAll;
    this.#clock = clock;
    this.#log = log;
    this.#compacting =
      historyMs > 0
        ? runCompaction({ client, prefix, clock, log, periodMs: historyMs }, this.#stop.signal)
        : Promise.resolve();
  }

  async revision(): Promise<number> {
    const present = await this.#present();
    if (this.#seesAll || present <= this.#own) return present;
    // It may be that of a key which no watch of ours will be shown. Of the next one it will.
    return (await this.put(fence, Buffer.from('{}'))).modRevision;
  }

  async get(key: string, { revision }: { readonly revision?: number } = {}): Promise<Entry | undefined> {
    const { kvs } = await this.#read({ key: this.#toEtcd(key), ...at(revision) });
    return kvs[0] && this.#entry(kvs[0]);
  }

  async list(prefix: string, { revision, after = '', limit = Infinity }: ListOptions = {}): Promise<Listing> {
    const { key: first, rangeEnd } = this.#range(prefix);
    const next = after === '' ? first : Buffer.concat([this.#toEtcd(after), Buffer.of(0)]);
    const key = Buffer.compare(next, first) > 0 ? next : first;
    // etcd takes an end that lies before the beginning for no range at all.
    const empty = rangeEnd !== undefined && rangeEnd[0] !== 0 && Buffer.compare(key, rangeEnd) >= 0;
    const { header, kvs, count } = await this.#read({
      key,
      ...(!empty && { rangeEnd }),
      ...at(revision),
      ...(empty || limit === 0 ? { countOnly: true } : limit !== Infinity && { limit }),
    });
    const entries = empty ? [] : kvs.map((kv) => this.#entry(kv));
    return { entries, revision: revision ?? header.revision, remaining: empty ? 0 : count - entries.length };
  }

  async put(key: string, value: Buffer, { expected }: { readonly expected?: number } = {}): Promise<Entry> {
    if (value.length > maxValueBytes) throw new TooLargeError(value.length, maxValueBytes);
    const name = this.#toEtcd(key);
    // It tells when the key was made, which only it knows.
    const written = { range: { key: name, keysOnly: true } };
    const { responses } = await this.#write(key, expected, [{ put: { key: name, value } }, written], value.length);
    const { createRevision, modRevision } = responses[1]!.range!.kvs[0]!;
    this.#own = Math.max(this.#own, modRevision);
    return { key, value, createRevision, modRevision };
  }

  async delete(key: string, { expected }: { readonly expected?: number } = {}): Promise<number | undefined> {
    const { header, responses } = await this.#write(key, expected, [{ deleteRange: { key: this.#toEtcd(key) } }]);
    if (responses[0]!.deleteRange!.deleted === 0) return undefined;
    this.#own = Math.max(this.#own, header.revision);
    return header.revision;
  }

  async *watch(
    prefix: string,
    { after, onProgress }: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoreEvent[], void> {
    using stop = childAbort(signal);
    using _ = onAbort(this.#stop.signal, () => stop.abort());
    const backoff = new Backoff({ baseMs: 100, maxMs: 1000 });
    let seen = after;
    while (!signal.aborted) {
      if (this.#stop.signal.aborted) throw new UnavailableError('the store is closed');
      try {
        // It begins with `seen` itself: etcd then refuses where what follows is no longer complete.
        const range = this.#seesAll ? everything : below(`${this.#prefix}/`);
        const request = { ...range, startRevision: Math.max(seen, 1), prevKv: true };
        for await (const response of this.#client.watch({ createRequest: request }, stop.signal)) {
          if (response.compactRevision > 0) throw new CompactedError(seen, response.compactRevision);
          if (response.canceled) throw new UnavailableError(response.cancelReason, { reason: 'refused' });
          backoff.forget('watch');
          const news = response.events.filter(({ kv }) => kv.modRevision > seen);
          if (news.length === 0) continue;
          const events = this.#events(prefix, news, seen);
          seen = news.at(-1)!.kv.modRevision;
          if (!this.#seesAll) this.#own = Math.max(this.#own, seen);
          if (events.length > 0) yield events;
          if (this.#ofOthers(prefix, news.at(-1)!.kv)) onProgress?.(seen);
          if (signal.aborted) return;
        }
      } catch (error) {
        if (error instanceof CompactedError) throw error;
        if (!stop.signal.aborted) this.#log.warn('the watch on etcd has broken off', { after: seen, error });
      }
      await sleep(this.#clock, backoff.next('watch'), stop.signal);
    }
  }

  async compact(revision: number): Promise<void> {
    try {
      await this.#client.write(methods.compact, { revision });
    } catch (error) {
      if (detailsOf(error) === says.compacted) return;
      throw await this.#ours(error, revision);
    }
  }

  /** Ends the watches, and the connection. The etcd runs on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#client[Symbol.asyncDispose]();
    await this.#compacting;
  }

  /** A read of any key shows the revision of all. */
  async #present(): Promise<number> {
    const { header } = await this.#read({ key: Buffer.from(`${this.#prefix}/`), countOnly: true });
    return header.revision;
  }

  async #read(request: Range & { readonly revision?: number; readonly limit?: number; readonly countOnly?: boolean }) {
    try {
      return await this.#client.read(methods.range, request);
    } catch (error) {
      throw await this.#ours(error, request.revision ?? 0);
    }
  }

  /** Does `success`, if `key` has the revision that is expected of it. */
  async #write(
    key: string,
    expected: number | undefined,
    success: readonly RequestOp[],
    bytes = 0,
  ): Promise<TxnResponse> {
    const name = this.#toEtcd(key);
    let response: TxnResponse;
    try {
      response = await this.#client.write(methods.txn, {
        compare: expected === undefined ? [] : [{ key: name, target: 'MOD', modRevision: expected }],
        success,
        failure: [{ range: { key: name } }],
      });
    } catch (error) {
      if (/request is too large|larger than max/.test(detailsOf(error))) throw new TooLargeError(bytes, maxValueBytes);
      throw await this.#ours(error, 0);
    }
    if (response.succeeded) return response;
    const [current] = response.responses[0]!.range!.kvs;
    throw new RevisionMismatchError(key, expected!, current && this.#entry(current));
  }

  /** What etcd refused, in the store's words. */
  async #ours(error: unknown, revision: number): Promise<unknown> {
    const details = detailsOf(error);
    if (details === says.compacted) return new CompactedError(revision, await this.#compacted());
    if (details === says.future) return new FutureRevisionError(revision, await this.#present());
    if (details === '' || error instanceof UnavailableError) return error;
    return new UnavailableError(details, { cause: error, reason: 'refused' });
  }

  /** The oldest revision that is kept. Only a watch that asks for too much is told. */
  async #compacted(): Promise<number> {
    using stop = childAbort(undefined);
    const createRequest = { key: Buffer.from(`${this.#prefix}/`), startRevision: 1, prevKv: false };
    for await (const { compactRevision } of this.#client.watch({ createRequest }, stop.signal))
      if (compactRevision > 0) return compactRevision;
    throw new UnavailableError('etcd ended a watch without a word');
  }

  /** @throws {CompactedError} what was there before an event is no longer kept */
  #events(prefix: string, news: WatchResponse['events'], seen: number): StoreEvent[] {
    const events: StoreEvent[] = [];
    for (const { type, kv, prevKv } of news) {
      const key = this.#fromEtcd(kv.key);
      if (!key?.startsWith(prefix)) continue;
      const previous = prevKv ? this.#entry(prevKv) : undefined;
      if (type === 'PUT' && (previous || kv.version === 1))
        events.push({ type: 'put', entry: this.#entry(kv), previous });
      else if (type === 'DELETE' && previous) events.push({ type: 'delete', revision: kv.modRevision, previous });
      else throw new CompactedError(seen, kv.modRevision);
    }
    return events;
  }

  #ofOthers(prefix: string, { key }: KeyValue): boolean {
    return !this.#fromEtcd(key)?.startsWith(prefix);
  }

  #entry({ key, value, createRevision, modRevision }: KeyValue): Entry {
    // A copy: the value is a part of a message, all of which would be kept with it.
    return { key: this.#fromEtcd(key)!, value: this.#slab.copy(value), createRevision, modRevision };
  }

  /** `/registry/pods/default/web-0`, below the prefix that was chosen. */
  #toEtcd(key: string): Buffer {
    if (this.#prefix === root) return Buffer.from(key);
    if (!key.startsWith(`${root}/`)) throw new Error(`${key} does not lie below ${root}`);
    return Buffer.from(this.#prefix + key.slice(root.length));
  }

  /** Undefined for what is not below the prefix. */
  #fromEtcd(bytes: Buffer): string | undefined {
    const key = bytes.toString();
    if (this.#prefix === root) return key;
    return key.startsWith(`${this.#prefix}/`) ? root + key.slice(this.#prefix.length) : undefined;
  }

  /** The keys that begin with `prefix`. */
  #range(prefix: string): Range {
    if (prefix === '' || prefix === '/')
      return this.#prefix === root && prefix === ''
        ? everything
        : below(this.#prefix === root ? prefix : `${this.#prefix}/`);
    return below(this.#toEtcd(prefix));
  }
}

/** From `/a/` up to `/a0`: the last byte that can be greater is made so. */
function below(prefix: Buffer | string): Range {
  const key = Buffer.from(prefix);
  const rangeEnd = Buffer.from(key);
  let last = rangeEnd.length - 1;
  while (rangeEnd[last] === 0xff) last--;
  rangeEnd[last]!++;
  return { key, rangeEnd: rangeEnd.subarray(0, last + 1) };
}

/** To etcd, revision 0 means the present. To us it is before the first write, as 1 is. */
const at = (revision: number | undefined) => (revision === undefined ? {} : { revision: Math.max(revision, 1) });

function onAbort(signal: AbortSignal, action: () => void): Disposable {
  if (signal.aborted) action();
  else signal.addEventListener('abort', action, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', action) };
}

/** @throws {EtcdError} */
function checkPrefix(prefix: string): string {
  const path = `/${prefix.replace(/^\/+|\/+$/g, '')}`;
  if (path !== '/') return path;
  throw new EtcdError(
    'the prefix of the keys in etcd cannot be empty: leave --etcd-prefix out, or write a path such as /registry.',
  );
}

async function mayRead(client: EtcdClient, range: Range): Promise<boolean> {
  try {
    await client.read(methods.range, { ...range, keysOnly: true, limit: 1 });
    return true;
  } catch (error) {
    if (detailsOf(error) !== says.denied) throw error;
    return false;
  }
}

/** Why the first read failed, in a sentence for whoever named the etcd. */
function explained(place: EtcdPlace, error: unknown, prefix: string): unknown {
  if (error instanceof EtcdError) return error;
  const text = detailsOf(error) || (error instanceof Error ? error.message : String(error));
  if (/user name is empty|authentication failed|invalid auth token/.test(text))
    return new EtcdError(denied(place, text, prefix), { cause: error });
  return new EtcdError(`the etcd at ${place.endpoints.join(', ')} cannot be used: ${text}.`, { cause: error });
}

const denied = ({ endpoints }: EtcdPlace, text: string, prefix: string): string =>
  `the etcd at ${endpoints.join(', ')} wants to know who asks (authentication is on), and does not let us in (${text}): name a user who may read and write all keys, or those below ${prefix}/, with --etcd-user, or by a certificate with --etcd-certfile and --etcd-keyfile.`;
