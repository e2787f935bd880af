/**
 * `npm test`: everything a change must pass, in the order in which it fails soonest. Arguments go to jest:
 * `npm test -- lib/scheduler`. Ends with a line `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, setup } from './setup.mjs';

setup();

const jestArguments = process.argv.slice(2);
const checks = [
  [
    'the rule of the house (dependency-cruiser)',
    ['node_modules/dependency-cruiser/bin/dependency-cruise.mjs', '--config', '.dependency-cruiser.cjs', 'lib'],
  ],
  ['types (tsc)', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noEmit']],
  [
    'declarations as notebook cells see them (tsc 5.0)',
    ['node_modules/@tslab/typescript-for-tslab/bin/tsc', '-p', 'tools/declarations.tsconfig.json'],
  ],
  ['lint (eslint)', ['node_modules/eslint/bin/eslint.js', '.']],
  ['format (prettier)', ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.']],
];

let passed = 0;
let failed = 0;
for (const [title, args] of jestArguments.length > 0 ? [] : checks) {
  console.error(`\n— ${title}`);
  if (run(process.execPath, args).code === 0) passed++;
  else failed++;
}

console.error('\n— tests (jest)');
const folder = mkdtempSync(join(tmpdir(), 'kubebook-test-'));
const report = join(folder, 'report.json');
const { code } = run(
  process.execPath,
  ['node_modules/jest/bin/jest.js', '--json', `--outputFile=${report}`, ...jestArguments],
  {
    env: { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' },
  },
);
try {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  passed += numPassedTests;
  failed += numFailedTests + numRuntimeErrorTestSuites;
  for (const suite of testResults)
    for (const test of suite.assertionResults)
      if (test.status === 'pending') console.error(`skipped: ${test.fullName}`);
  console.log(`\n${passed} passed, ${failed} failed${numPendingTests ? `, ${numPendingTests} skipped` : ''}`);
} catch {
  failed++;
  console.log(`\n${passed} passed, ${failed} failed`);
}
rmSync(folder, { recursive: true, force: true });
process.exit(code !== 0 || failed > 0 ? 1 : 0);
