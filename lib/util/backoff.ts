/** How long to wait before the next attempt: doubles from `baseMs` to `maxMs`, per key. */
export class Backoff {
  readonly #baseMs: number;
  readonly #maxMs: number;
  /** Failures in a row by key; a key that succeeded is not here. */
  readonly #failures = new Map<string, number>();

  constructor({ baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number }) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  /** Counts one more failure of `key` and tells how long to wait, in milliseconds: base, 2 × base, 4 × base … max. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    return Math.min(this.#baseMs * 2 ** Math.min(failures, 30), this.#maxMs);
  }

  /** How often `key` has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** `key` succeeded, or is gone: the next failure starts again from `baseMs`. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
