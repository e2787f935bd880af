/** What a series of probe attempts says: the decision, pure. The loop that makes the attempts is in `manager.ts`. */
import type { DeepReadonly, Probe } from '../../api/types.js';

export type Outcome = 'Success' | 'Failure';
export type ProbeType = 'liveness' | 'readiness' | 'startup';

export interface ProbeState {
  /** The outcome of the last attempt, and how many equal ones there were in a row. */
  readonly seen?: Outcome;
  readonly run: number;
  readonly verdict: Outcome | undefined;
}

/** Before the first attempt: alive, but not ready, and not yet known to have started. */
export const initialVerdict: Readonly<Record<ProbeType, Outcome | undefined>> = {
  liveness: 'Success',
  readiness: 'Failure',
  startup: undefined,
};

/** A verdict moves only after enough equal outcomes in a row. */
export function observe(
  state: ProbeState,
  seen: Outcome,
  { successThreshold = 1, failureThreshold = 3 }: DeepReadonly<Probe>,
): ProbeState {
  const run = seen === state.seen ? state.run + 1 : 1;
  const needed = seen === 'Success' ? successThreshold : failureThreshold;
  return { seen, run, verdict: run >= needed ? seen : state.verdict };
}
