import fc from 'fast-check';
import { parseQuantity, Quantity, QuantityError, sumQuantities } from './quantity.js';

test.each([
  // kept as written
  ['0', '0'],
  ['1', '1'],
  ['00012', '00012'],
  ['+5', '+5'],
  ['-5', '-5'],
  ['100m', '100m'],
  ['1.500', '1.500'],
  ['64Mi', '64Mi'],
  ['1Gi', '1Gi'],
  ['12e6', '12e6'],
  // made canonical
  ['00', '0'],
  ['0Gi', '0'],
  ['0.5', '500m'],
  ['1.5', '1500m'],
  ['.5', '500m'],
  ['5.', '5.'],
  ['1000m', '1'],
  ['1000', '1k'],
  ['1024Mi', '1Gi'],
  ['0.5Gi', '512Mi'],
  ['1.5Gi', '1536Mi'],
  ['1025Ki', '1025Ki'],
  ['512', '512'],
  ['0.5Ki', '512'],
  ['100e-3', '100e-3'],
  ['1e1', '10'],
  ['0.0001', '100u'],
  ['1E', '1E'],
  ['1000E', '1e21'],
  // rounded and capped
  ['0.0000000001', '1n'],
  ['-0.0000000001', '-1n'],
  ['0.0001Ki', '102400u'],
  ['8Ei', '9223372036854775807'],
  ['123456789012345678901', '123456789012345678901'],
])('%s is shown as %s', (text, shown) => {
  expect(parseQuantity(text).toString()).toBe(shown);
});

