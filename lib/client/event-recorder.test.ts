import type { Event, Pod } from '../api/types.js';
import { silent, SteppedClock } from '../util/index.js';
import { SmallServer, until } from '../../test/support/small-server.js';
import type { Client } from './client.js';
import { connect } from './connect.js';
import { EventRecorder } from './event-recorder.js';

let server: SmallServer;
let client: Client;
let clock: SteppedClock;
let recorder: EventRecorder;
/** What the server has, by name. */
let stored: Map<string, Event>;

beforeEach(async () => {
  server = await SmallServer.start();
  stored = new Map();
  server.intercept = ({ method, url, body }) => {
    const name = url!.split('/').at(-1)!;
    if (method === 'POST') {
      const event = JSON.parse(body) as Event;
      stored.set(event.metadata.name, event);
    } else if (!stored.has(name)) return { code: 404, body: { kind: 'Status', reason: 'NotFound', code: 404 } };
    else stored.set(name, { ...stored.get(name)!, ...JSON.parse(body) });
    return { body: {} };
  };
  client = connect({ server: server.url, userAgent: 'test' });
  clock = new SteppedClock();
  recorder = new EventRecorder({ client, clock, log: silent, component: 'kubelet', host: 'node-1' });
});
afterEach(async () => {
  await recorder[Symbol.asyncDispose]();
  expect(clock.waiting).toBe(0);
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const aPod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `uid-${name}`, resourceVersion: '7' },
  spec: { containers: [] },
  status: {},
});
const written = (): Event[] => [...stored.values()];
const messages = (): string[] => written().map(({ count, message }) => `${count} × ${message}`);

test('an Event says what happened, to whom, and who says so', async () => {
  recorder.event(aPod('web'), 'Normal', 'Started', 'Container started', { fieldPath: 'spec.containers{web}' });
  await recorder.flush();
  expect(server.requests).toEqual(['POST /api/v1/namespaces/default/events']);
  expect(written()).toEqual([
    {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^web\.[0-9a-f]{16}$/), namespace: 'default' },
      involvedObject: {
        kind: 'Pod',
        namespace: 'default',
        name: 'web',
        uid: 'uid-web',
        apiVersion: 'v1',
        resourceVersion: '7',
        fieldPath: 'spec.containers{web}',
      },
      type: 'Normal',
      reason: 'Started',
      message: 'Container started',
      source: { component: 'kubelet', host: 'node-1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'node-1',
      firstTimestamp: '2016-06-01T12:00:00Z',
      lastTimestamp: '2016-06-01T12:00:00Z',
      count: 1,
    },
  ]);
});

test('Events about what is in no namespace are kept in default', async () => {
  recorder.event({ kind: 'Node', name: 'node-1', uid: 'node-1' }, 'Normal', 'NodeReady', 'Node node-1 is ready');
  await recorder.flush();
  expect(written()[0]!.metadata.namespace).toBe('default');
});

test('a repeat is counted in the Event that is there', async () => {
  for (let i = 0; i < 3; i++) {
    recorder.event(aPod('web'), 'Warning', 'BackOff', 'Back-off restarting failed container');
    await recorder.flush();
    await clock.advance(10_000);
  }
  expect(messages()).toEqual(['3 × Back-off restarting failed container']);
  expect(written()[0]).toMatchObject({ firstTimestamp: '2016-06-01T12:00:00Z', lastTimestamp: '2016-06-01T12:00:20Z' });
  expect(server.requests.slice(1).every((request) => request.startsWith('PATCH '))).toBe(true);
});

test('repeats that come faster than they are written are written together', async () => {
  for (let i = 0; i < 20; i++) recorder.event(aPod('web'), 'Warning', 'BackOff', 'Back-off');
  await recorder.flush();
  expect(messages()).toEqual(['20 × Back-off']);
  expect(server.requests.length).toBeLessThanOrEqual(2);
});

test('an Event that has expired on the server is made anew, with its count', async () => {
  recorder.event(aPod('web'), 'Warning', 'BackOff', 'Back-off');
  await recorder.flush();
  stored.clear();
  recorder.event(aPod('web'), 'Warning', 'BackOff', 'Back-off');
  await recorder.flush();
  expect(messages()).toEqual(['2 × Back-off']);
});

test('ten Events that differ only in their message are combined', async () => {
  for (let i = 1; i <= 12; i++) recorder.event(aPod('web'), 'Warning', 'Failed', `try ${i}`);
  recorder.event(aPod('web'), 'Warning', 'Failed', 'try 1');
  await recorder.flush();
  expect(messages().sort()).toEqual(
    [
      '2 × try 1',
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((i) => `1 × try ${i}`),
      '3 × (combined from similar events): try 12',
    ].sort(),
  );
});

test('after ten quiet minutes messages are told apart again', async () => {
  for (let i = 1; i <= 10; i++) recorder.event(aPod('web'), 'Warning', 'Failed', `try ${i}`);
  await clock.advance(601_000);
  recorder.event(aPod('web'), 'Warning', 'Failed', 'try 11');
  await recorder.flush();
  expect(messages()).toContain('1 × try 11');
});

test('25 Events about one object may come at once, then one in five minutes; other objects are not concerned', async () => {
  for (let i = 0; i < 40; i++) recorder.event(aPod('noisy'), 'Normal', `Reason${i}`, 'x');
  recorder.event(aPod('quiet'), 'Normal', 'Reason', 'x');
  await recorder.flush();
  expect(written().length).toBe(26);
  await clock.advance(300_000);
  for (let i = 0; i < 5; i++) recorder.event(aPod('noisy'), 'Normal', `Later${i}`, 'x');
  await recorder.flush();
  expect(written().length).toBe(27);
});

test('while the server is away Events wait; when it is back they are written', async () => {
  await server.close();
  recorder.event(aPod('web'), 'Normal', 'Started', 'Container started');
  await until(() => clock.waiting === 1);
  recorder.event(aPod('web'), 'Normal', 'Started', 'Container started');
  await server.listen();
  await clock.advance(10_000);
  await recorder.flush();
  expect(messages()).toEqual(['2 × Container started']);
});

test('what the server refuses is dropped, and what it does not take for two minutes too', async () => {
  let tried = 0;
  server.intercept = () => (tried++, { code: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403 } });
  recorder.event(aPod('web'), 'Normal', 'Started', 'x');
  await recorder.flush();
  expect(tried).toBe(1);
  server.intercept = () => (tried++, { code: 503, body: '' });
  recorder.event(aPod('web'), 'Normal', 'Stopped', 'x');
  const flushed = recorder.flush();
  for (let i = 0; i < 13; i++) {
    await until(() => clock.waiting === 1 || tried === 14);
    await clock.advance(10_000);
  }
  await flushed;
  expect(tried).toBe(1 + 13);
});

test('what finds no room is dropped, which is said twice: when it begins, and how much it was', async () => {
  const said: string[] = [];
  const log = {
    ...silent,
    warn: (message: string, fields?: object) =>
      said.push(`${message} ${fields && 'count' in fields ? fields.count : ''}`),
  };
  await using busy = new EventRecorder({ client, clock, log, component: 'scheduler' });
  for (let i = 0; i < 1010; i++) busy.event(aPod(`web-${i}`), 'Normal', 'Scheduled', 'x');
  await busy.flush();
  expect(said).toEqual(['too many events wait to be written, more are dropped ', 'events were dropped 10']);
  expect(stored.size).toBe(1000);
});
