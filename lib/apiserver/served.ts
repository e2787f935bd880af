/** The table of kinds as the API server uses it: found by path, and laid out in the store. */
import { groupVersion } from '../api/resources.js';
import type { Kind } from '../api/kinds/kind.js';
import type { ResourcePath } from './request-info.js';

export class ServedKinds {
  readonly all: readonly Kind[];
  readonly #byPath = new Map<string, Kind>();
  readonly #groupVersions = new Set<string>();

  constructor(kinds: readonly Kind[]) {
    this.all = kinds;
    for (const kind of kinds) {
      this.#byPath.set(`${groupVersion(kind)}/${kind.resource}`, kind);
      this.#groupVersions.add(groupVersion(kind));
    }
  }

  find(group: string, version: string, resource: string): Kind | undefined {
    return this.#byPath.get(group === '' ? `${version}/${resource}` : `${group}/${version}/${resource}`);
  }

  /** Whether there is something at a path: a kind, and the subresource if it names one. */
  has({ group, version, resource, subresource }: ResourcePath): boolean {
    const kind = this.find(group, version, resource);
    return kind !== undefined && (subresource === '' || Object.hasOwn(kind.subresources ?? {}, subresource));
  }

  /** Whether anything is served under `/apis/group`. The core group always is. */
  hasGroup(group: string): boolean {
    return this.all.some((kind) => kind.group === group);
  }

  hasVersion(group: string, version: string): boolean {
    return this.#groupVersions.has(groupVersion({ group, version }));
  }
}

/** The kind whose objects lie in the store: the kind itself, unless it is a view of another one. */
export const storedKind = (kind: Kind): Kind => kind.storedAs?.kind ?? kind;

/** Kinds of the book's time lie where they lay then. */
const oldPlaces: Readonly<Record<string, string>> = {
  services: 'services/specs',
  endpoints: 'services/endpoints',
  nodes: 'minions',
  replicationcontrollers: 'controllers',
};

/**
 * Where a kind's objects lie in the store: `/registry/pods/`, `/registry/services/specs/`. A group that is not Kubernetes'
 * own stands in front: `/registry/example.com/widgets/`.
 */
export function prefixOf(kind: Kind): string {
  const { group, resource } = storedKind(kind);
  if (group === '') return `/registry/${oldPlaces[resource] ?? resource}/`;
  return group.includes('.') && !group.endsWith('.k8s.io')
    ? `/registry/${group}/${resource}/`
    : `/registry/${resource}/`;
}

/** Where one object lies: `/registry/pods/default/web-0`. */
export const keyInStore = (kind: Kind, namespace: string, name: string): string =>
  kind.namespaced ? `${prefixOf(kind)}${namespace}/${name}` : prefixOf(kind) + name;
