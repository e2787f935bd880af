/**
 * Service: one address for a changing set of pods.
 *
 * Addresses and node ports are given out by the API server (nothing here knows which are free). What is decided here is
 * everything that follows from the object itself: {@link settleAddresses} before an allocator looks at it, then defaults,
 * rules, columns. This cluster speaks IPv4 only.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/service/
 */
import { services } from '../resources.js';
import type { DeepReadonly, Service, ServicePort } from '../types.js';
import { same } from '../validation/equal.js';
import { duplicate, forbidden, invalid, notSupported, required, root, type Path } from '../validation/errors.js';
import { validatePort } from '../validation/handlers.js';
import {
  complain,
  complainAt,
  validateLabels,
  validateMetadata,
  validateMetadataUpdate,
} from '../validation/metadata.js';
import { cidr, dnsLabel, dnsSubdomain, ip, isIPAddress, portNumber, qualifiedName } from '../validation/names.js';
import { specialAddress } from '../validation/network.js';
import { ageColumn, column, formatLabels, nameColumn, wideColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';
import type { FieldError, Kind } from './kind.js';

type S = DeepReadonly<Service>;
type Spec = S['spec'];

const path = root('spec');

/** In seconds: three hours, and what fits into a day. */
const affinitySeconds = { usual: 10800, most: 86400 } as const;

/** `wide` is always asked for by the server, so that long lists are not cut. */
const none = '<none>';

const defined = defineKind<Service>({
  ...services,
  shortNames: ['svc'],
  categories: ['all'],
  deleteReturnsObject: true,
  createOnUpdate: true,
  name: dnsLabel,
  subresources: {
    proxy: {
      type: 'action',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
      options: 'api.core.v1.ServiceProxyOptions',
    },
    status: statusDoor<Service>(({ spec, status }, _old, errors) => validateStatus(spec, status, errors)),
  },

  default(object) {
    object.spec ??= {};
    object.status ??= {};
    object.status.loadBalancer ??= {};
    const { spec, status } = object;
    spec.sessionAffinity ||= 'None';
    if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
    else if (
      spec.sessionAffinity === 'ClientIP' &&
      spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined
    ) {
      spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: affinitySeconds.usual } };
    }
    spec.type ||= 'ClusterIP';
    for (const port of spec.ports ?? []) {
      port.protocol ||= 'TCP';
      port.targetPort ||= port.port ?? 0;
    }
    if (isExternallyAccessible(spec)) spec.externalTrafficPolicy ||= 'Cluster';
    if (spec.type !== 'ExternalName' && types.includes(spec.type)) spec.internalTrafficPolicy ??= 'Cluster';
    if (spec.type === 'LoadBalancer') {
      spec.allocateLoadBalancerNodePorts ??= true;
      for (const each of status.loadBalancer?.ingress ?? []) if (each.ip) each.ipMode ??= 'VIP';
    }
  },
  prepareForCreate(object) {
    object.status = { loadBalancer: {} };
    settleAddresses(object);
  },
  prepareForUpdate(object, old) {
    object.status = old.status as Service['status'];
    settleAddresses(object, old);
    dropWithType(object, old);
  },
  warnings: ({ metadata, spec }) => warningsOf(metadata.annotations ?? {}, spec),

  columns: [
    nameColumn,
    column(
      'Type',
      'type determines how the Service is exposed. Defaults to ClusterIP. Valid options are ExternalName, ClusterIP, NodePort, and LoadBalancer. "ClusterIP" allocates a cluster-internal IP address for load-balancing to endpoints. Endpoints are determined by the selector or if that is not specified, by manual construction of an Endpoints object or EndpointSlice objects. If clusterIP is "None", no virtual IP is allocated and the endpoints are published as a set of endpoints rather than a virtual IP. "NodePort" builds on ClusterIP and allocates a port on every node which routes to the same endpoints as the clusterIP. "LoadBalancer" builds on NodePort and creates an external load-balancer (if supported in the current cloud) which routes to the same endpoints as the clusterIP. "ExternalName" aliases this service to the specified externalName. Several other fields do not apply to ExternalName services. More info: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types',
      ({ spec }: S) => spec.type ?? '',
    ),
    column(
      'Cluster-IP',
      'clusterIP is the IP address of the service and is usually assigned randomly. If an address is specified manually, is in-range (as per system configuration), and is not in use, it will be allocated to the service; otherwise creation of the service will fail. This field may not be changed through updates unless the type field is also being changed to ExternalName (which requires this field to be blank) or the type field is being changed from ExternalName (in which case this field may optionally be specified, as describe above).  Valid values are "None", empty string (""), or a valid IP address. Setting this to "None" makes a "headless service" (no virtual IP), which is useful when direct endpoint connections are preferred and proxying is not required.  Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified when creating a Service of type ExternalName, creation will fail. This field will be wiped when updating a Service to type ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies',
      ({ spec }: S) => spec.clusterIPs?.[0] ?? none,
    ),
    column(
      'External-IP',
      'externalIPs is a list of IP addresses for which nodes in the cluster will also accept traffic for this service.  These IPs are not managed by Kubernetes.  The user is responsible for ensuring that traffic arrives at a node with this IP.  A common example is external load-balancers that are not part of the Kubernetes system.',
      externalAddress,
    ),
    column(
      'Port(s)',
      'The list of ports that are exposed by this service. More info: https://kubernetes.io/docs/concepts/services-networking/service/#virtual-ips-and-service-proxies',
      ({ spec }: S) => (spec.ports ?? []).map(portText).join(',') || none,
    ),
    ageColumn,
    wideColumn(
      'Selector',
      'Route service traffic to pods with label keys and values matching this selector. If empty or not present, the service is assumed to have an external process managing its endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, and LoadBalancer. Ignored if type is ExternalName. More info: https://kubernetes.io/docs/concepts/services-networking/service/',
      ({ spec }: S) => formatLabels(spec.selector),
    ),
  ],
  selectableFields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
});

