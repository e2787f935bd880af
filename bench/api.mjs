/** The API server under load: creates, gets, lists, watches. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../tools/setup.mjs';
import { startServer } from './server.mjs';

/** Runs the load generator in its own process; resolves with what it measured. */
export async function load(task) {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bench/load.mjs'), JSON.stringify(task)], {
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout);
}

export async function benchApi({ report, scale = 1 }) {
  const server = await startServer(['apiserver']);
  const { port } = server;
  try {
    await load({ kind: 'create', port, clients: 16, count: 2000 * scale, prefix: 'warm' });
    const counts = { 1: 2000, 16: 6000, 64: 12000, 256: 10000 };
    let pods = 2000 * scale;
    for (const [clients, count] of Object.entries(counts)) {
      const { perSecond, p50Ms, p99Ms } = await load({
        kind: 'create',
        port,
        clients: Number(clients),
        count: count * scale,
        prefix: `c${clients}`,
      });
      pods += count * scale;
      report(`creates of 1.5 kB pods, ${clients} clients`, { perSecond, p50Ms, p99Ms });
    }
    report(
      'gets, 64 clients',
      await load({ kind: 'get', port, clients: 64, count: 30000 * scale, prefix: 'c64', of: 12000 * scale }),
    );
    const { ms, medianMs, bytes } = await load({ kind: 'list', port, count: 5 });
    report(`list of ${pods} pods`, { bestMs: ms, medianMs, megabytes: Math.round(bytes / 1e6) });
    report(`memory with ${pods} pods`, { megabytes: Math.round(server.residentBytes() / 1e6) });
    for (const rate of [200, 1000]) {
      const { metadata } = await (await fetch(`http://127.0.0.1:${port}/api/v1/pods?limit=1`)).json();
      const task = {
        kind: 'watch',
        port,
        watchers: 100,
        rate,
        seconds: 10,
        resourceVersion: metadata.resourceVersion,
        prefix: 'c64',
        of: 1000,
      };
      report(`100 watchers, ${rate} writes/s`, await load(task));
    }
  } finally {
    await server.stop();
  }
}
