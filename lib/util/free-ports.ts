import { createServer, type AddressInfo } from 'node:net';

/**
 * Ports of loopback that were free a moment ago, for programs that cannot choose their own. Nobody keeps them: whoever is in
 * a hurry may be served first.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
