/**
 * Server-side tables: the columns stand in the table of kinds, so that kubectl prints kinds it has never heard of.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
import type { Kind } from '../api/kinds/kind.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';

/** What a row carries beside its cells: nothing, the object's metadata, or the whole object. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export const definitionsOf = (kind: Kind): object[] =>
  kind.columns.map(({ name, type, format = '', description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));

export function rowOf(
  kind: Kind,
  object: DeepReadonly<KubernetesObject>,
  include: IncludeObject,
  version: string,
  nowMs: number,
): object {
  const cells = kind.columns.map((column) => column.cell(object, nowMs));
  if (include === 'None') return { cells, object: null };
  if (include === 'Object') return { cells, object };
  const partial = {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
  return { cells, object: partial };
}
