/**
 * The client: how every component speaks with the API server, over HTTP and nothing else.
 *
 * ```ts
 * const client = connect({ server: 'http://127.0.0.1:8080', userAgent: 'kube-scheduler' });
 * const pod = await client.get(pods, { namespace: 'default', name: 'web-0' });
 * await client.updateStatus(pods, { ...pod, status: { ...pod.status, phase: 'Running' } });
 * ```
 *
 * Every method rejects with a `StatusError` for what the server refuses (by its reason), with `ServiceUnavailable` when it
 * cannot be reached, and with the signal's reason when aborted.
 */
import type { Draft, KubernetesObject, List, WatchEvent } from '../api/types.js';
import type { Resource } from '../api/resources.js';

export interface ClientOptions {
  /** `http://127.0.0.1:8080` or `https://…`. */
  readonly server: string;
  /** PEM. */
  readonly ca?: string;
  /** PEM, together with `key`: the client certificate. */
  readonly cert?: string;
  readonly key?: string;
  /** Bearer token; a function is asked before each request. */
  readonly token?: string | (() => string);
  readonly insecureSkipTlsVerify?: boolean;
  /** `kube-scheduler`: also the default field manager. */
  readonly userAgent: string;
}

/** Names one object; `namespace` is left out for cluster-scoped kinds. */
export interface ObjectName {
  readonly namespace?: string;
  readonly name: string;
}

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

export interface ListQuery extends RequestOptions {
  /** All namespaces if left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchQuery extends ListQuery {
  readonly resourceVersion: string;
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WriteOptions extends RequestOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
}

export interface PatchOptions extends WriteOptions {
  /** Strategic merge if left out. */
  readonly type?: 'strategic' | 'merge' | 'json';
  readonly subresource?: string;
}

export interface DeleteOptions extends RequestOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export interface Client extends AsyncDisposable {
  readonly options: ClientOptions;
  get<T extends KubernetesObject>(resource: Resource<T>, name: ObjectName, options?: RequestOptions): Promise<T>;
  list<T extends KubernetesObject>(resource: Resource<T>, query?: ListQuery): Promise<List<T>>;
  /**
   * Events after `resourceVersion`, in order, until the server ends the watch (normally after some minutes: watch again
   * from the last version seen) or `signal` aborts. An `ERROR` event is thrown as its `StatusError`: `isExpired` means
   * list again.
   */
  watch<T extends KubernetesObject>(resource: Resource<T>, query: WatchQuery): AsyncIterable<WatchEvent<T>>;
  create<T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  /** Replaces the object; its `resourceVersion`, if it has one, must still be the stored one (`Conflict` otherwise). */
  update<T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  updateStatus<T extends KubernetesObject>(resource: Resource<T>, object: Draft<T>, options?: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: unknown,
    options?: PatchOptions,
  ): Promise<T>;
  delete(resource: Resource, name: ObjectName, options?: DeleteOptions): Promise<void>;
  /** Deletes every object that `query` selects, each as `delete` would. */
  deleteCollection(resource: Resource, query?: ListQuery, options?: DeleteOptions): Promise<void>;
  /** POST to a subresource: `binding`, `eviction`, `token`. Resolves with the decoded answer. */
  createSubresource<R = unknown>(
    resource: Resource,
    name: ObjectName,
    subresource: string,
    body: unknown,
    options?: WriteOptions,
  ): Promise<R>;
  /** Any request: `await client.raw('GET', '/healthz')`. Resolves with the body as text. */
  raw(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<string>;
}
