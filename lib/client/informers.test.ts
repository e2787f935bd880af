import { pods } from '../api/resources.js';
import type { DeepReadonly, Pod } from '../api/types.js';
import { silent, SteppedClock, textLog } from '../util/index.js';
import { SmallServer, until } from '../../test/support/small-server.js';
import type { Client } from './client.js';
import { connect } from './connect.js';
import type { InformerFactory } from './informer.js';
import { informerFactory } from './informers.js';

let server: SmallServer;
let client: Client;
let factory: InformerFactory;
let stop: AbortController;
let running: Promise<void> | undefined;
let log: string[];

beforeEach(async () => {
  server = await SmallServer.start();
  client = connect({ server: server.url, userAgent: 'test' });
  log = [];
  factory = informerFactory({ client, clock: new SteppedClock(), log: textLog((line) => log.push(line)) });
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const name = (pod: DeepReadonly<Pod>): string => pod.metadata.name;

test('who asks for the same resource gets the same informer: one list, one watch', async () => {
  const byNode = (pod: DeepReadonly<Pod>): string[] => [pod.spec.nodeName ?? ''];
  const one = factory.informer(pods);
  expect(factory.informer(pods, { indexes: { node: byNode } })).toBe(one);
  expect(factory.informer(pods, { namespace: 'other' })).not.toBe(one);
  running = factory.run(stop.signal);
  await until(() => server.watching === 2);
  expect(server.requests.filter((request) => request.startsWith('GET /api/v1/pods?watch')).length).toBe(1);
  expect(one.byIndex('node', 'nowhere')).toEqual([]);
});

test('the cache has changed before the handlers hear of it', async () => {
  const informer = factory.informer(pods);
  const found: (string | undefined)[] = [];
  informer.addEventHandler({
    onAdd: (pod) => found.push(informer.get(`default/${name(pod)}`)?.metadata.name),
    onDelete: (pod) => found.push(informer.get(`default/${name(pod)}`)?.metadata.name),
  });
  server.put('a');
  running = factory.run(stop.signal);
  await informer.synced();
  await until(() => server.watching === 1);
  server.remove('a');
  await until(() => found.length === 2);
  expect(found).toEqual(['a', undefined]);
});

test('a handler added late hears of what is there; one that was taken away hears no more; one that throws disturbs nobody', async () => {
  server.put('a');
  const informer = factory.informer(pods);
  running = factory.run(stop.signal);
  await informer.synced();
  const [first, second]: string[][] = [[], []];
  const subscription = informer.addEventHandler({ onAdd: (pod) => first!.push(name(pod)) });
  informer.addEventHandler({
    onAdd() {
      throw new Error('broken handler');
    },
  });
  informer.addEventHandler({ onAdd: (pod) => second!.push(name(pod)) });
  subscription[Symbol.dispose]();
  await until(() => server.watching === 1);
  server.put('b');
  await until(() => second!.length === 2);
  expect([first, second]).toEqual([['a'], ['a', 'b']]);
  expect(log.filter((line) => line.includes('broken handler')).length).toBe(2);
});

test('an informer made while the factory runs starts at once', async () => {
  running = factory.run(stop.signal);
  server.put('a');
  const informer = factory.informer(pods);
  await informer.synced();
  expect(informer.list().map(name)).toEqual(['a']);
});

test('waiting for the first list ends with the signal, and says that there was none', async () => {
  const informer = factory.informer(pods);
  const waiting = informer.synced(stop.signal);
  stop.abort();
  expect(await waiting).toBe(false);
  expect(await informer.synced(stop.signal)).toBe(false);
});

test('run ends when all of it has ended, also when it was aborted before', async () => {
  factory.informer(pods);
  stop.abort();
  await informerFactory({ client, clock: new SteppedClock(), log: silent }).run(stop.signal);
  await factory.run(stop.signal);
  expect(server.requests).toEqual([]);
});
