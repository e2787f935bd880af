/**
 * The `scale` subresource: whatever counts replicas, seen as one small object. kubectl and autoscalers need to know
 * nothing else of a kind.
 */
import { ageColumn, column, nameColumn } from '../api/kinds/columns.js';
import type { Kind, ScaleSubresource } from '../api/kinds/kind.js';
import { badRequest, invalid } from '../api/status.js';
import type { DeepReadonly, KubernetesObject } from '../api/types.js';

export interface Scale extends KubernetesObject {
  spec: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

/** Scale as decoding and patching know a kind. */
export const scaleKind = {
  group: 'autoscaling',
  version: 'v1',
  resource: 'scale',
  kind: 'Scale',
  namespaced: true,
  singular: 'scale',
  verbs: [],
  definition: 'api.autoscaling.v1.Scale',
  columns: [
    nameColumn,
    column(
      'Desired',
      'replicas is the desired number of instances for the scaled object.',
      ({ spec }: DeepReadonly<Scale>) => spec.replicas ?? 0,
      'integer',
    ),
    column(
      'Available',
      'replicas is the actual number of observed instances of the scaled object.',
      ({ status }: DeepReadonly<Scale>) => status?.replicas ?? 0,
      'integer',
    ),
    ageColumn,
  ],
  validate: () => [],
  validateUpdate: () => [],
} as const satisfies Kind<Scale>;

export function scaleOf({ replicas }: ScaleSubresource, object: DeepReadonly<KubernetesObject>): Scale {
  const { spec, status, selector } = replicas(object);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: spec === 0 ? {} : { replicas: spec },
    status: { replicas: status, ...(selector !== '' && { selector }) },
  };
}

/** Scale as a view of what `kind` stores: to be shown in every form in which objects are. */
export const scaleView = (kind: Kind, part: ScaleSubresource): Kind<Scale> => ({
  ...scaleKind,
  storedAs: {
    kind,
    fromStored: (stored) => scaleOf(part, kind.storedAs ? kind.storedAs.fromStored(stored) : stored),
    toStored: () => {
      throw new Error('a Scale is applied to an object, not stored as one');
    },
  },
});

/**
 * Puts a Scale's number into the object it was made of, in place.
 * @throws Invalid a negative number; BadRequest a Scale of something else
 */
export function applyScale(part: ScaleSubresource, object: KubernetesObject, { metadata, spec = {} }: Scale): void {
  const { name } = object.metadata;
  if (metadata.name && metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  const { replicas = 0 } = spec;
  if (replicas < 0) {
    throw invalid(scaleKind, name, [
      {
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
        field: 'spec.replicas',
      },
    ]);
  }
  part.setReplicas(object, replicas);
  // A Scale carries its object's version: who sends an old one has not seen what happened since.
  if (metadata.resourceVersion) object.metadata.resourceVersion = metadata.resourceVersion;
  if (metadata.uid) object.metadata.uid = metadata.uid;
}
