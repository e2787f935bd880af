/** Kinds whose objects are not stored, but found out when somebody asks: read like the others, from what there is now. */
import type { Kind } from '../api/kinds/kind.js';
import type { KubernetesObject } from '../api/types.js';
import { Codec } from './codec.js';
import type { Page } from './registry/list.js';
import type { Selection } from './registry/selection.js';
import { keyInStore } from './served.js';
import { CachedEntry } from './watch-cache/entry.js';

/** What finds them out, by resource. */
export type ComputedKinds = Readonly<Record<string, Computed>>;

export interface Computed {
  list(): Promise<readonly KubernetesObject[]>;
  /** @throws StatusError there is none of that name */
  get(name: string): Promise<KubernetesObject>;
}

export const computedEntry = async (kinds: ComputedKinds, kind: Kind, name: string): Promise<CachedEntry> =>
  entryOf(kind, await kinds[kind.resource]!.get(name));

export async function computedPage(kinds: ComputedKinds, selection: Selection): Promise<Page> {
  const { kind } = selection;
  const objects = await kinds[kind.resource]!.list();
  const entries = objects.map((object) => entryOf(kind, object)).filter((entry) => selection.matches(entry));
  return { entries, metadata: {} };
}

/** Of no revision, for it was never written. */
function entryOf(kind: Kind, object: KubernetesObject): CachedEntry {
  const codec = new Codec(kind);
  return new CachedEntry(codec, keyInStore(kind, '', object.metadata.name), codec.encode(object), 0);
}
