/**
 * Informers: a local copy of a resource, kept by list and watch, with handlers that hear of every change. The book's
 * answer to the pressure on the API server (§ 集群功能模块之间的通信): read from a cache, not from the server.
 *
 * Promised: handlers of one informer are called in order, one at a time, after the cache has changed; an object that was
 * missed while the watch was down appears, or disappears, at the next list. Not promised: every intermediate state.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/cache/shared_informer.go
 */
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import type { Resource } from '../api/resources.js';
import type { ObjectKey } from '../api/meta.js';

export interface EventHandler<T> {
  onAdd?(object: DeepReadonly<T>): void;
  onUpdate?(old: DeepReadonly<T>, object: DeepReadonly<T>): void;
  /** The last state seen, possibly an old one: a deletion noticed by relisting carries what the cache held. */
  onDelete?(object: DeepReadonly<T>): void;
}

/** Reads from a cache. What it returns is shared: copy before you change it. */
export interface Lister<T> {
  get(key: ObjectKey): DeepReadonly<T> | undefined;
  list(namespace?: string): DeepReadonly<T>[];
  /** Those of `namespace` whose labels contain all of `labels`. */
  matching(namespace: string | undefined, labels: Readonly<Record<string, string>>): DeepReadonly<T>[];
  /** Those for which the index `name`, given when the informer was made, yields `value`. */
  byIndex(name: string, value: string): DeepReadonly<T>[];
}

export interface Informer<T extends KubernetesObject> extends Lister<T> {
  readonly resource: Resource<T>;
  /** A handler added late hears an `onAdd` for everything already there. */
  addEventHandler(handler: EventHandler<T>): Disposable;
  /** Resolves when the first list is in the cache and handed to the handlers; at once, `false`, when `signal` aborts before. */
  synced(signal?: AbortSignal): Promise<boolean>;
}

export interface InformerOptions<T> {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Further ways to look objects up: `{ node: (pod) => pod.spec.nodeName ? [pod.spec.nodeName] : [] }`. */
  readonly indexes?: Readonly<Record<string, (object: DeepReadonly<T>) => readonly string[]>>;
}

/**
 * Shares one informer per resource (and selection) among all who ask. Informers are made before `run` or while it runs.
 */
export interface InformerFactory {
  informer<T extends KubernetesObject>(resource: Resource<T>, options?: InformerOptions<T>): Informer<T>;
  /** Lists and watches for all informers until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}
