/** One run: a server, a bystander, the abuse, and what both can tell afterwards. */
import { Bystander } from './bystander.mjs';
import { Findings } from './findings.mjs';
import { cleanUp, fuzz, post } from './fuzz.mjs';
import { schemathesis as runSchemathesis, setupSchemathesis } from './schemathesis.mjs';
import { startTarget } from './target.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const say = (text) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

export async function runFuzz({ ms, seed, server, count, only, schemathesis }) {
  if (schemathesis) setupSchemathesis();
  const target = await startTarget({ url: server });
  const findings = new Findings();
  console.log(`seed ${seed}, ${server ?? 'a cluster of our own'}`);
  try {
    if (only !== undefined) {
      await fuzz({ target, seed, only, findings });
      findings.print();
      return { findings: findings.all };
    }
    const { port } = target;
    const bystander = await Bystander.start(port);
    // The first round warms up: what is kept for good (caches, compiled code) is there after it.
    say('warming up');
    await fuzz({ target, seed: seed + 1, ms: Math.min(ms, 5000), findings });
    await cleanUp(port);
    await sleep(3000);
    const before = { memory: await target.memory(), bystander: await bystander.report() };
    say('sending what may be anything');
    const share = schemathesis ? ms / 2 : ms;
    const ours = await fuzz({ target, seed, ms: share, count, findings });
    let described = {};
    if (schemathesis && !target.hasEnded()) {
      const documents = await documentsOf(port);
      say('sending what the OpenAPI documents let schemathesis think of');
      described = await runSchemathesis({ port, documents, seed, ms: share / documents.length, findings });
    }
    const during = { bystander: await bystander.report() };
    let after;
    if (!target.hasEnded()) {
      await cleanUp(port);
      const memory = await settled(target, before.memory, logBytes);
      after = { memory, bystander: await bystander.report() };
      if (memory && bytesOf(memory) > bytesOf(before.memory) + memorySlack + logBytes)
        findings.add({ type: 'memory', what: `it went from ${megabytes(before.memory)} to ${megabytes(memory)} MB` });
      if (memory && socketsOf(memory) > socketsOf(before.memory) + socketSlack)
        findings.add({ type: 'sockets', what: `they went from ${socketsOf(before.memory)} to ${socketsOf(memory)}` });
    }
    await bystander.stop();
    judgeBystander(during.bystander, 'meanwhile', findings);
    for (const line of target.complaints) findings.add({ type: 'complaint', what: line });
    print({ ours, described, before, during, after });
    findings.print();
    return { seed, ours, described, before, during, after, findings: findings.all };
  } finally {
    await target.stop();
  }
}

/** Two versions, and of the third as many documents as are worth the time: the core group's and two more. */
async function documentsOf(port) {
  const { paths } = await (await fetch(`http://127.0.0.1:${port}/openapi/v3`)).json();
  const others = Object.keys(paths).filter((path) => /^apis\/[^/]+\/[^/]+$/.test(path));
  return ['/openapi/v2', ...['api/v1', ...others.slice(0, 2)].map((path) => `/openapi/v3/${path}`)];
}

function judgeBystander({ failures, maxMs }, when, findings) {
  if (failures > 0) findings.add({ type: 'bystander', what: `${when}: ${failures} of its lists failed` });
  if (maxMs > bystanderLimitMs) findings.add({ type: 'bystander', what: `${when}: it waited ${maxMs} ms` });
}

function print({ ours, described, before, during, after }) {
  const line = (name, value) => console.log(`${name.padEnd(34)} ${value}`);
  const counts = (statuses) =>
    Object.entries(statuses)
      .map(([status, times]) => `${status}: ${times}`)
      .join(', ');
  line('our own fuzzer', `${ours.sent} requests in ${ours.cases} cases; ${counts(ours.statuses)}`);
  for (const [path, { requests, statuses }] of Object.entries(described))
    line(`schemathesis, ${path}`, `${requests} requests; ${counts(statuses)}`);
  const lists = ({ bystander }) => `${bystander.lists} lists, p50 ${bystander.p50Ms} ms, p99 ${bystander.p99Ms} ms`;
  line('the bystander before', lists(before));
  line('the bystander meanwhile', lists(during));
  if (after?.memory) {
    line('memory before, after (MB)', `${megabytes(before.memory)}, ${megabytes(after.memory)}`);
    line('sockets before, after', `${socketsOf(before.memory)}, ${socketsOf(after.memory)}`);
  }
}

