/** Addresses that mean something special, and so cannot be a backend or an external address. */
import { isIPv6 } from 'node:net';
import type { Complaints } from './names.js';

/**
 * 127.64.0.0/10 is where kubebook's process runtime has its pods (docs/decisions/0002-addresses.md): each pod is reached at
 * its own address there, so that they are backends like any other. Upstream refuses them with the rest of 127.0.0.0/8.
 */
const isProcessPod = (v4: number): boolean => v4 >>> 22 === 0x7f40 >>> 6;

const ranges: readonly (readonly [matches: (ip: Address) => boolean, complaint: (text: string) => string])[] = [
  [({ v4, v6 }) => v4 === 0 || v6 === '::', (text) => `may not be unspecified (${text})`],
  [
    ({ v4, v6 }) => (v4 >>> 24 === 127 && !isProcessPod(v4)) || v6 === '::1',
    () => 'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [
    ({ v4, v6 }) => v4 >>> 16 === 0xa9fe || /^fe[89ab]/.test(v6),
    () => 'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    ({ v4, v6 }) => v4 >>> 8 === 0xe00000 || /^ff.2:/.test(v6),
    () => 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
];

interface Address {
  /** NaN for IPv6. */
  readonly v4: number;
  /** In its canonical form; empty for IPv4. */
  readonly v6: string;
}

/** What is special about a valid address. */
export function specialAddress(text: string): Complaints {
  const address: Address = isIPv6(text)
    ? { v4: NaN, v6: new URL(`http://[${text}]`).hostname.slice(1, -1) }
    : { v4: text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0), v6: '' };
  const found = ranges.find(([matches]) => matches(address));
  return found ? [found[1](text)] : [];
}
