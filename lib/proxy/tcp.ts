/** A TCP port of a Service: every connection that comes in is carried to one endpoint. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '../util/index.js';
import type { Balancer, Endpoint } from './balancer.js';
import type { Forwarder, ForwarderOptions } from './forwarder.js';

/** How long an endpoint may take to accept, attempt by attempt, as 1.2 had it; each attempt takes another endpoint. */
const dialTimeoutsMs = [250, 500, 1000, 2000];

/** Opens the port. @throws Error EADDRINUSE, EACCES, EADDRNOTAVAIL */
export async function forwardTcp({ address, port, balancer, clock }: ForwarderOptions): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };
  // Half-open, so that "I have sent everything" travels through us and answers still come back.
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (inbound) => {
    keep(inbound);
    void dial(balancer, inbound.remoteAddress ?? '', clock).then((outbound) => {
      if (!outbound || inbound.destroyed) {
        outbound?.destroy();
        inbound.resetAndDestroy();
        return;
      }
      keep(outbound);
      // A side that has been told the end may still have bytes to deliver to a slow reader: it closes by itself.
      inbound.once('close', () => !outbound.writableEnded && outbound.destroy());
      outbound.once('close', () => !inbound.writableEnded && inbound.destroy());
      inbound.pipe(outbound);
      outbound.pipe(inbound);
      inbound.resume();
    });
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    stopListening: () => new Promise((resolve) => server.close(() => resolve())),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Tries endpoints until one accepts; undefined when none does. */
async function dial(balancer: Balancer, client: string, clock: Clock): Promise<Socket | undefined> {
  for (const [attempt, timeoutMs] of dialTimeoutsMs.entries()) {
    const endpoint = balancer.pick(client, clock.now(), { another: attempt > 0 });
    if (endpoint === undefined) return undefined;
    const socket = await reach(endpoint, timeoutMs, clock);
    if (socket) return socket;
  }
  return undefined;
}

function reach(endpoint: Endpoint, timeoutMs: number, clock: Clock): Promise<Socket | undefined> {
  const at = endpoint.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({
      host: endpoint.slice(0, at),
      port: Number(endpoint.slice(at + 1)),
      allowHalfOpen: true,
      noDelay: true,
    });
    const give = (result: Socket | undefined): void => {
      timer[Symbol.dispose]();
      socket.removeAllListeners('connect').removeAllListeners('error');
      if (!result) socket.on('error', () => {}).destroy();
      resolve(result);
    };
    const timer = clock.after(timeoutMs, () => give(undefined));
    socket.once('connect', () => give(socket));
    socket.once('error', () => give(undefined));
  });
}