/** Addresses are looked at first: while they make no sense, nothing else is reported. */
export const service: Kind<Service> = {
  ...defined,
  validate(object) {
    const errors = validateAddresses(object, undefined);
    if (errors.length > 0) return errors;
    validateMetadata(object, true, dnsLabel, errors);
    validateSpec(object, errors);
    return errors;
  },
  validateUpdate(object, old) {
    const errors = validateAddresses(object, old);
    if (errors.length > 0) return errors;
    validateMetadataUpdate(object, old, errors);
    validateKeptAddresses(object.spec, old.spec, errors);
    if (object.spec.type === 'LoadBalancer' && old.spec.type === 'LoadBalancer') {
      const { loadBalancerClass: now } = object.spec;
      const at = path.child('loadBalancerClass');
      if (now !== old.spec.loadBalancerClass) errors.push(invalid(at, now, 'may not change once set'));
    }
    const { healthCheckNodePort: check } = object.spec;
    if (needsHealthCheck(object.spec) && needsHealthCheck(old.spec) && check !== old.spec.healthCheckNodePort) {
      errors.push(forbidden(path.child('healthCheckNodePort'), 'field is immutable'));
    }
    validateSpec(object, errors);
    return errors;
  },
};

// --- columns

function externalAddress({ spec, status }: S): string {
  const given = spec.externalIPs ?? [];
  if (spec.type === 'ExternalName') return spec.externalName ?? '';
  if (spec.type !== 'LoadBalancer') return given.join(',') || none;
  const ingress = (status?.loadBalancer?.ingress ?? []).map((each) => each.ip || each.hostname || '').filter(Boolean);
  return [...[...new Set(ingress)].sort(), ...given].join(',') || '<pending>';
}

const portText = ({ port, nodePort, protocol }: DeepReadonly<ServicePort>): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;

// --- what follows from what

