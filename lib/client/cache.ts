/**
 * The local copy of a resource: objects by key, found by namespace, by labels, or by indexes of the reader's choice.
 *
 * `managedFields` are left out of what is kept: they are half of many an object, and nobody but the API server reads
 * them. (An update without them leaves the stored ones as they are.)
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/cache/thread_safe_store.go
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';
import type { Lister } from './informer.js';

/** The values under which an object is found in an index; none: it is not in it. */
export type IndexFunction<T> = (object: DeepReadonly<T>) => readonly string[];

/** What a write did to the cache, for whoever has to tell others. */
export type Change<T> =
  | { readonly type: 'added'; readonly object: DeepReadonly<T> }
  | { readonly type: 'updated'; readonly old: DeepReadonly<T>; readonly object: DeepReadonly<T> }
  | { readonly type: 'deleted'; readonly object: DeepReadonly<T> };

export class Cache<T extends KubernetesObject> implements Lister<T> {
  readonly #objects = new Map<ObjectKey, DeepReadonly<T>>();
  /** Each holds exactly the objects of `#objects`, under the values that its function gave when they came. */
  readonly #indexes = new Map<string, Index<T>>([[byNamespace, new Index<T>(namespaceOf)]]);

  /** Makes `index` available to {@link byIndex}. Asked for twice under one name, it must be the same function. */
  addIndex(name: string, index: IndexFunction<T>): void {
    const existing = this.#indexes.get(name);
    if (existing && existing.valuesOf !== index) throw new Error(`the index ${name} is already there, and differs`);
    if (existing) return;
    const added = new Index(index);
    for (const object of this.#objects.values()) added.add(object);
    this.#indexes.set(name, added);
  }

  get(key: ObjectKey): DeepReadonly<T> | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): DeepReadonly<T>[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(byNamespace, namespace);
  }

  matching(namespace: string | undefined, labels: Readonly<Record<string, string>>): DeepReadonly<T>[] {
    const wanted = Object.entries(labels);
    return this.list(namespace).filter(({ metadata }) =>
      wanted.every(([name, value]) => metadata.labels?.[name] === value),
    );
  }

  byIndex(name: string, value: string): DeepReadonly<T>[] {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`there is no index ${name}`);
    return index.get(value);
  }

  /** Puts `object` where its key says. Nothing changes if it is there in this very version. */
  put(object: T): Change<T>[] {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old?.metadata.resourceVersion === object.metadata.resourceVersion && old) return [];
    delete object.metadata.managedFields;
    const current = object as DeepReadonly<T>;
    this.#objects.set(key, current);
    for (const index of this.#indexes.values()) {
      if (old) index.remove(old);
      index.add(current);
    }
    if (!old) return [{ type: 'added', object: current }];
    if (old.metadata.uid === current.metadata.uid) return [{ type: 'updated', old, object: current }];
    // A namesake: between the two there was a deletion that nobody told us of.
    return [
      { type: 'deleted', object: old },
      { type: 'added', object: current },
    ];
  }

  /** Takes `object` out: it was deleted, and this is its last state. */
  remove(object: T): Change<T>[] {
    const known = this.#objects.get(keyOf(object));
    if (!known) return [];
    this.#forget(known);
    delete object.metadata.managedFields;
    return [{ type: 'deleted', object: object as DeepReadonly<T> }];
  }

  /** Makes `objects` the whole content: what is not among them has been deleted while nobody looked. */
  replace(objects: readonly T[]): Change<T>[] {
    const present = new Set(objects.map(keyOf));
    const gone = [...this.#objects].filter(([key]) => !present.has(key)).map(([, object]) => object);
    for (const object of gone) this.#forget(object);
    return [
      ...gone.map((object) => ({ type: 'deleted', object }) as const),
      ...objects.flatMap((object) => this.put(object)),
    ];
  }

  #forget(object: DeepReadonly<T>): void {
    this.#objects.delete(keyOf(object));
    for (const index of this.#indexes.values()) index.remove(object);
  }
}

/** The name of the index that every cache has. */
const byNamespace = 'namespace';
const namespaceOf = (object: DeepReadonly<KubernetesObject>): readonly string[] =>
  object.metadata.namespace === undefined ? [] : [object.metadata.namespace];

class Index<T> {
  readonly #objects = new Map<string, Set<DeepReadonly<T>>>();

  constructor(readonly valuesOf: IndexFunction<T>) {}

  add(object: DeepReadonly<T>): void {
    for (const value of this.valuesOf(object)) {
      const set = this.#objects.get(value);
      if (set) set.add(object);
      else this.#objects.set(value, new Set([object]));
    }
  }

  remove(object: DeepReadonly<T>): void {
    for (const value of this.valuesOf(object)) {
      const set = this.#objects.get(value);
      if (set?.delete(object) && set.size === 0) this.#objects.delete(value);
    }
  }

  get(value: string): DeepReadonly<T>[] {
    return [...(this.#objects.get(value) ?? [])];
  }
}
