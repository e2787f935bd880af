import * as api from '../api/resources.js';
import { Scheduler, SchedulerServer } from '../scheduler/index.js';
import { aNode, aPod } from '../scheduler/testing/builders.js';
import { FakeApi } from '../scheduler/testing/fake-api.js';
import { silent, SteppedClock } from '../util/index.js';
import { explained, podNamed } from './explain.js';

const flags = { namespace: 'default', colour: false };

async function withScheduler(test: (url: string) => Promise<void>): Promise<void> {
  const fake = new FakeApi();
  const clock = new SteppedClock();
  const scheduler = new Scheduler({ client: fake.client, clock, log: silent });
  const stop = new AbortController();
  const running = scheduler.run(stop.signal);
  const server = await SchedulerServer.start({ scheduler, log: silent, port: 0 });
  try {
    await clock.advance(10);
    fake.put(api.nodes, aNode('node-1', { cpu: '1' }));
    fake.put(api.nodes, aNode('node-2', { cpu: '8', memory: '16Gi' }));
    await clock.advance(10);
    fake.put(api.pods, aPod('web-0', { cpu: '2' }));
    fake.put(api.pods, aPod('huge', { cpu: '100' }));
    await clock.advance(10);
    await test(server.url);
  } finally {
    await server[Symbol.asyncDispose]();
    stop.abort();
    await running;
  }
}

test('tells what the scheduler remembers', () =>
  withScheduler(async (url) => {
    expect(await explained(url, 'web-0', flags)).toMatch(
      /^default\/web-0: node-2 with 25 points\. 1 of 2 nodes fits\./,
    );
    expect(await explained(url, 'huge', flags)).toMatch(
      /^default\/huge: no node\. \(DefaultProvider\)\npod \(huge\) failed/,
    );
    expect(await explained(url, 'web-0', { ...flags, output: 'wide' })).toContain(
      '  MaxGCEPDVolumeCount         fits\n',
    );
    expect(JSON.parse(await explained(url, 'huge', { ...flags, output: 'json' }))).toMatchObject({ node: null });
    expect(await explained(url, 'web-0', { ...flags, node: 'node-1' })).toContain(
      "  PodFitsResources      does not fit: Node didn't have enough resource: CPU, requested: 2000, used: 0, capacity: 1000\n",
    );
  }));

test('colours only when asked', () =>
  withScheduler(async (url) => {
    expect(await explained(url, 'web-0', flags)).not.toContain('\x1b[');
    expect(await explained(url, 'web-0', { ...flags, colour: true })).toContain('\x1b[32mnode-2\x1b[0m');
  }));

test('says what it cannot find', () =>
  withScheduler(async (url) => {
    await expect(explained(url, 'nobody', flags)).rejects.toThrow('pods "nobody" not found');
    await expect(explained(url, 'web-0', { ...flags, node: 'node-9' })).rejects.toThrow(
      'there was no node "node-9" when default/web-0 was decided about, only node-1, node-2',
    );
    await expect(explained('http://127.0.0.1:9', 'web-0', flags)).rejects.toThrow(
      'no scheduler answers at http://127.0.0.1:9; --scheduler says where it is',
    );
  }));

test.each([
  [['pod', 'web-0'], 'web-0'],
  [['pods', 'web-0'], 'web-0'],
  [['po/web-0'], 'web-0'],
] as [[string, string?], string][])('%j is the pod %s', (words, name) => expect(podNamed(...words)).toBe(name));

test.each([
  [['pod'], 'which pod?'],
  [['pod/a', 'b'], 'which pod?'],
  [['pod/'], 'which pod?'],
  [['node', 'a'], 'only pods are scheduled'],
] as [[string, string?], string][])('%j is nothing to explain: %s', (words, message) =>
  expect(() => podNamed(...words)).toThrow(message),
);