test.each([
  ['', /^quantities must match/],
  ['lots', /^quantities must match/],
  ['1 Gi', /^quantities must match/],
  ['1Gig', /^quantities must match/],
  ['1.2.3', /^quantities must match/],
  ['1Zi', /^quantities must match/],
  ['1mm', /^unable to parse quantity's suffix$/],
  ['1e', /^unable to parse quantity's suffix$/],
  ['1e99999999999', /^unable to parse quantity's suffix$/],
])('%j is refused', (text, message) => {
  expect(() => parseQuantity(text)).toThrow(QuantityError);
  expect(() => parseQuantity(text)).toThrow(message);
});

test.each([
  ['100m', 100, 1],
  ['1', 1000, 1],
  ['1.5', 1500, 2],
  ['-1.5', -1500, -2],
  ['1Ki', 1024000, 1024],
  ['1n', 1, 1],
  ['0.0001', 1, 1],
])('%s is %d thousandths and, rounded up, %d', (text, milli, value) => {
  expect(parseQuantity(text).milliValue()).toBe(milli);
  expect(parseQuantity(text).value()).toBe(value);
});

test('a sum is written as its first term that is not zero', () => {
  expect(sumQuantities(['0', '512Mi', '512M']).toString()).toBe('1024288Ki');
  expect(sumQuantities(['512Mi', '512Mi']).toString()).toBe('1Gi');
  expect(sumQuantities(['100m', '0.2']).toString()).toBe('300m');
  expect(parseQuantity('1').sub(parseQuantity('300m')).toString()).toBe('700m');
});

test('rounding up to thousandths leaves no finer digits', () => {
  expect(parseQuantity('0.0001').roundUp(-3).toString()).toBe('1m');
  expect(parseQuantity('128Mi').roundUp(-3).toString()).toBe('128Mi');
});

const suffix = fc.constantFrom(
  '',
  'n',
  'u',
  'm',
  'k',
  'M',
  'G',
  'T',
  'P',
  'E',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'e3',
  'E-2',
  'e12',
);
const text = fc
  .tuple(fc.constantFrom('', '+', '-'), fc.nat(10 ** 9), fc.option(fc.nat(10 ** 6)), suffix)
  .map(([sign, whole, fraction, unit]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${unit}`);

test('what is shown means the same and is shown again as it is', () => {
  fc.assert(
    fc.property(text, (written) => {
      const quantity = parseQuantity(written);
      const again = parseQuantity(quantity.toString());
      expect(again.compare(quantity)).toBe(0);
      expect(again.toString()).toBe(quantity.toString());
    }),
  );
});

test('addition is exact: it commutes, and subtraction takes it back', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const [x, y] = [parseQuantity(a), parseQuantity(b)];
      expect(x.add(y).compare(y.add(x))).toBe(0);
      expect(x.add(y).sub(y).compare(x)).toBe(0);
      expect(Math.sign(x.compare(y))).toBe(x.sub(y).sign());
    }),
  );
});

test('any text is either a quantity or refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.+-eEinumkKMGTP ') }), (anything) => {
      let quantity: Quantity | undefined;
      try {
        quantity = parseQuantity(anything);
      } catch (error) {
        expect(error).toBeInstanceOf(QuantityError);
      }
      expect(quantity === undefined || typeof quantity.toString() === 'string').toBe(true);
    }),
  );
});

/** What a text says, as a fraction of two whole numbers. */
function rational(written: string): readonly [numerator: bigint, denominator: bigint] {
  const [, sign, whole, fraction = '', unit] = /^([+-]?)(\d*)\.?(\d*)([a-zA-Z].*)?$/.exec(written)!;
  const decimals: Record<string, number> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
  const binaries: Record<string, number> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
  const exponent = unit === undefined || unit in binaries ? 0 : (decimals[unit] ?? Number(unit.slice(1)));
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const numerator = digits * 2n ** BigInt(binaries[unit ?? ''] ?? 0) * 10n ** BigInt(Math.max(0, exponent));
  return [numerator, 10n ** BigInt(fraction.length + Math.max(0, -exponent))];
}

const ceilAway = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator;
  if (quotient * denominator === numerator) return quotient;
  return numerator < 0n ? quotient - 1n : quotient + 1n;
};

/** Texts whose amounts are exact here: nothing below a billionth, nothing above what a binary quantity may be. */
const exact = fc
  .tuple(fc.constantFrom('', '+', '-'), fc.nat(10 ** 6), fc.option(fc.nat(999)), fc.constantFrom('', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e3', 'E-2', 'e12'))
  .map(([sign, whole, fraction, unit]) => `${sign}${whole}${fraction === null ? '' : `.${String(fraction).padStart(3, '0')}`}${unit}`); // prettier-ignore

test('an amount is what its text says, rounded away from zero to whole units, thousandths and billionths', () => {
  fc.assert(
    fc.property(exact, (written) => {
      const [numerator, denominator] = rational(written);
      const quantity = parseQuantity(written);
      expect(quantity.scaledValue(0)).toBe(ceilAway(numerator, denominator));
      expect(quantity.scaledValue(-3)).toBe(ceilAway(numerator * 1000n, denominator));
      expect(quantity.scaledValue(-9)).toBe(ceilAway(numerator * 10n ** 9n, denominator));
      expect(quantity.sign()).toBe(numerator === 0n ? 0 : numerator < 0n ? -1 : 1);
    }),
    { numRuns: 500 },
  );
});

test('amounts are ordered, added and taken away as fractions are', () => {
  fc.assert(
    fc.property(exact, exact, (a, b) => {
      const [[n, d], [m, e]] = [rational(a), rational(b)];
      const [x, y] = [parseQuantity(a), parseQuantity(b)];
      const difference = n * e - m * d;
      expect(Math.sign(x.compare(y))).toBe(difference === 0n ? 0 : difference < 0n ? -1 : 1);
      expect(x.add(y).scaledValue(-9)).toBe(ceilAway((n * e + m * d) * 10n ** 9n, d * e));
      expect(x.sub(y).scaledValue(-9)).toBe(ceilAway(difference * 10n ** 9n, d * e));
    }),
    { numRuns: 500 },
  );
});

test('what is computed is shown in the canonical form: no fraction, the largest suffix, and the first term decides which', () => {
  fc.assert(
    fc.property(exact, exact, (a, b) => {
      const sum = parseQuantity(a).add(parseQuantity(b));
      const shown = sum.toString();
      const [numerator, denominator] = rational(shown);
      expect(numerator * 10n ** 9n).toBe(sum.scaledValue(-9) * denominator); // it says the same amount
      expect(shown).toMatch(/^(0|-?[1-9]\d*(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|e-?\d+)?)$/);
      if (/^-?\d+000(n|u|m|k|M|G|T|P)?$/.test(shown) && sum.format === 'DecimalSI') throw new Error(`${shown} has a larger suffix`); // prettier-ignore
    }),
    { numRuns: 500 },
  );
});

test('a million digits are no quantity', () => {
  expect(() => parseQuantity('1'.repeat(1_000_000))).toThrow(QuantityError);
});