const types: readonly string[] = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

export const needsClusterIP = (spec: Spec): boolean => spec.type !== 'ExternalName';

/** Does every node open a port for it? */
export const needsNodePort = (spec: Spec): boolean => spec.type === 'NodePort' || spec.type === 'LoadBalancer';

export const isHeadless = (spec: Spec): boolean => spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';

const needsHealthCheck = (spec: Spec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';

const isExternallyAccessible = (spec: Spec): boolean =>
  needsNodePort(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);

/**
 * Makes the fields that speak of addresses agree, in place: `clusterIP` and `clusterIPs`, the families and their policy.
 * On an update, what was allocated before and is not mentioned now is kept. Doing it twice does no harm, and so an allocator
 * may call it before it looks for addresses that are wanted and missing.
 */
export function settleAddresses({ spec }: Service, old?: S): void {
  if (old) {
    keepAllocated(spec, old.spec);
    if (spec.clusterIP === old.spec.clusterIP) {
      if (!spec.clusterIPs?.length && old.spec.clusterIPs) spec.clusterIPs = [...old.spec.clusterIPs];
    } else if (same(spec.clusterIPs, old.spec.clusterIPs)) {
      if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
      else delete spec.clusterIPs;
    }
  } else if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];

  if (spec.type === 'ExternalName') return;
  const selectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (selectorless ? 'RequireDualStack' : 'SingleStack');
  if (validateFamiliesAndIPs(spec).length > 0) return; // left for validation to report
  spec.ipFamilies ??= [];
  if (spec.ipFamilies.length === 0) {
    spec.ipFamilies = (spec.clusterIPs ?? []).filter((each) => each !== 'None').map(familyOf);
  }
  if (spec.ipFamilies.length === 0) spec.ipFamilies = ['IPv4'];
  // Somebody else names the backends of such a service, and may name both families.
  if (selectorless && spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1) {
    spec.ipFamilies = [spec.ipFamilies[0]!, spec.ipFamilies[0] === 'IPv4' ? 'IPv6' : 'IPv4'];
  }
}

const familyOf = (address: string): string => (address.includes(':') ? 'IPv6' : 'IPv4');

/** Whoever sends an update without the addresses and ports that were given out does not mean to give them back. */
function keepAllocated(spec: Service['spec'], old: Spec): void {
  if (needsClusterIP(spec) && needsClusterIP(old)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs?.length) spec.clusterIPs = [...old.clusterIPs];
  }
  if (needsNodePort(spec) && needsNodePort(old)) {
    const before = old.ports?.map(({ nodePort }) => nodePort) ?? [];
    const used = new Set(spec.ports?.map(({ nodePort }) => nodePort).filter((port) => port && before.includes(port)));
    for (const port of spec.ports ?? []) {
      const given = old.ports?.findLast(({ name = '' }) => name === (port.name ?? ''))?.nodePort;
      if (!port.nodePort && given && !used.has(given)) port.nodePort = given;
    }
  }
  if (needsHealthCheck(spec) && needsHealthCheck(old)) spec.healthCheckNodePort ||= old.healthCheckNodePort;
}

