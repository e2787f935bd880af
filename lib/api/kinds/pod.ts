import { pods } from '../resources.js';
import type { Pod } from '../types.js';
import { ageColumn, nameColumn } from './columns.js';
import { defineKind, partVerbs, statusDoor } from './define.js';
import { validateMetadataUpdate } from '../validation/metadata.js';
import type { FieldError, StatusSubresource } from './kind.js';

const part: StatusSubresource<Pod> = {
  type: 'part',
  verbs: partVerbs,
  prepareForUpdate() {},
  validateUpdate(object, old) {
    const errors: FieldError[] = [];
    validateMetadataUpdate(object, old, errors);
    return errors;
  },
};

const core = (kind: string) => ({ group: '', version: 'v1', kind });

export const pod = defineKind<Pod>({
  ...pods,
  shortNames: ['po'],
  categories: ['all'],
  deleteReturnsObject: true,
  subresources: {
    attach: { type: 'action', verbs: ['create', 'get'], kind: core('PodAttachOptions') },
    binding: { type: 'action', verbs: ['create'], kind: core('Binding'), definition: 'api.core.v1.Binding' },
    ephemeralcontainers: part,
    eviction: {
      type: 'action',
      verbs: ['create'],
      kind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      definition: 'api.policy.v1.Eviction',
    },
    exec: { type: 'action', verbs: ['create', 'get'], kind: core('PodExecOptions') },
    log: { type: 'action', verbs: ['get'], kind: core('Pod') },
    portforward: { type: 'action', verbs: ['create', 'get'], kind: core('PodPortForwardOptions') },
    proxy: {
      type: 'action',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      kind: core('PodProxyOptions'),
    },
    resize: part,
    status: statusDoor<Pod>(),
  },
  columns: [nameColumn, ageColumn],
});
