/**
 * Somebody who does nothing wrong while others do: a thread of its own that lists the same pods ten times a second, and
 * tells how long it waits.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Connection } from '../connection.mjs';
import { pod } from '../pods.mjs';

const namespace = 'bystander';
const pods = 50;
const periodMs = 100;

export class Bystander {
  #worker;

  /** Creates the pods, in a namespace of their own, and begins. */
  static async start(port) {
    const bystander = new Bystander();
    bystander.#worker = new Worker(new URL(import.meta.url), { workerData: { port } });
    await new Promise((resolve, reject) => bystander.#worker.once('message', resolve).once('error', reject));
    return bystander;
  }

  /** How long lists took since the last report, in milliseconds, and how many failed. Begins anew. */
  async report() {
    const { times, failures } = await new Promise((resolve) => {
      this.#worker.once('message', resolve);
      this.#worker.postMessage('report');
    });
    const sorted = times.sort((a, b) => a - b);
    const at = (share) =>
      Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
    return { lists: times.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), failures };
  }

  stop() {
    return this.#worker.terminate();
  }
}

if (!isMainThread) {
  const { port } = workerData;
  let connection = await Connection.open(port);
  const send = (method, path, object) => connection.request(method, path, object && JSON.stringify(object));
  await send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  await send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
  for (let index = 0; index < pods; index++) {
    const object = JSON.parse(pod(`pod-${index}`, namespace));
    object.spec.schedulerName = 'nobody'; // they stay as they are, whatever becomes of the nodes
    await send('POST', `/api/v1/namespaces/${namespace}/pods`, object);
  }
  let times = [];
  let failures = 0;
  parentPort.on('message', () => {
    parentPort.postMessage({ times, failures });
    times = [];
    failures = 0;
  });
  parentPort.postMessage('ready');
  for (;;) {
    const startMs = performance.now();
    try {
      const { status } = await send('GET', `/api/v1/namespaces/${namespace}/pods`);
      if (status !== 200) failures++;
    } catch {
      failures++;
      connection = await Connection.open(port).catch(() => connection);
    }
    times.push(performance.now() - startMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, periodMs - (performance.now() - startMs))));
  }
}
