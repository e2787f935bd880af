/**
 * Discovery: what is served, in the plain form (one document a group version) and in the aggregated one (everything at
 * once), made from the table of kinds.
 *
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */
import type { Kind, Subresource } from '../api/kinds/kind.js';
import { groupVersion } from '../api/resources.js';
import { mediaRanges, notInThisForm } from './negotiate.js';

export type AggregatedVersion = 'v2' | 'v2beta1';

export class Discovery {
  readonly #kinds: readonly Kind[];

  constructor(kinds: readonly Kind[]) {
    this.#kinds = kinds;
  }

  /** The groups in the order of the table; in each the versions, the preferred one first. */
  groups(): Map<string, string[]> {
    const groups = new Map<string, Set<string>>();
    for (const { group, version } of this.#kinds) {
      if (!groups.has(group)) groups.set(group, new Set());
      groups.get(group)!.add(version);
    }
    return new Map([...groups].map(([group, versions]) => [group, [...versions].sort(newestFirst)]));
  }

  /** `GET /api` */
  versions(serverAddress: string): object {
    return {
      kind: 'APIVersions',
      versions: this.groups().get('') ?? [],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
    };
  }

  /** `GET /apis` */
  groupList(): object {
    const groups = [...this.groups().keys()]
      .filter((group) => group !== '')
      .map((group) => describeGroup(group, this.groups().get(group)!));
    return { kind: 'APIGroupList', apiVersion: 'v1', groups };
  }

  /** `GET /apis/GROUP` */
  group(name: string): object | undefined {
    const versions = name === '' ? undefined : this.groups().get(name);
    return versions && { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(name, versions) };
  }

  /** `GET /api/v1`, `GET /apis/GROUP/VERSION` */
  resourceList(group: string, version: string): object | undefined {
    const kinds = this.#of(group, version);
    if (kinds.length === 0) return undefined;
    const resources = kinds.flatMap((kind) => [
      {
        name: kind.resource,
        singularName: kind.singular,
        namespaced: kind.namespaced,
        kind: kind.kind,
        verbs: [...kind.verbs].sort(),
        ...(kind.shortNames && { shortNames: kind.shortNames }),
        ...(kind.categories && { categories: kind.categories }),
      },
      ...Object.entries(kind.subresources ?? {}).map(([name, part]) => {
        const of = kindOf(kind, part);
        return {
          name: `${kind.resource}/${name}`,
          singularName: '',
          namespaced: kind.namespaced,
          ...(groupVersion(of) !== groupVersion(kind) && { group: of.group, version: of.version }),
          kind: of.kind,
          verbs: [...part.verbs].sort(),
        };
      }),
    ]);
    resources.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      kind: 'APIResourceList',
      ...(group !== '' && { apiVersion: 'v1' }),
      groupVersion: groupVersion({ group, version }),
      resources,
    };
  }

  /** `GET /api` and `GET /apis` for clients that take everything at once. @param core the group without a name, or all others */
  aggregated(core: boolean, form: AggregatedVersion): object {
    const items = [...this.groups()]
      .filter(([group]) => (group === '') === core)
      .map(([group, versions]) => ({
        metadata: { name: group || undefined, creationTimestamp: null },
        versions: versions.map((version) => ({
          version,
          resources: this.#of(group, version).map(aggregatedResource),
          freshness: 'Current',
        })),
      }));
    return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${form}`, metadata: {}, items };
  }

  #of(group: string, version: string): Kind[] {
    return this.#kinds
      .filter((kind) => kind.group === group && kind.version === version)
      .sort((a, b) => (a.resource < b.resource ? -1 : 1));
  }
}

/** How a document of discovery is shown: in the plain form, or aggregated in one of its versions. */
export type DocumentForm = 'json' | 'yaml' | AggregatedVersion;

/** The first of the forms a client accepts that there is. @throws NotAcceptable */
export function documentForm(accept: string | undefined): DocumentForm {
  for (const { type, parameters } of mediaRanges(accept || '*/*')) {
    if (!parameters.has('as')) {
      if (type === 'application/json' || type === '*/*') return 'json';
      if (type === 'application/yaml') return 'yaml';
    } else if (type === 'application/json' && parameters.get('as') === 'APIGroupDiscoveryList') {
      const version = parameters.get('v');
      if (parameters.get('g') === 'apidiscovery.k8s.io' && (version === 'v2' || version === 'v2beta1')) return version;
    }
  }
  throw notInThisForm();
}

export const aggregatedType = (version: AggregatedVersion): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

const describeGroup = (name: string, versions: readonly string[]) => {
  const described = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: described, preferredVersion: described[0] };
};

const kindOf = (kind: Kind, part: Subresource): { group: string; version: string; kind: string } =>
  part.type === 'action'
    ? part.kind
    : part.type === 'scale'
      ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
      : { group: kind.group, version: kind.version, kind: kind.kind };

/** Of the core group not even the version is said. */
const responseKind = ({ group, version, kind }: { group: string; version: string; kind: string }): object => ({
  group,
  version: group && version,
  kind,
});

const aggregatedResource = (kind: Kind): object => ({
  resource: kind.resource,
  responseKind: responseKind(kind),
  scope: kind.namespaced ? 'Namespaced' : 'Cluster',
  singularResource: kind.singular,
  verbs: [...kind.verbs].sort(),
  ...(kind.shortNames && { shortNames: kind.shortNames }),
  ...(kind.categories && { categories: kind.categories }),
  ...(kind.subresources && {
    subresources: Object.entries(kind.subresources)
      .map(([name, part]) => {
        return { subresource: name, responseKind: responseKind(kindOf(kind, part)), verbs: [...part.verbs].sort() };
      })
      .sort((a, b) => (a.subresource < b.subresource ? -1 : 1)),
  }),
});

/** v2 before v1 before v1beta1. */
function newestFirst(a: string, b: string): number {
  const rank = (version: string): number[] => {
    const [, major = '0', stage = '', minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    return [stage === '' ? 2 : stage === 'beta' ? 1 : 0, Number(major), Number(minor)];
  };
  const [x, y] = [rank(a), rank(b)];
  return y[0]! - x[0]! || y[1]! - x[1]! || y[2]! - x[2]!;
}
