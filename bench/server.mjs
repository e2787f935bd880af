/** Starts a server to be measured, as a process of its own with a data folder of its own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../tools/setup.mjs';

/**
 * `kubebook ARGS` on a free port; resolves when it answers. Stopping it removes its data.
 *
 * @param nodeArgs options of node itself, such as `--inspect`
 * @param onComplaint gets what it writes to standard error, piece by piece; left out: it is shown
 */
export async function startServer(args, { nodeArgs = [], onComplaint } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'kubebook-bench-'));
  const port = await freePort();
  const startMs = performance.now();
  const child = spawnCommand([...args, `--data=${data}`, `--port=${port}`, '--secure-port=0'], {
    nodeArgs,
    stderr: onComplaint ? 'pipe' : 'inherit',
  });
  let lastWords = '';
  if (onComplaint)
    child.stderr.setEncoding('utf8').on('data', (text) => {
      lastWords = (lastWords + text).slice(-1000);
      onComplaint(text);
    });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`the server has ended\n${lastWords}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const startedInMs = performance.now() - startMs;
  // Pods need an account; where no controller runs, nobody else makes it. One that is there already is as good.
  await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/serviceaccounts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ metadata: { name: 'default' } }),
  });
  return {
    port,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    startedInMs,
    startMs,
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) * 1024,
    /** Processor time so far, in seconds. */
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A component of its own, such as `kubebook scheduler`, working for the server at `port`. */
export function startComponent(args, port) {
  const child = spawnCommand([...args, `--server=http://127.0.0.1:${port}`, '--port=0']);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const spawnCommand = (args, { nodeArgs = [], stderr = 'inherit' } = {}) =>
  spawn(
    process.execPath,
    // As the first line of `bin/kubebook.mjs` and `npm start` have it.
    ['--max-semi-space-size=32', ...nodeArgs, join(root, 'bin/kubebook.mjs'), ...args],
    { stdio: ['ignore', 'ignore', stderr], env: { ...process.env, KUBEBOOK_NO_SETUP: '1' } },
  );

async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
  } catch {
    return false;
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
