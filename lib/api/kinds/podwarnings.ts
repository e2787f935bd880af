/**
 * What is legal in a pod, and probably not meant. The API server sends it along as `Warning:` headers.
 *
 * Left out, of what upstream warns of: overlapping paths in volumes, and labels and annotations that only old clusters knew.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/api/pod/warnings.go
 */
import { parseQuantity } from '../quantity.js';
import type { ContainerPort, DeepReadonly, Pod, PodSpec, PodTemplateSpec } from '../types.js';
import { root, type Path } from '../validation/errors.js';
import { dnsLabel } from '../validation/names.js';
import { forEachContainer } from '../validation/podspec.js';

export function podWarnings({ metadata, spec }: DeepReadonly<Pod>): string[] {
  const complaints = dnsLabel(metadata.name ?? '');
  const warnings =
    complaints.length === 0
      ? []
      : [
          `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${complaints.join(' ')}]`,
        ];
  warnOfSpec(spec, root('spec'), warnings);
  return warnings;
}

/** @param path of the template: `spec.template` */
export function templateWarnings(template: DeepReadonly<PodTemplateSpec> | undefined, path: Path): string[] {
  const warnings: string[] = [];
  if (template?.spec) warnOfSpec(template.spec, path.child('spec'), warnings);
  return warnings;
}

/** For kinds whose name becomes the beginning of pods' names. */
export const nameWarning = (name: string | undefined): string[] => {
  const complaints = dnsLabel(name ?? '');
  return complaints.length === 0
    ? []
    : [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${complaints.join(' ')}]`,
      ];
};

const goneVolumes: readonly (readonly [field: string, text: string, shown?: string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+', 'storageOS'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

function warnOfSpec(spec: DeepReadonly<PodSpec>, path: Path, warnings: string[]): void {
  const noSelector = 'a null labelSelector results in matching no pod';
  spec.topologySpreadConstraints?.forEach(({ labelSelector }, index) => {
    if (labelSelector) return;
    warnings.push(`${path.child('topologySpreadConstraints').at(index).child('labelSelector')}: ${noSelector}`);
  });
  spec.volumes?.forEach((volume, index) => {
    for (const [field, text, shown = field] of goneVolumes) {
      if (field in volume) warnings.push(`${path.child('volumes').at(index).child(shown)}: ${text}`);
    }
  });
  for (const { name, projected } of spec.volumes ?? []) {
    for (const source of projected?.sources ?? []) {
      if (Object.keys(source).length > 0) continue;
      warnings.push(`volume ${JSON.stringify(name)} (Projected) has no sources provided`);
    }
  }
  warnOfRepeats(
    spec.hostAliases?.map(({ ip = '' }) => ip),
    'ip',
    path.child('hostAliases'),
    warnings,
  );
  const secrets = spec.imagePullSecrets?.map(({ name = '' }) => name);
  warnOfRepeats(secrets, 'name', path.child('imagePullSecrets'), warnings);
  secrets?.forEach((name, index) => {
    if (name !== '') return;
    warnings.push(`${path.child('imagePullSecrets').at(index).child('name')}: invalid empty name ""`);
  });
  warnOfFractions(spec.overhead, path.child('overhead'), warnings);
  warnOfContainers(spec, path, warnings);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1';
    warnings.push(`${path.child('terminationGracePeriodSeconds')}: ${text}`);
  }
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = spec.affinity?.[field];
    const at = path.child('affinity').child(field);
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.forEach(({ labelSelector }, index) => {
      const where = at.child('requiredDuringSchedulingIgnoredDuringExecution').at(index);
      if (!labelSelector) warnings.push(`${where.child('labelSelector')}: ${noSelector}`);
    });
    affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ podAffinityTerm }, index) => {
      const where = at.child('preferredDuringSchedulingIgnoredDuringExecution').at(index).child('podAffinityTerm');
      if (!podAffinityTerm?.labelSelector) warnings.push(`${where.child('labelSelector')}: ${noSelector}`);
    });
  }
}

function warnOfRepeats(values: readonly string[] | undefined, field: string, path: Path, warnings: string[]): void {
  if (!values || values.length < 2) return;
  const seen = new Set<string>();
  values.forEach((value, index) => {
    if (seen.has(value)) warnings.push(`${path.at(index).child(field)}: duplicate ${field} ${JSON.stringify(value)}`);
    seen.add(value);
  });
}

/** There is no half byte. */
function warnOfFractions(amounts: Readonly<Record<string, string>> | undefined, path: Path, warnings: string[]): void {
  for (const name of ['memory', 'ephemeral-storage']) {
    const text = amounts?.[name];
    if (text === undefined || parseQuantity(text).isWhole()) continue;
    warnings.push(`${path.at(name)}: fractional byte value ${JSON.stringify(text)} is invalid, must be an integer`);
  }
}

function warnOfContainers(spec: DeepReadonly<PodSpec>, path: Path, warnings: string[]): void {
  const located: LocatedPort[] = [];
  forEachContainer(spec, path, ({ resources, env = [], ports }, at) => {
    warnOfFractions(resources?.limits, at.child('resources').child('limits'), warnings);
    warnOfFractions(resources?.requests, at.child('resources').child('requests'), warnings);
    ports?.forEach((port, i) => located.push([port, at.child('ports').at(i)]));
    if (env.length < 2) return;
    const seen = new Set<string>();
    env.forEach(({ name, value = '', valueFrom }, index) => {
      if (seen.has(name)) {
        const own = `$(${name})`;
        if (!valueFrom && value !== own && value.includes(own)) return;
        const hides = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
        warnings.push(`${at.child('env').at(index)}: ${hides}`);
      }
      seen.add(name);
    });
  });
  warnOfPorts(located, warnings);
}

type LocatedPort = readonly [port: DeepReadonly<ContainerPort>, path: Path];

function warnOfPorts(ports: readonly LocatedPort[], warnings: string[]): void {
  if (ports.length < 2) return;
  const taken = new Map<string, LocatedPort[]>();
  for (const [port, path] of ports) {
    const { containerPort, protocol, hostIP = '', hostPort = 0 } = port;
    const key = `${containerPort}/${protocol}`;
    const others = taken.get(key) ?? [];
    for (const [other, where] of others) {
      const { hostIP: otherIP = '', hostPort: otherPort = 0 } = other;
      const how =
        hostIP === otherIP && hostPort === otherPort
          ? 'duplicate'
          : hostPort === 0 || otherPort === 0
            ? 'overlapping'
            : hostPort === otherPort && (hostIP === '') !== (otherIP === '')
              ? 'dangerously ambiguous'
              : undefined;
      if (how) warnings.push(`${path}: ${how} port definition with ${where}`);
    }
    taken.set(key, [...others, [port, path]]);
  }
  const names = new Map<string, Path>();
  for (const [{ name }, path] of ports) {
    if (!name) continue;
    const other = names.get(name);
    if (!other) names.set(name, path);
    else {
      const uses = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${path}: duplicate port name ${JSON.stringify(name)} with ${other}, ${uses}`);
    }
  }
}
