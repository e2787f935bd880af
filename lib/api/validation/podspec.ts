/**
 * A pod's spec, as it stands in a pod and in the template of whatever makes pods. It reads in the order in which errors
 * are reported.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
import type { PodDNSConfig, PodResourceClaim } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import type { Container, DeepReadonly, PodSpec, PodTemplateSpec } from '../types.js';
import {
  validateContainers,
  validateEphemeralContainers,
  validateImageTrimmed,
  validateInitContainers,
  type Surroundings,
} from './containers.js';
import { duplicate, forbidden, invalid, notFound, notSupported, required, tooLong, type Path } from './errors.js';
import { complain, complainAt, validateAnnotations, validateLabels } from './metadata.js';
import { dnsLabel, dnsSubdomain, dnsSubdomainWithUnderscore, ip, qualifiedName } from './names.js';
import { validatePodAnnotations } from './podannotations.js';
import { validateResources } from './resources.js';
import { validateAffinity, validateSpread, validateTolerations } from './scheduling.js';
import { validatePodSecurity } from './security.js';
import { validateVolumes, type Volumes } from './volumes.js';

const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const largestInt32 = 2147483647;

/** Fields that are younger than our types. */
type Spec = DeepReadonly<PodSpec & { hostnameOverride?: string }>;

/** @param pod false for a template: host ports may still be filled in */
export function validatePodSpec(given: DeepReadonly<PodSpec>, pod: boolean, path: Path, errors: FieldError[]): void {
  const spec = given as Spec;
  const grace = spec.terminationGracePeriodSeconds;
  if (grace == null) errors.push(required(path.child('terminationGracePeriodSeconds')));
  const volumes = validateVolumes(spec.volumes, path.child('volumes'), errors);
  const around: Surroundings = {
    volumes,
    claims: validateClaims(spec.resourceClaims, path.child('resourceClaims'), errors),
    graceSeconds: grace,
    restartPolicy: spec.restartPolicy,
    hostUsers: spec.hostUsers !== false,
    os: spec.os?.name,
  };
  validateContainers(spec.containers, around, path.child('containers'), errors);
  validateInitContainers(spec.initContainers, spec.containers, around, path.child('initContainers'), errors);
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  validateEphemeralContainers(spec.ephemeralContainers, others, around, path.child('ephemeralContainers'), errors);
  if (spec.hostNetwork) validateHostNetwork(spec.containers, pod, path.child('containers'), errors);
  validateChoice(spec.restartPolicy, restartPolicies, path.child('restartPolicy'), errors);
  validateChoice(spec.dnsPolicy, dnsPolicies, path.child('dnsPolicy'), errors);
  validateLabels(spec.nodeSelector, path.child('nodeSelector'), errors);
  validatePodSecurity(spec, path.child('securityContext'), errors);
  validateAffinity(spec.affinity, path.child('affinity'), errors);
  validateDNSConfig(spec.dnsConfig, spec.dnsPolicy, path.child('dnsConfig'), errors);
  spec.readinessGates?.forEach(({ conditionType: type = '' }, index) => {
    complain(qualifiedName(type), path.child('readinessGates').at(index), 'conditionType', type, errors);
  });
  validateGates(spec.schedulingGates, path.child('schedulingGates'), errors);
  validateSpread(spec.topologySpreadConstraints, path.child('topologySpreadConstraints'), errors);
  if (spec.hostUsers === false) validateOwnUsers(spec, path, errors);
  validateHostnameOverride(spec, path.child('hostnameOverride'), errors);
  const { serviceAccountName, nodeName, activeDeadlineSeconds: deadline } = spec;
  if (serviceAccountName)
    complain(dnsSubdomain(serviceAccountName), path, 'serviceAccountName', serviceAccountName, errors);
  if (nodeName) complain(dnsSubdomain(nodeName), path, 'nodeName', nodeName, errors);
  if (deadline != null && (deadline < 1 || deadline > largestInt32)) {
    const range = `must be between 1 and ${largestInt32}, inclusive`;
    errors.push(invalid(path.child('activeDeadlineSeconds'), deadline, range));
  }
  if (spec.hostname) complain(dnsLabel(spec.hostname), path, 'hostname', spec.hostname, errors);
  if (spec.subdomain) complain(dnsLabel(spec.subdomain), path, 'subdomain', spec.subdomain, errors);
  validateTolerations(spec.tolerations, path.child('tolerations'), errors);
  spec.hostAliases?.forEach(({ ip: address = '', hostnames = [] }, index) => {
    const at = path.child('hostAliases').at(index);
    complain(ip(address), at, 'ip', address, errors);
    hostnames.forEach((name, i) => complainAt(dnsSubdomain(name), at.child('hostnames').at(i), name, errors));
  });
  const { priorityClassName, runtimeClassName, preemptionPolicy } = spec;
  if (priorityClassName)
    complain(dnsSubdomain(priorityClassName), path, 'priorityClassName', priorityClassName, errors);
  if (runtimeClassName != null)
    complain(dnsSubdomain(runtimeClassName), path, 'runtimeClassName', runtimeClassName, errors);
  if (preemptionPolicy != null) {
    validateChoice(preemptionPolicy, preemptionPolicies, path.child('preemptionPolicy'), errors);
  }
  if (spec.overhead) validateResources({ limits: spec.overhead }, new Set(), path.child('overhead'), errors);
  if (spec.os) {
    const { name } = spec.os;
    if (!name) errors.push(required(path.child('os').child('name')));
    else if (name !== 'linux' && name !== 'windows') {
      errors.push(notSupported(path.child('os'), name, ['linux', 'windows']));
    }
  }
  validateFileKeyVolumes(spec, volumes, path, errors);
}

