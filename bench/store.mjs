/** The store under load: alone, behind the API server, while it starts, while it folds, and before many watchers. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../tools/setup.mjs';
import { load } from './api.mjs';
import { startEtcd } from './etcd.mjs';
import { pod } from './pods.mjs';
import { startServer } from './server.mjs';

const run = promisify(execFile);
const megabytes = (bytes) => Math.round(bytes / 1e6);
const round = (value) => Math.round(value * 100) / 100;

/** What is stored of a pod: about as large as a real one. */
const value = (name) => Buffer.from(pod(name));

async function withFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function openStore(folder, options = {}) {
  const { LowdbStorage } = await import('../dist/apiserver/storage/index.js');
  const { realClock, silent } = await import('../dist/util/index.js');
  return LowdbStorage.open({ folder, clock: realClock, log: silent, ...options });
}

/** Appends by so many writers at a time: a group is as large as there are writers. */
export async function benchAppends({ report, scale = 1 }) {
  for (const writers of [1, 4, 16, 64, 256]) {
    await withFolder(async (folder) => {
      const storage = await openStore(folder, { foldBytes: Infinity });
      const count = Math.round(Math.min(500 * writers, 40_000) * scale);
      const times = [];
      let next = 0;
      const startMs = performance.now();
      await Promise.all(
        Array.from({ length: writers }, async () => {
          while (next < count) {
            const name = `pod-${next++}`;
            const sentMs = performance.now();
            await storage.put(`/registry/pods/default/${name}`, value(name), { expected: 0 });
            times.push(performance.now() - sentMs);
          }
        }),
      );
      const seconds = (performance.now() - startMs) / 1000;
      times.sort((a, b) => a - b);
      const percentile = (share) => round(times[Math.floor(times.length * share)]);
      report(`appends of 1.5 kB in groups of ${writers}`, {
        perSecond: Math.round(count / seconds),
        p50Ms: percentile(0.5),
        p99Ms: percentile(0.99),
      });
      await storage[Symbol.asyncDispose]();
    });
  }
}

/** Creates over HTTP: the engines take turns, so that both see the same machine. */
export async function benchEngines({ report, scale = 1 }) {
  const etcd = await startEtcd();
  const servers = [['lowdb', await startServer(['apiserver'])]];
  if (etcd) servers.push(['etcd', await startServer(['apiserver', `--etcd=${etcd.endpoint}`])]);
  else report('creates over HTTP, etcd', { skipped: 'no etcd is installed (apt: etcd-server)' });
  try {
    const create = (port, clients, count, prefix) => load({ kind: 'create', port, clients, count, prefix });
    for (const [, { port }] of servers) await create(port, 16, Math.round(1000 * scale), 'warm');
    for (const clients of [1, 16, 64]) {
      const results = new Map(servers.map(([engine]) => [engine, []]));
      for (let turn = 0; turn < 3; turn++)
        for (const [engine, { port }] of servers)
          results
            .get(engine)
            .push(
              await create(port, clients, Math.round(Math.min(400 * clients, 6000) * scale), `c${clients}-${turn}`),
            );
      for (const [engine, runs] of results)
        report(`creates over HTTP, ${clients} clients, ${engine}`, runs.sort((a, b) => a.perSecond - b.perSecond)[1]);
    }
  } finally {
    for (const [, server] of servers) await server.stop();
    await etcd?.stop();
  }
}

/** A start with 30,000 pods in the snapshot, and 200,000 changes of them in the journal. */
export async function benchRecovery({ report, scale = 1 }) {
  await withFolder(async (folder) => {
    const [pods, changes] = [30_000 * scale, 200_000 * scale];
    const storage = await openStore(folder, { foldBytes: Infinity });
    const write = async (count) => {
      for (let at = 0; at < count; at += 1000)
        await Promise.all(
          Array.from({ length: Math.min(1000, count - at) }, (_, i) => {
            const name = `pod-${(at + i) % pods}`;
            return storage.put(`/registry/pods/default/${name}`, value(name));
          }),
        );
    };
    await write(pods);
    await storage.fold();
    await write(changes);
    await storage[Symbol.asyncDispose]();
    const runs = [];
    for (let turn = 0; turn < 3; turn++) {
      const { stdout } = await run(process.execPath, [join(root, 'bench/recover.mjs'), folder]);
      runs.push(JSON.parse(stdout));
    }
    const { seconds, peakBytes } = runs.sort((a, b) => a.seconds - b.seconds)[1];
    report(`start with ${pods} pods and ${changes} records in the journal`, {
      seconds: round(seconds),
      megabytes: megabytes(peakBytes),
    });
  });
}

