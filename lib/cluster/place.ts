/** `kubebook place FILE`: where would these Pods go, and why? Without any cluster. */
import { Command } from 'commander';
import { text as readAll } from 'node:stream/consumers';
import { realClock } from '../util/index.js';
import { option, readText } from './options.js';
import { algorithmOf, withAlgorithm, type AlgorithmFlags } from './scheduling.js';

interface PlaceFlags extends AlgorithmFlags {
  readonly schedulerName: string;
  readonly output?: 'json';
}

export const placeCommand = (): Command =>
  withAlgorithm(
    new Command('place').description(
      'where would these pods go, and why? Reads nodes, pods, services, controllers and volumes from a file, needs no cluster',
    ),
    'DefaultProvider', // the book's: a cluster's own default is today's
  )
    .argument('<file>', 'a List of Kubernetes objects, JSON or YAML; - is standard input')
    .addOption(
      option('--scheduler-name <name>', 'places pods that name it in spec.schedulerName').default('default-scheduler'),
    )
    .addOption(option('-o, --output <format>', 'json: everything, as docs/scheduler.md describes it').choices(['json']))
    .action(place);

async function place(file: string, flags: PlaceFlags): Promise<void> {
  const from = file === '-' ? 'standard input' : file;
  const text = file === '-' ? await readAll(process.stdin) : readText(file);
  process.stdout.write(
    await placed(text, { ...flags, from, colour: Boolean(process.stdout.isTTY && !process.env.NO_COLOR) }),
  );
}

/** What the command writes for the objects in `text`. @throws ManifestError; as {@link algorithmOf} */
export async function placed(
  text: string,
  { from, colour, schedulerName, output, ...flags }: PlaceFlags & { from: string; colour: boolean },
): Promise<string> {
  const { explanationJSON, explanationText, Snapshot } = await import('../scheduler/index.js');
  const snapshot = Snapshot.read(text, { from });
  const { algorithmProvider = 'Policy', createAlgorithm: create } = await algorithmOf(flags, realClock);
  const { outcomes } = await snapshot.place({ algorithmProvider, create, schedulerName });
  if (output === 'json') {
    const placements = outcomes.map(explanationJSON);
    return `${JSON.stringify({ kind: 'Placements', algorithmProvider, placements }, null, 2)}\n`;
  }
  if (outcomes.length === 0) return `${from} has no pod that waits for a node.\n`;
  return outcomes.map((each) => explanationText(each, { wide: true, colour })).join('\n');
}
