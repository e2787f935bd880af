/**
 * `npm run bench [-- api|start|schedule|memory|scheduler|algorithm …] [--json FILE]`: measures this machine; prints a table, and writes JSON
 * where asked. Figures of different machines, or of different runs on a noisy one, are not to be compared: ratios within
 * one run are.
 */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { setup } from './setup.mjs';

setup();
const { benchApi } = await import('../bench/api.mjs');
const { benchMemory, benchSchedule, benchStart } = await import('../bench/cluster.mjs');
const { benchAlgorithm, benchScheduler } = await import('../bench/scheduler.mjs');
const suites = {
  api: benchApi,
  start: benchStart,
  schedule: benchSchedule,
  memory: benchMemory,
  algorithm: benchAlgorithm,
  scheduler: benchScheduler,
};
/** Those that run when none is named; `scheduler` is `algorithm` and more. */
const usual = ['api', 'start', 'schedule', 'memory', 'algorithm'];

const args = process.argv.slice(2);
const jsonAt = args.indexOf('--json');
const [file] = jsonAt < 0 ? [] : args.splice(jsonAt, 2).slice(1);
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
for (const name of args.length > 0 ? args : usual) await suites[name]({ report });
if (file) writeFileSync(file, JSON.stringify({ machine, date: new Date().toISOString(), results }, null, 2) + '\n');
