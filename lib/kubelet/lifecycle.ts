/** Around the start and the end of a container: hooks, the back-off of what crashes, and how all this is told. */
import type { Container, DeepReadonly } from '../api/types.js';
import { sleep, type Clock } from '../util/index.js';
import type { Action, Prober, ProbeTarget } from './probes/prober.js';

/** Tells the owner of the pod about one of its containers. */
export type ContainerEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** A container is not started, now: `reason` and message become its `state.waiting`. */
export class StartError extends Error {
  constructor(
    readonly reason: string,
    message: string,
    /** When to try again. */
    readonly retryAtMs: number,
  ) {
    super(message);
  }
}

/** 1.5 s is `1.5s`, 80 s is `1m20s`, 5 min is `5m0s`: as Go prints a duration. */
export function goDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1000) return `${ms}ms`;
  const seconds = Math.floor(ms / 1000);
  const [h, m] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const s = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`;
  return h > 0 ? `${h}h${m}m${s}` : m > 0 ? `${m}m${s}` : s;
}

/** The pause before a container that keeps ending is started again. */
const crashBackoffMs = { first: 10_000, max: 300_000 };

/**
 * One container's back-off: none before its first restart, then 10 s, 20 s, 40 s … 5 min, counted from the end of the
 * last run; forgotten when it has run for ten minutes.
 */
export class CrashBackoff {
  #ms = 0;
  #updatedAtMs = -Infinity;

  /** How long the pause after the run that ended at `finishedAtMs` is; 0: none. */
  pauseMs(finishedAtMs: number): number {
    return finishedAtMs - this.#updatedAtMs > 2 * crashBackoffMs.max ? 0 : this.#ms;
  }

  /** It is started again now. */
  restarted(finishedAtMs: number, nowMs: number): void {
    const forgotten = this.pauseMs(finishedAtMs) === 0;
    this.#ms = forgotten ? crashBackoffMs.first : Math.min(this.#ms * 2, crashBackoffMs.max);
    this.#updatedAtMs = nowMs;
  }
}

export type Hook = NonNullable<NonNullable<DeepReadonly<Container>['lifecycle']>['preStop']> & {
  readonly sleep?: { readonly seconds: number };
};

/** Runs a lifecycle hook to its end. @throws when it fails, with its output */
export async function runHook(
  hook: Hook,
  target: ProbeTarget,
  { prober, clock }: { readonly prober: Prober; readonly clock: Clock },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (hook.sleep) return sleep(clock, Math.min(hook.sleep.seconds * 1000, timeoutMs), signal);
  // An HTTP hook is done when it is answered at all well; its thresholds are those of a probe that is asked once.
  const { outcome, output } = await prober.attempt(target, hook as Action, timeoutMs, signal);
  if (outcome === 'Failure') throw new Error(output);
}
