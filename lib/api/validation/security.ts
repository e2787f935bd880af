/**
 * Under which user, with which rights a pod and its containers run. What only matters on Windows is not looked into.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 */
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from 'kubernetes-types/core/v1.js';
import type { FieldError } from '../kinds/kind.js';
import type { DeepReadonly, PodSpec } from '../types.js';
import { duplicate, invalid, notSupported, required, tooLong, type Path } from './errors.js';
import { complain, complainAt } from './metadata.js';
import { unixId } from './names.js';
import { validateDescendingPath } from './volumes.js';

const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

const sysctlName = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/;
const sysctlText =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$';

/** In bytes: PATH_MAX - 1. */
const profileLimit = 4095;

type PodContext = DeepReadonly<
  PodSecurityContext & {
    supplementalGroupsPolicy?: string;
    seLinuxChangePolicy?: string;
    appArmorProfile?: AppArmorProfile;
  }
>;

export function validatePodSecurity(spec: DeepReadonly<PodSpec>, path: Path, errors: FieldError[]): void {
  const context = spec.securityContext as PodContext | undefined;
  if (!context) return;
  const { fsGroup, runAsUser, runAsGroup, supplementalGroups = [] } = context;
  if (fsGroup != null) complain(unixId(fsGroup), path, 'fsGroup', fsGroup, errors);
  if (runAsUser != null) complain(unixId(runAsUser), path, 'runAsUser', runAsUser, errors);
  if (runAsGroup != null) complain(unixId(runAsGroup), path, 'runAsGroup', runAsGroup, errors);
  supplementalGroups.forEach((group, index) => {
    complainAt(unixId(group), path.child('supplementalGroups').at(index), group, errors);
  });
  if (spec.hostPID && spec.shareProcessNamespace) {
    const both = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalid(path.child('shareProcessNamespace'), true, both));
  }
  validateSysctls(spec, context, path.child('sysctls'), errors);
  validateChoice(context.fsGroupChangePolicy, ['Always', 'OnRootMismatch'], path, 'fsGroupChangePolicy', errors);
  validateSeccomp(context.seccompProfile, path, errors);
  validateAppArmor(context.appArmorProfile, path, errors);
  validateChoice(context.supplementalGroupsPolicy, ['Merge', 'Strict'], path, 'supplementalGroupsPolicy', errors);
  validateChoice(context.seLinuxChangePolicy, ['MountOption', 'Recursive'], path, 'seLinuxChangePolicy', errors);
}

function validateChoice(
  value: string | undefined,
  supported: readonly string[],
  path: Path,
  field: string,
  errors: FieldError[],
): void {
  if (value != null && !supported.includes(value)) errors.push(notSupported(path.child(field), value, supported));
}

