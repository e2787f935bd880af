import { Scheduler } from '../scheduler/index.js';
import { FakeApi } from '../scheduler/testing/fake-api.js';
import { silent, SteppedClock } from '../util/index.js';
import { serveScheduler } from './scheduling.js';

const scheduler = new Scheduler({ client: new FakeApi().client, clock: new SteppedClock(), log: silent });

test('the usual port may be taken: then it is another one', async () => {
  await using first = await serveScheduler({ scheduler, log: silent });
  await using second = await serveScheduler({ scheduler, log: silent, port: 'usual' });
  expect(first!.url).not.toBe(second!.url);
  expect(await (await fetch(`${second!.url}/healthz`)).text()).toBe('ok');
});

test('a port that was asked for must be free', async () => {
  await using first = await serveScheduler({ scheduler, log: silent });
  const port = Number(new URL(first!.url).port);
  await expect(serveScheduler({ scheduler, log: silent, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('0 is none', async () => expect(await serveScheduler({ scheduler, log: silent, port: 0 })).toBeUndefined());
