/**
 * The load generator, a process of its own: `node bench/load.mjs '{"port":8080,"kind":"create",…}'` prints one line of
 * JSON with what it measured. `bench/api.mjs` calls it.
 */
import { Connection } from './connection.mjs';
import { pod } from './pods.mjs';

const task = JSON.parse(process.argv[2]);
const kinds = { create, get, list, watch };
console.log(JSON.stringify(await kinds[task.kind](task)));
process.exit(0);

/** `count` creates by `clients` clients that each wait for their answer. */
async function create({ port, clients, count, prefix }) {
  let next = 0;
  return closedLoop(
    port,
    clients,
    count,
    (connection) => {
      const name = `${prefix}-${next++}`;
      return connection.request('POST', '/api/v1/namespaces/default/pods', pod(name));
    },
    201,
  );
}

async function get({ port, clients, count, prefix, of }) {
  let next = 0;
  return closedLoop(
    port,
    clients,
    count,
    (connection) => connection.request('GET', `/api/v1/namespaces/default/pods/${prefix}-${next++ % of}`),
    200,
  );
}

async function list({ port, count }) {
  const connection = await Connection.open(port);
  const times = [];
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const startMs = performance.now();
    const answer = await connection.request('GET', '/api/v1/pods');
    times.push(performance.now() - startMs);
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}`);
    bytes = answer.bytes;
  }
  return { ms: round(Math.min(...times)), medianMs: round(percentile(times, 0.5)), bytes };
}

/**
 * `watchers` watches on pods' annotations while one client patches at `rate` a second. The patch carries the time at
 * which it was sent, so that the lag from there to each watcher is measured on one clock. `stuck` more watch, and never
 * read.
 */
async function watch({ port, watchers, rate, seconds, resourceVersion, prefix, of, stuck = 0 }) {
  const lags = [];
  let delivered = 0;
  const open = [];
  for (let i = 0; i < watchers; i++) {
    const connection = await Connection.open(port);
    open.push(connection);
    const sampled = i % 10 === 0; // every byte is received; the clock is read in every tenth watcher
    let rest = '';
    connection.watch(`/api/v1/namespaces/default/pods?watch=true&resourceVersion=${resourceVersion}`, (data) => {
      const text = rest + data.latin1Slice();
      const marker = '"type":"MODIFIED"';
      let at = 0;
      for (let found; (found = text.indexOf(marker, at)) >= 0; at = found + marker.length) {
        delivered++;
        if (!sampled) continue;
        const sent = /"sent":"(\d+\.?\d*)"/.exec(text.slice(found, found + 1500));
        if (sent) lags.push(performance.timeOrigin + performance.now() - Number(sent[1]));
      }
      rest = text.slice(Math.max(at, text.length - marker.length + 1));
    });
  }
  for (let i = 0; i < stuck; i++) {
    const connection = await Connection.open(port);
    open.push(connection);
    connection.watch(`/api/v1/namespaces/default/pods?watch=true&resourceVersion=${resourceVersion}`, () => {});
    connection.pause();
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const writers = await Promise.all(Array.from({ length: 16 }, () => Connection.open(port)));
  const startMs = performance.now();
  let written = 0;
  const free = [...writers];
  await new Promise((resolve) => {
    const total = rate * seconds;
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * rate));
      while (written < due && free.length > 0) {
        const writer = free.pop();
        const body = JSON.stringify({
          metadata: { annotations: { sent: String(performance.timeOrigin + performance.now()) } },
        });
        const name = `${prefix}-${written++ % of}`;
        patch(writer, name, body).then(() => free.push(writer));
      }
      if (written >= total) {
        clearInterval(timer);
        resolve();
      }
    }, 2);
  });
  const writeSeconds = (performance.now() - startMs) / 1000;
  for (let wait = 0; delivered < written * watchers && wait < 50; wait++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  for (const connection of open) connection.close();
  return {
    writesPerSecond: Math.round(written / writeSeconds),
    deliveredPerSecond: Math.round(delivered / writeSeconds),
    expected: written * watchers,
    delivered,
    lagP50Ms: round(percentile(lags, 0.5)),
    lagP99Ms: round(percentile(lags, 0.99)),
  };
}

async function patch(connection, name, body) {
  const answer = await connection.request(
    'PATCH',
    `/api/v1/namespaces/default/pods/${name}`,
    body,
    'application/merge-patch+json',
  );
  if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${answer.body()}`);
}

async function closedLoop(port, clients, count, send, wanted) {
  const connections = await Promise.all(Array.from({ length: clients }, () => Connection.open(port)));
  const times = [];
  let left = count;
  const startMs = performance.now();
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0) {
        const sentMs = performance.now();
        const { status, body } = await send(connection);
        times.push(performance.now() - sentMs);
        if (status !== wanted) throw new Error(`HTTP ${status}: ${body()}`);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1000;
  for (const connection of connections) connection.close();
  return {
    perSecond: Math.round(count / seconds),
    p50Ms: round(percentile(times, 0.5)),
    p99Ms: round(percentile(times, 0.99)),
  };
}

function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function round(value) {
  return Math.round(value * 10) / 10;
}
