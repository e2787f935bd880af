/**
 * How long a request may take. Who is still not answered when his time is over is told so, and not answered later; what
 * he had asked for may happen all the same. Long conversations (watches, logs, streams) have no such limit.
 *
 * Requests are many and short, so that none gets a timer of its own unless it asks for a time of its own: they stand in a
 * row, the oldest first, and now and then somebody looks at the head of it.
 */
import { StatusError } from '../api/status.js';
import type { Clock } from '../util/index.js';
import { answerStatus, type Reply } from './answer.js';
import type { ResourcePath } from './request-info.js';

/** Of who does not ask for less. Upstream's `--request-timeout`. */
const limitMs = 60_000;
/** How often somebody looks. */
const periodMs = 1_000;

export class Deadlines implements Disposable {
  readonly #clock: Clock;
  /** Until when, by request; the oldest first. Those that ask for a time of their own have a timer of their own. */
  readonly #running = new Map<Reply, number>();
  readonly #timers = new Map<Reply, Disposable>();
  #timer: Disposable | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param timeoutMs what the request itself asks for */
  begin(reply: Reply, timeoutMs?: number): void {
    if (timeoutMs !== undefined && timeoutMs < limitMs) {
      this.#timers.set(
        reply,
        this.#clock.after(timeoutMs, () => expire(reply)),
      );
      return;
    }
    this.#running.set(reply, this.#clock.now() + limitMs);
    this.#timer ??= this.#clock.after(periodMs, this.#look);
  }

  end(reply: Reply): void {
    if (this.#running.delete(reply) || this.#timers.size === 0) return;
    this.#timers.get(reply)?.[Symbol.dispose]();
    this.#timers.delete(reply);
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const nowMs = this.#clock.now();
    for (const [reply, untilMs] of this.#running) {
      if (untilMs > nowMs) break;
      this.#running.delete(reply);
      expire(reply);
    }
    if (this.#running.size > 0) this.#timer = this.#clock.after(periodMs, this.#look);
  };
}

function expire(reply: Reply): void {
  if (!reply.response.headersSent) void answerStatus(reply, tooLate());
}

const longSubresources = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** Whether a request goes on for as long as it likes. */
export const isLongRunning = ({ watch, subresource }: ResourcePath, query: URLSearchParams): boolean =>
  watch || longSubresources.has(subresource) || (query.has('watch') && !/^(?:false|0)$/.test(query.get('watch')!));

const tooLate = (): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
    code: 504,
  });