/** A change of type takes along what only the old type could have, unless the client has just set it. */
function dropWithType({ spec, status }: Service, { spec: old }: S): void {
  if (needsClusterIP(old) && !needsClusterIP(spec)) {
    if (spec.clusterIP === old.clusterIP && same(spec.clusterIPs, old.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (same(spec.ipFamilies, old.ipFamilies)) delete spec.ipFamilies;
    if (spec.ipFamilyPolicy === old.ipFamilyPolicy) delete spec.ipFamilyPolicy;
    if (spec.internalTrafficPolicy === old.internalTrafficPolicy) delete spec.internalTrafficPolicy;
  }
  if (needsNodePort(old) && !needsNodePort(spec)) {
    const before = old.ports?.map(({ nodePort }) => nodePort) ?? [];
    if ((spec.ports ?? []).every(({ nodePort }) => !nodePort || before.includes(nodePort))) {
      for (const port of spec.ports ?? []) delete port.nodePort;
    }
  }
  if (needsHealthCheck(old) && !needsHealthCheck(spec) && spec.healthCheckNodePort === old.healthCheckNodePort) {
    delete spec.healthCheckNodePort;
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts) {
      delete spec.allocateLoadBalancerNodePorts;
    }
    if (spec.loadBalancerClass === old.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(spec)) {
    if (spec.externalTrafficPolicy === old.externalTrafficPolicy) delete spec.externalTrafficPolicy;
  }
  if (spec.type !== 'LoadBalancer' && status) status.loadBalancer = {};
}

// --- rules: addresses

const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** What is wrong with the addresses that are asked for, as far as can be said without looking at those given out. */
export function validateAddresses({ spec }: S, old: S | undefined): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const errors = validateFamiliesAndIPs(spec);
  if (errors.length > 0) return errors;
  const { clusterIPs = [], ipFamilies = [], ipFamilyPolicy: policy } = spec;
  const at = path.child('ipFamilyPolicy');
  if (policy === 'SingleStack') {
    const needs = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    if (clusterIPs.length === 2) errors.push(invalid(at, policy, `${needs} cluster IPs are specified`));
    if (ipFamilies.length === 2) errors.push(invalid(at, policy, `${needs} IP families are specified`));
  } else if (old) {
    const release = "must be 'SingleStack' to release the secondary";
    if (clusterIPs.length === 1 && (old.spec.clusterIPs?.length ?? 0) > 1) {
      errors.push(invalid(at, policy, `${release} cluster IP`));
    }
    if (ipFamilies.length === 1 && (old.spec.ipFamilies?.length ?? 0) > 1) {
      errors.push(invalid(at, policy, `${release} IP family`));
    }
  }
  clusterIPs.forEach((address, index) => {
    if (address === 'None' || familyOf(address) === 'IPv4' || index < ipFamilies.length - 1) return;
    if (ipFamilies[index] !== undefined && ipFamilies[index] !== 'IPv6') return;
    errors.push(invalid(path.child('clusterIPs').at(index), clusterIPs, 'IPv6 is not configured on this cluster'));
  });
  if (errors.length > 0) return errors;
  const selectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0;
  if (selectorless) return errors;
  if (policy === 'RequireDualStack') {
    errors.push(invalid(at, policy, 'this cluster is not configured for dual-stack services'));
  }
  ipFamilies.forEach((family, index) => {
    if (family === 'IPv4') return;
    errors.push(invalid(path.child('ipFamilies').at(index), family, 'not configured on this cluster'));
  });
  return errors;
}

function validateFamiliesAndIPs(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const at = path.child('clusterIPs');
  if (clusterIP !== '') {
    if (clusterIPs.length === 0) errors.push(required(at));
    else if (clusterIPs[0] !== clusterIP) errors.push(invalid(at, clusterIPs, 'first value must match `clusterIP`'));
  } else if (clusterIPs.length > 0) {
    errors.push(invalid(at, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  }
  ipFamilies.forEach((family, index) => {
    const where = path.child('ipFamilies').at(index);
    if (!families.includes(family)) errors.push(notSupported(where, family, families));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(where, family));
  });
  if (ipFamilyPolicy !== undefined && !familyPolicies.includes(ipFamilyPolicy)) {
    errors.push(notSupported(path.child('ipFamilyPolicy'), ipFamilyPolicy, familyPolicies));
  }
  let bad = false;
  clusterIPs.forEach((address, index) => {
    if (index === 0 && address === 'None') {
      if (clusterIPs.length === 1) return;
      bad = true;
      errors.push(invalid(at, clusterIPs, "'None' must be the first and only value"));
      return;
    }
    bad ||= !isIPAddress(address);
    complainAt(ip(address), at.at(index), address, errors);
  });
  if (clusterIPs.length > 2) errors.push(invalid(at, clusterIPs, 'may only hold up to 2 values'));
  if (bad) return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOf)).size < clusterIPs.length) {
    errors.push(invalid(at, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  clusterIPs.forEach((address, index) => {
    const family = ipFamilies[index];
    if (family === undefined || familyOf(address) === family) return;
    errors.push(invalid(at.at(index), address, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``));
  });
  return errors;
}

/** An address stays for a service's life; its first family too. */
function validateKeptAddresses(spec: Spec, old: Spec, errors: FieldError[]): void {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return;
  if (isHeadless(spec) && isHeadless(old)) return;
  const at = path.child('clusterIPs');
  const before = old.clusterIPs ?? [];
  const now = spec.clusterIPs ?? [];
  const changed = 'may not change once set';
  if (before.length === now.length) {
    before.forEach((address, index) => {
      if (address !== now[index]) errors.push(invalid(at.at(index), now, changed));
    });
  } else if (before.length > now.length && now.length === 0) {
    errors.push(invalid(at.at(0), spec.clusterIPs, 'primary clusterIP can not be unset'));
  } else if (before.length > 0 && before[0] !== now[0]) errors.push(invalid(at.at(0), now, changed));
  if (isHeadless(spec) || isHeadless(old)) return;
  const families = spec.ipFamilies ?? [];
  const oldFamilies = old.ipFamilies ?? [];
  if (oldFamilies.length > 0 && oldFamilies[0] !== families[0]) {
    errors.push(invalid(path.child('ipFamilies').at(0), families, changed));
  }
}

// --- rules: the rest, in upstream's order

const affinities = ['ClientIP', 'None'];
const trafficPolicies = ['Cluster', 'Local'];
const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

function validateSpec(object: S, errors: FieldError[]): void {
  const { spec } = object;
  const { type = '', ports = [] } = spec;
  const headless = isHeadless(spec);
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(required(path.child('ports')));
  if (headless && needsNodePort(spec)) {
    errors.push(invalid(path.child('clusterIPs').at(0), 'None', `may not be set to 'None' for ${type} services`));
  }
  if (type === 'ExternalName') validateExternalName(spec, errors);
  validatePorts(ports, errors);
  validateLabels(spec.selector, path.child('selector'), errors);
  validateAffinity(spec, errors);
  if (type !== 'ExternalName') errors.push(...validateFamiliesAndIPs(spec));
  spec.externalIPs?.forEach((address, index) => {
    const at = path.child('externalIPs').at(index);
    const complaints = ip(address);
    complainAt(complaints.length > 0 ? complaints : specialAddress(address), at, address, errors);
  });
  if (type === '') errors.push(required(path.child('type')));
  else if (!types.includes(type)) errors.push(notSupported(path.child('type'), type, types));
  validateUniquePorts(spec, errors);
  validateSourceRanges(object, errors);
  const { allocateLoadBalancerNodePorts: allocate, loadBalancerClass } = spec;
  const onlyBalanced = "may only be used when `type` is 'LoadBalancer'";
  if (allocate !== undefined && type !== 'LoadBalancer') {
    errors.push(forbidden(path.child('allocateLoadBalancerNodePorts'), onlyBalanced));
  }
  if (allocate === undefined && type === 'LoadBalancer') errors.push(required(root('allocateLoadBalancerNodePorts')));
  if (loadBalancerClass !== undefined) {
    if (type === 'LoadBalancer') {
      complain(qualifiedName(loadBalancerClass), path, 'loadBalancerClass', loadBalancerClass, errors);
    } else errors.push(forbidden(path.child('loadBalancerClass'), onlyBalanced));
  }
  validateTraffic(spec, errors);
}

function validateExternalName(
  { clusterIPs, ipFamilies, ipFamilyPolicy, externalName = '' }: Spec,
  errors: FieldError[],
): void {
  const not = 'may not be set for ExternalName services';
  if (clusterIPs?.length) errors.push(forbidden(path.child('clusterIPs'), not));
  if (ipFamilies?.length) errors.push(forbidden(path.child('ipFamilies'), not));
  if (ipFamilyPolicy !== undefined) errors.push(forbidden(path.child('ipFamilyPolicy'), not));
  const name = externalName.replace(/\.$/, '');
  if (name === '') errors.push(required(path.child('externalName')));
  else complain(dnsSubdomain(name), path, 'externalName', name, errors);
}

const protocols = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: DeepReadonly<ServicePort[]>, errors: FieldError[]): void {
  const names = new Set<string>();
  ports.forEach(({ name = '', port = 0, protocol = '', targetPort, appProtocol }, index) => {
    const at = path.child('ports').at(index);
    if (name === '') {
      if (ports.length > 1) errors.push(required(at.child('name')));
    } else {
      complain(dnsLabel(name), at, 'name', name, errors);
      if (names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    complain(portNumber(port), at, 'port', port, errors);
    if (protocol === '') errors.push(required(at.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, protocols));
    validatePort(targetPort, at.child('targetPort'), errors);
    if (appProtocol !== undefined) complain(qualifiedName(appProtocol), at, 'appProtocol', appProtocol, errors);
  });
}

function validateAffinity({ sessionAffinity = '', sessionAffinityConfig: config }: Spec, errors: FieldError[]): void {
  const at = path.child('sessionAffinityConfig');
  if (sessionAffinity === '') errors.push(required(path.child('sessionAffinity')));
  else if (!affinities.includes(sessionAffinity)) {
    errors.push(notSupported(path.child('sessionAffinity'), sessionAffinity, affinities));
  } else if (sessionAffinity === 'None') {
    if (config) errors.push(forbidden(at, 'must not be set when session affinity is None'));
  } else {
    const seconds = config?.clientIP?.timeoutSeconds;
    const where = at.child('clientIP').child('timeoutSeconds');
    if (seconds == null) errors.push(required(where, 'when session affinity type is ClientIP'));
    else if (seconds <= 0 || seconds > affinitySeconds.most) {
      errors.push(invalid(where, seconds, `must be greater than 0 and less than ${affinitySeconds.most}`));
    }
  }
}

function validateUniquePorts({ type, ports = [] }: Spec, errors: FieldError[]): void {
  const at = path.child('ports');
  if (type === 'ClusterIP') {
    ports.forEach(({ nodePort }, index) => {
      if (!nodePort) return;
      errors.push(forbidden(at.at(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    });
  }
  const nodePorts = new Set<string>();
  ports.forEach(({ nodePort, protocol }, index) => {
    if (!nodePort) return;
    const key = `${protocol}/${nodePort}`;
    if (nodePorts.has(key)) errors.push(duplicate(at.at(index).child('nodePort'), nodePort));
    nodePorts.add(key);
  });
  const taken = new Set<string>();
  ports.forEach(({ port = 0, protocol = '' }, index) => {
    const key = `${protocol}/${port}`;
    if (taken.has(key)) {
      // Upstream shows the struct by which it remembers ports.
      const shown = { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
      errors.push(duplicate(at.at(index), shown));
    }
    taken.add(key);
  });
}

const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

/** The field's capital letter is upstream's. */
function validateSourceRanges({ metadata, spec }: S, errors: FieldError[]): void {
  const only = "may only be used when `type` is 'LoadBalancer'";
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[rangesAnnotation];
  if (ranges.length > 0) {
    const at: Path = path.child('LoadBalancerSourceRanges');
    if (spec.type !== 'LoadBalancer') errors.push(forbidden(at, only));
    ranges.forEach((range, index) => complainAt(cidr(range.trim()), at.at(index), range.trim(), errors));
  } else if (annotation !== undefined) {
    const at = root('metadata').child('annotations').at(rangesAnnotation);
    if (spec.type !== 'LoadBalancer') errors.push(forbidden(at, only));
    if (annotation.trim() === '') return;
    for (const range of annotation.split(',')) complainAt(cidr(range.trim()), at, range.trim(), errors);
  }
}

function validateTraffic(spec: Spec, errors: FieldError[]): void {
  const { externalTrafficPolicy: outside = '', internalTrafficPolicy: inside, healthCheckNodePort: check } = spec;
  const at = path.child('externalTrafficPolicy');
  if (!isExternallyAccessible(spec)) {
    if (outside !== '') errors.push(invalid(at, outside, 'may only be set for externally-accessible services'));
  } else if (outside === '') errors.push(required(at));
  else if (!trafficPolicies.includes(outside)) errors.push(notSupported(at, outside, trafficPolicies));
  const where = path.child('healthCheckNodePort');
  if (!needsHealthCheck(spec)) {
    const only = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    if (check) errors.push(invalid(where, check, only));
  } else if (check) complainAt(portNumber(check), where, check, errors);
  else errors.push(required(where));
  if (inside == null) {
    if (spec.type !== 'ExternalName' && types.includes(spec.type ?? '')) {
      errors.push(required(path.child('internalTrafficPolicy')));
    }
  } else if (!trafficPolicies.includes(inside)) {
    errors.push(notSupported(path.child('internalTrafficPolicy'), inside, trafficPolicies));
  }
  const { trafficDistribution: near } = spec;
  if (near != null && !distributions.includes(near)) {
    errors.push(notSupported(path.child('trafficDistribution'), near, distributions));
  }
}

function validateStatus(spec: Spec, status: S['status'], errors: FieldError[]): void {
  const at = root('status').child('loadBalancer').child('ingress');
  const ingress = status.loadBalancer?.ingress ?? [];
  if (spec.type !== 'LoadBalancer' && ingress.length > 0) {
    errors.push(forbidden(at, "may only be used when `spec.type` is 'LoadBalancer'"));
    return;
  }
  ingress.forEach(({ ip: address, ipMode, hostname }, index) => {
    const where = at.at(index);
    if (address) complain(ip(address), where, 'ip', address, errors);
    if (ipMode === undefined) {
      if (address) errors.push(required(where.child('ipMode'), 'must be specified when `ip` is set'));
    } else if (!address) errors.push(forbidden(where.child('ipMode'), 'may not be specified when `ip` is not set'));
    else if (ipMode !== 'VIP' && ipMode !== 'Proxy') {
      errors.push(notSupported(where.child('ipMode'), ipMode, ['Proxy', 'VIP']));
    }
    if (!hostname) return;
    complain(dnsSubdomain(hostname), where, 'hostname', hostname, errors);
    if (isIPAddress(hostname)) {
      errors.push(invalid(where.child('hostname'), hostname, 'must be a DNS name, not an IP address'));
    }
  });
}

// --- warnings

function warningsOf(annotations: Readonly<Record<string, string>>, spec: Spec): string[] {
  const warnings: string[] = [];
  const hints = 'service.kubernetes.io/topology-aware-hints';
  if (hints in annotations) {
    warnings.push(`annotation ${hints} is deprecated, please use service.kubernetes.io/topology-mode instead`);
  }
  const outside = (spec.externalIPs?.length ?? 0) > 0;
  if (spec.type === 'ClusterIP' && spec.clusterIP === 'None') {
    const ignored = 'is ignored for headless services';
    if (spec.loadBalancerIP) warnings.push(`spec.loadBalancerIP ${ignored}`);
    if (outside) warnings.push(`spec.externalIPs ${ignored}`);
    if (spec.sessionAffinity !== 'None') warnings.push(`spec.SessionAffinity ${ignored}`);
  }
  if (spec.type === 'ExternalName') {
    if (outside) warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  } else if (spec.externalName) warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  if (spec.trafficDistribution === 'PreferClose') {
    warnings.push('spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"');
  }
  return warnings;
}
