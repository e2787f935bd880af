/** What a predicate or priority may look at beyond the Pod and the node, handed to its factory when the scheduler is built. */
import type { ObjectKey } from '../api/meta.js';
import type { Resource } from '../api/resources.js';
import type { Selector } from '../api/selectors.js';
import type { DeepReadonly, KubernetesObject, PersistentVolume, PersistentVolumeClaim } from '../api/types.js';
import type { NodeInfo } from './node-info.js';
import type { Peers } from './peers.js';
import type { PodInfo } from './pod-info.js';

/** The cluster, as a predicate's or priority's factory gets it. */
export interface PluginArgs {
  /** All nodes with their Pods, whether they fit or not, by descending name. */
  readonly nodes: readonly NodeInfo[];
  /** Undefined: there is neither such a node, nor a Pod bound to that name. */
  nodeNamed(name: string): NodeInfo | undefined;
  /** The selectors of the Services of the Pod's namespace that select it. */
  services(pod: PodInfo): readonly Selector[];
  /** How many Pods run on each node that are selected by what selects `pod`: Services alone, or controllers too. */
  peers(pod: PodInfo, of: 'services' | 'services and controllers'): Peers;
  /** Pods of `namespace` on nodes that `selector` matches, in the order in which they came there. */
  podsMatching(namespace: string, selector: Selector): readonly { readonly pod: PodInfo; readonly nodeName: string }[];
  /** Undefined: there is no such claim. */
  claim(namespace: string, name: string): DeepReadonly<PersistentVolumeClaim> | undefined;
  /** Undefined: no name, or no such volume. */
  volume(name: string | undefined): DeepReadonly<PersistentVolume> | undefined;
  /** An object of a kind in `schedulerResources`: a StorageClass, a Namespace. */
  get<T extends KubernetesObject>(resource: Resource<T>, key: ObjectKey): DeepReadonly<T> | undefined;
  /** All objects of such a kind. */
  list<T extends KubernetesObject>(resource: Resource<T>): readonly DeepReadonly<T>[];
  /** Pods that wait for room that is being made for them, by the name of the node. */
  nominations(): ReadonlyMap<string, readonly PodInfo[]>;
  /** What `look` finds while these Pods are left out of all sums. */
  without<R>(pods: Iterable<ObjectKey>, look: () => R): R;
  /** What `look` finds while these Pods count as running on `nodeName`. */
  with<R>(pods: Iterable<PodInfo>, nodeName: string, look: () => R): R;
}
