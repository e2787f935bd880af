/** The chapter's statements about the kubelet, one a test. */
import { createServer, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { realClock } from '../util/index.js';
import { aContainer } from '../../test/support/kubelet-builders.js';
import { Harness } from '../../test/support/kubelet-harness.js';
import { RealProber } from './probes/prober.js';
import { ExecError, type ContainerRuntime } from './runtime/runtime.js';

const ready = (h: Harness, node = 'True') =>
  h.until(async () => {
    const { status } = await h.node();
    return status.conditions?.find(({ type }) => type === 'Ready')?.status === node;
  }, `node Ready=${node}`);

describe('§ Kubelet, node management', () => {
  test('a kubelet registers its node by itself, with the resources of its host', async () => {
    await using h = await Harness.hollow();
    await ready(h);
    const { capacity } = (await h.node()).status;
    expect(Number(capacity!.cpu)).toBeGreaterThan(0);
    expect(capacity!.memory).toMatch(/^\d+Ki$/);
  });

  test('it reports to the API server at regular intervals', async () => {
    await using h = await Harness.hollow();
    const beat = async () => (await h.node()).status.conditions![0]!.lastHeartbeatTime;
    const before = await beat();
    await h.until(async () => {
      await h.clock.advance(10_000);
      return (await beat()) !== before;
    }, 'a later heartbeat');
  });
});

describe('§ Kubelet, pod management', () => {
  test('a pod that is bound to the node is created from its manifest', async () => {
    await using h = await Harness.hollow();
    await h.create('web', { containers: [aContainer('a'), aContainer('b')] });
    await h.ready('web');
    const [sandbox] = await h.runtime.list();
    expect(sandbox!.containers.map(({ name, state }) => `${name} ${state}`)).toEqual(['a running', 'b running']);
  });

  test('a pod that was deleted has its containers removed', async () => {
    await using h = await Harness.hollow();
    await h.create('web');
    await h.ready('web');
    await h.delete('web');
    await h.gone('web');
    expect(await h.runtime.list()).toEqual([]);
  });
});

describe('§ Kubelet, health checks: the three ways to ask', () => {
  const container = aContainer('main', { ports: [{ name: 'http', containerPort: 1 }] });
  const { signal } = new AbortController();
  const attempt = (action: object, exec: ContainerRuntime['exec'] = async () => 0) => {
    const prober = new RealProber({ clock: realClock, runtime: { exec } as unknown as ContainerRuntime });
    return prober.attempt({ podIP: '127.0.0.1', containerID: 'x', container }, action, 500, signal);
  };
  const listening = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void server.close() };
  };

  test.each([
    [200, 'Success'],
    [302, 'Success'],
    [404, 'Failure'],
    [500, 'Failure'],
  ])('HTTP GET: an answer of %d is a %s', async (code, outcome) => {
    await using server = await listening(
      createHttpServer((_request, response) => response.writeHead(code).end('page')),
    );
    const seen = await attempt({ httpGet: { path: '/x', port: server.port } });
    expect(seen).toEqual({ outcome, output: code < 400 ? 'page' : `HTTP probe failed with statuscode: ${code}` });
  });

  test('HTTP GET: one that does not answer in time has failed', async () => {
    const server = createHttpServer(() => {});
    await using open = await listening(server);
    const { outcome, output } = await attempt({ httpGet: { path: '/', port: open.port } });
    expect(outcome).toBe('Failure');
    expect(output).toBe(
      `Get "http://127.0.0.1:${open.port}/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    );
    server.closeAllConnections();
  });

  test('TCP: a port that can be connected to is well', async () => {
    const server = createServer((socket) => socket.destroy());
    let port: number;
    {
      await using open = await listening(server);
      port = open.port;
      expect(await attempt({ tcpSocket: { port } })).toMatchObject({ outcome: 'Success' });
    }
    expect(await attempt({ tcpSocket: { port } })).toEqual({
      outcome: 'Failure',
      output: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
    });
  });

  test('exec: a command that ends with 0 says that all is well', async () => {
    const action = { exec: { command: ['check'] } };
    expect(await attempt(action)).toEqual({ outcome: 'Success', output: '' });
    const failing: ContainerRuntime['exec'] = async (_id, _command, io) => {
      io.stdout!.write('ill');
      return 1;
    };
    expect(await attempt(action, failing)).toEqual({ outcome: 'Failure', output: 'ill' });
    const missing = () => Promise.reject(new ExecError('no such command'));
    expect(await attempt(action, missing)).toEqual({ outcome: 'Failure', output: 'no such command' });
    const hanging = () => new Promise<number>(() => {});
    expect((await attempt(action, hanging)).output).toMatch(/timed out after 0.5s/);
  });

  test('a port by a name that the container does not have is no verdict, but an error', async () => {
    await expect(attempt({ tcpSocket: { port: 'nobody' } })).rejects.toThrow("couldn't find port: nobody");
    await expect(attempt({ grpc: { port: 1 } })).rejects.toThrow('gRPC probes are not supported');
  });
});

// What a failed liveness or readiness probe does to a container and its pod: `kubelet.process.test.ts`, with a real server.
