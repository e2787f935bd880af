/**
 * What a growing number of clients get from one server: how much together, and how long each waits.
 *
 * ```ts
 * const write = (storage) => (clients) => load(clients, (n) => storage.put(`/registry/measured/${n}`, value));
 * const { one, other } = await inTurns([1, 4, 16], { one: write(storage), other: write(otherStorage) });
 * one.map(({ perSecond }) => perSecond); // by 1, 4 and 16 clients
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

/**
 * Measures several with each number of clients. They take turns, so that all see the same machine, and of each one's turns
 * the one with the middle `perSecond` is taken. @returns by name, in the order of `counts`
 */
export async function inTurns<T extends Load>(
  counts: readonly number[],
  measures: Readonly<Record<string, (clients: number) => Promise<T>>>,
  { turns = 5 }: { readonly turns?: number } = {},
): Promise<Record<string, T[]>> {
  const runs: { readonly name: string; readonly count: number; readonly result: T }[] = [];
  for (let turn = 0; turn < turns; turn++)
    for (const count of counts)
      for (const [name, measure] of Object.entries(measures)) runs.push({ name, count, result: await measure(count) });
  const middle = (name: string, count: number): T => {
    const results = runs.filter((run) => run.name === name && run.count === count).map(({ result }) => result);
    return results.sort((a, b) => a.perSecond - b.perSecond)[Math.floor(turns / 2)]!;
  };
  return Object.fromEntries(Object.keys(measures).map((name) => [name, counts.map((count) => middle(name, count))]));
}
