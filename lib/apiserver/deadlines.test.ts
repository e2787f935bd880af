import { TestApi } from '../../test/support/api.js';
import { SteppedClock } from '../util/index.js';

const maps = '/api/v1/namespaces/default/configmaps';
const patience = new SteppedClock();
let slow: Promise<void> | undefined;
let asked: () => void = () => {};
let api: TestApi;
beforeAll(async () => {
  const admission = () => [{ name: 'Slow', operations: ['CREATE'] as const, admit: () => (asked(), slow) }];
  api = await TestApi.start({ patience, admission });
});
afterAll(() => api[Symbol.asyncDispose]());

/** Makes a ConfigMap; resolves when the server is at work, with the answer to come and a way to let the server go on. */
async function create(name: string, query = '') {
  let goOn = (): void => {};
  slow = new Promise((resolve) => (goOn = resolve));
  const atWork = new Promise<void>((resolve) => (asked = resolve));
  const answer = api.post(maps + query, { metadata: { name } });
  await atWork;
  return { answer, goOn };
}

test('who waits for a minute is told that it was in vain', async () => {
  const { answer, goOn } = await create('late');
  await patience.advance(59_000);
  await patience.advance(2_000);
  expect((await answer).body).toEqual({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'Timeout: request did not complete within the allotted timeout',
    reason: 'Timeout',
    details: {},
    code: 504,
  });
  goOn();
  slow = undefined;
  expect((await api.get(maps)).code).toBe(200); // the connection still serves
});

test('who asks for less time gets less, and who is answered in time hears nothing more', async () => {
  const short = await create('short', '?timeout=2s');
  await patience.advance(2_000);
  expect((await short.answer).code).toBe(504);
  short.goOn();
  const quick = await create('quick', '?timeout=2s');
  quick.goOn();
  expect((await quick.answer).code).toBe(201);
  slow = undefined;
  await patience.advance(120_000);
  expect((await api.get(`${maps}/quick`)).code).toBe(200);
});

test('a watch goes on', async () => {
  using watch = await api.watch(`${maps}?watch=true&fieldSelector=metadata.name=long`);
  await patience.advance(120_000);
  await api.post(maps, { metadata: { name: 'long' } });
  expect(await watch.told(1)).toEqual(['ADDED long']);
});
