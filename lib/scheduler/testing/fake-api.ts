/**
 * For tests of the loop: as much of an API server as the scheduler speaks with, in memory. It keeps objects, counts versions,
 * tells watchers, binds, and merges conditions. Whether the real one answers so is shown by the scenarios in `test/`.
 */
import { keyOf } from '../../api/meta.js';
import { alreadyExists, conflict, notFound } from '../../api/status.js';
import { pathOf, replicationControllers, services, type Resource } from '../../api/resources.js';
import type { KubernetesObject, WatchEvent } from '../../api/types.js';
import type { Client } from '../../client/index.js';

type Stored = KubernetesObject & { spec?: any; status?: any };

export class FakeApi {
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<{ readonly prefix: string; tell(event: WatchEvent<any>): void }>();
  #version = 0;
  /** Called before each binding; what it throws refuses it. */
  onBind: (pod: string, node: string) => void | Promise<void> = () => {};
  /** Called after each, before the answer; what it throws is answered, though the Pod is bound. */
  onBound: (pod: string, node: string) => void | Promise<void> = () => {};
  /** Bindings are accepted, and nothing comes of them. */
  isDeaf = false;
  readonly bindings: string[] = [];
  /** Kinds beside Nodes, Pods and Events that there are. */
  readonly served: Resource[] = [services, replicationControllers];

  put(resource: Pick<Resource, 'resource'>, object: KubernetesObject): void {
    const path = `${resource.resource}/${keyOf(object)}`;
    const type = this.#objects.has(path) ? 'MODIFIED' : 'ADDED';
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#objects.set(path, stored);
    this.#tell(path, type, stored);
  }

  remove(resource: Pick<Resource, 'resource'>, key: string): void {
    const path = `${resource.resource}/${key}`;
    const object = this.#objects.get(path)!;
    this.#objects.delete(path);
    this.#tell(path, 'DELETED', {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++this.#version) },
    });
  }

  get(resource: Pick<Resource, 'resource'>, key: string): any {
    return this.#objects.get(`${resource.resource}/${key}`);
  }

  list(resource: Pick<Resource, 'resource'>): any[] {
    return [...this.#objects].filter(([path]) => path.startsWith(`${resource.resource}/`)).map(([, object]) => object);
  }

  get client(): Client {
    const client = {
      list: async (resource: Resource) => ({
        metadata: { resourceVersion: String(this.#version) },
        items: structuredClone(this.list(resource)),
      }),
      watch: (resource: Resource, { signal }: { signal: AbortSignal }) => this.#watch(resource, signal),
      create: async (resource: Resource, object: KubernetesObject) => {
        if (this.get(resource, keyOf(object))) throw alreadyExists(resource, object.metadata.name);
        this.put(resource, object);
        return structuredClone(this.get(resource, keyOf(object)));
      },
      patch: async (resource: Resource, { namespace, name }: { namespace: string; name: string }, patch: any) => {
        const object = this.#existing(resource, `${namespace}/${name}`);
        this.put(resource, {
          ...object,
          ...patch,
          metadata: object.metadata,
          status: { ...object.status, ...patch.status },
        });
      },
      get: async (resource: Resource, { namespace, name }: { namespace?: string; name: string }) =>
        structuredClone(this.#existing(resource, namespace ? `${namespace}/${name}` : name)),
      update: async (resource: Resource, object: KubernetesObject) => {
        const { metadata } = this.#existing(resource, keyOf(object));
        if (object.metadata.resourceVersion && object.metadata.resourceVersion !== metadata.resourceVersion)
          throw conflict(resource, object.metadata.name, 'the object has been modified');
        this.put(resource, object);
        return structuredClone(this.get(resource, keyOf(object)));
      },
      raw: async (_method: string, path: string) => {
        const resources = this.served.filter((resource) => pathOf({ ...resource, namespaced: false }).startsWith(path));
        if (resources.length === 0) throw notFound({ group: '', resource: '' }, path);
        return JSON.stringify({ resources: resources.map(({ resource }) => ({ name: resource })) });
      },
      delete: async (resource: Resource, { namespace, name }: { namespace: string; name: string }) =>
        this.remove(resource, `${namespace}/${name}`),
      createSubresource: async (resource: Resource, { namespace, name }: any, _sub: string, { target }: any) => {
        const key = `${namespace}/${name}`;
        await this.onBind(key, target.name);
        const pod = this.#existing(resource, key);
        if (pod.spec.nodeName)
          throw conflict(
            { group: '', resource: 'pods/binding' },
            name,
            `pod ${name} is already assigned to node "${pod.spec.nodeName}"`,
          );
        if (this.isDeaf) return;
        this.bindings.push(`${name} → ${target.name}`);
        const conditions = [{ type: 'PodScheduled', status: 'True' }];
        this.put(resource, {
          ...pod,
          spec: { ...pod.spec, nodeName: target.name },
          status: { ...pod.status, conditions },
        } as Stored);
        await this.onBound(key, target.name);
      },
    };
    return client as unknown as Client;
  }

  #existing(resource: Resource, key: string): Stored {
    const object = this.get(resource, key);
    if (!object) throw notFound(resource, key.split('/').at(-1)!);
    return object;
  }

  async *#watch(resource: Resource, signal: AbortSignal): AsyncGenerator<WatchEvent<any>, void> {
    const events: WatchEvent<any>[] = [];
    let wake = (): void => {};
    const watcher = {
      prefix: `${resource.resource}/`,
      tell: (event: WatchEvent<any>) => {
        events.push(event);
        wake();
      },
    };
    const end = (): void => wake();
    this.#watchers.add(watcher);
    signal.addEventListener('abort', end);
    try {
      while (!signal.aborted) {
        const event = events.shift();
        if (event) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', end);
    }
  }

  #tell(path: string, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Stored): void {
    for (const { prefix, tell } of this.#watchers)
      if (path.startsWith(prefix)) tell({ type, object: structuredClone(object) });
  }
}
