/**
 * `npm run bench [-- NAME …] [--scale N] [--json FILE]`: measures this machine; prints a table, and writes JSON where
 * asked. `npm run bench:store` measures the store alone. Figures of different machines, or of different runs on a noisy
 * one, are not to be compared: ratios within one run are.
 */
import { Argument, Command, Option } from 'commander';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { positive } from './arguments.mjs';
import { setup } from './setup.mjs';

setup();
const { benchApi } = await import('../bench/api.mjs');
const { benchMemory, benchSchedule, benchStart } = await import('../bench/cluster.mjs');
const { benchAlgorithm, benchScheduler } = await import('../bench/scheduler.mjs');
const { storeSuites } = await import('../bench/store.mjs');
const suites = {
  api: benchApi,
  start: benchStart,
  schedule: benchSchedule,
  memory: benchMemory,
  algorithm: benchAlgorithm,
  scheduler: benchScheduler,
  ...storeSuites,
};
/** Those that run when none is named; `scheduler` is `algorithm` and more. */
const usual = ['api', 'start', 'schedule', 'memory', 'algorithm'];

const command = new Command('npm run bench --')
  .description('Measures this machine, and prints a table. Ratios within one run tell more than figures of two.')
  .addArgument(
    new Argument('[names...]', `what is measured (default: ${usual.join(', ')})`).choices([
      ...Object.keys(suites),
      'store',
    ]),
  )
  .addOption(
    new Option('--scale <n>', 'how much of it: 0.1 is a tenth, to see whether it runs').argParser(positive).default(1),
  )
  .addOption(new Option('--json <file>', 'writes the figures there'))
  .parse();
const { scale, json: file } = command.opts();
const named = command.args.flatMap((name) => (name === 'store' ? Object.keys(storeSuites) : name));

const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
console.log(machine);
const results = [];
const report = (measured, figures) => {
  results.push({ measured, ...figures });
  console.log(
    `${measured.padEnd(56)} ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
};
for (const name of named.length > 0 ? named : usual) await suites[name]({ report, scale });
if (file) writeFileSync(file, JSON.stringify({ machine, date: new Date().toISOString(), results }, null, 2) + '\n');
