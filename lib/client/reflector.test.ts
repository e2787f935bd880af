import { pods } from '../api/resources.js';
import type { Pod } from '../api/types.js';
import { silent, SteppedClock } from '../util/index.js';
import { SmallServer, until } from '../../test/support/small-server.js';
import type { Client } from './client.js';
import { connect } from './connect.js';
import type { Informer } from './informer.js';
import { informerFactory } from './informers.js';

let server: SmallServer;
let client: Client;
let clock: SteppedClock;
let stop: AbortController;
let running: Promise<void>;
let informer: Informer<Pod>;
let heard: string[];

beforeEach(async () => {
  server = await SmallServer.start();
  client = connect({ server: server.url, userAgent: 'test' });
  clock = new SteppedClock();
  stop = new AbortController();
  heard = [];
});
afterEach(async () => {
  stop.abort();
  await running;
  expect(clock.waiting).toBe(0);
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function run(): Promise<void> {
  const factory = informerFactory({ client, clock, log: silent });
  informer = factory.informer(pods);
  informer.addEventHandler({
    onAdd: (pod) => heard.push(`+${pod.metadata.name}`),
    onUpdate: (_, pod) => heard.push(`~${pod.metadata.name}`),
    onDelete: (pod) => heard.push(`-${pod.metadata.name}`),
  });
  running = factory.run(stop.signal);
  await informer.synced();
  await until(() => server.watching === 1);
}
const watches = (): string[] => server.requests.filter((request) => request.includes('watch='));
const lists = (): string[] => server.requests.filter((request) => !request.includes('watch='));
const versionOf = (request: string): string => /resourceVersion=(\d*)/.exec(request)?.[1] ?? '';
/** Moves time until the reflector is back after its pause. */
const backAgain = async (): Promise<void> => {
  for (let i = 0; i < 100 && server.watching === 0; i++) await clock.advance(1000);
  await until(() => server.watching === 1);
};

test('lists in pages, then hears every change', async () => {
  for (let i = 0; i < 1201; i++) server.put(`pod-${i}`);
  await run();
  expect(informer.list().length).toBe(1201);
  expect(lists()).toEqual([
    'GET /api/v1/pods?resourceVersion=0&limit=500',
    'GET /api/v1/pods?limit=500&continue=500',
    'GET /api/v1/pods?limit=500&continue=1000',
  ]);
  server.put('new');
  server.remove('pod-7');
  await until(() => heard.length === 1203);
  expect(heard.slice(-2)).toEqual(['+new', '-pod-7']);
  expect(informer.get('default/pod-7')).toBeUndefined();
  expect(Number(/timeoutSeconds=(\d+)/.exec(watches()[0]!)![1])).toBeGreaterThanOrEqual(300);
});

test('a watch that ends is taken up where it was, bookmarks included, without a list', async () => {
  await run();
  server.put('a');
  await until(() => heard.length === 1);
  await clock.advance(300_000);
  server.version = 90;
  server.send({ type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '90' } } });
  server.put('b');
  await until(() => heard.length === 2);
  server.endWatches('end');
  await until(() => server.watching === 1);
  expect(watches().map(versionOf)).toEqual(['1', '91']);
  expect(lists().length).toBe(1);
  expect(heard).toEqual(['+a', '+b']);
});

test('a version that is no longer kept is listed anew: what was missed appears, deletions too', async () => {
  for (const name of ['kept', 'changed', 'gone']) server.put(name);
  await run();
  await server.close();
  server.put('changed');
  server.put('new');
  server.remove('gone');
  server.oldest = server.version;
  await server.listen();
  await backAgain();
  await until(() => heard.length === 6);
  expect(heard.slice(3).sort()).toEqual(['+new', '-gone', '~changed']);
  expect(versionOf(lists()[1]!)).toBe('4'); // no older state than was seen before
});

test('a server set up anew, whose versions begin again, is listed anew', async () => {
  for (const name of ['a', 'b', 'c']) server.put(name);
  await run();
  const tooLarge = {
    code: 504,
    body: {
      kind: 'Status',
      reason: 'Timeout',
      code: 504,
      details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }] },
    },
  };
  server.version = 1;
  server.objects.clear();
  server.put('d');
  server.intercept = ({ url }) => {
    if (Number(versionOf(url!)) > server.version) return tooLarge;
    return undefined;
  };
  server.endWatches('destroy');
  await backAgain();
  await until(() => informer.list().length === 1);
  expect(informer.list().map((pod) => pod.metadata.name)).toEqual(['d']);
});

test('a server that is away is asked again after 0.8 s, and ever more rarely, up to once in 30 to 60 s', async () => {
  await run();
  let refused = 0;
  server.intercept = ({ url }) => (url!.includes('watch=') ? (refused++, { code: 503, body: '' }) : undefined);
  server.endWatches('destroy');
  const times: number[] = [];
  for (let i = 0; i < 1200 && times.length < 10; i++) {
    const before = refused;
    await clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (refused > before) times.push(clock.now());
  }
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  expect(gaps[0]!).toBeLessThanOrEqual(4000);
  expect(gaps.at(-1)!).toBeGreaterThanOrEqual(29_000);
  expect(gaps.at(-1)!).toBeLessThanOrEqual(62_000);
});

test('a server that ends each watch at once is not asked without a pause', async () => {
  await run();
  server.intercept = ({ url }) => (url!.includes('watch=') ? { body: '' } : undefined);
  server.endWatches('end');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(watches().length).toBeLessThanOrEqual(3);
});

test('a page whose version is forgotten while the list is read gives way to a list in one piece', async () => {
  for (let i = 0; i < 700; i++) server.put(`pod-${i}`);
  server.intercept = ({ url }) =>
    url!.includes('continue=')
      ? { code: 410, body: { kind: 'Status', reason: 'Expired', message: 'The provided continue parameter is too old', code: 410 } }
      : undefined; // prettier-ignore
  await run();
  expect(informer.list().length).toBe(700);
  expect(lists().at(-1)).toBe('GET /api/v1/pods');
});
