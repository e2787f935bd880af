/** What the chapter says about § Controller Manager, statement by statement. */
import { nodes, pods, replicationControllers } from '../api/resources.js';
import type { Pod, ReplicationController } from '../api/types.js';
import { silent } from '../util/index.js';
import { World } from '../../test/support/world.js';
import { runControllers } from './run.js';

const web = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 2,
    selector: { app: 'web' },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web' }] } },
  },
} as unknown as ReplicationController;

const active = async ({ client }: World): Promise<Pod[]> =>
  (await client.list(pods, { namespace: 'default', labelSelector: 'app=web' })).items.filter(
    (pod) => pod.status.phase !== 'Failed',
  );

test('§ Controller Manager: if a Pod fails and exits, the RC creates a new one, to keep the number of active Pods', async () => {
  await using world = await World.start();
  const { client, clock } = world;
  world.run((signal) => runControllers({ client, clock, log: silent }, signal));
  await client.create(replicationControllers, web);
  const [victim] = await world.until(async () => {
    const all = await active(world);
    expect(all.length).toBe(2);
    return all;
  });
  await client.patch(pods, victim!.metadata, { status: { phase: 'Failed' } }, { subresource: 'status' });
  await world.until(async () => expect((await active(world)).length).toBe(2));
  expect((await active(world)).map((pod) => pod.metadata.name)).not.toContain(victim!.metadata.name);
});

test('§ 核心组件: scaling up and down is the work of the replication controller', async () => {
  await using world = await World.start();
  const { client, clock } = world;
  world.run((signal) => runControllers({ client, clock, log: silent }, signal));
  await client.create(replicationControllers, web);
  for (const replicas of [2, 5, 1, 0]) {
    await client.patch(replicationControllers, web.metadata, { spec: { replicas } });
    await world.until(async () => expect((await active(world)).length).toBe(replicas));
  }
});

test('§ 核心组件: the node controller reckons which nodes join and leave', async () => {
  await using world = await World.start();
  const { client, clock } = world;
  world.run((signal) => runControllers({ client, clock, log: silent }, signal));
  await client.create(nodes, { metadata: { name: 'node-1' } });
  const reasonsOf = async (): Promise<unknown[]> =>
    JSON.parse(
      await client.raw('GET', '/api/v1/namespaces/default/events?fieldSelector=involvedObject.kind=Node'),
    ).items.map((event: { reason: string }) => event.reason);
  await world.until(async () => expect(await reasonsOf()).toEqual(['RegisteredNode']));
  await client.delete(nodes, { name: 'node-1' });
  await world.until(async () => expect((await reasonsOf()).sort()).toEqual(['RegisteredNode', 'RemovingNode']));
});
