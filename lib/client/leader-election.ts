/**
 * Leader election: of several that could do the same work, one does it. Whoever holds a Lease is the leader, and renews it every
 * two seconds; the others look on, and take it when it was not renewed for fifteen.
 *
 * ```
 *            the Lease is free, or was not renewed in time
 *   candidate ────────────────────────────────────────────► leader ──┐ renews every retryPeriod
 *       ▲                                                     │  ▲   │
 *       │ somebody else was first                             │  └───┘
 *       └─────────────────────────────────────────────────────┤
 *                                        renewDeadline passed └──► lost: its work is stopped before the Lease runs out
 * ```
 * Clocks of different machines are never compared: that a Lease was not renewed means that it has not changed for so long while
 * this one looked on. It does not fence: a leader that stood still for longer than the Lease's duration may, for a moment,
 * not know that it is none any more.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/leaderelection/leaderelection.go
 */
import { leases } from '../api/resources.js';
import { isAlreadyExists, isConflict, isNotFound } from '../api/status.js';
import type { Draft, Lease } from '../api/types.js';
import { childAbort, microTimestamp, sleep, type Clock, type Log } from '../util/index.js';
import type { Client } from './client.js';
import type { EventRecorder } from './event-recorder.js';
import { retryOnConflict } from './retry.js';

/** Upstream's times, in milliseconds. */
export const defaultLeaseDurationMs = 15_000;
export const defaultRenewDeadlineMs = 10_000;
export const defaultRetryPeriodMs = 2_000;
/** Candidates wait up to this many times the retry period, so that they do not all come at once. */
const jitterFactor = 1.2;

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Which Lease: `kube-system`, `kube-scheduler`. */
  readonly namespace: string;
  readonly name: string;
  /** Who we are, among all candidates: the host's name and something random. */
  readonly identity: string;
  /** How long others wait for a leader that is not heard of: 15 s if left out. Milliseconds, as all times here. */
  readonly leaseDurationMs?: number;
  /** How long a leader tries to renew before it gives up: 10 s if left out; shorter than the lease. */
  readonly renewDeadlineMs?: number;
  /** How long between two attempts: 2 s if left out. */
  readonly retryPeriodMs?: number;
  /** Where it is told who became the leader. */
  readonly recorder?: EventRecorder;
}

/** The Lease could not be renewed in time: the work was stopped, for somebody else may be doing it now. */
export class LeadershipLostError extends Error {}

/**
 * Waits until we are the leader, then runs `work` until it ends, `signal` aborts, or we are the leader no more. The Lease is given
 * back at the end, so that the next one need not wait.
 *
 * @param work is told by its signal when to stop, and is waited for
 * @throws LeadershipLostError; what `work` throws; Error for times that make no sense
 */
export async function runWhileLeading(
  options: LeaderElectionOptions,
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const election = new Election(options);
  if (!(await election.acquire(signal))) return;
  using stop = childAbort(signal);
  const working = work(stop.signal).finally(() => stop.abort());
  working.catch(() => {}); // it is awaited below, when nothing is renewed any more
  const isLost = (await election.renew(stop.signal)) === 'lost';
  stop.abort();
  try {
    await working;
  } finally {
    if (!isLost) await election.release();
  }
  if (isLost)
    throw new LeadershipLostError(`leaderelection lost: the lease ${options.name} could not be renewed in time`);
}

class Election {
  readonly #options: Required<Omit<LeaderElectionOptions, 'recorder'>> & Pick<LeaderElectionOptions, 'recorder'>;
  /** The Lease as it was last seen, and since when it looks like that. */
  #seen: Lease | undefined;
  #seenAtMs = 0;

