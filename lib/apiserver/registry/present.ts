/** How a kind shows what is stored: as it is, or, for a view, in its own words. */
import type { Kind } from '../../api/kinds/kind.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import type { CachedEntry } from '../watch-cache/entry.js';

/** The object of an entry, as `kind` shows it. Shared: copy before you change it. */
export const present = (kind: Kind, entry: CachedEntry): DeepReadonly<any> =>
  kind.storedAs ? kind.storedAs.fromStored(entry.object) : entry.object;

/** The same, to read single fields of (see {@link CachedEntry.glance}). */
export const glance = (kind: Kind, entry: CachedEntry): DeepReadonly<any> =>
  kind.storedAs ? kind.storedAs.fromStored(entry.object) : entry.glance;

/** A copy of it that may be changed. */
export const copyOf = <T extends KubernetesObject>(kind: Kind, entry: CachedEntry): T =>
  kind.storedAs ? (structuredClone(kind.storedAs.fromStored(entry.copy())) as T) : entry.copy<T>();

/** The object as it is stored. */
export const toStored = (kind: Kind, object: KubernetesObject): KubernetesObject =>
  kind.storedAs ? kind.storedAs.toStored(object) : object;