/** A template has no name, and so less to check; the rest is a pod. */
export function validatePodTemplate(template: DeepReadonly<PodTemplateSpec>, path: Path, errors: FieldError[]): void {
  validateLabels(template.metadata?.labels, path.child('labels'), errors);
  validateAnnotations(template.metadata?.annotations, path.child('annotations'), errors);
  const { spec = {} as PodSpec } = template;
  validatePodAnnotations(template.metadata?.annotations, spec, path.child('annotations'), errors);
  validatePodSpec(spec, false, path.child('spec'), errors);
  if (template.spec?.ephemeralContainers?.length) {
    const not = 'ephemeral containers not allowed in pod template';
    errors.push(forbidden(path.child('spec').child('ephemeralContainers'), not));
  }
}

/** What is asked of a pod and was never asked of a template. */
export function validateForPod(spec: DeepReadonly<PodSpec>, path: Path, errors: FieldError[]): void {
  if (!spec.serviceAccountName) {
    spec.volumes?.forEach(({ projected }, index) => {
      projected?.sources?.forEach(({ serviceAccountToken }, i) => {
        if (!serviceAccountToken) return;
        const at = path.child('volumes').at(index).child('projected').child('sources').at(i);
        const needs = 'must not be specified when serviceAccountName is not set';
        errors.push(forbidden(at.child('serviceAccountToken'), needs));
      });
    });
  }
  for (const field of ['containers', 'initContainers'] as const) {
    spec[field]?.forEach(({ image }, index) => validateImageTrimmed(image, path.child(field).at(index), errors));
  }
}

function validateChoice(value: string | undefined, choices: readonly string[], path: Path, errors: FieldError[]): void {
  if (!value) errors.push(required(path));
  else if (!choices.includes(value)) errors.push(notSupported(path, value, choices));
}

type Claim = PodResourceClaim & { resourceClaimName?: string; resourceClaimTemplateName?: string };

