/**
 * Endpoints: the addresses and ports behind a Service. Deprecated in favour of EndpointSlice, and still what the book's
 * kube-proxy watches.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/#endpoints
 */
import { endpoints as resource } from '../resources.js';
import type { DeepReadonly, EndpointAddress, Endpoints } from '../types.js';
import { same } from '../validation/equal.js';
import { invalid, notSupported, required, root, type Path } from '../validation/errors.js';
import { complain, validateMetadata } from '../validation/metadata.js';
import { dnsLabel, dnsSubdomain, ip, portNumber, qualifiedName } from '../validation/names.js';
import { specialAddress } from '../validation/network.js';
import { ageColumn, column, firstThree, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

export const protocols = ['SCTP', 'TCP', 'UDP'] as const;

export const endpoints = defineKind<Endpoints>({
  ...resource,
  singular: 'endpoints',
  shortNames: ['ep'],
  default({ subsets }) {
    for (const { ports = [] } of subsets ?? []) {
      for (const port of ports) if (!port.protocol) (port as { protocol?: string }).protocol = 'TCP';
    }
  },
  check(object, errors) {
    validateSubsets(object, errors);
  },
  checkUpdate(object, old, errors) {
    validateMetadata(object, true, dnsSubdomain, errors);
    if (!same(object.subsets, old.subsets)) validateSubsets(object, errors);
  },
  deprecated: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  columns: [
    nameColumn,
    column(
      'Endpoints',
      'The set of all endpoints is the union of all subsets. Addresses are placed into subsets according to the IPs they share. A single address with multiple ports, some of which are ready and some of which are not (because they come from different containers) will result in the address being displayed in different subsets for the different ports. No address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of addresses and ports that comprise a service.',
      ({ subsets }: Endpoints) => (subsets && subsets.length > 0 ? firstThree(addressesOf(subsets)) : '<none>'),
    ),
    ageColumn,
  ],
});

/** Each ready address with each port; without ports, the bare addresses. */
const addressesOf = (subsets: DeepReadonly<NonNullable<Endpoints['subsets']>>): string[] =>
  subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map((address) => address.ip)
      : ports.flatMap(({ port }) =>
          addresses.map((address) => `${address.ip.includes(':') ? `[${address.ip}]` : address.ip}:${port}`),
        ),
  );

function validateSubsets({ subsets = [] }: DeepReadonly<Endpoints>, errors: FieldError[]): void {
  subsets.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
    const path = root('subsets').at(index);
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    }
    addresses.forEach((each, i) => validateAddress(each, path.child('addresses').at(i), errors));
    notReadyAddresses.forEach((each, i) => validateAddress(each, path.child('notReadyAddresses').at(i), errors));
    ports.forEach(({ name, port, protocol, appProtocol }, i) => {
      const at = path.child('ports').at(i);
      if (name) complain(dnsLabel(name), at, 'name', name, errors);
      else if (ports.length > 1) errors.push(required(at.child('name')));
      complain(portNumber(port ?? 0), at, 'port', port ?? 0, errors);
      if (!protocol) errors.push(required(at.child('protocol')));
      else if (!protocols.includes(protocol as 'TCP')) {
        errors.push(notSupported(at.child('protocol'), protocol, protocols));
      }
      if (appProtocol !== undefined) complain(qualifiedName(appProtocol), at, 'appProtocol', appProtocol, errors);
    });
  });
}

function validateAddress(address: DeepReadonly<EndpointAddress>, path: Path, errors: FieldError[]): void {
  const { ip: value = '', hostname, nodeName } = address;
  complain(ip(value), path, 'ip', value, errors);
  if (hostname) complain(dnsLabel(hostname), path, 'hostname', hostname, errors);
  if (nodeName !== undefined) complain(dnsSubdomain(nodeName), path, 'nodeName', nodeName, errors);
  if (ip(value).length > 0) errors.push(invalid(path.child('ip'), value, 'must be a valid IP address'));
  else complain(specialAddress(value), path, 'ip', value, errors);
}
