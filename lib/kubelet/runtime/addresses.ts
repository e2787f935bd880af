/**
 * Hands out the addresses of pods from a range: one after the other, so that an address just given back is not the next
 * one lent (a client that still remembers the dead pod should meet nobody).
 */
export class AddressPool {
  readonly #first: number;
  readonly #size: number;
  readonly #taken = new Set<number>();
  #next = 0;

  /** @param range `127.64.1.0/24`; its first and last address are never lent */
  constructor(range: string) {
    const [address, bits] = range.split('/');
    const size = 2 ** (32 - Number(bits));
    this.#first = (toNumber(address!) & -size) >>> 0;
    this.#size = size;
    if (!(size >= 4)) throw new Error(`pod range ${range} is too small: it needs four addresses or more`);
  }

  /** @throws when every address is lent */
  take(): string {
    for (let tried = 0; tried < this.#size; tried++) {
      const offset = this.#next;
      this.#next = (this.#next + 1) % this.#size;
      if (offset === 0 || offset === this.#size - 1 || this.#taken.has(offset)) continue;
      this.#taken.add(offset);
      return toText(this.#first + offset);
    }
    throw new Error(`no address is left in ${toText(this.#first)}/${32 - Math.log2(this.#size)}`);
  }

  /** Marks an address that was lent before this pool existed. */
  adopt(address: string): void {
    const offset = toNumber(address) - this.#first;
    if (offset < 0 || offset >= this.#size) return; // of another range: the node's was changed since
    this.#taken.add(offset);
    if (offset >= this.#next) this.#next = (offset + 1) % this.#size;
  }

  giveBack(address: string): void {
    this.#taken.delete(toNumber(address) - this.#first);
  }
}

/**
 * The block number `index` of `2 ** (32 - bits)` addresses within `range`: `subrange('127.64.0.0/10', 24, 3)` is
 * `127.64.3.0/24`. Indexes beyond the range begin again.
 */
export function subrange(range: string, bits: number, index: number): string {
  const [address, outer] = range.split('/');
  const size = 2 ** (32 - bits);
  const count = 2 ** (bits - Number(outer));
  return `${toText((toNumber(address!) + (index % count) * size) >>> 0)}/${bits}`;
}

/** A number from a text, the same every time: which block a node takes when nobody has assigned it one. */
export const hash = (text: string): number => {
  let sum = 2166136261; // FNV-1a
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 16777619) >>> 0;
  return sum;
};

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toText = (n: number): string => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join('.');
