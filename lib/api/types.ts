/**
 * The kinds, as TypeScript types: the wire form of `kubernetes-types`, tightened to what the API server hands out. An
 * object that was read has `metadata` with a name, `spec` and `status`; one that is sent may leave them out ({@link Draft}).
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/
 */
import type * as core from 'kubernetes-types/core/v1.js';
import type * as coordination from 'kubernetes-types/coordination/v1.js';
import type * as discovery from 'kubernetes-types/discovery/v1.js';
import type * as eventsGroup from 'kubernetes-types/events/v1.js';
import type * as apps from 'kubernetes-types/apps/v1.js';
import type * as policy from 'kubernetes-types/policy/v1.js';
import type * as node from 'kubernetes-types/node/v1.js';
import type * as scheduling from 'kubernetes-types/scheduling/v1.js';
import type * as storage from 'kubernetes-types/storage/v1.js';
import type { ObjectMeta as WireObjectMeta, OwnerReference, ListMeta } from 'kubernetes-types/meta/v1.js';

export type { OwnerReference, ListMeta, LabelSelector, Condition } from 'kubernetes-types/meta/v1.js';
export type {
  Container,
  ContainerPort,
  ContainerState,
  ContainerStatus,
  EndpointAddress,
  EndpointSubset,
  EnvVar,
  LocalObjectReference,
  NodeCondition,
  NodeSpec,
  NodeStatus,
  ObjectReference,
  PodCondition,
  PodSpec,
  PodStatus,
  PodTemplateSpec,
  Probe,
  ReplicationControllerStatus,
  ServicePort,
  ServiceSpec,
  Taint,
  Toleration,
  Volume,
} from 'kubernetes-types/core/v1.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What every stored object carries. `namespace` is absent on cluster-scoped kinds. */
export interface ObjectMeta extends Mutable<WireObjectMeta> {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  generation?: number;
  ownerReferences?: OwnerReference[];
}

/** Any object of any kind. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** A kind of `kubernetes-types` with `metadata`, and with `spec` and `status` where it has them. */
type Served<T> = Omit<T, 'apiVersion' | 'kind' | 'metadata' | 'spec' | 'status'> &
  KubernetesObject &
  ('spec' extends keyof T ? { spec: NonNullable<T[keyof T & 'spec']> } : unknown) &
  ('status' extends keyof T ? { status: NonNullable<T[keyof T & 'status']> } : unknown);

/** An object before the API server has completed it: what a client sends. */
export type Draft<T extends KubernetesObject> = Partial<Omit<T, 'metadata'>> & {
  metadata: Partial<ObjectMeta> & ({ name: string } | { generateName: string });
};

export type Pod = Served<core.Pod>;
export type Service = Served<core.Service>;
export type Endpoints = Served<core.Endpoints>;
export type Node = Served<core.Node>;
export type Namespace = Served<core.Namespace>;
export type ReplicationController = Served<core.ReplicationController>;
export type Event = Served<core.Event>;
export type Secret = Served<core.Secret>;
export type ConfigMap = Served<core.ConfigMap>;
export type ServiceAccount = Served<core.ServiceAccount>;
export type Binding = Served<core.Binding>;
export type PodTemplate = Served<core.PodTemplate>;
export type LimitRange = Served<core.LimitRange>;
export type ResourceQuota = Served<core.ResourceQuota>;
export type PersistentVolume = Served<core.PersistentVolume>;
export type PersistentVolumeClaim = Served<core.PersistentVolumeClaim>;
export type StorageClass = Served<storage.StorageClass>;
export type CSINode = Served<storage.CSINode>;
export type ReplicaSet = Omit<Served<apps.ReplicaSet>, 'status'> & { status: ReplicaSetStatus };
/** `terminatingReplicas`, which a ReplicationController does not tell, is newer than `kubernetes-types`. */
export type ReplicaSetStatus = apps.ReplicaSetStatus & { terminatingReplicas?: number };
/** What keeps so many Pods of a template alive. */
export type Replicated = ReplicationController | ReplicaSet;
export type StatefulSet = Served<apps.StatefulSet>;
export type PodDisruptionBudget = Served<policy.PodDisruptionBudget>;
export type RuntimeClass = Served<node.RuntimeClass>;
export type PriorityClass = Served<scheduling.PriorityClass>;
/** `events.k8s.io/v1`: the same events, in newer words. */
export type EventsEvent = Served<eventsGroup.Event>;
export type Lease = Served<coordination.Lease>;
export type EndpointSlice = Served<discovery.EndpointSlice>;

/** `{ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '5' }, items: [] }` */
export interface List<T> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** One line of a watch. `BOOKMARK` carries only a `resourceVersion`; `ERROR` carries a `Status`. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | {
      type: 'BOOKMARK';
      object: {
        kind: string;
        apiVersion: string;
        metadata: { resourceVersion: string; annotations?: Record<string, string> };
      };
    }
  | { type: 'ERROR'; object: import('./status.js').Status };

/** Objects of a cache are shared: whoever wants to change one takes a copy (`structuredClone`) first. */
export type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer U)[]
    ? readonly DeepReadonly<U>[]
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T;
