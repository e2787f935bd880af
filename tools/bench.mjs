/**
 * `npm run bench [-- NAME …] [--scale N] [--json FILE]`: measures this machine; prints a table, and writes JSON where
 * asked. `npm run bench:store` measures the store alone. Figures of different machines, or of different runs on a noisy
 * one, are not to be compared: ratios within one run are.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
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

const args = process.argv.slice(2);
const option = (name) => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
};
const file = option('--json');
/** How much of it: 0.1 is a tenth, to see whether it runs. */
const scale = Number(option('--scale') ?? 1);
if (args.includes('store')) args.splice(args.indexOf('store'), 1, ...Object.keys(storeSuites));
const unknown = args.find((name) => !(name in suites));
if (unknown) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(suites).join(', ')}.`);
  process.exit(1);
}

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
for (const name of args.length > 0 ? args : usual) await suites[name]({ report, scale });
if (file) writeFileSync(file, JSON.stringify({ machine, date: new Date().toISOString(), results }, null, 2) + '\n');
