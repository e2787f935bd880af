import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { realClock } from '../../../util/clock.js';
import { silent } from '../../../util/log.js';
import { aContainer, aSandbox, runtimeContract } from '../../../../test/contracts/runtime.js';
import { DockerRuntime, findEngine, removeAll, type Engine } from './index.js';

const engine = await findEngine();
const required = process.env.CI === 'true' || process.env.KUBEBOOK_REQUIRE_DOCKER === '1';

if (engine) {
  const images = join(process.cwd(), 'images');
  const open = (cluster: string): Promise<DockerRuntime> =>
    DockerRuntime.open({ cluster, nodeName: 'node-1', images, engine, clock: realClock, log: silent });

  runtimeContract('docker', { runs: true, timeoutMs: 60_000 }, async () => {
    const cluster = await mkdtemp(join(tmpdir(), 'kubebook-docker-'));
    const opened = [await open(cluster)];
    return {
      runtime: opened[0]!,
      reopen: async () => {
        opened.push(await open(cluster));
        return opened.at(-1)!;
      },
      [Symbol.asyncDispose]: async () => {
        for (const runtime of opened) await runtime[Symbol.asyncDispose]();
        await removeAll({ cluster, engine });
        await rm(cluster, { recursive: true });
      },
    };
  });

  describe('only with an engine', () => onlyDocker(engine, open));
} else if (required) {
  test('a Docker engine answers', () => {
    throw new Error('no Docker engine answers, and this run requires one (CI, KUBEBOOK_REQUIRE_DOCKER)');
  });
} else {
  test.skip('the docker runtime (no Docker engine answers)', () => {});
}

function onlyDocker({ docker }: Engine, open: (cluster: string) => Promise<DockerRuntime>): void {
  const clusters: string[] = [];
  const signal = new AbortController().signal;
  const fresh = async (): Promise<DockerRuntime> => {
    clusters.push(await mkdtemp(join(tmpdir(), 'kubebook-docker-')));
    return open(clusters.at(-1)!);
  };
  afterAll(async () => {
    for (const cluster of clusters) {
      await removeAll({ cluster, engine: { docker } as Engine });
      await rm(cluster, { recursive: true });
    }
  }, 60_000);

  test('two clusters do not see one another, and one is removed whole', async () => {
    await using a = await fresh();
    await using b = await fresh();
    const [inA, inB] = [await a.runSandbox(aSandbox()), await b.runSandbox(aSandbox())];
    expect((await a.list()).map(({ id }) => id)).toEqual([inA.id]);
    await removeAll({ cluster: clusters.at(-2)!, engine: { docker } as Engine });
    expect(await a.list()).toEqual([]);
    expect((await b.list()).map(({ id }) => id)).toEqual([inB.id]);
  }, 60_000);

  test('a container that takes more memory than it may is killed, and says why', async () => {
    await using runtime = await fresh();
    const sandbox = await runtime.runSandbox(aSandbox());
    const program = 'const keep = []; for (;;) keep.push(Buffer.alloc(8 << 20, 1));';
    const id = await runtime.startContainer(
      sandbox.id,
      aContainer({ command: ['node', '-e', program], memoryLimitBytes: 64 << 20 }),
    );
    for await (const _ of runtime.logs(id, { follow: true }, signal)); // until it ends
    await docker.getContainer(id.slice('docker://'.length)).wait();
    const [container] = (await runtime.list())[0]!.containers;
    expect(container).toMatchObject({ state: 'exited', exitCode: 137, reason: 'OOMKilled' });
  }, 60_000);

  test('a port of the host leads into the pod', async () => {
    await using runtime = await fresh();
    const hostPort = 20_000 + Math.floor(Math.random() * 10_000);
    const sandbox = await runtime.runSandbox(aSandbox({ ports: [{ hostPort, containerPort: 8080, protocol: 'TCP' }] }));
    const id = await runtime.startContainer(sandbox.id, aContainer({ env: { POD_NAME: 'published' } }));
    for await (const { text } of runtime.logs(id, { follow: true }, signal)) if (/listens/.test(`${text}`)) break;
    expect(await (await fetch(`http://127.0.0.1:${hostPort}/name`)).text()).toBe('published');
  }, 60_000);

  test('containers of one pod share its address and its name', async () => {
    await using runtime = await fresh();
    const sandbox = await runtime.runSandbox(aSandbox({ hostname: 'twins' }));
    const web = await runtime.startContainer(sandbox.id, aContainer({ name: 'web' }));
    for await (const { text } of runtime.logs(web, { follow: true }, signal)) if (/listens/.test(`${text}`)) break;
    const program = `fetch('http://127.0.0.1:8080/name').then(async (r) => console.log(await r.text(), require('os').hostname()))`;
    const other = await runtime.startContainer(
      sandbox.id,
      aContainer({ name: 'other', command: ['node', '-e', program] }),
    );
    const said: string[] = [];
    for await (const { text } of runtime.logs(other, { follow: true }, signal)) said.push(`${text}`);
    expect(said.join('')).toBe('twins twins\n');
  }, 60_000);
}
