/**
 * What a path asks for. Written by hand, because every request of every component comes through here.
 *
 * ```
 * /api/v1/namespaces/default/pods/web-0/log      core group: /api/VERSION; others: /apis/GROUP/VERSION
 *         └────── namespace ─────┘ │    │    └ subresource, and what follows it
 *                            resource   name
 * ```
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/request/requestinfo.go
 */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  /** Empty for all namespaces, and for cluster-scoped resources. */
  readonly namespace: string;
  readonly resource: string;
  /** Empty for the collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** What follows the subresource: `/metrics`. */
  readonly rest: string;
  /** `/api/v1/watch/…`: the old way of asking for a watch. */
  readonly watch: boolean;
}

/** `namespaces/NAME/status` is a subresource of the namespace, not a resource in it. */
const ofNamespaceItself = new Set(['status', 'finalize']);

/** @returns undefined for paths that name no resource: `/healthz`, `/api`, `/apis/apps/v1` */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = path.split('/');
  let next: number;
  let group = '';
  if (segments[1] === 'api') next = 2;
  else if (segments[1] === 'apis') {
    group = segments[2] ?? '';
    next = 3;
  } else return undefined;
  const version = segments[next++];
  let watch = false;
  if (segments[next] === 'watch') {
    watch = true;
    next++;
  }
  if (!version || !segments[next]) return undefined;
  let namespace = '';
  if (segments[next] === 'namespaces' && segments[next + 2] && !ofNamespaceItself.has(segments[next + 2]!)) {
    namespace = decode(segments[next + 1]!);
    next += 2;
  }
  return {
    group,
    version,
    namespace,
    resource: segments[next]!,
    name: decode(segments[next + 1] ?? ''),
    subresource: segments[next + 2] ?? '',
    rest: segments.length > next + 3 ? '/' + segments.slice(next + 3).join('/') : '',
    watch,
  };
}

/** A malformed escape stands for itself, and then names nothing. */
function decode(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
