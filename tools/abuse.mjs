/**
 * `npm run abuse -- [--scale 1] [--only WORDS] [--server URL] [--json FILE]`: what a server must live with (idle watches by
 * the thousand, clients that never read, never finish or vanish, bodies and objects that are too large, pages of other sites),
 * one after the other, against a cluster of its own or the server named. Measured each time: whether it still runs, memory
 * and sockets before and after, and how long a bystander's lists take meanwhile. Exit code 1 if anything is wrong.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';

const { values: options } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    only: { type: 'string' },
    server: { type: 'string' },
    json: { type: 'string' },
  },
});
setup();
const { runAbuse } = await import('../bench/abuse/run.mjs');
const { scenarios } = await import('../bench/abuse/scenarios.mjs');
const report = await runAbuse({ ...options, scenarios, scale: Number(options.scale) });
if (options.json) writeFileSync(options.json, JSON.stringify(report, null, 2) + '\n');
process.exit(report.findings.length > 0 ? 1 : 0);
