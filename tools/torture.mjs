/**
 * `npm run torture [-- --engine lowdb|etcd] [--minutes N] [--seed S] [--json FILE]`: hurts the store in every way it must
 * survive, while clients work; then proves from what they saw that it kept its promises. `docs/storage.md` tells more.
 */
import { Command, Option } from 'commander';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { positive, wholeNumber } from './arguments.mjs';
import { root, setup } from './setup.mjs';

const { engine, minutes, seed, clients, workers, json } = new Command('npm run torture --')
  .description('Hurts the store in every way it must survive, and proves that it kept its promises.')
  .addOption(new Option('--engine <name>', 'which store').choices(['lowdb', 'etcd']).default('lowdb'))
  .addOption(new Option('--minutes <n>', 'how long').argParser(positive).default(5))
  .addOption(
    new Option('--seed <n>', 'repeats the choices of an earlier run (the times are those of the machine)').argParser(
      wholeNumber,
    ),
  )
  .addOption(new Option('--clients <n>', 'client processes').argParser(positive).default(4))
  .addOption(new Option('--workers <n>', 'requests at a time, of each of them').argParser(positive).default(4))
  .addOption(new Option('--json <file>', 'writes the summary there'))
  .parse()
  .opts();

setup();

// Node 20 runs no TypeScript.
const code = mkdtempSync(join(tmpdir(), 'kubebook-torture-code-'));
process.once('exit', () => rmSync(code, { recursive: true, force: true }));
for (const name of readdirSync(join(root, 'test/torture')).filter((name) => !name.endsWith('.test.ts'))) {
  const { outputText } = ts.transpileModule(readFileSync(join(root, 'test/torture', name), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  });
  writeFileSync(join(code, name.replace(/\.ts$/, '.js')), outputText);
}
writeFileSync(join(code, 'package.json'), '{ "type": "module" }');
symlinkSync(join(root, 'node_modules'), join(code, 'node_modules'));
const { torture } = await import(pathToFileURL(join(code, 'torture.js')).href);

// The first Ctrl-C ends in order; the second one at once.
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'])
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130);
    console.error('\nstopping …');
    stop.abort();
  });

const summary = await torture({
  root,
  engine,
  minutes,
  seed: seed ?? Math.floor(Math.random() * 1e6) + 1,
  clients,
  workers,
  signal: stop.signal,
  say: (line) => console.error(line),
}).catch((error) => {
  // The history cannot be judged: a server does not start any more, or a client has ended.
  console.error(`FAULT ${error.message}`);
  process.exit(1);
});

const table = { ...summary.hurt, ...summary.checked };
console.log(`\n${summary.engine}, seed ${summary.seed}: ${summary.rounds} rounds in ${summary.seconds} s`);
for (const [what, count] of Object.entries(table)) console.log(`  ${what.padEnd(20)} ${String(count).padStart(10)}`);
for (const what of summary.skipped) console.log(`  skipped: ${what}`);
for (const { kind, text } of summary.faults.slice(0, 20)) console.log(`FAULT ${kind}: ${text}`);
console.log(summary.faults.length === 0 ? 'no fault' : `${summary.faults.length} faults`);
if (json) writeFileSync(json, JSON.stringify(summary, null, 2) + '\n');
process.exit(summary.faults.length > 0 || stop.signal.aborted ? 1 : 0);
