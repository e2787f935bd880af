import { replicationControllers } from '../resources.js';
import type { ReplicationController } from '../types.js';
import { ageColumn, formatLabels, nameColumn } from './columns.js';
import { defineKind, partVerbs, statusDoor } from './define.js';

export const replicationController = defineKind<ReplicationController>({
  ...replicationControllers,
  shortNames: ['rc'],
  categories: ['all'],
  defaultPropagation: 'Orphan',
  subresources: {
    scale: {
      type: 'scale',
      verbs: partVerbs,
      replicas: ({ spec, status }) => ({
        spec: spec.replicas ?? 0,
        status: status?.replicas ?? 0,
        selector: formatLabels(spec.selector).replace('<none>', ''),
      }),
      setReplicas(object, replicas) {
        (object.spec as { replicas?: number }).replicas = replicas;
      },
    },
    status: statusDoor<ReplicationController>(),
  },
  columns: [nameColumn, ageColumn],
});
