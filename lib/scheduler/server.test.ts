import * as resources from '../api/resources.js';
import { silent, SteppedClock } from '../util/index.js';
import { Scheduler } from './scheduler.js';
import { SchedulerServer } from './server.js';
import { Snapshot } from './snapshot.js';
import { aNode, aPod } from './testing/builders.js';
import { FakeApi } from './testing/fake-api.js';

let server: SchedulerServer;
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  const api = new FakeApi();
  const clock = new SteppedClock();
  const scheduler = new Scheduler({ client: api.client, clock, log: silent });
  server = await SchedulerServer.start({ scheduler, log: silent, port: 0 });
  expect((await get('/readyz')).code).toBe(500);
  expect(await get('/explain/default/web-0', asText)).toEqual({
    code: 503,
    text: 'this scheduler knows of no pods yet: it has only just been started, or another one leads\n',
  });
  running = scheduler.run(stop.signal);
  await clock.advance(10);
  api.put(resources.nodes, aNode('node-1'));
  api.put(resources.nodes, aNode('node-2', { cpu: '2' }));
  api.put(resources.nodes, aNode('node-3', { cpu: '50m' }));
  await clock.advance(10);
  api.put(resources.pods, aPod('web-0', { cpu: '1', memory: '2Gi' }));
  await clock.advance(10);
  api.put(resources.pods, aPod('huge', { cpu: '100' }));
  await clock.advance(10);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose](); // twice is harmless
  stop.abort();
  await running;
});

async function get(path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(server.url + path, { headers });
  return { code: answer.status, text: await answer.text() };
}
const asText = { accept: 'text/plain' };

test('answers on loopback, and only those who ask for this machine', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await get('/healthz')).toEqual({ code: 200, text: 'ok' });
  expect((await get('/explain', { origin: 'http://elsewhere.example' })).code).toBe(403);
});

test('/explain/NAMESPACE/NAME tells everything', async () => {
  const { text } = await get('/explain/default/web-0');
  const explanation = JSON.parse(text);
  expect(explanation).toMatchObject({
    pod: 'default/web-0',
    algorithmProvider: 'DefaultProvider',
    node: 'node-1',
    score: 27,
    runnerUp: { node: 'node-2', score: 23, behind: 4 },
    nodes: 3,
    feasible: 2,
    basis: 'attempt',
    reproduced: true,
    attempt: { attempt: 1, uid: 'uid-web-0', binding: 'bound' },
  });
  expect(explanation.table.map(({ node, total }: any) => [node, total])).toEqual([
    ['node-1', 27],
    ['node-2', 23],
    ['node-3', 0],
  ]);
  expect(explanation.parts).toHaveLength(9 + 4);
});

test('… as text for people, in 1.2’s words', async () => {
  expect((await get('/explain/default/web-0', asText)).text).toBe(`\
default/web-0: node-1 with 27 points, 4 ahead of node-2. 2 of 3 nodes fit. (DefaultProvider)

Attempt 1, 2016-06-01T12:00:00.020Z: predicates 0 ms, priorities 0 ms, bound after 0 ms.

NODE    FITS  LeastRequestedPriority  BalancedResourceAllocation  SelectorSpreadPriority  NodeAffinityPriority  TOTAL
node-1  yes   7                       10                          10                      0                     27
node-2  yes   6                       7                           10                      0                     23
node-3  no    Node didn't have enough resource: CPU, requested: 1000, used: 0, capacity: 50
`);
  const { text } = await get('/explain/default/huge', asText);
  expect(text).toMatch(
    /^default\/huge: no node. \(DefaultProvider\)\npod \(huge\) failed to fit in any node\nfit failure/,
  );
  expect((await get('/explain/default/web-0?wide', asText)).text).toMatch('  HostName                    fits\n');
});

test.each([
  ['node-2', 'Why is default/web-0 not on node-2? It fits, but has 4 points less than node-1.'],
  ['node-2', 'BalancedResourceAllocation  1       7       10      -3'],
  ['node-3', 'default/web-0 does not fit on node-3.'],
  ['node-1', 'default/web-0: node-1 with 27 points'],
])('why not %s? %s', async (node, expected) => {
  expect((await get(`/explain/default/web-0?node=${node}`, asText)).text).toContain(expected);
});

test('what nobody knows is not found', async () => {
  expect(await get('/explain/default/nobody', asText)).toEqual({ code: 404, text: 'pods "nobody" not found\n' });
  expect(JSON.parse((await get('/explain/default/nobody')).text)).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  expect((await get('/explain/default/web-0?node=node-9', asText)).code).toBe(404);
  expect((await get('/elsewhere')).code).toBe(404);
});

test('/explain lists attempts, the newest first', async () => {
  const { text } = await get('/explain');
  expect(JSON.parse(text).map(({ pod }: any) => pod)).toEqual(['default/huge', 'default/web-0']);
  expect(JSON.parse((await get('/explain?pod=default/web-0')).text)).toHaveLength(1);
});

test('/metrics counts by upstream’s names', async () => {
  const { text } = await get('/metrics');
  for (const line of [
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="scheduled"} 1',
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"} 1',
    'scheduler_pending_pods{queue="active"} 0',
    'scheduler_pending_pods{queue="unschedulable"} 1',
    'scheduler_scheduling_attempt_duration_seconds_count{profile="default-scheduler",result="scheduled"} 1',
    'scheduler_pod_scheduling_attempts_bucket{le="1"} 1',
    'scheduler_scheduler_cache_size{type="nodes"} 3',
  ])
    expect(text.split('\n')).toContain(line);
});

test('/snapshot can be asked what if', async () => {
  const snapshot = Snapshot.read((await get('/snapshot')).text);
  const { outcomes } = await snapshot.with(aNode('big', { cpu: '200' })).place();
  expect(outcomes.map(({ pod, node }) => [pod, node])).toEqual([['default/huge', 'big']]);
});

test('is ready when it has heard of everything', async () => {
  expect((await get('/readyz?verbose')).text).toBe('[+]ping ok\n[+]sched-handler-sync ok\nreadyz check passed\n');
});
