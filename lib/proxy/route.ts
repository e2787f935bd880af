/**
 * How the addresses of Services come to be: the whole range is made local to this machine by one route, as 127.0.0.0/8 is
 * by birth, and whoever listens on one of its addresses is reached, from the host and from containers behind a bridge
 * alike. (1.2 caught the traffic with iptables and redirected it to a port of the proxy.)
 *
 * Where that cannot be had (no root, not Linux, or the range belongs to the machine's network), a range of
 * 127.0.0.0/8 takes its place, and `note` says so.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ServiceRoute extends AsyncDisposable {
  /** The range that is served: `10.0.0.0/24`. */
  readonly range: string;
  /** Why it is not the one that was asked for; undefined if it is. */
  readonly note?: string;
}

/** What `ip -json route` says of a route. */
interface Route {
  readonly dst: string;
  readonly dev?: string;
  readonly type?: string;
}

/** Makes `range` local. Disposing it removes the route. One that a killed process left behind is adopted. */
export async function serviceRoute(range: string): Promise<ServiceRoute> {
  if (overlap(range, loopback)) return { range, [Symbol.asyncDispose]: async () => {} };
  const instead = (why: string): ServiceRoute => ({
    range: loopbackRange(range),
    note: `in place of ${range}: ${why}`,
    [Symbol.asyncDispose]: async () => {},
  });
  if (process.platform !== 'linux') return instead('only Linux makes a range local');
  if (process.getuid?.() !== 0) return instead('only root makes a range local');
  let routes: Route[];
  try {
    routes = JSON.parse((await run('ip', ['-json', 'route', 'show', 'table', 'all'])).stdout) as Route[];
  } catch {
    return instead('the command "ip" is missing (package iproute2)');
  }
  const ours = routes.some(({ dst, type }) => type === 'local' && dst === range);
  const foreign = routes.find(
    ({ dst }) => dst !== range && dst !== 'default' && dst.includes('.') && overlap(dst, range),
  );
  if (foreign) return instead(`this machine's network uses ${foreign.dst}${foreign.dev ? ` (${foreign.dev})` : ''}`);
  if (!ours) {
    try {
      await run('ip', ['route', 'add', 'local', range, 'dev', 'lo']);
    } catch {
      return instead('this machine does not allow it');
    }
  }
  return {
    range,
    async [Symbol.asyncDispose]() {
      // Gone already is as good.
      await run('ip', ['route', 'del', 'local', range, 'dev', 'lo']).catch(() => {});
    },
  };
}

const loopback = '127.0.0.0/8';

/**
 * The stand-in, of the same size but at most a /16: the first octet moves one place to the right, so that `10.0.0.0/24` becomes
 * `127.10.0.0/24`, away from 127.0.0.0/16 where the host's own services are.
 */
export function loopbackRange(range: string): string {
  const [address, bits] = range.split('/');
  const [first, second, third] = address!.split('.').map(Number);
  const size = Math.max(Number(bits), 16);
  const octets = [127, first || 1, size > 16 ? (second! & 0xf0) | (third! & 0x0f) : 0, 0];
  const start = octets.reduce((sum, octet) => (sum << 8) | octet, 0) & (-1 << (32 - size));
  return `${[24, 16, 8, 0].map((shift) => (start >>> shift) & 0xff).join('.')}/${size}`;
}

/** Whether two ranges, or addresses, have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [one, other] = [parse(a), parse(b)];
  const mask = -1 << (32 - Math.min(one.bits, other.bits));
  return (one.first & mask) === (other.first & mask);
}

function parse(range: string): { first: number; bits: number } {
  const [address, bits = '32'] = range.split('/');
  return { first: address!.split('.').reduce((sum, octet) => (sum << 8) | Number(octet), 0), bits: Number(bits) };
}
