/** The flags of 1.2 that choose the scheduler's algorithm: a provider by name, or a policy file. */
import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { AlgorithmFactory } from '../scheduler/index.js';
import type { Clock } from '../util/index.js';
import { option } from './options.js';

export interface AlgorithmFlags {
  readonly algorithmProvider: string;
  readonly policyConfigFile?: string;
}

export const withAlgorithm = (command: Command): Command =>
  command
    .addOption(
      option(
        '--algorithm-provider <name>',
        'which predicates and priorities: DefaultProvider (that of 1.2.4), Textbook (as the chapter prints it), today',
      ).default('DefaultProvider'),
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
  if (file)
    return { createAlgorithm: resolvePolicy(readPolicy(readFileSync(file, 'utf8'), { from: file }), { clock }) };
  find(algorithmProvider);
  return { algorithmProvider };
}
