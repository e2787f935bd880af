/** What a predicate or priority may look at beyond the Pod and the node, handed to its factory when the scheduler is built. */
import type { Selector } from '../api/selectors.js';
import type { DeepReadonly, PersistentVolume, PersistentVolumeClaim } from '../api/types.js';
import type { NodeInfo } from './node-info.js';
import type { Peers } from './peers.js';
import type { PodInfo } from './pod-info.js';

export interface PluginArgs {
  /** The selectors of the Services of the Pod's namespace that select it. */
  services(pod: PodInfo): readonly Selector[];
  /** How many Pods run on each node that are selected by what selects `pod`: Services alone, or controllers too. */
  peers(pod: PodInfo, of: 'services' | 'services and controllers'): Peers;
  /** Pods of `namespace` on nodes, those being deleted left out, that `selector` matches. */
  podsMatching(namespace: string, selector: Selector): readonly { readonly pod: PodInfo; readonly nodeName: string }[];
  nodeNamed(name: string): NodeInfo | undefined;
  claim(namespace: string, name: string): DeepReadonly<PersistentVolumeClaim> | undefined;
  volume(name: string | undefined): DeepReadonly<PersistentVolume> | undefined;
}
