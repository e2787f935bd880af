/** Builders for tests, notebooks and benchmarks: nouns, with everything left out that does not matter. */
import type { Node, Pod, ReplicationController, Service } from '../../api/types.js';

/** @example aNode('node-1', { cpu: '2', memory: '4Gi' }, { labels: { disk: 'ssd' } }) */
export const aNode = (
  name: string,
  { cpu = '4', memory = '8Gi', pods = '110', ...others }: Readonly<Record<string, string>> = {},
  {
    labels = {},
    ...spec
  }: {
    labels?: Record<string, string>;
    unschedulable?: boolean;
    taints?: { key: string; value?: string; effect: string }[];
  } = {},
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: spec as Node['spec'],
  status: { allocatable: { cpu, memory, pods, ...others }, capacity: { cpu, memory, pods, ...others } },
});

/** @example aPod('web-0', { cpu: '100m' }, { nodeSelector: { disk: 'ssd' } }, { labels: { app: 'web' } }) */
export function aPod(
  name: string,
  requests: Readonly<Record<string, string>> = {},
  spec: Partial<Pod['spec']> & Record<string, unknown> = {},
  metadata: Partial<Pod['metadata']> = {},
): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'default', name, uid: `uid-${name}`, ...metadata },
    spec: { containers: [{ name: 'a', image: 'i', resources: { requests } }], ...spec } as Pod['spec'],
    status: { phase: 'Pending' },
  };
}

export const aService = (name: string, selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'default', name },
  spec: { selector, ports: [{ port: 80 }] },
  status: {},
});

export const aController = (name: string, selector: Record<string, string>): ReplicationController => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { namespace: 'default', name },
  spec: { replicas: 1, selector },
  status: { replicas: 1 },
});

export const bound = (pod: Pod, nodeName: string): Pod => ({ ...pod, spec: { ...pod.spec, nodeName } });
