/**
 * What the API server serves, asked of itself: controllers that care for objects of every kind, known today or added
 * tomorrow, ask here rather than keep a list.
 */
import { groupVersion, type Resource } from '../api/resources.js';
import type { Client } from '../client/index.js';

export interface ServedResource extends Resource {
  readonly verbs: readonly string[];
}

/** Every resource in its preferred version, without subresources. @throws as the client does; one group's failure is all's */
export async function discover(client: Client, signal: AbortSignal): Promise<ServedResource[]> {
  const ask = async <T>(path: string): Promise<T> =>
    JSON.parse(await client.raw('GET', path, undefined, { signal })) as T;
  const [core, groups] = await Promise.all([ask<APIVersions>('/api'), ask<APIGroupList>('/apis')]);
  const versions = [
    ...core.versions.map((version) => ({ group: '', version })),
    // The preferred version first; what another version alone serves is taken from there.
    ...groups.groups.flatMap(({ name, preferredVersion, versions }) =>
      [preferredVersion, ...versions]
        .map(({ version }) => ({ group: name, version }))
        .filter(({ version }, index, all) => all.findIndex((other) => other.version === version) === index),
    ),
  ];
  const lists = await Promise.all(
    versions.map(async (gv) => {
      const path = gv.group === '' ? `/api/${gv.version}` : `/apis/${groupVersion(gv)}`;
      const { resources } = await ask<APIResourceList>(path);
      return resources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name, kind, namespaced, verbs }) => ({ ...gv, resource: name, kind, namespaced, verbs }));
    }),
  );
  const seen = new Set<string>();
  return lists.flat().filter(({ group, resource }) => {
    const name = `${resource}.${group}`;
    return !seen.has(name) && seen.add(name);
  });
}

interface APIVersions {
  readonly versions: readonly string[];
}
interface APIGroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly preferredVersion: { readonly version: string };
    readonly versions: readonly { readonly version: string }[];
  }[];
}
interface APIResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}
