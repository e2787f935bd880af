/**
 * What is stored now, for the parts of the API server that must look at other objects (admission, tokens, allocators):
 * synchronous, from the watch cache.
 *
 * Promised: a write that was answered before is seen. What is returned is shared: copy before you change it.
 */
import type { Resource } from '../api/resources.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';

export interface Reader {
  /** @param namespace empty for cluster-scoped kinds */
  get<T extends KubernetesObject>(kind: Resource<T>, namespace: string, name: string): DeepReadonly<T> | undefined;
  /** In the order of their keys; of all namespaces if `namespace` is left out. */
  list<T extends KubernetesObject>(kind: Resource<T>, namespace?: string): DeepReadonly<T>[];
}
