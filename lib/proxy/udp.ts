/**
 * A UDP port of a Service. UDP knows no connections, so that what one client sends within a while is taken as one: it goes
 * to one endpoint, and what that endpoint answers goes back to the client.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Endpoint } from './balancer.js';
import type { Forwarder, ForwarderOptions } from './forwarder.js';

/** An association with nothing sent for so long is forgotten, as connection tracking in Linux has it. (1.2: 250 ms.) */
const idleMs = 30_000;

interface Association {
  readonly endpoint: Endpoint;
  readonly socket: Socket;
  timer: Disposable;
}

/** Opens the port. @throws Error EADDRINUSE, EACCES, EADDRNOTAVAIL */
export async function forwardUdp({ address, port, balancer, clock }: ForwarderOptions): Promise<Forwarder> {
  const listener = createSocket('udp4');
  /** By the client's address and port. */
  const associations = new Map<string, Association>();
  const forget = (client: string): void => {
    const association = associations.get(client);
    if (!association) return;
    associations.delete(client);
    association.timer[Symbol.dispose]();
    association.socket.close();
  };
  const refresh = (client: string, association: Association): void => {
    association.timer[Symbol.dispose]();
    association.timer = clock.after(idleMs, () => forget(client));
  };

  listener.on('message', (message, from) => {
    const client = `${from.address}:${from.port}`;
    let association = associations.get(client);
    if (association && !balancer.endpoints.includes(association.endpoint)) {
      forget(client); // UDP has no way to tell that an endpoint is gone, so a busy client would stay with it for ever
      association = undefined;
    }
    if (!association) {
      const endpoint = balancer.pick(from.address, clock.now());
      if (endpoint === undefined) return;
      const at = endpoint.lastIndexOf(':');
      const socket = createSocket('udp4');
      association = { endpoint, socket, timer: clock.after(idleMs, () => forget(client)) };
      associations.set(client, association);
      const made = association;
      socket.on('message', (answer) => {
        refresh(client, made);
        listener.send(answer, from.port, from.address);
      });
      socket.on('error', () => forget(client)); // nobody listens there: the next datagram tries another endpoint
      socket.connect(Number(endpoint.slice(at + 1)), endpoint.slice(0, at), () => socket.send(message));
      return;
    }
    refresh(client, association);
    if (connected(association.socket)) association.socket.send(message);
    else association.socket.once('connect', () => association.socket.send(message));
  });
  listener.bind(port, address);
  await once(listener, 'listening');
  listener.on('error', () => {}); // what could not be sent is lost, as UDP's is
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    for (const client of [...associations.keys()]) forget(client);
    return (closed ??= new Promise((resolve) => listener.close(() => resolve())));
  };
  // Answers leave by the port they came to, so without the port nothing goes on.
  return { stopListening: close, [Symbol.asyncDispose]: close };
}

function connected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}
