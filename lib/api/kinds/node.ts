import { nodes } from '../resources.js';
import type { Node } from '../types.js';
import { ageColumn, nameColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';

export const node = defineKind<Node>({
  ...nodes,
  shortNames: ['no'],
  subresources: {
    proxy: {
      type: 'action',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      kind: { group: '', version: 'v1', kind: 'NodeProxyOptions' },
    },
    status: statusDoor<Node>(),
  },
  columns: [nameColumn, ageColumn],
});
