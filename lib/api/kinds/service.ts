import { services } from '../resources.js';
import type { Service } from '../types.js';
import { ageColumn, nameColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';

export const service = defineKind<Service>({
  ...services,
  shortNames: ['svc'],
  categories: ['all'],
  deleteReturnsObject: true,
  subresources: {
    proxy: {
      type: 'action',
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      kind: { group: '', version: 'v1', kind: 'ServiceProxyOptions' },
    },
    status: statusDoor<Service>(),
  },
  columns: [nameColumn, ageColumn],
});