/** The longest time for which the API server stood still, while it folds under load and otherwise. */
export async function benchFold({ report, scale = 1 }) {
  await withFolder(async (folder) => {
    const file = join(folder, 'pauses.json');
    Object.assign(process.env, { BENCH_PAUSES: file, NODE_OPTIONS: `--import=${join(root, 'bench/pauses.mjs')}` });
    const server = await startServer(['apiserver']);
    delete process.env.NODE_OPTIONS;
    const { pid } = JSON.parse(readFileSync(file, 'utf8'));
    try {
      const pods = Math.round(30_000 * scale);
      await load({ kind: 'create', port: server.port, clients: 64, count: pods, prefix: 'p' });
      await ask(pid, file); // forgets what was before
      const seconds = Math.max(5, Math.round(60 * scale));
      const { metadata } = await (await fetch(`http://127.0.0.1:${server.port}/api/v1/pods?limit=1`)).json();
      const { writesPerSecond } = await load({
        kind: 'watch',
        port: server.port,
        watchers: 1,
        rate: 1000,
        seconds,
        resourceVersion: metadata.resourceVersion,
        prefix: 'p',
        of: pods,
      });
      const { longest, folds, journalBytes, snapshotBytes } = await ask(pid, file);
      report(`longest pause of the API server, ${pods} pods, ${writesPerSecond} writes/s`, {
        foldingMs: round(longest.folding),
        otherwiseMs: round(longest.otherwise),
        folds,
      });
      const { items } = await (await fetch(`http://127.0.0.1:${server.port}/api/v1/pods`)).json();
      const live = items.reduce((sum, item) => sum + JSON.stringify(item).length, 0);
      report('bytes on disk per live byte, after that', {
        snapshot: round(snapshotBytes / live),
        journal: round(journalBytes / live),
        together: round((snapshotBytes + journalBytes) / live),
      });
    } finally {
      await server.stop();
    }
  });
}

/** Asks `pauses.mjs` in the server what it has noted. */
async function ask(pid, file) {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!statSync(file, { throwIfNoEntry: false })?.size) await new Promise((resolve) => setTimeout(resolve, 10));
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Events delivered to many watchers; and what one that does not read costs the others. */
export async function benchWatchers({ report, scale = 1 }) {
  const server = await startServer(['apiserver']);
  const { port } = server;
  try {
    await load({ kind: 'create', port, clients: 16, count: 1000, prefix: 'w' });
    const watch = async (watchers, rate, stuck = 0) => {
      const { metadata } = await (await fetch(`http://127.0.0.1:${port}/api/v1/pods?limit=1`)).json();
      const { resourceVersion } = metadata;
      const seconds = Math.max(2, Math.round(10 * scale));
      return load({ kind: 'watch', port, watchers, rate, seconds, resourceVersion, prefix: 'w', of: 1000, stuck });
    };
    for (const [watchers, rate] of [
      [1, 2000],
      [100, 1000],
      [1000, 200],
    ])
      report(`${watchers} watchers, ${rate} writes/s wanted`, await watch(watchers, rate));
    // In turns, so that both see the same machine.
    const runs = { 0: [], 1: [] };
    for (let turn = 0; turn < 3; turn++) for (const stuck of [0, 1]) runs[stuck].push(await watch(100, 200, stuck));
    for (const stuck of [0, 1]) {
      const { deliveredPerSecond, lagP50Ms, lagP99Ms } = runs[stuck].sort((a, b) => a.lagP50Ms - b.lagP50Ms)[1];
      const others = stuck ? 'and one that is stuck' : 'none of them stuck';
      report(`100 watchers, 200 writes/s, ${others}`, { deliveredPerSecond, lagP50Ms, lagP99Ms });
    }
  } finally {
    await server.stop();
  }
}

export const storeSuites = {
  appends: benchAppends,
  engines: benchEngines,
  recovery: benchRecovery,
  fold: benchFold,
  watchers: benchWatchers,
};
