/**
 * `npm run fuzz -- [--minutes 10] [--seed S] [--server URL] [--json FILE]`: requests that may be anything, against a cluster
 * of its own or the server named. Half of the time goes to our own fuzzer, half to schemathesis (`--no-schemathesis` leaves
 * it out); meanwhile a bystander lists pods. Prints what was sent and what came back, and, if anything is wrong, each
 * finding with the request that led to it (exit code 1). `--seed S --only N` sends one case again.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    server: { type: 'string' },
    json: { type: 'string' },
    cases: { type: 'string' },
    only: { type: 'string' },
    'no-schemathesis': { type: 'boolean', default: false },
  },
});
setup();
const { runFuzz } = await import('../bench/abuse/run.mjs');
const report = await runFuzz({
  ms: Number(options.minutes) * 60_000,
  seed: Number(options.seed ?? Math.floor(Date.now() / 1000) % 1e6),
  server: options.server,
  count: options.cases && Number(options.cases),
  only: options.only && Number(options.only),
  schemathesis: !options['no-schemathesis'],
});
if (options.json) writeFileSync(options.json, JSON.stringify(report, null, 2) + '\n');
process.exit(report.findings.length > 0 ? 1 : 0);
