/** The scheduler's flags: 1.2's that choose its algorithm (a provider by name, or a policy file), and its own port. */
import type { Command } from 'commander';
import type { AlgorithmFactory, Scheduler, SchedulerServer } from '../scheduler/index.js';
import type { Clock, Log } from '../util/index.js';
import { option, readText } from './options.js';

export interface AlgorithmFlags {
  readonly algorithmProvider: string;
  readonly policyConfigFile?: string;
}

/** @param byDefault the provider if no flag names one */
export const withAlgorithm = (command: Command, byDefault = 'today'): Command =>
  command
    .addOption(
      option(
        '--algorithm-provider <name>',
        'which predicates and priorities: today, DefaultProvider (that of 1.2.4), Textbook (as the chapter prints it)',
      ).default(byDefault),
    )
    .addOption(
      option('--policy-config-file <file>', 'a policy file, JSON as 1.2 read it; goes before --algorithm-provider'),
    );

/**
 * What the flags ask for, as options of a scheduler.
 *
 * @throws PolicyError naming file and line; Error if the provider is not registered
 */
export async function algorithmOf(
  { algorithmProvider, policyConfigFile: file }: AlgorithmFlags,
  clock: Clock,
): Promise<{ readonly algorithmProvider?: string; readonly createAlgorithm?: AlgorithmFactory }> {
  const { algorithmProvider: find, readPolicy, resolvePolicy } = await import('../scheduler/index.js');
  if (file) return { createAlgorithm: resolvePolicy(readPolicy(readText(file), { from: file }), { clock }) };
  find(algorithmProvider);
  return { algorithmProvider };
}

export interface SchedulerPortOptions {
  readonly scheduler: Scheduler;
  readonly log: Log;
  /** 0: none. `usual`, or left out: the usual one, or another one if that is not free. */
  readonly port?: number | 'usual';
  /** 127.0.0.1 if left out. */
  readonly bindAddress?: string;
}

/** Opens the scheduler's own port; undefined if there is to be none. @throws Error (`EADDRINUSE`) */
export async function serveScheduler(options: SchedulerPortOptions): Promise<SchedulerServer | undefined> {
  const { port = 'usual' } = options;
  if (port === 0) return undefined;
  const { defaultSchedulerPort, SchedulerServer } = await import('../scheduler/index.js');
  const open = (port: number): Promise<SchedulerServer> => SchedulerServer.start({ ...options, port });
  if (port !== 'usual') return open(port);
  // Two schedulers of one machine are nothing special.
  return open(defaultSchedulerPort).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    return open(0);
  });
}
