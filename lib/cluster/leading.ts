/** The flags of a component of which several may run and one works; `kubebook start` has them for two. */
import type { Command } from 'commander';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import {
  defaultLeaseDurationMs,
  defaultRenewDeadlineMs,
  defaultRetryPeriodMs,
  EventRecorder,
  runWhileLeading,
  type Client,
} from '../client/index.js';
import type { Clock, Log } from '../util/index.js';
import { duration, option, yesOrNo } from './options.js';

export interface LeaderElectionFlags {
  readonly leaderElect: boolean;
  readonly leaderElectLeaseDuration: number;
  readonly leaderElectRenewDeadline: number;
  readonly leaderElectRetryPeriod: number;
  readonly leaderElectResourceName?: string;
  /** `kube-system` if left out. */
  readonly leaderElectResourceNamespace?: string;
}

/** For one component: which Lease it competes for can be chosen too. */
export const withLeaderElection = (command: Command): Command =>
  withElection(command)
    .addOption(
      option('--leader-elect-resource-name <name>', 'the Lease that they compete for (default: the component)'),
    )
    .addOption(option('--leader-elect-resource-namespace <namespace>', 'where that Lease is').default(leaseNamespace));

const leaseNamespace = 'kube-system';

/** Whether there is an election, and its times. */
export const withElection = (command: Command): Command =>
  command
    .addOption(
      option('--leader-elect [true|false]', 'of several that run at once, let one work, and another one when it fails')
        .preset('true')
        .default(false)
        .argParser(yesOrNo),
    )
    .addOption(
      option('--leader-elect-lease-duration <time>', 'how long others wait for a leader that is not heard of')
        .default(defaultLeaseDurationMs, '15s')
        .argParser(duration),
    )
    .addOption(
      option('--leader-elect-renew-deadline <time>', 'how long the leader tries to stay it before it gives up')
        .default(defaultRenewDeadlineMs, '10s')
        .argParser(duration),
    )
    .addOption(
      option('--leader-elect-retry-period <time>', 'how long between two attempts')
        .default(defaultRetryPeriodMs, '2s')
        .argParser(duration),
    );

/**
 * Runs `work`: at once, or, if leader election is asked for, while this process is the leader.
 *
 * @param lease the name of the Lease if no flag names another one
 * @throws LeadershipLostError
 */
export async function runElected(
  flags: LeaderElectionFlags,
  lease: string,
  { client, clock, log }: { readonly client: Client; readonly clock: Clock; readonly log: Log },
  work: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (!flags.leaderElect) return work(signal);
  await using recorder = new EventRecorder({ client, clock, log, component: lease, host: hostname() });
  const options = {
    client,
    clock,
    log,
    recorder,
    namespace: flags.leaderElectResourceNamespace ?? leaseNamespace,
    name: flags.leaderElectResourceName ?? lease,
    identity: `${hostname()}_${randomUUID()}`,
    leaseDurationMs: flags.leaderElectLeaseDuration,
    renewDeadlineMs: flags.leaderElectRenewDeadline,
    retryPeriodMs: flags.leaderElectRetryPeriod,
  };
  await runWhileLeading(options, work, signal);
}
