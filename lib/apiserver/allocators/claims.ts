/**
 * Where several servers share a store, two of them may pick the same address in the same moment: each sees it free. So
 * whoever gives a number away first *claims* it, by a key in the store that only one can make:
 *
 * ```
 *   pick ─▶ claim: put, if the key does not exist ─▶ look again: has nobody stored it meanwhile? ─▶ write the service ─▶ let go
 * ```
 *
 * Looking again is what makes it safe: whoever stored the number before our claim had let go of his own before it too, and
 * so we see his service. A claim lives as long as its write; one whose server died holds its number for a minute.
 *
 * (Upstream keeps a bitmap of all numbers under the same names, and a loop that repairs it.)
 */
import type { Clock } from '../../util/index.js';
import { RevisionMismatchError, type Storage } from '../storage/storage.js';
import type { WatchCache } from '../watch-cache/watch-cache.js';
import { addressOf } from './range.js';

/** No write takes so long. */
const abandonedMs = 60_000;

export interface ClaimsOptions {
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly clock: Clock;
}

/** A number in hand. */
export interface Claim {
  readonly number: number;
  readonly key: string;
  readonly revision: number;
}

export class Claims {
  readonly #storage: Storage;
  readonly #cache: WatchCache;
  readonly #clock: Clock;

  constructor({ storage, cache, clock }: ClaimsOptions) {
    this.#storage = storage;
    this.#cache = cache;
    this.#clock = clock;
  }

  /** Resolves when everything is to be seen that was stored before the claim; undefined: somebody else has it in hand. */
  async make(number: number, uid: string): Promise<Claim | undefined> {
    const key = keyOf(number);
    const value = Buffer.from(JSON.stringify({ uid, claimedAt: new Date(this.#clock.now()).toISOString() }));
    try {
      const { modRevision: revision } = await this.#storage.put(key, value, { expected: await this.#free(key) });
      await this.#cache.current();
      return { number, key, revision };
    } catch (error) {
      if (error instanceof RevisionMismatchError) return undefined;
      throw error;
    }
  }

  /** What cannot be let go of is given up after a minute. */
  async letGo({ key, revision }: Claim): Promise<void> {
    await this.#storage.delete(key, { expected: revision }).catch(() => {});
  }

  /** The revision that a claim must find: that of an abandoned one, else none. */
  async #free(key: string): Promise<number> {
    const entry = await this.#storage.get(key);
    if (!entry) return 0;
    const { claimedAt } = JSON.parse(entry.value.toString()) as { readonly claimedAt: string };
    return this.#clock.now() - Date.parse(claimedAt) > abandonedMs ? entry.modRevision : 0;
  }
}

const keyOf = (number: number): string =>
  number > 0xffff ? `/registry/ranges/serviceips/${addressOf(number)}` : `/registry/ranges/servicenodeports/${number}`;
