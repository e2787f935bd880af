/**
 * What a controller has done and its cache does not show yet. Between creating a Pod and hearing of it lie some
 * milliseconds, in which the cache says that a Pod is missing; a controller that believed it would create another, and
 * another. So it notes what it expects to hear, and does not count Pods again before it has heard.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/controller_utils.go
 */
import type { ObjectKey } from '../api/meta.js';
import type { Clock } from '../util/index.js';

/** After this long the news is taken for lost, and the cache for right. */
const timeoutMs = 5 * 60_000;

interface Expected {
  creations: number;
  /** The Pods, by uid: a deletion is heard of twice, when it begins and when it ends. */
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/** By the key of the object that owns the Pods. */
export class Expectations {
  readonly #expected = new Map<ObjectKey, Expected>();

  constructor(readonly clock: Clock) {}

  expectCreations(key: ObjectKey, count: number): void {
    this.#expected.set(key, { creations: count, deletions: new Set(), sinceMs: this.clock.now() });
  }

  expectDeletions(key: ObjectKey, uids: Iterable<string>): void {
    this.#expected.set(key, { creations: 0, deletions: new Set(uids), sinceMs: this.clock.now() });
  }

  /** A creation was heard of, or did not happen. */
  creationObserved(key: ObjectKey): void {
    const expected = this.#expected.get(key);
    if (expected) expected.creations--;
  }

  /** A deletion was heard of, or did not happen. */
  deletionObserved(key: ObjectKey, uid: string): void {
    this.#expected.get(key)?.deletions.delete(uid);
  }

  /** Whether the cache shows everything that was done. */
  satisfied(key: ObjectKey): boolean {
    const expected = this.#expected.get(key);
    if (!expected) return true;
    if (expected.creations <= 0 && expected.deletions.size === 0) return true;
    return this.clock.now() - expected.sinceMs > timeoutMs;
  }

  forget(key: ObjectKey): void {
    this.#expected.delete(key);
  }
}
