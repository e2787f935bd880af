/**
 * `npm run abuse -- [--scale 1] [--only WORDS] [--server URL] [--json FILE]`: what a server must live with (idle watches by
 * the thousand, clients that never read, never finish or vanish, bodies and objects that are too large, pages of other sites),
 * one after the other, against a cluster of its own or the server named. Measured each time: whether it still runs, memory
 * and sockets before and after, and how long a bystander's lists take meanwhile. Exit code 1 if anything is wrong.
 */
import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { positive } from './arguments.mjs';
import { setup } from './setup.mjs';

const options = new Command('npm run abuse --')
  .description('Does to a server what it must live with, and measures what that costs it and others.')
  .addOption(new Option('--scale <n>', 'how much of it: 0.1 is a tenth').argParser(positive).default(1))
  .addOption(new Option('--only <words>', 'what has these words in its name'))
  .addOption(new Option('--server <url>', 'against this API server (default: a cluster of our own)'))
  .addOption(new Option('--json <file>', 'writes the report there'))
  .parse()
  .opts();
setup();
const { runAbuse } = await import('../bench/abuse/run.mjs');
const { scenarios } = await import('../bench/abuse/scenarios.mjs');
const report = await runAbuse({ ...options, scenarios });
if (options.json) writeFileSync(options.json, JSON.stringify(report, null, 2) + '\n');
process.exit(report.findings.length > 0 ? 1 : 0);
