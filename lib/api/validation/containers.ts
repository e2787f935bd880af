/**
 * The containers of a pod, of all three sorts: regular, init, ephemeral.
 *
 * @see https://kubernetes.io/docs/concepts/containers/
 */
import type { ContainerResizePolicy, EphemeralContainer, EnvFromSource } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import type { Container, ContainerPort, DeepReadonly, EnvVar } from '../types.js';
import { envFieldPaths, validateFieldRef, validateResourceFieldRef } from './downward.js';
import { duplicate, forbidden, invalid, notFound, notSupported, required, tooMany, type Path } from './errors.js';
import { validateLifecycle, validateProbe, type ProbeKind } from './handlers.js';
import { complain } from './metadata.js';
import { asPrefix, configMapKey, dnsLabel, dnsSubdomain, envVarName, portName, portNumber } from './names.js';
import { validateResources } from './resources.js';
import { validateContainerSecurity } from './security.js';
import { validateDevices, validateMounts, validateNoBacksteps, type Volumes } from './volumes.js';

/** What containers need to know of their pod. */
export interface Surroundings {
  readonly volumes: Volumes;
  /** The names of `resourceClaims`. */
  readonly claims: ReadonlySet<string>;
  readonly graceSeconds: number | undefined;
  readonly restartPolicy: string | undefined;
  readonly hostUsers: boolean;
  /** `linux`, `windows`. */
  readonly os: string | undefined;
}

/** Fields that are younger than our types. */
type Restarting = {
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly {
    readonly action?: string;
    readonly exitCodes?: { readonly operator?: string; readonly values?: readonly number[] };
  }[];
};

type Containers = DeepReadonly<Container[]>;

const probeKinds: readonly ProbeKind[] = ['livenessProbe', 'readinessProbe', 'startupProbe'];

