import { invalid, notSupported, required, root, tooLong } from './errors.js';
import {
  cidr,
  configMapKey,
  dnsLabel,
  dnsSubdomain,
  envVarName,
  ip,
  labelValueCheck,
  portName,
  qualifiedName,
  type Check,
} from './names.js';
import { specialAddress } from './network.js';

/** The beginning of each complaint is enough to tell them apart. */
test.each<[string, Check, string, string[]]>([
  ['subdomain', dnsSubdomain, 'example.com', []],
  ['subdomain', dnsSubdomain, 'a..b', ['a lowercase RFC 1123 subdomain must consist']],
  ['subdomain', dnsSubdomain, 'A'.repeat(254), ['must be no more than 253 characters', 'a lowercase RFC 1123 subd']],
  ['label', dnsLabel, '1-a', []],
  ['label', dnsLabel, 'a.b', ['must not contain dots']],
  ['label', dnsLabel, 'a.'.repeat(40) + 'b', ['must be no more than 63 characters', 'must not contain dots']],
  ['key', qualifiedName, 'example.com/My_Name', []],
  ['key', qualifiedName, '/name', ['prefix part must be non-empty']],
  ['key', qualifiedName, 'Bad/name', ['prefix part a lowercase RFC 1123 subdomain']],
  ['key', qualifiedName, '', ['name part must be non-empty', 'name part must consist of']],
  ['key', qualifiedName, 'a'.repeat(64), ['name part must be no more than 63 bytes']],
  ['key', qualifiedName, 'a/b/c', ['a valid label key must consist of']],
  ['value', labelValueCheck, '', []],
  ['value', labelValueCheck, 'ü', ['a valid label must be an empty string']],
  ['config key', configMapKey, '..a', ["must not start with '..'"]],
  ['config key', configMapKey, '.', ["must not be '.'"]],
  ['variable', envVarName, '1 + 1', []],
  ['variable', envVarName, 'a=b', ['a valid environment variable name must consist only of printable ASCII']],
  ['port', portName, 'http-2', []],
  ['port', portName, '-80-', ['must contain at least one letter', 'must not begin or end with a hyphen']],
  ['ip', ip, '10.0.0.256', ['must be a valid IP address']],
  ['ip', ip, '010.0.0.1', ['must not have leading 0s']],
  ['ip', ip, '2001:db8::1', []],
  ['ip', ip, '::ffff:10.0.0.1', ['must not be an IPv4-mapped IPv6 address']],
  ['ip', ip, 'fe80::1%eth0', ['must be a valid IP address']],
  ['cidr', cidr, '10.0.0.0/33', ['must be a valid CIDR value']],
  ['cidr', cidr, '10.0.0.0/8/8', ['must be a valid CIDR value']],
  ['cidr', cidr, '0.0.0.0/0', []],
  ['cidr', cidr, '10.9.8.7/32', []],
  ['cidr', cidr, '10.9.8.0/024', ['must not have leading 0s in IP or prefix length']],
  ['cidr', cidr, '10.09.8.0/24', ['must not have leading 0s in IP or prefix length']],
  ['cidr', cidr, '10.9.8.1/24', ['must not have bits set beyond the prefix length']],
  ['cidr', cidr, '2001:db8::/64', []],
  ['cidr', cidr, '2001:db8:1:2:3::/64', ['must not have bits set beyond the prefix length']],
  ['cidr', cidr, '::ffff:10.0.0.0/120', ['must not have an IPv4-mapped IPv6 address']],
])('as a %s (%#)', (_what, check, value, complaints) => {
  const found = check(value);
  expect(found).toHaveLength(complaints.length);
  complaints.forEach((each, index) => expect(found[index]!.startsWith(each)).toBe(true));
});

test.each([
  ['10.1.2.3', []],
  ['0.0.0.0', ['may not be unspecified (0.0.0.0)']],
  ['127.1.2.3', ['may not be in the loopback range (127.0.0.0/8, ::1/128)']],
  ['0:0::1', ['may not be in the loopback range (127.0.0.0/8, ::1/128)']],
  ['169.254.0.1', ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']],
  ['febf::1', ['may not be in the link-local range (169.254.0.0/16, fe80::/10)']],
  ['224.0.0.9', ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)']],
  ['224.0.1.9', []],
])('%s is special or not', (address, complaints) => {
  expect(specialAddress(address)).toEqual(complaints);
});

test('a path is written as Go writes it', () => {
  const limits = root('spec').child('containers').at(0).child('resources').child('limits').at('cpu');
  expect(String(limits)).toBe('spec.containers[0].resources.limits[cpu]');
  expect(String(root(''))).toBe('[]');
});

test.each([
  [invalid(root('a'), 'x"<', 'no'), 'FieldValueInvalid', 'Invalid value: "x\\"<": no'],
  [invalid(root('a'), 5, 'no'), 'FieldValueInvalid', 'Invalid value: 5: no'],
  [invalid(root('a'), undefined, 'no'), 'FieldValueInvalid', 'Invalid value: null: no'],
  [invalid(root('a'), ['<'], 'no'), 'FieldValueInvalid', 'Invalid value: ["\\u003c"]: no'],
  [required(root('a')), 'FieldValueRequired', 'Required value'],
  [
    notSupported(root('a'), 'x', ['y', 'z']),
    'FieldValueNotSupported',
    'Unsupported value: "x": supported values: "y", "z"',
  ],
  [tooLong(root('a'), 7), 'FieldValueTooLong', 'Too long: may not be more than 7 bytes'],
])('an error shows its value and says why (%#)', (error, reason, message) => {
  expect(error).toEqual({ field: 'a', reason, message });
});
