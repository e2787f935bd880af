import { parseInt64, parseUint } from './numbers.js';

const told = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    return (error as Error).message;
  }
};

test.each([
  ['0', 0n],
  ['007', 7n],
  ['18446744073709551615', 18446744073709551615n],
  ['18446744073709551616', 'strconv.ParseUint: parsing "18446744073709551616": value out of range'],
  [`${'0'.repeat(30)}1`, 1n],
  ['-1', 'strconv.ParseUint: parsing "-1": invalid syntax'],
  ['+1', 'strconv.ParseUint: parsing "+1": invalid syntax'],
  ['', 'strconv.ParseUint: parsing "": invalid syntax'],
  ['0x10', 'strconv.ParseUint: parsing "0x10": invalid syntax'],
  ['1e3', 'strconv.ParseUint: parsing "1e3": invalid syntax'],
])('%j as a number without a sign', (text, expected) => expect(told(() => parseUint(text))).toBe(expected));

test.each([
  ['-5', -5n],
  ['+5', 5n],
  ['9223372036854775807', 9223372036854775807n],
  ['-9223372036854775808', -9223372036854775808n],
  ['9223372036854775808', 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
  ['ten', 'strconv.ParseInt: parsing "ten": invalid syntax'],
])('%j as a number with a sign', (text, expected) => expect(told(() => parseInt64(text))).toBe(expected));