  constructor(options: LeaderElectionOptions) {
    const {
      leaseDurationMs = defaultLeaseDurationMs,
      renewDeadlineMs = defaultRenewDeadlineMs,
      retryPeriodMs = defaultRetryPeriodMs,
    } = options;
    if (leaseDurationMs <= renewDeadlineMs) throw new Error('leaseDuration must be greater than renewDeadline');
    if (renewDeadlineMs <= jitterFactor * retryPeriodMs)
      throw new Error('renewDeadline must be greater than retryPeriod*JitterFactor');
    this.#options = { ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  }

  /** Resolves when we hold the Lease; `false` when `signal` aborts before. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, log, name, identity, retryPeriodMs, recorder } = this.#options;
    log.info('waiting to become the leader', { lease: name, identity });
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew(signal)) {
        log.info('became the leader', { lease: name, identity });
        if (this.#seen) recorder?.event(this.#seen, 'Normal', 'LeaderElection', `${identity} became leader`);
        return true;
      }
      await sleep(clock, retryPeriodMs * (1 + Math.random() * (jitterFactor - 1)), signal);
    }
    return false;
  }

  /** Resolves when we do not hold the Lease any more, or when `signal` aborts. */
  async renew(signal: AbortSignal): Promise<'lost' | 'aborted'> {
    const { clock, log, name, identity, retryPeriodMs, renewDeadlineMs } = this.#options;
    let renewedMs = clock.now();
    while (!signal.aborted) {
      await sleep(clock, retryPeriodMs, signal);
      if (signal.aborted) break;
      // An attempt that hangs counts as none.
      using attempt = childAbort(signal);
      using _deadline = clock.after(renewedMs + renewDeadlineMs - clock.now(), () => attempt.abort());
      if (await this.#tryAcquireOrRenew(attempt.signal)) renewedMs = clock.now();
      else if (!signal.aborted && (attempt.signal.aborted || clock.now() >= renewedMs + renewDeadlineMs)) {
        log.warn('the lease could not be renewed in time', { lease: name, identity });
        return 'lost';
      }
    }
    return 'aborted';
  }

  /** Lets go of the Lease: the next one may have it at once. */
  async release(): Promise<void> {
    const { client, clock, log, name, identity, renewDeadlineMs } = this.#options;
    const late = new AbortController();
    const { signal } = late;
    using _deadline = clock.after(renewDeadlineMs, () => late.abort());
    try {
      // Read anew: the last renewal may have arrived though nobody waited for its answer any more.
      await retryOnConflict(
        clock,
        async () => {
          const lease = await this.#read(signal);
          if (lease?.spec?.holderIdentity !== identity) return;
          const now = microTimestamp(clock.now());
          const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
          await client.update(leases, { ...lease, spec }, { signal });
        },
        signal,
      );
    } catch (error) {
      log.warn('the lease could not be given back', { lease: name, identity, error });
    }
  }

  /** Whether we hold the Lease after this. */
  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, clock, log, namespace, name, identity, leaseDurationMs } = this.#options;
    const now = microTimestamp(clock.now());
    const claim = { holderIdentity: identity, leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000), renewTime: now };
    try {
      const lease = await this.#read(signal);
      if (!lease) {
        const spec = { ...claim, acquireTime: now, leaseTransitions: 0 };
        this.#see(await client.create(leases, { ...kindOfLease, metadata: { namespace, name }, spec }, { signal }));
        return true;
      }
      this.#see(lease);
      const { holderIdentity: holder, leaseTransitions = 0, leaseDurationSeconds = 0 } = lease.spec ?? {};
      const isOurs = holder === identity;
      if (holder && !isOurs && clock.now() < this.#seenAtMs + leaseDurationSeconds * 1000) return false;
      const spec = isOurs
        ? { ...lease.spec, ...claim }
        : { ...lease.spec, ...claim, acquireTime: now, leaseTransitions: leaseTransitions + 1 };
      // With the version that was read: of two candidates that saw the same, one is refused.
      this.#see(await client.update(leases, { ...lease, spec }, { signal }));
      return true;
    } catch (error) {
      if (!signal.aborted && !isConflict(error) && !isAlreadyExists(error))
        log.warn('the lease cannot be read or written, will retry', { lease: name, identity, error });
      return false;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(leases, { namespace, name }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #see(lease: Lease): void {
    if (JSON.stringify(lease.spec) !== JSON.stringify(this.#seen?.spec)) this.#seenAtMs = this.#options.clock.now();
    this.#seen = lease;
  }
}

const kindOfLease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' } satisfies Partial<Draft<Lease>>;
