/**
 * `npm run test:notebooks [-- NAME…]`: executes the notebooks with the tslab kernel, as JupyterLab would, and fails on any
 * cell error. `--write` keeps the outputs in the notebooks. Ends with a line `N passed, N failed`.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jupyterEnv, setupPython, venvBin } from './python.mjs';
import { root, run, setup } from './setup.mjs';

setup();
setupPython();
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const write = process.argv.includes('--write');
const folder = join(root, 'notebooks');
const notebooks = readdirSync(folder).filter(
  (file) => file.endsWith('.ipynb') && (names.length === 0 || names.some((name) => file.startsWith(name))),
);
let failed = 0;
for (const notebook of notebooks) {
  const out = mkdtempSync(join(tmpdir(), 'kubebook-notebook-'));
  const startedMs = Date.now();
  const { code, output } = run(
    venvBin('jupyter'),
    [
      'nbconvert',
      '--to',
      'notebook',
      '--execute',
      '--ExecutePreprocessor.timeout=240',
      '--output-dir',
      out,
      join(folder, notebook),
    ],
    { quiet: true, env: jupyterEnv },
  );
  const problems =
    code === 0
      ? errorsOf(JSON.parse(readFileSync(join(out, notebook), 'utf8')))
      : [output.trim().split('\n').slice(-30).join('\n')];
  console.error(`${problems.length ? 'FAIL' : 'ok  '} ${notebook}  ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) failed++;
  else if (write) writeFileSync(join(folder, notebook), tidy(readFileSync(join(out, notebook), 'utf8')));
  rmSync(out, { recursive: true, force: true });
}
console.log(`\n${notebooks.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 || notebooks.length === 0 ? 1 : 0);

/** tslab reports errors on standard error rather than as `error` outputs: both count, and so does a cell that never ran. */
function errorsOf({ cells }) {
  return cells.flatMap((cell, index) =>
    (cell.outputs ?? [])
      .filter(
        (output) => output.output_type === 'error' || (output.output_type === 'stream' && output.name === 'stderr'),
      )
      .map((output) => `  cell ${index + 1}: ${[output.text ?? output.evalue].flat().join('').trim()}`),
  );
}

/** Outputs without what differs from run to run for no reason. */
function tidy(text) {
  const notebook = JSON.parse(text);
  for (const cell of notebook.cells) {
    delete cell.metadata.execution;
    if (cell.cell_type === 'code') cell.execution_count = null;
  }
  return JSON.stringify(notebook, null, 1) + '\n';
}
