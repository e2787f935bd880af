/** Ranges of numbers to give out. Addresses are numbers too: `10.0.0.1` is 167772161. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The addresses of a range that a service may have: all but the network's own and the broadcast address. */
export function addressRange(cidr: string): Range {
  const [network, bits] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const base = numberOf(network!) - (numberOf(network!) % size);
  if (!Number.isInteger(base) || size < 4) throw new Error(`${cidr} is no range of IPv4 addresses for services`);
  return { first: base + 1, last: base + size - 2 };
}

/** `10.0.0.1` → 167772161; NaN for what is no IPv4 address. */
export function numberOf(address: string): number {
  const octets = address.split('.').map(Number);
  return octets.length === 4 ? octets.reduce((sum, octet) => sum * 256 + octet, 0) : NaN;
}

export const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

export const contains = ({ first, last }: Range, number: number): boolean => number >= first && number <= last;

/**
 * A number of the range that is not taken, at random; undefined if all are. The lower part of a range is used last, so that
 * whoever asks for a certain number finds one there.
 *
 * @param reserved how many numbers at the beginning are used last
 */
export function pick(
  { first, last }: Range,
  taken: (number: number) => boolean,
  reserved: number,
  random: () => number,
): number | undefined {
  return pickFrom(first + reserved, last, taken, random) ?? pickFrom(first, first + reserved - 1, taken, random);
}

function pickFrom(
  first: number,
  last: number,
  taken: (n: number) => boolean,
  random: () => number,
): number | undefined {
  const size = last - first + 1;
  const start = Math.floor(random() * size);
  for (let i = 0; i < size; i++) {
    const number = first + ((start + i) % size);
    if (!taken(number)) return number;
  }
  return undefined;
}

/** How much of a range is used last: a share of it, within bounds, as upstream reckons it. */
export const reservedPart = (
  { first, last }: Range,
  { share, min, max }: { share: number; min: number; max: number },
) => (last - first + 1 <= min ? 0 : Math.min(Math.max(min, Math.floor((last - first + 1) / share)), max));