function validateSysctls(
  { hostNetwork, hostIPC }: DeepReadonly<PodSpec>,
  { sysctls = [] }: PodContext,
  path: Path,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  sysctls.forEach(({ name = '' }, index) => {
    const at = path.at(index).child('name');
    if (name === '') errors.push(required(at));
    else if (name.length > 253 || !sysctlName.test(name)) errors.push(invalid(at, name, sysctlText));
    else if (seen.has(name)) errors.push(duplicate(at, name));
    const dotted = name.replaceAll('/', '.');
    if (hostNetwork && dotted.startsWith('net.')) {
      errors.push(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    } else if (hostIPC && /^(kernel\.(shm|msg)|kernel\.sem$|fs\.mqueue\.)/.test(dotted)) {
      errors.push(invalid(at, name, "may not be specified when 'hostIPC' is true"));
    }
    seen.add(name);
  });
}

function validateSeccomp(profile: DeepReadonly<SeccompProfile> | undefined, context: Path, errors: FieldError[]): void {
  if (!profile) return;
  const path = context.child('seccompProfile');
  const { type, localhostProfile } = profile;
  if (!type) errors.push(required(path.child('type'), 'type is required when seccompProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(path.child('type'), type, profileTypes));
  if (type === 'Localhost') {
    if (localhostProfile == null) {
      errors.push(required(path.child('localhostProfile'), 'must be set when seccomp type is Localhost'));
    } else validateDescendingPath(localhostProfile, path.child('localhostProfile'), errors);
  } else if (localhostProfile != null) {
    const shown = { Type: type ?? '', LocalhostProfile: localhostProfile };
    errors.push(invalid(path.child('localhostProfile'), shown, 'can only be set when seccomp type is Localhost'));
  }
}

function validateAppArmor(
  profile: DeepReadonly<AppArmorProfile> | undefined,
  context: Path,
  errors: FieldError[],
): void {
  if (!profile) return;
  const path = context.child('appArmorProfile');
  const { type, localhostProfile } = profile;
  const where = path.child('localhostProfile');
  if (!type) errors.push(required(path.child('type'), 'type is required when appArmorProfile is set'));
  else if (!profileTypes.includes(type)) errors.push(notSupported(path.child('type'), type, profileTypes));
  else if (type !== 'Localhost') {
    if (localhostProfile != null) {
      errors.push(invalid(where, localhostProfile, 'can only be set when AppArmor type is Localhost'));
    }
  } else if (localhostProfile == null) {
    errors.push(required(where, 'must be set when AppArmor type is Localhost'));
  } else {
    if (localhostProfile !== localhostProfile.trim()) {
      errors.push(invalid(where, localhostProfile, 'must not be padded with whitespace'));
    } else if (localhostProfile === '') errors.push(required(where, 'must be set when AppArmor type is Localhost'));
    if (localhostProfile.length > profileLimit) errors.push(tooLong(where, profileLimit));
  }
}

type Context = DeepReadonly<SecurityContext & { appArmorProfile?: AppArmorProfile }>;

/** @param hostUsers whether root in the container is root on the host, as it is unless the pod says otherwise */
export function validateContainerSecurity(
  given: DeepReadonly<SecurityContext> | undefined,
  hostUsers: boolean,
  path: Path,
  errors: FieldError[],
): void {
  if (!given) return;
  const context = given as Context;
  const { runAsUser, runAsGroup, procMount, capabilities } = context;
  if (runAsUser != null) complain(unixId(runAsUser), path, 'runAsUser', runAsUser, errors);
  if (runAsGroup != null) complain(unixId(runAsGroup), path, 'runAsGroup', runAsGroup, errors);
  validateChoice(procMount, ['Default', 'Unmasked'], path, 'procMount', errors);
  if (procMount === 'Unmasked' && hostUsers) {
    errors.push(invalid(path.child('procMount'), procMount, '`hostUsers` must be false to use `Unmasked`'));
  }
  validateSeccomp(context.seccompProfile, path, errors);
  if (context.allowPrivilegeEscalation === false) {
    const refuse = (why: string) =>
      errors.push(invalid(path, asGo(context), `cannot set \`allowPrivilegeEscalation\` to false and ${why}`));
    if (context.privileged) refuse('`privileged` to true');
    for (const capability of capabilities?.add ?? []) {
      if (capability === 'CAP_SYS_ADMIN') refuse('`capabilities.Add` CAP_SYS_ADMIN');
    }
  }
  validateAppArmor(context.appArmorProfile, path, errors);
}

/** Upstream's message shows its own Go struct, all members in order. */
const asGo = (context: Context): Record<string, unknown> => ({
  Capabilities: context.capabilities
    ? { Add: context.capabilities.add ?? null, Drop: context.capabilities.drop ?? null }
    : null,
  Privileged: context.privileged ?? null,
  SELinuxOptions: capitalized(context.seLinuxOptions, ['user', 'role', 'type', 'level']),
  WindowsOptions: context.windowsOptions ?? null,
  RunAsUser: context.runAsUser ?? null,
  RunAsGroup: context.runAsGroup ?? null,
  RunAsNonRoot: context.runAsNonRoot ?? null,
  ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
  AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
  ProcMount: context.procMount ?? null,
  SeccompProfile: context.seccompProfile
    ? { Type: context.seccompProfile.type, LocalhostProfile: context.seccompProfile.localhostProfile ?? null }
    : null,
  AppArmorProfile: context.appArmorProfile
    ? { Type: context.appArmorProfile.type, LocalhostProfile: context.appArmorProfile.localhostProfile ?? null }
    : null,
});

const capitalized = (object: object | undefined, fields: readonly string[]): Record<string, unknown> | null =>
  object
    ? Object.fromEntries(
        fields.map((field) => [field[0]!.toUpperCase() + field.slice(1), Reflect.get(object, field) ?? '']),
      )
    : null;
