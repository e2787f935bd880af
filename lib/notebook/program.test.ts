import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../test/contracts/compiled.js';
import { etcdVersion } from '../../test/support/etcd.js';
import { etcdctl, Program, startEtcd } from './program.js';

import.meta.jest.setTimeout(180_000); // on a busy machine, compiling takes its time

const folder = mkdtempSync(join(tmpdir(), 'kubebook-programs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** All of `lib/`, compiled, with the command beside it. */
const built = join(folder, 'dist/notebook/program.js');
beforeAll(() => {
  const rooms = readdirSync('lib', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  compile(
    rooms.map(({ name }) => name),
    join(folder, 'dist'),
  );
  for (const name of ['bin', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
});

/** Serves its pid; takes a SIGTERM as told. */
const source = (port: number, onTerm: string): string =>
  `require('node:http').createServer((_, answer) => answer.end(String(process.pid))).listen(${port}, '127.0.0.1');` +
  `process.on('SIGTERM', () => { ${onTerm} });`;

async function program(onTerm = 'process.exit()'): Promise<Program> {
  const port = await freePort();
  const args = ['-e', source(port, onTerm)];
  return new Program({ command: process.execPath, args, url: `http://127.0.0.1:${port}`, health: '/' });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const answer = async ({ url }: { readonly url: string }): Promise<string> => (await fetch(url)).text();

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a program that is killed is gone, and can be started again in the same place', async () => {
  await using server = await program();
  await server.start();
  const first = server.pid!;
  expect(await answer(server)).toBe(String(first));
  await server.kill();
  expect(isAlive(first)).toBe(false);
  expect(server.pid).toBeUndefined();
  await expect(answer(server)).rejects.toThrow();
  await server.start();
  expect(server.pid).not.toBe(first);
  expect(await answer(server)).toBe(String(server.pid));
});

test('ending is harmless twice, and before the beginning', async () => {
  const server = await program();
  await server.stop();
  await server.start();
  const pid = server.pid!;
  await Promise.all([server.stop(), server.kill(), server[Symbol.asyncDispose]()]);
  await server.stop();
  expect(isAlive(pid)).toBe(false);
});

test('one that does not end when it is asked to is killed', async () => {
  const server = await program('');
  await server.start();
  const pid = server.pid!;
  await server.stop({ graceMs: 100 });
  expect(isAlive(pid)).toBe(false);
});

test('one that does not come up says why', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const failing = (command: string, ...args: string[]) =>
    new Program({ command, args, url, health: '/' }).start().catch((error: Error) => error.message);
  expect(await failing(process.execPath, '-e', "console.error('no disk'); process.exit(1)")).toMatch(
    /-e .* has ended: no disk$/,
  );
  expect(await failing('/there/is/no/such/program')).toContain('ENOENT');
});

test('a program ends with whoever started it', async () => {
  const port = await freePort();
  const options = { args: ['-e', source(port, '')], url: `http://127.0.0.1:${port}`, health: '/' };
  const starter = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import { Program } from ${JSON.stringify(built)};
       const program = new Program({ command: process.execPath, ...${JSON.stringify(options)} });
       await program.start();
       console.log(program.pid);
       process.exit();`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  for await (const text of starter.stdout) said += text;
  const pid = Number(said);
  expect(pid).toBeGreaterThan(0);
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve)); // it was killed; the system takes a moment
});

(etcdVersion ? test : test.skip)('an etcd keeps what it has acknowledged when it is killed', async () => {
  await using etcd = (await startEtcd(join(folder, 'etcd')))!;
  expect(await etcdctl(etcd, 'put', '/key', 'value')).toBe('OK');
  await etcd.kill();
  await etcd.start();
  expect(await etcdctl(etcd, 'get', '--print-value-only', '/key')).toBe('value');
  await expect(etcdctl(etcd, 'fetch')).rejects.toThrow(/unknown command/);
});

test('an API server of its own, and the command, work on one data folder', async () => {
  const { startApiServer, kubebook } = (await import(built)) as typeof import('./program.js');
  const data = ['--data', join(folder, 'data')];
  await using server = await startApiServer(...data);
  expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('ok');
  expect(await kubebook('store', 'show', '/registry/namespaces/default', ...data)).toMatch(
    /revision \d+[^]*phase: Active/,
  );
  await expect(kubebook('store', 'compact', ...data)).rejects.toThrow(`is in use by process ${server.pid}`);
  await server.stop();
  expect(await kubebook('store', 'compact', ...data)).toMatch(/^history begins at revision \d+$/);
});