/** What the logs of changes keep of what was written, as stored and as sent: here a few thousand small objects. */
const logBytes = 64e6;
/** How much more memory may be held after a scenario than before, in bytes: code that was compiled, buffers that wait for reuse. */
const memorySlack = 32e6;
const socketSlack = 20;
/** What a list may take while others misbehave. A machine that does much else needs much of it. */
const bystanderLimitMs = 15_000;

export async function runAbuse({ scenarios, scale, server, only }) {
  const target = await startTarget({ url: server });
  const { port } = target;
  const findings = new Findings();
  const table = {};
  try {
    await post(port, '/api/v1/namespaces', { metadata: { name: 'abuse' } });
    await post(port, '/api/v1/namespaces/abuse/serviceaccounts', { metadata: { name: 'default' } });
    const bystander = await Bystander.start(port);
    const wanted = Object.entries(scenarios).filter(([name]) => only === undefined || name.includes(only));
    // Everything once and briefly: what is kept for good is there before anything is measured.
    for (const [, run] of wanted) await run({ port, scale: Math.min(scale, 0.02), memory: async () => undefined });
    for (const [name, run] of wanted) {
      await cleanUp(port, ['abuse']);
      await sleep(1500);
      const quiet = await bystander.report();
      const before = await target.memory();
      const startMs = performance.now();
      const { wrong, keptBytes = 0, ...counted } = await run({ port, scale, memory: target.memory });
      const seconds = Math.round((performance.now() - startMs) / 100) / 10;
      const during = await bystander.report();
      await cleanUp(port, ['abuse']);
      const after = await settled(target, before, keptBytes);
      for (const sentence of wrong) findings.add({ type: name, what: sentence });
      judgeBystander(during, name, findings);
      if (target.hasEnded())
        findings.add({ type: 'crash', what: `${name}: ${target.complaints.slice(-20).join('\n')}` });
      if (after && bytesOf(after) > bytesOf(before) + memorySlack + keptBytes)
        findings.add({ type: name, what: `memory went from ${megabytes(before)} to ${megabytes(after)} MB` });
      if (after && socketsOf(after) > socketsOf(before) + socketSlack)
        findings.add({ type: name, what: `sockets went from ${socketsOf(before)} to ${socketsOf(after)}` });
      table[name] = {
        ...counted,
        seconds,
        'bystander p99 ms before, during': `${quiet.p99Ms}, ${during.p99Ms}`,
        ...(after && {
          'MB before, after': `${megabytes(before)}, ${megabytes(after)}`,
          'sockets before, after': `${socketsOf(before)}, ${socketsOf(after)}`,
        }),
      };
      console.log(
        `${name}\n   ${Object.entries(table[name])
          .map(([key, value]) => `${key}: ${value}`)
          .join('; ')}`,
      );
      if (target.hasEnded()) break;
    }
    await bystander.stop();
    for (const line of target.complaints) findings.add({ type: 'complaint', what: line });
    findings.print();
    return { scenarios: table, findings: findings.all };
  } finally {
    await target.stop();
  }
}

const bytesOf = ({ heapUsed, external }) => heapUsed + external;
const megabytes = (memory) => Math.round(bytesOf(memory) / 1e6);
const socketsOf = ({ resources }) => resources.TCPSocketWrap ?? 0;

/** Waits until memory and sockets are back, if they come back: connections take a moment to be seen as closed. */
async function settled(target, before, keptBytes) {
  let after = await target.memory();
  for (let wait = 0; after && wait < 10; wait++) {
    if (
      bytesOf(after) <= bytesOf(before) + memorySlack + keptBytes &&
      socketsOf(after) <= socketsOf(before) + socketSlack
    )
      break;
    await sleep(1000);
    after = await target.memory();
  }
  return after;
}