export function validateContainers(
  containers: Containers | undefined,
  around: Surroundings,
  path: Path,
  errors: FieldError[],
): void {
  if (!containers || containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  containers.forEach((container, index) => {
    const at = path.at(index);
    validateCommon(container, around, at, errors);
    const { name = '' } = container;
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    validateCare(container, around, at, errors);
    validateRestarting(container as Restarting, at, errors);
  });
  validateHostPorts(containers, path, errors);
}

export function validateInitContainers(
  containers: Containers | undefined,
  regular: Containers | undefined,
  around: Surroundings,
  path: Path,
  errors: FieldError[],
): void {
  if (!containers || containers.length === 0) return;
  const names = new Set(regular?.map(({ name }) => name));
  containers.forEach((container, index) => {
    const at = path.at(index);
    const { name } = container;
    const sidecar = container.restartPolicy === 'Always';
    validateCommon(container, around, at, errors);
    validateRestarting(container as Restarting, at, errors);
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    else if (name) names.add(name);
    validateHostPorts([container], path, errors);
    if (sidecar) validateCare(container, around, at, errors);
    else {
      const only = 'may not be set for init containers without restartPolicy=Always';
      for (const field of ['lifecycle', ...probeKinds] as const) {
        if (container[field]) errors.push(forbidden(at.child(field), only));
      }
      container.resizePolicy?.forEach(({ restartPolicy }, i) => {
        if (restartPolicy !== 'RestartContainer') return;
        const why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
        errors.push(invalid(at.child('resizePolicy').at(i).child('restartPolicy'), restartPolicy, why));
      });
    }
  });
}

/** Fields that make no sense in a container that only came to look. In the order of upstream's struct. */
const notEphemeral = [
  ...['ports', 'resources', 'resizePolicy', 'restartPolicy', 'restartPolicyRules'],
  ...['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'],
];

export function validateEphemeralContainers(
  containers: DeepReadonly<EphemeralContainer[]> | undefined,
  others: Containers,
  around: Surroundings,
  path: Path,
  errors: FieldError[],
): void {
  if (!containers || containers.length === 0) return;
  const targets = new Set(others.map(({ name }) => name));
  const names = new Set(targets);
  containers.forEach((container, index) => {
    const at = path.at(index);
    const cannot = 'cannot be set for an Ephemeral Container';
    validateCommon(container as DeepReadonly<Container>, around, at, errors);
    validateImageTrimmed(container.image, at, errors);
    if (names.has(container.name)) errors.push(duplicate(at.child('name'), container.name));
    names.add(container.name);
    const target = container.targetContainerName;
    if (target && !targets.has(target)) errors.push(notFound(at.child('targetContainerName'), target));
    for (const field of notEphemeral) {
      const value = Reflect.get(container, field) as unknown;
      if (value == null || (typeof value === 'object' && Object.keys(value).length === 0)) continue;
      errors.push(forbidden(at.child(field), cannot));
    }
    container.volumeMounts?.forEach(({ subPath, subPathExpr }, i) => {
      const mount = at.child('volumeMounts').at(i);
      if (subPath) errors.push(forbidden(mount.child('subPath'), cannot));
      if (subPathExpr) errors.push(forbidden(mount.child('subPathExpr'), cannot));
    });
  });
}

/** Asked of pods only: templates with blanks were once accepted and still must be. */
export function validateImageTrimmed(image: string | undefined, container: Path, errors: FieldError[]): void {
  if (image && image !== image.trim()) {
    errors.push(invalid(container.child('image'), image, 'must not have leading or trailing whitespace'));
  }
}

const messagePolicies = ['File', 'FallbackToLogsOnError'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** What all sorts have in common. */
function validateCommon(
  container: DeepReadonly<Container>,
  { volumes, claims, restartPolicy, hostUsers }: Surroundings,
  path: Path,
  errors: FieldError[],
): void {
  const { name = '', terminationMessagePolicy: messages, imagePullPolicy: pull } = container;
  if (name === '') errors.push(required(path.child('name')));
  else complain(dnsLabel(name), path, 'name', name, errors);
  if (!container.image) errors.push(required(path.child('image')));
  if (!messages) errors.push(required(path.child('terminationMessagePolicy')));
  else if (!messagePolicies.includes(messages)) {
    errors.push(notSupported(path.child('terminationMessagePolicy'), messages, messagePolicies));
  }
  validatePorts(container.ports, path.child('ports'), errors);
  validateEnv(container.env, path.child('env'), errors);
  validateEnvFrom(container.envFrom, path.child('envFrom'), errors);
  const mounting = {
    mounts: container.volumeMounts,
    devices: container.volumeDevices,
    privileged: container.securityContext?.privileged === true,
  };
  validateMounts(mounting, volumes, path.child('volumeMounts'), errors);
  validateDevices(mounting, volumes, path.child('volumeDevices'), errors);
  if (!pull) errors.push(required(path.child('imagePullPolicy')));
  else if (!pullPolicies.includes(pull)) {
    errors.push(notSupported(path.child('imagePullPolicy'), pull, pullPolicies));
  }
  validateResources(container.resources, claims, path.child('resources'), errors);
  validateResizePolicy(container.resizePolicy, restartPolicy, path.child('resizePolicy'), errors);
  validateContainerSecurity(container.securityContext, hostUsers, path.child('securityContext'), errors);
}

/** How a container is looked after while it runs. */
function validateCare(
  container: DeepReadonly<Container>,
  { graceSeconds, os }: Surroundings,
  path: Path,
  errors: FieldError[],
): void {
  validateLifecycle(container.lifecycle, graceSeconds, os, path.child('lifecycle'), errors);
  for (const kind of probeKinds) validateProbe(kind, container[kind], graceSeconds, path, errors);
}

const protocols = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: DeepReadonly<ContainerPort[]> | undefined, path: Path, errors: FieldError[]): void {
  if (!ports || ports.length === 0) return;
  const names = new Set<string>();
  ports.forEach(({ name, containerPort = 0, hostPort, protocol = '' }, index) => {
    const at = path.at(index);
    if (name) {
      const complaints = portName(name);
      complain(complaints, at, 'name', name, errors);
      if (complaints.length === 0 && names.has(name)) errors.push(duplicate(at.child('name'), name));
      names.add(name);
    }
    if (containerPort === 0) errors.push(required(at.child('containerPort')));
    else complain(portNumber(containerPort), at, 'containerPort', containerPort, errors);
    if (hostPort) complain(portNumber(hostPort), at, 'hostPort', hostPort, errors);
    if (protocol === '') errors.push(required(at.child('protocol')));
    else if (!protocols.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, protocols));
  });
}

/** One port of the host for one container only. */
function validateHostPorts(containers: Containers, path: Path, errors: FieldError[]): void {
  let taken: Set<string> | undefined;
  containers.forEach(({ ports }, index) => {
    ports?.forEach(({ protocol = '', hostIP = '', hostPort }, i) => {
      if (!hostPort) return;
      taken ??= new Set();
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.push(duplicate(path.at(index).child('ports').at(i).child('hostPort'), key));
      taken.add(key);
    });
  });
}

interface FileKeySelector {
  readonly volumeName?: string;
  readonly path?: string;
  readonly key?: string;
}

