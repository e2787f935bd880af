/**
 * Informers made and shared. All components of a process that read Pods read one copy of them, fed by one watch.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/informers/factory.go
 */
import { setMaxListeners } from 'node:events';
import { pathOf, groupResource, type Resource } from '../api/resources.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import type { ObjectKey } from '../api/meta.js';
import type { Clock, Log } from '../util/index.js';
import { Cache, type Change } from './cache.js';
import type { Client } from './client.js';
import type { EventHandler, Informer, InformerFactory, InformerOptions } from './informer.js';
import { runReflector, type ReflectorStore } from './reflector.js';

export interface InformerFactoryOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
}

/** A factory of its own; informers are shared among those who ask the same factory. */
export const informerFactory = (options: InformerFactoryOptions): InformerFactory => new SharedInformers(options);

class SharedInformers implements InformerFactory {
  readonly #options: InformerFactoryOptions;
  /** By resource and selection. */
  readonly #informers = new Map<string, SharedInformer<any>>();
  /** While running: what starts an informer that is made late. */
  #start: ((informer: SharedInformer<any>) => void) | undefined;

  constructor(options: InformerFactoryOptions) {
    this.#options = options;
  }

  informer<T extends KubernetesObject>(resource: Resource<T>, options: InformerOptions<T> = {}): Informer<T> {
    const { labelSelector = '', fieldSelector = '' } = options;
    const name = `${pathOf(resource, options)}?${labelSelector}&${fieldSelector}`;
    let informer: SharedInformer<T> | undefined = this.#informers.get(name);
    if (!informer) {
      informer = new SharedInformer(resource, options, this.#options.log);
      this.#informers.set(name, informer);
      this.#start?.(informer);
    }
    for (const [name, index] of Object.entries(options.indexes ?? {})) informer.addIndex(name, index);
    return informer;
  }

  async run(signal: AbortSignal): Promise<void> {
    if (this.#start) throw new Error('these informers are running already');
    setMaxListeners(0, signal); // one listener for each reflector is no leak
    const reflectors: Promise<void>[] = [];
    this.#start = (informer) => reflectors.push(informer.run(this.#options, signal));
    for (const informer of this.#informers.values()) this.#start(informer);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#start = undefined;
    await Promise.all(reflectors);
  }
}

class SharedInformer<T extends KubernetesObject> implements Informer<T>, ReflectorStore<T> {
  readonly #cache = new Cache<T>();
  readonly #handlers = new Set<EventHandler<T>>();
  /** Resolves after the first list; then `#isSynced` is true. */
  readonly #firstList: Promise<void>;
  #listed!: () => void;
  #isSynced = false;

  constructor(
    readonly resource: Resource<T>,
    readonly options: InformerOptions<T>,
    readonly log: Log,
  ) {
    this.#firstList = new Promise((resolve) => (this.#listed = resolve));
  }

  get(key: ObjectKey): DeepReadonly<T> | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): DeepReadonly<T>[] {
    return this.#cache.list(namespace);
  }

  matching(namespace: string | undefined, labels: Readonly<Record<string, string>>): DeepReadonly<T>[] {
    return this.#cache.matching(namespace, labels);
  }

  byIndex(name: string, value: string): DeepReadonly<T>[] {
    return this.#cache.byIndex(name, value);
  }

  addIndex(name: string, index: (object: DeepReadonly<T>) => readonly string[]): void {
    this.#cache.addIndex(name, index);
  }

  addEventHandler(handler: EventHandler<T>): Disposable {
    const own = { ...bound(handler) }; // the same handler added twice is called twice
    for (const object of this.#cache.list()) this.#tell(own, { type: 'added', object });
    this.#handlers.add(own);
    return { [Symbol.dispose]: () => void this.#handlers.delete(own) };
  }

  async synced(signal?: AbortSignal): Promise<boolean> {
    if (this.#isSynced || !signal) await this.#firstList;
    else if (!signal.aborted) {
      let leave!: () => void;
      const aborted = new Promise<void>((resolve) => (leave = resolve));
      signal.addEventListener('abort', leave, { once: true });
      await Promise.race([this.#firstList, aborted]);
      signal.removeEventListener('abort', leave);
    }
    return this.#isSynced;
  }

  run({ client, clock, log }: InformerFactoryOptions, signal: AbortSignal): Promise<void> {
    const { namespace, labelSelector, fieldSelector } = this.options;
    const { resource } = this;
    return runReflector({ client, clock, log, resource, store: this, namespace, labelSelector, fieldSelector }, signal);
  }

  replace(objects: readonly T[]): void {
    this.#tellAll(this.#cache.replace(objects));
    this.#isSynced = true;
    this.#listed();
  }

  put(object: T): void {
    this.#tellAll(this.#cache.put(object));
  }

  remove(object: T): void {
    this.#tellAll(this.#cache.remove(object));
  }

  #tellAll(changes: readonly Change<T>[]): void {
    for (const change of changes) for (const handler of this.#handlers) this.#tell(handler, change);
  }

  /** One handler's failure is not another's, nor the cache's. */
  #tell(handler: EventHandler<T>, change: Change<T>): void {
    try {
      if (change.type === 'added') handler.onAdd?.(change.object);
      else if (change.type === 'updated') handler.onUpdate?.(change.old, change.object);
      else handler.onDelete?.(change.object);
    } catch (error) {
      this.log.warn('an event handler failed', { resource: groupResource(this.resource), change: change.type, error });
    }
  }
}

const bound = <T>(handler: EventHandler<T>): EventHandler<T> => ({
  onAdd: handler.onAdd?.bind(handler),
  onUpdate: handler.onUpdate?.bind(handler),
  onDelete: handler.onDelete?.bind(handler),
});
