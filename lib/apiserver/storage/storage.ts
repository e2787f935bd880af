/**
 * The store: a map from keys to JSON texts with etcd's promises, and the one place where a revision is born.
 *
 * - One counter, the *revision*, grows with every write and never falls back, across restarts too. (By one, unless
 *   others write into the same etcd.)
 * - A write may demand that its key has not changed since a revision (*compare-and-swap*).
 * - A list shows one revision of the whole store, the present one or an earlier one that is still kept.
 * - A watch shows every write after a revision, in order, none left out, none twice; a write that succeeded is shown.
 * - An acknowledged write is durable: its promise resolves only when it would survive a crash.
 *
 * Values are what the API server encodes: the JSON of one object, without its `resourceVersion` (that is the entry's
 * `modRevision`). Keys lie as Kubernetes lays them: `/registry/pods/default/web-0`.
 *
 * @see https://etcd.io/docs/v3.6/learning/api_guarantees/
 */
export interface Storage extends AsyncDisposable {
  /** Others write too: what a cache before this store has seen may be older than what somebody has been answered. */
  readonly shared?: boolean;

  /** The revision of the last write. 1 in an empty store, as in etcd. */
  revision(): Promise<number>;

  /**
   * @param options.revision read as of this revision; the present one if left out
   * @throws {CompactedError} the revision is no longer kept
   * @throws {FutureRevisionError} the revision has not been reached
   */
  get(key: string, options?: { readonly revision?: number }): Promise<Entry | undefined>;

  /** Entries whose key starts with `prefix`, in the order of their keys (bytewise). @throws as `get` */
  list(prefix: string, options?: ListOptions): Promise<Listing>;

  /**
   * Writes `value` under `key`; resolves with the new entry once it is durable. The store keeps `value`: it may not be
   * changed afterwards, nor may what the store hands out.
   *
   * @param options.expected the key's `modRevision` as the caller last saw it, 0 for "does not exist"; left out: whatever
   * @throws {RevisionMismatchError} with the key's present entry, read in the same instant
   * @throws {TooLargeError} the value is larger than the store takes
   * @throws {UnavailableError} the store cannot be reached or written; the write may or may not have happened
   */
  put(key: string, value: Buffer, options?: { readonly expected?: number }): Promise<Entry>;

  /** Removes `key`; resolves with the revision of the removal, or undefined where there was nothing. @throws as `put` */
  delete(key: string, options?: { readonly expected?: number }): Promise<number | undefined>;

  /**
   * Every write after revision `after` to a key that starts with `prefix`, until `signal` aborts. Each yielded array
   * holds whole revisions, one or many, in order: what was committed together comes together.
   *
   * @param options.onProgress told, between two arrays, up to which revision everything has been shown, where the last
   *   ones did not concern this prefix
   * @throws {CompactedError} history after `after` is no longer kept, at the start or for a consumer that fell behind
   */
  watch(prefix: string, options: WatchOptions, signal: AbortSignal): AsyncIterable<readonly StoreEvent[]>;

  /**
   * Forgets history before `revision`, which becomes the oldest that may be read and after which a watch may begin.
   * Of a revision forgotten before there is nothing to do. (An engine may also forget by itself, within stated bounds.)
   *
   * @throws {FutureRevisionError}
   */
  compact(revision: number): Promise<void>;
}

/** The largest value a store takes, in bytes: etcd's default limit of a request, 1.5 MiB. */
export const maxValueBytes = 1.5 * 1024 * 1024;

export interface Entry {
  readonly key: string;
  readonly value: Buffer;
  /** The revision that made the key exist. */
  readonly createRevision: number;
  /** The revision that last wrote it. */
  readonly modRevision: number;
}

export interface ListOptions {
  /** Read as of this revision; the present one if left out. */
  readonly revision?: number;
  /** Only keys greater than this one: the last key of the page before. */
  readonly after?: string;
  /** At most so many entries. */
  readonly limit?: number;
}

export interface Listing {
  readonly entries: readonly Entry[];
  /** The revision that was read. */
  readonly revision: number;
  /** How many entries follow after the last one here. */
  readonly remaining: number;
}

export interface WatchOptions {
  readonly after: number;
  readonly onProgress?: (revision: number) => void;
}

export type StoreEvent =
  | { readonly type: 'put'; readonly entry: Entry; readonly previous: Entry | undefined }
  /** `revision` is that of the removal; `previous` is what was removed. */
  | { readonly type: 'delete'; readonly revision: number; readonly previous: Entry };

export class CompactedError extends Error {
  constructor(
    readonly requested: number,
    /** The oldest revision still kept. */
    readonly compacted: number,
  ) {
    super(`revision ${requested} has been compacted; the oldest one kept is ${compacted}`);
  }
}

export class FutureRevisionError extends Error {
  constructor(
    readonly requested: number,
    readonly current: number,
  ) {
    super(`revision ${requested} has not been reached; the store is at ${current}`);
  }
}

export class RevisionMismatchError extends Error {
  constructor(
    readonly key: string,
    readonly expected: number,
    readonly current: Entry | undefined,
  ) {
    super(`${key} is at revision ${current?.modRevision ?? 0}, not ${expected}`);
  }
}

export class TooLargeError extends Error {
  constructor(
    readonly bytes: number,
    readonly limit: number,
  ) {
    super(`the object has ${bytes} bytes; the store takes ${limit}`);
  }
}

export class UnavailableError extends Error {
  /** What was it: nobody there, nobody who answers in time, or one who answers that it cannot. */
  readonly reason: 'unreachable' | 'timeout' | 'refused';

  constructor(
    message: string,
    { cause, reason = 'unreachable' }: ErrorOptions & { readonly reason?: UnavailableError['reason'] } = {},
  ) {
    super(message, { cause });
    this.reason = reason;
  }
}
