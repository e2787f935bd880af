/**
 * Time is handed in. Whoever waits, waits on a {@link Clock}, so that a five-minute eviction takes three seconds in a
 * notebook and none at all in a test.
 *
 * Nothing here throws on abort: a wait that is cut short simply ends (see `docs/style` of the house: being aborted is
 * not an error).
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z, as this clock tells it. */
  now(): number;
  /** Calls `action` once, `ms` milliseconds from now, unless disposed before. */
  after(ms: number, action: () => void): Disposable;
}

/** Resolves after `ms` milliseconds of `clock`, or at once when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = (): void => {
      timer[Symbol.dispose]();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Resolves when `signal` aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

/**
 * Yields the time, now and then every `periodMs` milliseconds, until `signal` aborts. A consumer slower than the period
 * gets its next tick one period after it came back for it: ticks are never owed.
 */
export async function* ticks(clock: Clock, periodMs: number, signal: AbortSignal): AsyncGenerator<number, void> {
  while (!signal.aborted) {
    yield clock.now();
    await sleep(clock, periodMs, signal);
  }
}

/** An RFC 3339 time of whole seconds, as Kubernetes' `Time` is written: `2016-06-01T12:00:00Z`. */
export function timestamp(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== written.second) written = { second, text: new Date(second * 1000).toISOString().slice(0, 19) + 'Z' };
  return written.text;
}

/** Under load, thousands of times fall into one second. */
let written = { second: NaN, text: '' };

/** An RFC 3339 time with six decimals, as Kubernetes' `MicroTime` is written: `2016-06-01T12:00:00.000000Z`. */
export const microTimestamp = (ms: number): string => new Date(ms).toISOString().slice(0, 23) + '000Z';

/** The machine's own time. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(ms, action) {
    const timer = setTimeout(action, Math.min(Math.max(0, ms), 0x7fffffff));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

interface Timer {
  readonly atMs: number;
  readonly action: () => void;
}

/** A clock that stands still until it is moved: for tests, and for notebooks that step through time. */
export class SteppedClock implements Clock {
  #nowMs: number;
  /** Not yet due; ordered by time, those of one moment in the order they were set. Written by `after` and `advance`. */
  readonly #timers: Timer[] = [];

  constructor(startMs: number = Date.parse('2016-06-01T12:00:00Z')) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(ms: number, action: () => void): Disposable {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), action };
    const index = this.#timers.findIndex((other) => other.atMs > timer.atMs);
    this.#timers.splice(index < 0 ? this.#timers.length : index, 0, timer);
    return {
      [Symbol.dispose]: () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
      },
    };
  }

  /** How many timers wait. A test that ends with timers left has forgotten to stop something. */
  get waiting(): number {
    return this.#timers.length;
  }

  /**
   * Moves time forward by `ms`, calling each timer at its own moment. After each, pending promise callbacks run, so that
   * a loop that sleeps again is called again if its next moment lies within `ms`.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (let next = this.#timers[0]; next && next.atMs <= endMs; next = this.#timers[0]) {
      this.#timers.shift();
      this.#nowMs = next.atMs;
      next.action();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** The machine's time, `factor` times as fast from the moment it is made. */
export function scaledClock(factor: number, base: Clock = realClock): Clock {
  const startMs = base.now();
  return {
    now: () => startMs + (base.now() - startMs) * factor,
    after: (ms, action) => base.after(ms / factor, action),
  };
}

/** Lets the promise callbacks that are due now, and the I/O callbacks behind them, run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