function validateEnv(variables: DeepReadonly<EnvVar[]> | undefined, path: Path, errors: FieldError[]): void {
  variables?.forEach(({ name = '', value, valueFrom }, index) => {
    const at = path.at(index);
    if (name === '') errors.push(required(at.child('name')));
    else complain(envVarName(name), at, 'name', name, errors);
    if (!valueFrom) return;
    const from = at.child('valueFrom');
    const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
    const fileKeyRef = (valueFrom as { fileKeyRef?: FileKeySelector }).fileKeyRef;
    if (fieldRef) validateFieldRef(fieldRef, envFieldPaths, from.child('fieldRef'), errors);
    if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, false, from.child('resourceFieldRef'), errors);
    if (configMapKeyRef) validateKeyRef(configMapKeyRef, from.child('configMapKeyRef'), errors);
    if (secretKeyRef) validateKeyRef(secretKeyRef, from.child('secretKeyRef'), errors);
    if (fileKeyRef) validateFileKeyRef(fileKeyRef, from.child('fileKeyRef'), errors);
    const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
    if (count === 0) {
      const one =
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
      errors.push(invalid(from, '', one));
    } else if (value) errors.push(invalid(from, '', 'may not be specified when `value` is not empty'));
    else if (count > 1) errors.push(invalid(from, '', 'may not have more than one field specified at a time'));
  });
}

function validateKeyRef(
  { name = '', key = '' }: { name?: string; key?: string },
  path: Path,
  errors: FieldError[],
): void {
  complain(dnsSubdomain(name), path, 'name', name, errors);
  if (key === '') errors.push(required(path.child('key')));
  else complain(configMapKey(key), path, 'key', key, errors);
}

function validateFileKeyRef({ key, volumeName, path: file }: FileKeySelector, path: Path, errors: FieldError[]): void {
  if (!key) errors.push(required(path.child('key')));
  else complain(envVarName(key), path, 'key', key, errors);
  if (!volumeName) errors.push(required(path.child('volumeName')));
  else complain(dnsLabel(volumeName), path, 'volumeName', volumeName, errors);
  if (!file) errors.push(required(path.child('path')));
  else validateNoBacksteps(file, path.child('path'), errors);
}

function validateEnvFrom(from: DeepReadonly<EnvFromSource[]> | undefined, path: Path, errors: FieldError[]): void {
  from?.forEach(({ prefix, configMapRef, secretRef }, index) => {
    const at = path.at(index);
    if (prefix) complain(envVarName(prefix), at, 'prefix', prefix, errors);
    for (const [field, ref] of [['configMapRef', configMapRef] as const, ['secretRef', secretRef] as const]) {
      if (!ref) continue;
      if (!ref.name) errors.push(required(at.child(field).child('name')));
      else complain(dnsSubdomain(asPrefix(ref.name)), at.child(field), 'name', ref.name, errors);
    }
    // Upstream leaves the index out here.
    if (!configMapRef && !secretRef)
      errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    else if (configMapRef && secretRef) {
      errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
    }
  });
}

const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

function validateResizePolicy(
  policies: DeepReadonly<ContainerResizePolicy[]> | undefined,
  podRestartPolicy: string | undefined,
  path: Path,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  policies?.forEach(({ resourceName = '', restartPolicy = '' }, index) => {
    if (seen.has(resourceName)) errors.push(duplicate(path.at(index), resourceName));
    seen.add(resourceName);
    if (resourceName === '') errors.push(required(path));
    else if (!resizable.includes(resourceName)) errors.push(notSupported(path, resourceName, resizable));
    if (restartPolicy === '') errors.push(required(path));
    else if (!resizePolicies.includes(restartPolicy)) errors.push(notSupported(path, restartPolicy, resizePolicies));
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired') {
      errors.push(invalid(path, restartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"));
    }
  });
}

const restartPolicies = ['Always', 'Never', 'OnFailure'];

function validateRestarting(
  { restartPolicy, restartPolicyRules: rules = [] }: Restarting,
  path: Path,
  errors: FieldError[],
): void {
  const at = path.child('restartPolicy');
  if (restartPolicy === undefined) {
    if (rules.length > 0) errors.push(required(at, 'must specify restartPolicy when restart rules are used'));
    else return;
  } else if (!restartPolicies.includes(restartPolicy)) errors.push(notSupported(at, restartPolicy, restartPolicies));
  const where = path.child('restartPolicyRules');
  if (rules.length > 20) errors.push(tooMany(where, rules.length, 20));
  rules.forEach(({ action = '', exitCodes }, index) => {
    if (action !== 'Restart') errors.push(notSupported(where.at(index).child('action'), action, ['Restart']));
    const codes = where.at(index).child('exitCodes');
    if (!exitCodes) {
      errors.push(required(codes, 'must be specified'));
      return;
    }
    const { operator = '', values = [] } = exitCodes;
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(notSupported(codes.child('operator'), operator, ['In', 'NotIn']));
    }
    if (values.length > 255) errors.push(tooMany(codes.child('values'), values.length, 255));
  });
}
