/** The {@link Reader} over the watch cache. */
import type { Kind } from '../../api/kinds/kind.js';
import type { Resource } from '../../api/resources.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import type { Reader } from '../reader.js';
import { present } from '../registry/present.js';
import { keyInStore, prefixOf, type ServedKinds } from '../served.js';
import type { WatchCache } from './watch-cache.js';

export function cacheReader(cache: WatchCache, served: ServedKinds): Reader {
  const kinds = new WeakMap<Resource, Kind | undefined>();
  const kindOf = (resource: Resource): Kind | undefined => {
    if (!kinds.has(resource)) kinds.set(resource, served.find(resource.group, resource.version, resource.resource));
    return kinds.get(resource);
  };
  return {
    get<T extends KubernetesObject>(resource: Resource<T>, namespace: string, name: string) {
      const kind = kindOf(resource);
      const entry = kind && cache.of(kind).get(keyInStore(kind, namespace, name));
      return entry && (present(kind, entry) as DeepReadonly<T>);
    },
    list<T extends KubernetesObject>(resource: Resource<T>, namespace?: string) {
      const kind = kindOf(resource);
      if (!kind) return [];
      const prefix = prefixOf(kind) + (namespace ? `${namespace}/` : '');
      return cache
        .of(kind)
        .list(prefix)
        .map((entry) => present(kind, entry) as DeepReadonly<T>);
    },
  };
}
