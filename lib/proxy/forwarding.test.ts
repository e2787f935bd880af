import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { realClock } from '../util/index.js';
import { Balancer } from './balancer.js';
import { forwardTcp } from './tcp.js';
import { forwardUdp } from './udp.js';

const at = '127.77.0.1';
const none = { type: 'None', timeoutSeconds: 0 } as const;

async function listening(onConnection: (socket: Socket) => void): Promise<Server & { port: number }> {
  const server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.77.0.2');
  await once(server, 'listening');
  return Object.assign(server, { port: (server.address() as { port: number }).port });
}

function balancerOf(...ports: number[]): Balancer {
  const balancer = new Balancer();
  balancer.update(
    ports.map((port) => `127.77.0.2:${port}`),
    none,
  );
  return balancer;
}

/** Sends, closes the sending half, and resolves with all that comes back. */
async function ask(port: number, text: string): Promise<string> {
  const socket = connect({ host: at, port, allowHalfOpen: true });
  socket.end(text);
  let answer = '';
  for await (const part of socket) answer += part;
  return answer;
}

describe('a TCP port of a Service', () => {
  test('carries connections to the endpoints in turn, and passes on that a side has finished', async () => {
    const servers = await Promise.all(
      ['one', 'two'].map((name) =>
        listening((socket) => {
          let text = '';
          socket.on('data', (data) => (text += data)).on('end', () => socket.end(`${name} got ${text}`));
        }),
      ),
    );
    await using _ports = await forwardTcp({
      address: at,
      port: 17001,
      balancer: balancerOf(...servers.map(({ port }) => port)),
      clock: realClock,
    });
    expect([await ask(17001, 'a'), await ask(17001, 'b'), await ask(17001, 'c')]).toEqual([
      'one got a',
      'two got b',
      'one got c',
    ]);
    for (const server of servers) server.close();
  });

  test('tries the next endpoint when one does not answer', async () => {
    const gone = await listening(() => {});
    gone.close();
    const server = await listening((socket) => socket.end('here'));
    await using _port = await forwardTcp({
      address: at,
      port: 17002,
      balancer: balancerOf(gone.port, server.port),
      clock: realClock,
    });
    expect(await ask(17002, '')).toBe('here');
    server.close();
  });

  test('loses nothing when a client reads slowly what its endpoint has long finished sending', async () => {
    const size = 3_000_000;
    const server = await listening((socket) => socket.resume().on('end', () => socket.end(Buffer.alloc(size, 'x'))));
    await using _port = await forwardTcp({
      address: at,
      port: 17006,
      balancer: balancerOf(server.port),
      clock: realClock,
    });
    const socket = connect({ host: at, port: 17006, allowHalfOpen: true });
    socket.end('give');
    let received = 0;
    for await (const part of socket) {
      received += part.length;
      await new Promise((resolve) => setTimeout(resolve, 2)); // the reader is the slow one
    }
    expect(received).toBe(size);
    server.close();
  });

  test('closed to new connections, it carries on with those it has', async () => {
    const server = await listening((socket) => socket.pipe(socket));
    const port = await forwardTcp({ address: at, port: 17007, balancer: balancerOf(server.port), clock: realClock });
    const client = connect({ host: at, port: 17007 });
    client.write('one');
    await once(client, 'data');
    const drained = port.stopListening();
    const late = connect({ host: at, port: 17007 });
    expect((await once(late, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
    client.write('two');
    expect(String((await once(client, 'data'))[0])).toBe('two');
    client.end();
    await drained;
    await port[Symbol.asyncDispose]();
    server.close();
  });

  test('closing it ends what runs through it', async () => {
    const server = await listening(() => {});
    const port = await forwardTcp({ address: at, port: 17003, balancer: balancerOf(server.port), clock: realClock });
    const client = connect({ host: at, port: 17003 });
    client.on('error', () => {});
    await once(client, 'connect');
    await Promise.all([once(client, 'close'), port[Symbol.asyncDispose]()]);
    server.close();
  });

  test('a port that is taken is said', async () => {
    await using _first = await forwardTcp({ address: at, port: 17004, balancer: balancerOf(), clock: realClock });
    await expect(
      forwardTcp({ address: at, port: 17004, balancer: balancerOf(), clock: realClock }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

test('a UDP client whose endpoint has gone is given another, though it never paused', async () => {
  const servers = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const socket = createSocket('udp4');
      socket.on('message', (_message, from) => socket.send(name, from.port, from.address)).bind(0, '127.77.0.2');
      await once(socket, 'listening');
      return socket;
    }),
  );
  const endpoints = servers.map((server) => `127.77.0.2:${server.address().port}`);
  const balancer = new Balancer();
  balancer.update(endpoints, none);
  await using _port = await forwardUdp({ address: at, port: 17008, balancer, clock: realClock });
  const client = createSocket('udp4');
  const answered = async (): Promise<string> => {
    client.send('?', 17008, at);
    return String((await once(client, 'message'))[0]);
  };
  expect([await answered(), await answered()]).toEqual(['one', 'one']);
  balancer.update(endpoints.slice(1), none);
  expect(await answered()).toBe('two');
  client.close();
  for (const server of servers) server.close();
});

test('a UDP port of a Service carries datagrams to an endpoint and its answers back', async () => {
  const server = createSocket('udp4');
  server.on('message', (message, from) => server.send(`echo ${message}`, from.port, from.address));
  server.bind(0, '127.77.0.2');
  await once(server, 'listening');
  await using _port = await forwardUdp({
    address: at,
    port: 17005,
    balancer: balancerOf(server.address().port),
    clock: realClock,
  });
  const client = createSocket('udp4');
  for (const text of ['one', 'two']) {
    client.send(text, 17005, at);
    const [answer] = await once(client, 'message');
    expect(String(answer)).toBe(`echo ${text}`);
  }
  client.close();
  server.close();
});
