/**
 * Numbers as Go's `strconv` reads them, with its complaints. They have 64 bits, and JavaScript's have 53: what is larger is
 * compared as well as its neighbours, but told as it was written.
 *
 * @see https://pkg.go.dev/strconv#ParseUint
 */

/** @throws Error in Go's words */
export const parseUint = (text: string): bigint => parse('ParseUint', text, /^\d+$/, 0n, 2n ** 64n - 1n);

/** @throws Error in Go's words */
export const parseInt64 = (text: string): bigint => parse('ParseInt', text, /^[-+]?\d+$/, -(2n ** 63n), 2n ** 63n - 1n);

function parse(name: string, text: string, syntax: RegExp, min: bigint, max: bigint): bigint {
  const refuse = (why: string): Error => new Error(`strconv.${name}: parsing ${JSON.stringify(text)}: ${why}`);
  if (!syntax.test(text)) throw refuse('invalid syntax');
  // The sign is no part of what `BigInt` reads; of a million digits it need not read any.
  const [sign, digits] = [text.startsWith('-') ? -1n : 1n, text.replace(/^[-+]?0*(?=\d)/, '')];
  const value = digits.length > 20 ? undefined : sign * BigInt(digits);
  if (value === undefined || value < min || value > max) throw refuse('value out of range');
  return value;
}
