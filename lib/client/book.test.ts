/** What the chapter says about § 集群功能模块之间的通信, statement by statement. */
import { pods } from '../api/resources.js';
import { silent, SteppedClock } from '../util/index.js';
import { SmallServer, until } from '../../test/support/small-server.js';
import { connect } from './connect.js';
import { informerFactory } from './informers.js';

test('§ 集群功能模块之间的通信: with list and watch, reads from the local cache ask nothing of the API server', async () => {
  await using server = await SmallServer.start();
  for (let i = 0; i < 100; i++) server.put(`pod-${i}`);
  await using client = connect({ server: server.url, userAgent: 'test' });
  const stop = new AbortController();
  const factory = informerFactory({ client, clock: new SteppedClock(), log: silent });
  const informer = factory.informer(pods);
  const running = factory.run(stop.signal);
  await informer.synced();
  await until(() => server.watching === 1);

  const asked = server.requests.length;
  for (let i = 0; i < 1000; i++) expect(informer.get(`default/pod-${i % 100}`)).toBeDefined();
  expect(informer.list('default').length).toBe(100);
  server.put('pod-100'); // and yet the copy follows what happens
  await until(() => informer.get('default/pod-100') !== undefined);
  expect(server.requests.length).toBe(asked);
  expect(asked).toBe(2); // one list, one watch

  stop.abort();
  await running;
});

test('§ 集群功能模块之间的通信: a component that listens hears of a Pod as soon as it is created', async () => {
  await using server = await SmallServer.start();
  await using client = connect({ server: server.url, userAgent: 'scheduler' });
  const stop = new AbortController();
  const factory = informerFactory({ client, clock: new SteppedClock(), log: silent });
  const heard: string[] = [];
  factory.informer(pods).addEventHandler({ onAdd: (pod) => heard.push(pod.metadata.name) });
  const running = factory.run(stop.signal);
  await until(() => server.watching === 1);
  server.put('web');
  await until(() => heard.length === 1); // no clock has moved: nobody polls
  expect(heard).toEqual(['web']);
  stop.abort();
  await running;
});
