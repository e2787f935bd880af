/** What the torture needs of an engine. */
import type { Dice } from './random.js';

export interface Engine {
  /** Where API servers answer. */
  readonly urls: readonly string[];
  /** What was done to it, how often. */
  readonly counts: Readonly<Record<string, number>>;
  /** What could not be done on this machine, in words. */
  readonly skipped: readonly string[];
  /** Resolves when it answers. */
  start(): Promise<void>;
  /** Does something bad, and resolves when it is over and everything answers again. */
  hurt(dice: Dice): Promise<void>;
  /** The last one of a round: whatever is only in memory is lost. */
  finalBlow(dice: Dice): Promise<void>;
  /** Ends everything. What the store holds is to be kept for a look at it, or not. */
  stop(options: { readonly keep: boolean }): Promise<void>;
}
