/** The fuzzer of our own: as many clients as there are lanes, each sending one case after the other, until the time is over. */
import { exchange } from './wire.mjs';
import { shown } from './findings.mjs';
import { judge } from './judge.mjs';
import { Requests } from './requests.mjs';

const lanes = 48;
const answerTimeoutMs = 30_000;

/**
 * @param seed of all chance @param only the number of a single case @param ms how long @param count how many cases at most
 * @returns how many requests were sent, and which answers came, by status
 */
export async function fuzz({ target, seed, ms, count = Infinity, only, findings }) {
  const { port } = target;
  const document = await (await fetch(`http://127.0.0.1:${port}/openapi/v2`)).json();
  const requests = new Requests(document, seed);
  await prepare(port);
  const statuses = {};
  let cases = 0;
  let sent = 0;
  const running = new Set();
  const one = async (number) => {
    const it = requests.case(number);
    cases++;
    sent += it.answers;
    running.add(number);
    const outcome = it.fetch
      ? await fetched(port, it)
      : await exchange(port, it.parts, {
          ...it,
          timeoutMs: answerTimeoutMs,
          bodyless: it.methods.length === 1 && it.methods[0] === 'HEAD',
        });
    running.delete(number);
    for (const { status, complete } of outcome.answers)
      if (complete || status) statuses[status] = (statuses[status] ?? 0) + 1;
    if (outcome.answers.length === 0) statuses.none = (statuses.none ?? 0) + 1;
    if (only !== undefined)
      console.log(
        shown(it),
        '\n→',
        outcome.error ?? '',
        ...outcome.answers.map(
          ({ status, headers, body }) => `${status} ${JSON.stringify(headers)}\n${body.subarray(0, 2000)}`,
        ),
      );
    for (const finding of judge(it, outcome))
      findings.add(finding, { again: `npm run fuzz -- --seed ${seed} --only ${number}`, request: shown(it) });
    return it;
  };
  if (only !== undefined) {
    await one(only);
    return { cases, sent, statuses };
  }
  const endMs = performance.now() + ms;
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (performance.now() < endMs && next < count) {
        await one(next++);
        if (!target.hasEnded()) continue;
        findings.add(
          { type: 'crash', what: target.complaints.slice(-20).join('\n') || 'the server has ended' },
          { again: `npm run fuzz -- --seed ${seed} --only N, N one of ${[...running].join(', ')} or a little less` },
        );
        return;
      }
    }),
  );
  return { cases, sent, statuses };
}

/** The namespaces that requests name, and an object or two for them to meet. */
async function prepare(port) {
  for (const name of ['fuzz-a', 'fuzz-b']) {
    await post(port, '/api/v1/namespaces', { metadata: { name } });
    await post(port, `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
  }
  for (const name of ['a', 'b']) {
    await post(port, '/api/v1/namespaces/fuzz-a/pods', {
      metadata: { name, labels: { app: 'fuzz' } },
      spec: { containers: [{ name: 'main', image: 'kubebook/web:1' }] },
    });
  }
}

/** Creates an object. */
export const post = (port, path, object) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(object),
  });

/** Takes away what a run has left: its namespaces, but for those to `keep`, and what it made in those that stay. */
export async function cleanUp(port, keep = []) {
  const base = `http://127.0.0.1:${port}`;
  const list = async (path) => (await (await fetch(base + path)).json()).items ?? [];
  const remove = (path) => fetch(base + path, { method: 'DELETE' }).catch(() => {});
  const strip = (path) =>
    fetch(base + path, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: '{"metadata":{"finalizers":null}}',
    }).catch(() => {});
  const kept = new Set([...keep, 'bystander', 'default', 'kube-system', 'kube-public', 'kube-node-lease']);
  const { resources } = await (await fetch(`${base}/api/v1`)).json();
  const collections = resources
    .filter(({ name, namespaced, verbs }) => namespaced && !name.includes('/') && verbs.includes('deletecollection'))
    .map(({ name }) => name);
  for (const { metadata } of await list('/api/v1/namespaces')) {
    if (metadata.name === 'bystander') continue;
    for (const resource of collections) {
      const path = `/api/v1/namespaces/${encodeURIComponent(metadata.name)}/${resource}`;
      await remove(`${path}?gracePeriodSeconds=0`);
      for (const left of await list(path))
        if (left.metadata.finalizers) await strip(`${path}/${encodeURIComponent(left.metadata.name)}`);
    }
    if (!kept.has(metadata.name)) {
      await strip(`/api/v1/namespaces/${metadata.name}`);
      await remove(`/api/v1/namespaces/${metadata.name}`);
    }
  }
}

/** By node's own client: a request that is HTTP, whatever it says. */
async function fetched(port, { fetch: { method, path, headers, body, bodyHeaders }, vanish }) {
  const startMs = performance.now();
  const signal = AbortSignal.timeout(vanish ?? answerTimeoutMs);
  try {
    const { Host: _, ...rest } = { ...headers, ...bodyHeaders };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: rest,
      body,
      signal,
      redirect: 'manual',
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const answered = { ...Object.fromEntries(response.headers), 'content-encoding': undefined }; // it has unpacked it
    return {
      answers: [{ status: response.status, headers: answered, body: bytes, complete: true }],
      ms: performance.now() - startMs,
    };
  } catch (error) {
    return { answers: [], ms: performance.now() - startMs, error: error.cause?.code ?? error.message, closed: true };
  }
}
