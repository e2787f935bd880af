/** The whole cluster: how fast it starts, what it costs idle, how many pods it creates and schedules a second. */
import { Connection } from './connection.mjs';
import { load } from './api.mjs';
import { node, nodeStatus } from './pods.mjs';
import { startComponent, startServer } from './server.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function benchStart({ report }) {
  const server = await startServer(['start', '--nodes=3', '--runtime=process']);
  try {
    report('API answers, from the start of node', { ms: Math.round(server.startedInMs) });
    const connection = await Connection.open(server.port);
    for (let status = 0; status !== 201; await sleep(5))
      status = (
        await connection.request(
          'POST',
          '/api/v1/namespaces/default/pods',
          JSON.stringify({
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'first' },
            spec: { containers: [{ name: 'web', image: 'kubebook/web:1' }] },
          }),
        )
      ).status;
    for (;;) {
      const { status } = JSON.parse((await connection.request('GET', '/api/v1/namespaces/default/pods/first')).body());
      if (status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')) break;
      await sleep(10);
    }
    report('first process pod Ready, from the start of node', { ms: Math.round(performance.now() - server.startMs) });
    await connection.request('DELETE', '/api/v1/namespaces/default/pods/first?gracePeriodSeconds=0');
    connection.close();
    await sleep(5000);
    const [cpu, ms] = [server.cpuSeconds(), performance.now()];
    await sleep(30_000);
    report('idle, three nodes', {
      megabytes: Math.round(server.residentBytes() / 1e6),
      percentOfACore: Math.round(((server.cpuSeconds() - cpu) / ((performance.now() - ms) / 1000)) * 1000) / 10,
    });
  } finally {
    await server.stop();
  }
}

/** As `npm start` has it, and as two processes: on two processors that is what they can do. */
export async function benchSchedule({ report, nodes = 1000, count = 5000 }) {
  for (const provider of ['DefaultProvider', 'today'])
    for (const apart of [false, true]) {
      const arrangement = apart ? 'apart' : 'in one process';
      const figures = await createAndSchedule({ nodes, count, apart, provider });
      report(`created and scheduled, ${nodes} nodes, ${provider}, ${arrangement}`, figures);
    }
}

async function createAndSchedule({ nodes, count, apart, provider }) {
  const byProvider = `--algorithm-provider=${provider}`;
  const server = await startServer(apart ? ['apiserver'] : ['start', '--nodes=0', byProvider]);
  let scheduler;
  try {
    const { port } = server;
    await createNodes(port, nodes);
    if (apart) scheduler = startComponent(['scheduler', byProvider], port);
    await sleep(3000);
    await scheduled(port, 3000, 'warm');
    await sleep(2000); // for the events of those
    return await scheduled(port, count, 's');
  } finally {
    await scheduler?.stop();
    await server.stop();
  }
}

/** Creates `count` pods; how many of them a second are bound, until the last one is or two minutes have passed. */
async function scheduled(port, count, prefix) {
  const { metadata } = await (await fetch(`http://127.0.0.1:${port}/api/v1/pods?limit=1`)).json();
  const watcher = await Connection.open(port);
  let bound = 0;
  const allBound = new Promise((resolve) => {
    let rest = '';
    const selected = `resourceVersion=${metadata.resourceVersion}&fieldSelector=spec.nodeName!%3D`;
    watcher.watch(`/api/v1/namespaces/default/pods?watch=true&${selected}`, (data) => {
      const text = rest + data.latin1Slice();
      const marker = '"type":"ADDED"';
      let at = 0;
      for (let found; (found = text.indexOf(marker, at)) >= 0; at = found + marker.length) bound++;
      rest = text.slice(Math.max(at, text.length - marker.length + 1));
      if (bound >= count) resolve();
    });
  });
  const startMs = performance.now();
  const creating = load({ kind: 'create', port, clients: 16, count, prefix });
  await Promise.race([allBound, sleep(120_000)]);
  const seconds = (performance.now() - startMs) / 1000;
  watcher.close();
  await creating;
  return { perSecond: Math.round(bound / seconds), bound, of: count };
}

/** Nodes without kubelets, many at once: before the first are taken for dead, the last must be there. */
async function createNodes(port, nodes) {
  const send = async (connection, method, path, body) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : undefined;
    const { status, body: answer } = await connection.request(method, path, body, type);
    if (status >= 300) throw new Error(`HTTP ${status}: ${answer()}`);
  };
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      const connection = await Connection.open(port);
      for (let index = next++; index < nodes; index = next++) {
        const path = `/api/v1/nodes/bench-${index}`;
        await send(connection, 'POST', '/api/v1/nodes', node(`bench-${index}`));
        const now = new Date().toISOString().replace(/\.\d+/, '');
        await send(connection, 'PATCH', `${path}/status`, nodeStatus(now));
        await send(connection, 'PATCH', path, JSON.stringify({ spec: { taints: null } }));
      }
      connection.close();
    }),
  );
}

/** 28,000 pods in the whole cluster's own process: hollow ones, on three nodes that take them. */
export async function benchMemory({ report, count = 28_000 }) {
  const server = await startServer(['start', '--nodes=0']);
  try {
    await load({ kind: 'create', port: server.port, clients: 16, count, prefix: 'm' });
    await sleep(5000);
    report(`the cluster's own process with ${count} pods`, { megabytes: Math.round(server.residentBytes() / 1e6) });
  } finally {
    await server.stop();
  }
}
