/**
 * Prepares a clone: dependencies from the lock file, then the build. Runs before every command of package.json, needs
 * nothing but Node, and does nothing when nothing has changed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wantedNode = [20, 19];

/** Ends the program with one sentence. */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Runs a command of this repository; its output goes to standard error, so that our own stays clean. */
export function run(command, args, { env = {}, quiet = false } = {}) {
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2];
  const result = spawnSync(command, args, {
    cwd: root,
    stdio,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.error) throw result.error;
  return { code: result.status ?? 1, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

export function setup() {
  checkNode();
  install();
  build();
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < wantedNode[0] || (major === wantedNode[0] && minor < wantedNode[1]))
    fail(`kubebook needs Node ${wantedNode.join('.')} or newer; this is ${process.versions.node}.`);
}

/** `npm ci`, when the lock file is not the one that node_modules was made from. */
function install() {
  const stamp = join(root, 'node_modules', '.kubebook-lock');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.version)
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('kubebook: installing dependencies (npm ci) …');
  const { code, output } = run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { quiet: true });
  if (code !== 0) fail(`${output}\nkubebook: "npm ci" failed; the lines above say why.`);
  writeFileSync(stamp, wanted);
}

/** Compiles `lib` to `dist`, when a source is newer than the last build. */
function build() {
  const stamp = join(root, 'dist', '.built');
  const sources = [
    'lib',
    'tools/setup.mjs',
    'tools/descriptions.mjs',
    'tsconfig.json',
    'tsconfig.build.json',
    'node_modules/.kubebook-lock',
  ];
  if (existsSync(stamp) && newest(sources) <= statSync(stamp).mtimeMs) return;
  const startedMs = Date.now();
  console.error('kubebook: building …');
  const { code, output } = run('npm', ['run', '--silent', 'build'], { quiet: true });
  if (code !== 0) fail(`${output}\nkubebook: the build failed; the lines above say why.`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  console.error(`kubebook: built in ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
}

function newest(paths) {
  let newestMs = 0;
  const visit = (path) => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    newestMs = Math.max(newestMs, stat.mtimeMs);
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const path of paths) visit(join(root, path));
  return newestMs;
}
