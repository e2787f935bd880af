/**
 * ServiceAccount: who a pod is towards the API server.
 *
 * @see https://kubernetes.io/docs/concepts/security/service-accounts/
 */
import { serviceAccounts } from '../resources.js';
import type { ServiceAccount } from '../types.js';
import { ageColumn, nameColumn } from './columns.js';
import { defineKind } from './define.js';

export const serviceAccount = defineKind<ServiceAccount>({
  ...serviceAccounts,
  shortNames: ['sa'],
  deleteReturnsObject: true,
  subresources: {
    token: {
      type: 'action',
      verbs: ['create'],
      kind: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
      definition: 'api.authentication.v1.TokenRequest',
    },
  },
  columns: [nameColumn, ageColumn],
});
