/**
 * What a name, a key, a port or an address must look like. Each check returns what is wrong, in upstream's words; nothing
 * wrong is the same empty list each time, so that a check of something good allocates nothing.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/validation.go
 */
import { isIPv4, isIPv6 } from 'node:net';

/** What is wrong with a value; empty if nothing is. */
export type Complaints = readonly string[];

export type Check = (value: string) => Complaints;

const fine: Complaints = [];

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;

/**
 * A check by length and pattern. The pattern is compiled once, here.
 * @param limit in bytes; the names' own limits speak of characters
 */
function pattern(
  source: string,
  text: string,
  examples: readonly string[],
  limit?: number,
  unit = 'characters',
): Check {
  const regexp = new RegExp(`^(?:${source})$`);
  const mismatch = regexMessage(text, source, examples);
  const tooLong = `must be no more than ${limit} ${unit}`;
  return (value) => {
    const long = limit !== undefined && isLonger(value, limit);
    const matches = regexp.test(value);
    if (!long && matches) return fine;
    return [...(long ? [tooLong] : []), ...(matches ? [] : [mismatch])];
  };
}

const regexMessage = (text: string, source: string, examples: readonly string[]): string => {
  const list = examples.map((each) => `'${each}', `).join(' or ');
  return `${text} (${examples.length > 0 ? `e.g. ${list}` : ''}regex used for validation is '${source}')`;
};

/** Go counts bytes, of which a character of ours has three at most: what is short need not be counted. */
const isLonger = (value: string, bytes: number): boolean =>
  value.length * 3 > bytes && Buffer.byteLength(value) > bytes;

/** Most names: `web-0`, `example.com`. */
export const dnsSubdomain = pattern(
  subdomain,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  253,
);

const dnsLabelPattern = pattern(
  label,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
  63,
);
const subdomainRegexp = new RegExp(`^${subdomain}$`);

/** Namespaces, containers, services: `web-0`, without dots. */
export const dnsLabel: Check = (value) => {
  const complaints = dnsLabelPattern(value);
  if (complaints.length === 0 || !value.includes('.') || !subdomainRegexp.test(value)) return complaints;
  return [...complaints.slice(0, -1), 'must not contain dots'];
};

/** As a DNS label, but starting with a letter. */
export const dns1035Label = pattern(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
  63,
);

/** A search domain of a pod's DNS may have underscores. */
export const dnsSubdomainWithUnderscore = pattern(
  '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*',
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  253,
);

const nameOfKey = pattern(
  labelKey,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
);

