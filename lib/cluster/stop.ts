/**
 * How a program of ours is asked to end. The first Ctrl-C (or SIGTERM, SIGHUP) asks: everything is stopped in order. A
 * second one, at least half a second later, leaves at once (npm passes the first one on a second time in the same
 * moment, which is not a second wish).
 */
import { setMaxListeners } from 'node:events';
import type { Clock } from '../util/clock.js';

const impatienceMs = 500;

/** A signal that aborts when the program is asked to end. */
export function stopSignal(clock: Clock, onAsked: () => void = () => {}): AbortSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every loop of a component listens
  let askedAtMs = -Infinity;
  const ask = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted && clock.now() - askedAtMs >= impatienceMs)
      process.exit(name === 'SIGINT' ? 130 : 143);
    if (controller.signal.aborted) return;
    askedAtMs = clock.now();
    onAsked();
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, ask);
  return controller.signal;
}