/** @returns the claims' names */
function validateClaims(
  claims: DeepReadonly<PodResourceClaim[]> | undefined,
  path: Path,
  errors: FieldError[],
): ReadonlySet<string> {
  if (!claims || claims.length === 0) return noClaims;
  const names = new Set<string>();
  claims.forEach((claim, index) => {
    const at = path.at(index);
    const { name = '', resourceClaimName: own, resourceClaimTemplateName: template } = claim as Claim;
    if (name === '') errors.push(required(at.child('name')));
    else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else complain(dnsLabel(name), at, 'name', name, errors);
    names.add(name);
    const shown = { Name: name, ResourceClaimName: own ?? null, ResourceClaimTemplateName: template ?? null };
    if (own != null && template != null) {
      const one = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalid(at, shown, one));
    } else if (own == null && template == null) {
      errors.push(invalid(at, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'));
    }
    if (own != null) complain(dnsSubdomain(own), at, 'resourceClaimName', own, errors);
    if (template != null) complain(dnsSubdomain(template), at, 'resourceClaimTemplateName', template, errors);
  });
  return names;
}

const noClaims: ReadonlySet<string> = new Set();

function validateHostNetwork(
  containers: DeepReadonly<Container[]> | undefined,
  pod: boolean,
  path: Path,
  errors: FieldError[],
): void {
  containers?.forEach(({ ports }, index) => {
    ports?.forEach(({ hostPort = 0, containerPort }, i) => {
      if (hostPort === containerPort || (!pod && hostPort === 0)) return;
      const at = path.at(index).child('ports').at(i).child('hostPort');
      errors.push(invalid(at, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    });
  });
}

/** What resolvers bear. */
const dnsLimits = { nameservers: 3, searches: 32, searchCharacters: 2048 } as const;

function validateDNSConfig(
  config: DeepReadonly<PodDNSConfig> | undefined,
  policy: string | undefined,
  path: Path,
  errors: FieldError[],
): void {
  if (policy === 'None') {
    if (!config) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
      return;
    }
    if (!config.nameservers?.length) {
      const one = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      errors.push(required(path.child('nameservers'), one));
      return;
    }
  }
  if (!config) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > dnsLimits.nameservers) {
    const most = `must not have more than ${dnsLimits.nameservers} nameservers`;
    errors.push(invalid(path.child('nameservers'), nameservers, most));
  }
  nameservers.forEach((server, i) => complainAt(ip(server), path.child('nameservers').at(i), server, errors));
  const at = path.child('searches');
  if (searches.length > dnsLimits.searches) {
    errors.push(invalid(at, searches, `must not have more than ${dnsLimits.searches} search paths`));
  }
  if (searches.join(' ').length > dnsLimits.searchCharacters) {
    const most = `must not have more than ${dnsLimits.searchCharacters} characters (including spaces) in the search list`;
    errors.push(invalid(at, searches, most));
  }
  searches.forEach((search, i) => {
    const domain = search.replace(/\.$/, '');
    if (search !== '.') complainAt(dnsSubdomainWithUnderscore(domain), at.at(i), domain, errors);
  });
  options.forEach(({ name }, i) => {
    if (!name) errors.push(required(path.child('options').at(i), 'must not be empty'));
  });
}

function validateGates(gates: DeepReadonly<{ name: string }[]> | undefined, path: Path, errors: FieldError[]): void {
  const seen = new Set<string>();
  gates?.forEach(({ name = '' }, index) => {
    complainAt(qualifiedName(name), path.at(index), name, errors);
    if (seen.has(name)) errors.push(duplicate(path.at(index), name));
    seen.add(name);
  });
}

/** A pod with users of its own cannot share the host's processes and memory. */
function validateOwnUsers(spec: Spec, path: Path, errors: FieldError[]): void {
  const when = 'when `hostUsers` is false';
  if (spec.hostNetwork) errors.push(forbidden(path.child('hostNetwork'), when));
  if (spec.hostPID) errors.push(forbidden(path.child('HostPID'), when));
  if (spec.hostIPC) errors.push(forbidden(path.child('HostIPC'), when));
  forEachContainer(spec, path, ({ volumeDevices }, at) => {
    if (volumeDevices?.length) errors.push(forbidden(at.child('volumeDevices'), when));
  });
}

function validateHostnameOverride(spec: Spec, path: Path, errors: FieldError[]): void {
  const name = spec.hostnameOverride;
  if (name == null) return;
  if (spec.setHostnameAsFQDN) errors.push(forbidden(path, 'may not be specified when setHostnameAsFQDN is true'));
  if (spec.hostNetwork) errors.push(forbidden(path, 'may not be specified when hostNetwork is true'));
  if (name.length > 64) errors.push(tooLong(path, 64));
  complainAt(dnsSubdomain(name), path, name, errors);
}

function validateFileKeyVolumes(spec: Spec, volumes: Volumes, path: Path, errors: FieldError[]): void {
  forEachContainer(spec, path, (container, at) => {
    container.env?.forEach(({ valueFrom }, index) => {
      const ref = (valueFrom as { fileKeyRef?: { volumeName?: string } } | undefined)?.fileKeyRef;
      if (!ref) return;
      const name = ref.volumeName ?? '';
      const where = at.child('env').at(index).child('valueFrom').child('fileKeyRef').child('volumeName');
      const volume = volumes.get(name);
      if (!volume) errors.push(notFound(where, name));
      else if (!volume.emptyDir) errors.push(invalid(where, name, 'referenced volume must be of type emptyDir'));
    });
  });
}

/** Init containers first, as upstream visits them. */
export function forEachContainer(
  spec: DeepReadonly<PodSpec>,
  path: Path,
  visit: (container: DeepReadonly<Container>, path: Path) => void,
): void {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    spec[field]?.forEach((each, i) => visit(each as DeepReadonly<Container>, path.child(field).at(i)));
  }
}