/** `app`, `example.com/app`: the keys of labels and annotations, the names of resources, finalizers and conditions. */
export const qualifiedName: Check = (value) => {
  const slash = value.indexOf('/');
  if (slash >= 0 && value.includes('/', slash + 1)) {
    return [
      `a valid label key ${nameOfKey('!')[0]} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = value.slice(slash + 1);
  const prefix = slash < 0 ? fine : slash === 0 ? ['must be non-empty'] : dnsSubdomain(value.slice(0, slash));
  const mismatch = nameOfKey(name);
  const long = isLonger(name, 63);
  if (prefix.length === 0 && mismatch.length === 0 && !long) return fine;
  return [
    ...prefix.map((each) => `prefix part ${each}`),
    ...(name === '' ? ['name part must be non-empty'] : long ? ['name part must be no more than 63 bytes'] : []),
    ...mismatch.map((each) => `name part ${each}`),
  ];
};

export const labelValueCheck = pattern(
  labelValue,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
  63,
  'bytes',
);

const configKey = pattern(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  253,
);

/** A key of a ConfigMap or a Secret; it becomes a file name. */
export const configMapKey: Check = (value) => {
  const complaints = configKey(value);
  const dots =
    value === '.' || value === '..'
      ? `must not be '${value}'`
      : value.startsWith('..')
        ? "must not start with '..'"
        : '';
  return dots === '' ? complaints : [...complaints, dots];
};

const printable = /^[\u0020-\u003c\u003e-\u007e]*$/;

export const envVarName: Check = (value) =>
  value === ''
    ? ['environment variable name must be non-empty']
    : printable.test(value)
      ? fine
      : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

/** The prefix of `envFrom` and names that become C identifiers. */
export const httpHeaderName = pattern(
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  ['X-Header-Name'],
);

/** `http`: at most 15 characters, at least one letter. */
export const portName: Check = (value) => {
  if (/^[a-z0-9]{1,15}$/.test(value) && /[a-z]/.test(value)) return fine;
  const complaints: string[] = [];
  if (isLonger(value, 15)) complaints.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(value))
    complaints.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter (a-z)');
  if (value.includes('--')) complaints.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with a hyphen');
  return complaints;
};

const badPort: Complaints = ['must be between 1 and 65535, inclusive'];

export const portNumber = (port: number): Complaints => (port >= 1 && port <= 65535 ? fine : badPort);

const badId: Complaints = ['must be between 0 and 2147483647, inclusive'];

/** A user's or a group's number. */
export const unixId = (id: number): Complaints => (id >= 0 && id <= 2147483647 ? fine : badId);

const badIP: Complaints = ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];

const leadingZeros: Complaints = ['must not have leading 0s'];
const mappedIP: Complaints = ['must not be an IPv4-mapped IPv6 address'];

/** `010.0.0.1` is one address to some and another to others: nobody may write it any more. */
export function ip(value: string): Complaints {
  if (isIPv4(value)) return fine;
  if (!isIPAddress(value)) return badIP;
  if (isIPv6(value)) return isMapped(value) ? mappedIP : fine;
  return leadingZeros;
}

/** Whether it can be read as an address, be it ambiguously. */
export const isIPAddress = (value: string): boolean =>
  isIPv4(value) || (isIPv6(value) && !value.includes('%')) || isSloppyIPv4(value);

/** `010.000.001.009`: what Go's parser took before 1.17. */
const isSloppyIPv4 = (value: string): boolean =>
  /^[0-9]+(\.[0-9]+){3}$/.test(value) && value.split('.').every((part) => Number(part) <= 255 && part.length < 20);

/** An IPv4 address in the clothes of IPv6: `::ffff:10.0.0.1`. */
const isMapped = (v6: string): boolean => bitsOf(v6) >> 32n === 0xffffn;

/** An address as a number. */
function bitsOf(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) + BigInt(part), 0n);
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::'); // without dots
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

const badCIDR: Complaints = ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
const leadingZerosInCIDR: Complaints = ['must not have leading 0s in IP or prefix length'];
const mappedCIDR: Complaints = ['must not have an IPv4-mapped IPv6 address'];
const strayBits: Complaints = ['must not have bits set beyond the prefix length'];

/** An address that stands for all with the same beginning: `10.9.8.0/24`. */
export function cidr(value: string): Complaints {
  const [, address = '', prefix = ''] = /^([^/]+)\/([0-9]+)$/.exec(value) ?? [];
  const width = isIPv6(address) ? 128 : 32;
  if (!isIPAddress(address) || prefix === '' || Number(prefix) > width) return badCIDR;
  if (ip(address) === leadingZeros || /^0[0-9]/.test(prefix)) return leadingZerosInCIDR;
  if (width === 128 && isMapped(address)) return mappedCIDR;
  return BigInt.asUintN(width - Number(prefix), bitsOf(address)) === 0n ? fine : strayBits;
}

/** `.` and `..` and what a path would cut up: the least that any name must respect. */
export const pathSegment: Check = (value) =>
  value === '.' || value === '..'
    ? [`may not be '${value}'`]
    : /[/%]/.test(value)
      ? ['/', '%'].filter((each) => value.includes(each)).map((each) => `may not contain '${each}'`)
      : fine;

/** What a generated name is checked as: a trailing dash is fine, since letters follow. */
export const asPrefix = (value: string): string =>
  value.length > 1 && value.endsWith('-') ? `${value.slice(0, -2)}a` : value;
