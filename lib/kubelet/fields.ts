/**
 * The downward API: what a container may learn of its own pod, as variables or as files.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
 */
import type { Container, DeepReadonly, Pod } from '../api/types.js';
import { quantity } from './resources.js';

/** Something the pod refers to is not there: the container waits as `CreateContainerConfigError`, and is tried again. */
export class ConfigError extends Error {}

/** The node's allocatable resources: what an unlimited container may use. */
export type NodeResources = Readonly<Record<string, string>>;

/**
 * One field of a pod as text; a map (`metadata.labels`) as sorted lines `key="value"`.
 * @throws {ConfigError} when the path names nothing
 */
export function fieldValue(pod: DeepReadonly<Pod>, path: string): string {
  const { metadata, spec, status } = pod;
  const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(path);
  if (subscript) return metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  const ips = status.podIPs?.map(({ ip }) => ip).join(',') ?? status.podIP ?? '';
  const hostIPs = (status as { hostIPs?: { ip: string }[] }).hostIPs?.map(({ ip }) => ip).join(',');
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
    case 'metadata.annotations':
      return lines(metadata[path.slice('metadata.'.length) as 'labels' | 'annotations'] ?? {});
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return status.hostIP ?? '';
    case 'status.hostIPs':
      return hostIPs ?? status.hostIP ?? '';
    case 'status.podIP':
      return status.podIP ?? '';
    case 'status.podIPs':
      return ips;
    default:
      throw new ConfigError(`unsupported fieldPath: ${path}`);
  }
}

/**
 * A container's request or limit in units of `divisor`, rounded up; where there is no limit, what the node has to give.
 * `limits.cpu` of `500m` with divisor 1 is `1`.
 */
export function resourceValue(
  pod: DeepReadonly<Pod>,
  container: DeepReadonly<Container> | undefined,
  ref: { readonly containerName?: string; readonly resource: string; readonly divisor?: string },
  node: NodeResources,
): string {
  const owner =
    ref.containerName === undefined
      ? container
      : [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === ref.containerName);
  if (!owner) throw new ConfigError(`container ${ref.containerName} not found`);
  const [kind, ...rest] = ref.resource.split('.');
  const resource = rest.join('.');
  const { limits, requests } = owner.resources ?? {};
  const set = kind === 'limits' ? (limits?.[resource] ?? node[resource]) : requests?.[resource];
  const divisor = quantity(ref.divisor) || 1;
  return String(Math.ceil(quantity(set) / divisor - 1e-9));
}

const lines = (map: Readonly<Record<string, string>>): string =>
  Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
