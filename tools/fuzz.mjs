/**
 * `npm run fuzz -- [--minutes 10] [--seed S] [--server URL] [--json FILE]`: requests that may be anything, against a cluster
 * of its own or the server named. Half of the time goes to our own fuzzer, half to schemathesis (`--no-schemathesis` leaves
 * it out); meanwhile a bystander lists pods. Prints what was sent and what came back, and, if anything is wrong, each
 * finding with the request that led to it (exit code 1). `--seed S --only N` sends one case again.
 */
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { positive, wholeNumber } from './arguments.mjs';
import { setup } from './setup.mjs';

const options = new Command('npm run fuzz --')
  .description('Sends what may be anything, and says what was answered wrongly.')
  .addOption(new Option('--minutes <n>', 'how long').argParser(positive).default(10))
  .addOption(new Option('--seed <n>', 'sends the same again').argParser(wholeNumber))
  .addOption(new Option('--only <n>', 'sends one case of a seed, and shows it').argParser(wholeNumber))
  .addOption(new Option('--cases <n>', 'sends so many cases, however long it takes').argParser(wholeNumber))
  .addOption(new Option('--server <url>', 'against this API server (default: a cluster of our own)'))
  .addOption(new Option('--no-schemathesis', 'our own fuzzer alone'))
  .addOption(new Option('--json <file>', 'writes the report there'))
  .parse()
  .opts();
setup();
const { runFuzz } = await import('../bench/abuse/run.mjs');
const report = await runFuzz({
  ms: options.minutes * 60_000,
  seed: options.seed ?? Math.floor(Date.now() / 1000) % 1e6,
  server: options.server,
  count: options.cases,
  only: options.only,
  schemathesis: options.schemathesis,
});
if (options.json) writeFileSync(options.json, JSON.stringify(report, null, 2) + '\n');
process.exit(report.findings.length > 0 ? 1 : 0);
