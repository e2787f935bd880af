const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  ECONNRESET: 'read: connection reset by peer',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** Says why nothing answered at `address`, as Go's programs do: `dial tcp 10.0.0.1:80: connect: connection refused`. */
export function dialError(error: unknown, address: string): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return `dial tcp ${address}: ${words[code] ?? message}`;
}
