/**
 * Quantities: numbers with a unit, written as `100m` (a tenth), `1500M` or `1Gi`. They are exact, so that sums of a
 * thousand pods' requests come out right, and immutable. Nothing smaller than a billionth exists: it is rounded up, so that
 * whoever asks for very little gets something.
 *
 * `100m` CPU is `milliValue()` 100; `1Gi` of memory is `value()` 1073741824.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */

/** How a quantity was written, and so how its sums are: `12e6`, `12Mi`, `12M`. */
export type QuantityFormat = 'DecimalExponent' | 'BinarySI' | 'DecimalSI';

/** A text that is no quantity. The message is upstream's. */
export class QuantityError extends Error {}

const wrongFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const wrongSuffix = "unable to parse quantity's suffix";

const decimalExponents = new Map(Object.entries({ n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }));
const binaryExponents = new Map(Object.entries({ Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 }));
const decimalSuffixes = new Map([...decimalExponents].map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixes = new Map([...binaryExponents].map(([suffix, exponent]) => [exponent, suffix]));

/** The smallest quantity is 1n. */
const nano = -9;
/** A binary quantity is cut here; upstream keeps it in an int64. */
const largestBinary = 2n ** 63n - 1n;
/** Upstream takes any 32-bit exponent; to compute with such a number would take minutes and gigabytes. */
const largestExponent = 10_000;
/** And a text of any length. */
const longestText = 10_000;

export class Quantity {
  static readonly zero = new Quantity(0n, 0, 'DecimalSI', '0');

  /** The amount is `unscaled · 10^exponent`. */
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  #text: string | undefined;

  /** @param text only if it already is what `toString` shall return */
  constructor(unscaled: bigint, exponent = 0, format: QuantityFormat = 'DecimalSI', text?: string) {
    this.unscaled = unscaled;
    this.exponent = exponent;
    this.format = format;
    this.#text = text;
  }

  /** In whole units (bytes, cores), rounded away from zero. */
  value(): number {
    return Number(this.scaledValue(0));
  }

  /** In thousandths (millicores), rounded away from zero. */
  milliValue(): number {
    return Number(this.scaledValue(-3));
  }

  /** In units of `10^exponent`, rounded away from zero: `scaledValue(-9)` are billionths. */
  scaledValue(exponent: number): bigint {
    return rescale(this.unscaled, this.exponent, exponent);
  }

  /** Nothing finer than `10^exponent` remains; what it was written as stays if it was coarse enough already. */
  roundUp(exponent: number): Quantity {
    return this.exponent >= exponent ? this : new Quantity(this.scaledValue(exponent), exponent, this.format);
  }

  /** Is it a whole number, as far as thousandths tell? */
  isWhole(): boolean {
    return this.exponent >= 0 || this.scaledValue(-3) % 1000n === 0n;
  }

  isZero(): boolean {
    return this.unscaled === 0n;
  }

  sign(): -1 | 0 | 1 {
    return this.unscaled === 0n ? 0 : this.unscaled < 0n ? -1 : 1;
  }

  /** Negative if this is less than `other`, 0 if they are the same amount (`1` and `1000m` are). */
  compare(other: Quantity): number {
    if (this === other) return 0; // equal texts are parsed to the same
    if (this.sign() !== other.sign()) return this.sign() - other.sign();
    const exponent = Math.min(this.exponent, other.exponent);
    const difference = this.scaledValue(exponent) - other.scaledValue(exponent);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }

  /** A sum is written as its first term was, unless that was zero. */
  add(other: Quantity): Quantity {
    const exponent = Math.min(this.exponent, other.exponent);
    const format = this.isZero() ? other.format : this.format;
    return new Quantity(this.scaledValue(exponent) + other.scaledValue(exponent), exponent, format);
  }

  sub(other: Quantity): Quantity {
    return this.add(other.negated());
  }

  negated(): Quantity {
    return new Quantity(-this.unscaled, this.exponent, this.format);
  }

  /** As objects show it: the largest suffix that needs no fraction. Simple quantities keep the text they came with. */
  toString(): string {
    return (this.#text ??= canonical(this));
  }

  toJSON(): string {
    return this.toString();
  }
}

/**
 * Parsed texts, for the few that are in use come again with every pod. It is emptied when full: who sends ever new
 * quantities pays for parsing, not with our memory.
 */
const parsed = new Map<string, Quantity>();
const parsedLimit = 4096;

/** @throws QuantityError with upstream's message */
export function parseQuantity(text: string): Quantity {
  let quantity = parsed.get(text);
  if (!quantity) {
    quantity = parse(text);
    if (parsed.size >= parsedLimit) parsed.clear();
    if (text.length < 64) parsed.set(text, quantity);
  }
  return quantity;
}

/** The sum of texts: `sumQuantities(['100m', '0.2'])` is `300m`. */
export const sumQuantities = (texts: Iterable<string>): Quantity => {
  let sum = Quantity.zero;
  for (const text of texts) sum = sum.add(parseQuantity(text));
  return sum;
};

function parse(text: string): Quantity {
  if (text === '' || text.length > longestText) throw new QuantityError(wrongFormat);
  if (text === '0') return Quantity.zero;
  const { sign, digits, fraction, suffix } = split(text);
  const { base, exponent, format } = interpret(suffix);
  const all = digits + fraction;
  const scale = (base === 10 ? exponent : 0) - fraction.length;
  const unscaled = sign * BigInt(all) * (base === 2 ? 2n ** BigInt(exponent) : 1n);
  if (keepsText(all, fraction, scale, exponent, format)) return new Quantity(unscaled, scale, format, text);
  if (fitsInt64(all, fraction, scale, exponent, format)) return new Quantity(unscaled, scale, format);

  const rounded = new Quantity(unscaled, scale, format).roundUp(nano);
  if (format !== 'BinarySI') return rounded;
  if (rounded.scaledValue(0) > largestBinary) return new Quantity(largestBinary, 0, format);
  if (rounded.scaledValue(0) < -largestBinary) return new Quantity(-largestBinary, 0, format);
  const belowOne = rounded.scaledValue(nano) < 10n ** 9n && rounded.scaledValue(nano) > -(10n ** 9n);
  return new Quantity(rounded.unscaled, rounded.exponent, belowOne ? 'DecimalSI' : format);
}

/** `-001.50Mi` is the sign −, the digits `1`, the fraction `50` and the suffix `Mi`. No digits at all are a zero. */
function split(text: string) {
  const match = /^([+-]?)0*(\d*)(\.\d*)?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
  if (!match) throw new QuantityError(wrongFormat);
  const [, sign, digits, fraction, suffix] = match;
  return { sign: sign === '-' ? -1n : 1n, digits: digits || '0', fraction: fraction?.slice(1) ?? '', suffix: suffix! };
}

function interpret(suffix: string): { base: 2 | 10; exponent: number; format: QuantityFormat } {
  const decimal = decimalExponents.get(suffix);
  if (decimal !== undefined) return { base: 10, exponent: decimal, format: 'DecimalSI' };
  const binary = binaryExponents.get(suffix);
  if (binary !== undefined) return { base: 2, exponent: binary, format: 'BinarySI' };
  const power = /^[eE]([-+]?\d+)$/.exec(suffix);
  if (!power || Math.abs(Number(power[1])) > largestExponent) throw new QuantityError(wrongSuffix);
  return { base: 10, exponent: Number(power[1]), format: 'DecimalExponent' };
}

/** Does upstream compute it in an int64, where it is neither rounded nor capped? */
function fitsInt64(all: string, fraction: string, scale: number, exponent: number, format: QuantityFormat): boolean {
  if (format !== 'BinarySI') return all.length <= 18 && scale >= nano;
  return fraction === '' && all.length <= 14 - Math.trunc((exponent * 3) / 10);
}

/** A text that is canonical, or near enough for upstream, is shown as it was written: `00012`, `+5`, `1.500`. */
function keepsText(all: string, fraction: string, scale: number, exponent: number, format: QuantityFormat): boolean {
  if (!fitsInt64(all, fraction, scale, exponent, format)) return false;
  if (format === 'BinarySI') return (BigInt(all) & 7n) !== 0n;
  return scale % 3 === 0 && !all.endsWith('000') && !all.startsWith('0');
}

function canonical({ unscaled, exponent, format }: Quantity): string {
  if (unscaled === 0n) return '0';
  const quantity = new Quantity(unscaled, exponent);
  const whole = quantity.scaledValue(0);
  const exact = exponent >= 0 || whole * 10n ** BigInt(-exponent) === unscaled;
  if (format === 'BinarySI' && exact && (whole >= 1024n || whole <= -1024n)) {
    const [mantissa, times] = withoutFactor(whole, 1024n, 6);
    return `${mantissa}${times === 0 ? '' : binarySuffixes.get(times * 10)}`;
  }
  const [stripped, zeros] = withoutFactor(unscaled, 10n, Infinity);
  // Suffixes go by thousands: the exponent is lowered to the next multiple of three.
  const power = Math.floor((exponent + zeros) / 3) * 3;
  const mantissa = stripped * 10n ** BigInt(exponent + zeros - power);
  const suffix = format === 'DecimalExponent' ? undefined : decimalSuffixes.get(power);
  return `${mantissa}${suffix ?? (power === 0 ? '' : `e${power}`)}`;
}

function withoutFactor(value: bigint, factor: bigint, most: number): [value: bigint, times: number] {
  let times = 0;
  while (times < most && value % factor === 0n) {
    value /= factor;
    times += 1;
  }
  return [value, times];
}

function rescale(unscaled: bigint, from: number, to: number): bigint {
  if (from === to) return unscaled;
  if (from >= to) return unscaled * 10n ** BigInt(from - to);
  const divisor = 10n ** BigInt(to - from);
  const quotient = unscaled / divisor;
  if (unscaled % divisor === 0n) return quotient;
  return unscaled < 0n ? quotient - 1n : quotient + 1n;
}
