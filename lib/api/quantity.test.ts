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
