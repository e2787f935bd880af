/**
 * The ConfigMaps and Secrets that this node's pods refer to, and no others: each is watched by its name as long as a pod
 * needs it. That is all a node may read, and a change reaches the volumes at once rather than at the next round.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/util/manager/watch_based_manager.go
 */
import { pathOf, type Resource } from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import type { Client } from '../client/client.js';
import { runReflector, type ReflectorStore } from '../client/reflector.js';
import type { Clock, Log } from '../util/index.js';

export interface ObjectCacheOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** An object that the pod of this UID refers to has changed, appeared or gone. */
  readonly onChange: (podUID: string) => void;
}

interface Entry {
  readonly users: Set<string>;
  readonly abort: AbortController;
  synced: boolean;
  object?: KubernetesObject;
}

export class ObjectCache implements Disposable {
  readonly #options: ObjectCacheOptions;
  /** By path: `/api/v1/namespaces/default/configmaps/conf`. */
  readonly #entries = new Map<string, Entry>();

  constructor(options: ObjectCacheOptions) {
    this.#options = options;
  }

  /**
   * The object, or undefined when there is none. From now on the pod hears of its changes, until {@link release}.
   * @throws what the API server answers when it is asked for the first time and cannot say
   */
  async get<T extends KubernetesObject>(
    podUID: string,
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Promise<DeepReadonly<T> | undefined> {
    const path = pathOf(resource, { namespace, name });
    let entry = this.#entries.get(path);
    if (!entry) {
      entry = { users: new Set(), abort: new AbortController(), synced: false };
      this.#entries.set(path, entry);
      void this.#watch(entry, resource, namespace, name);
    }
    entry.users.add(podUID);
    if (entry.synced) return entry.object as DeepReadonly<T> | undefined;
    try {
      return (await this.#options.client.get(resource, { namespace, name })) as DeepReadonly<T>;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The pod needs nothing any more. */
  release(podUID: string): void {
    for (const [path, entry] of this.#entries) {
      if (!entry.users.delete(podUID) || entry.users.size > 0) continue;
      entry.abort.abort();
      this.#entries.delete(path);
    }
  }

  [Symbol.dispose](): void {
    for (const { abort } of this.#entries.values()) abort.abort();
    this.#entries.clear();
  }

  async #watch<T extends KubernetesObject>(
    entry: Entry,
    resource: Resource<T>,
    namespace: string,
    name: string,
  ): Promise<void> {
    const { client, clock, log, onChange } = this.#options;
    const set = (object: T | undefined): void => {
      const changed = entry.synced && object?.metadata.resourceVersion !== entry.object?.metadata.resourceVersion;
      entry.synced = true;
      entry.object = object;
      if (changed) entry.users.forEach((uid) => onChange(uid));
    };
    const store: ReflectorStore<T> = {
      replace: ([object]) => set(object),
      put: set,
      remove: () => set(undefined),
    };
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    await runReflector({ client, clock, log, resource, store, ...selection }, entry.abort.signal);
  }
}
