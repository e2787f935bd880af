import type { ResourceQuota } from '../types.js';
import { ageColumn, nameColumn } from './columns.js';
import { defineKind, statusDoor } from './define.js';

export const resourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  resource: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  deleteReturnsObject: true,
  subresources: { status: statusDoor<ResourceQuota>() },
  columns: [nameColumn, ageColumn],
});
