/**
 * What a growing number of clients get from one server: how much together, and how long each waits.
 *
 * ```ts
 * const results = [];
 * for (const clients of [1, 4, 16]) results.push(await load(clients, (n) => storage.put(`/key-${n}`, value)));
 * ```
 */

export interface Load {
  readonly clients: number;
  /** Answers, in all and in a second. */
  readonly count: number;
  readonly perSecond: number;
  /** From asking to being answered: half of all waited no longer, 99 of 100 no longer. */
  readonly medianMs: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  /** How long they go on asking: half a second if left out. */
  readonly durationMs?: number;
  /** Milliseconds since some moment. */
  readonly stopwatch?: () => number;
}

/** So many clients at a time, each of which asks again as soon as it was answered. @param ask gets 0, 1, 2, …: each number once */
export async function load(
  clients: number,
  ask: (n: number) => Promise<unknown>,
  { durationMs = 500, stopwatch = () => performance.now() }: LoadOptions = {},
): Promise<Load> {
  const waitedMs: number[] = [];
  let next = 0;
  const startMs = stopwatch();
  const client = async (): Promise<void> => {
    for (let nowMs = stopwatch(); nowMs - startMs < durationMs;) {
      const askedMs = nowMs;
      await ask(next++);
      nowMs = stopwatch();
      waitedMs.push(nowMs - askedMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (stopwatch() - startMs) / 1000;
  waitedMs.sort((a, b) => a - b);
  const percentile = (share: number): number => waitedMs[Math.ceil(waitedMs.length * share) - 1] ?? 0;
  const count = waitedMs.length;
  return { clients, count, perSecond: count / seconds, medianMs: percentile(0.5), p99Ms: percentile(0.99) };
}
