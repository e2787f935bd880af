/** `kubebook place FILE`: where would these Pods go, and why? Without any cluster. */
import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { Explained } from '../scheduler/index.js';
import { option } from './options.js';

interface PlaceFlags {
  readonly algorithmProvider: string;
  readonly schedulerName: string;
  readonly output?: 'json';
}

export const placeCommand = (): Command =>
  new Command('place')
    .description(
      'where would these pods go, and why? Reads nodes, pods, services, controllers and volumes from a file, needs no cluster',
    )
    .argument('<file>', 'a List of Kubernetes objects, JSON or YAML; - is standard input')
    .addOption(option('--algorithm-provider <name>', 'which predicates and priorities').default('DefaultProvider'))
    .addOption(
      option('--scheduler-name <name>', 'places pods that name it in spec.schedulerName').default('default-scheduler'),
    )
    .addOption(option('-o, --output <format>', 'json: everything, as docs/scheduler.md describes it').choices(['json']))
    .action(place);

async function place(file: string, flags: PlaceFlags): Promise<void> {
  const from = file === '-' ? 'standard input' : file;
  const text = file === '-' ? await readAll(process.stdin) : readText(file);
  process.stdout.write(await placed(text, { ...flags, from, colour: process.stdout.isTTY }));
}

/** What the command writes for the objects in `text`. @throws ManifestError; Error: the provider is not registered */
export async function placed(
  text: string,
  { from, colour, algorithmProvider, schedulerName, output }: PlaceFlags & { from: string; colour: boolean },
): Promise<string> {
  const { explanationText, Snapshot } = await import('../scheduler/index.js');
  const { outcomes } = await Snapshot.read(text, { from }).place({ algorithmProvider, schedulerName });
  if (output === 'json') {
    const placements = outcomes.map(placement);
    return `${JSON.stringify({ kind: 'Placements', algorithmProvider, placements }, null, 2)}\n`;
  }
  if (outcomes.length === 0) return `${from} has no pod that waits for a node.\n`;
  return outcomes.map((each) => explanationText(each, { wide: true, colour })).join('\n');
}

/** For machines, what is not there is `null`. */
const placement = ({ table, ...outcome }: Explained) => ({
  ...outcome,
  node: outcome.node ?? null,
  runnerUp: outcome.runnerUp ?? null,
  table,
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code})`, {
      cause: error,
    });
  }
}
