/**
 * The node's own door. The scheduler chose this node from what it knew; a pod bound by hand, or bound twice into the same
 * last place, is refused here, and fails.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/lifecycle/predicate.go
 */
import type { DeepReadonly, Node, Pod } from '../api/types.js';
import { amount, podRequests } from './resources.js';

export interface Rejection {
  /** `OutOfcpu`, `OutOfpods`, `NodePorts`, `NodeAffinity`: the pod's `status.reason`. */
  readonly reason: string;
  readonly message: string;
}

/** @param others the pods of this node that have not ended, without `pod` */
export function admit(
  pod: DeepReadonly<Pod>,
  node: DeepReadonly<Pick<Node, 'metadata' | 'status'>>,
  others: readonly DeepReadonly<Pod>[],
): Rejection | undefined {
  return fitsSelector(pod, node) ?? fitsPorts(pod, others) ?? fitsResources(pod, node, others);
}

function fitsSelector(pod: DeepReadonly<Pod>, node: DeepReadonly<Pick<Node, 'metadata'>>): Rejection | undefined {
  const wanted = Object.entries(pod.spec.nodeSelector ?? {});
  if (wanted.every(([key, value]) => node.metadata.labels?.[key] === value)) return undefined;
  return {
    reason: 'NodeAffinity',
    message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

function fitsPorts(pod: DeepReadonly<Pod>, others: readonly DeepReadonly<Pod>[]): Rejection | undefined {
  const taken = others.flatMap(hostPorts);
  const clash = hostPorts(pod).some((port) => taken.some((other) => clashes(port, other)));
  if (!clash) return undefined;
  return {
    reason: 'NodePorts',
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

function fitsResources(
  pod: DeepReadonly<Pod>,
  node: DeepReadonly<Pick<Node, 'status'>>,
  others: readonly DeepReadonly<Pod>[],
): Rejection | undefined {
  const allocatable = node.status.allocatable ?? {};
  const requested = { ...podRequests(pod), pods: 1 };
  const short = Object.entries(requested)
    .filter(([name, wanted]) => wanted > 0 && name in allocatable)
    .map(([name, wanted]) => {
      const used = others.reduce((sum, other) => sum + (name === 'pods' ? 1 : (podRequests(other)[name] ?? 0)), 0);
      return { name, wanted, used, capacity: amount(name, allocatable[name]) };
    })
    .filter(({ wanted, used, capacity }) => used + wanted > capacity);
  const first = short.find(({ name }) => name === 'pods') ?? short[0];
  if (!first) return undefined;
  const { name, wanted, used, capacity } = first;
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${wanted}, used: ${used}, capacity: ${capacity}`,
  };
}

interface HostPort {
  readonly port: number;
  readonly ip: string;
  readonly protocol: string;
}

const hostPorts = (pod: DeepReadonly<Pod>): HostPort[] =>
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort }) => (hostPort ?? 0) > 0)
    .map(({ hostPort, hostIP, protocol = 'TCP' }) => ({ port: hostPort!, ip: hostIP || '0.0.0.0', protocol }));

/** The wildcard address collides with every other. */
const clashes = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === '0.0.0.0' || b.ip === '0.0.0.0');
