/**
 * Lease: who holds something, until when. Kubelets renew one as a heartbeat, controllers to be the leader.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/leases/
 */
import type { Lease } from '../types.js';
import { invalid, required, root } from '../validation/errors.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';

export const lease = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  createOnUpdate: true,
  default(object) {
    object.spec ??= {};
  },
  check({ spec = {} }, errors) {
    const path = root('spec');
    const {
      leaseDurationSeconds: duration,
      leaseTransitions: transitions,
      strategy,
      preferredHolder,
    } = spec as {
      leaseDurationSeconds?: number;
      leaseTransitions?: number;
      strategy?: string;
      preferredHolder?: string;
    };
    if (duration !== undefined && duration <= 0) {
      errors.push(invalid(path.child('leaseDurationSeconds'), duration, 'must be greater than 0'));
    }
    if (transitions !== undefined && transitions < 0) {
      errors.push(invalid(path.child('leaseTransitions'), transitions, 'must be greater than or equal to 0'));
    }
    if (preferredHolder && !strategy) {
      errors.push(required(path.child('strategy'), 'strategy must be specified when `preferredHolder` is specified'));
    }
  },
  columns: [
    nameColumn,
    column(
      'Holder',
      'holderIdentity contains the identity of the holder of a current lease. If Coordinated Leader Election is used, the holder identity must be equal to the elected LeaseCandidate.metadata.name field.',
      ({ spec }: Lease) => spec?.holderIdentity ?? '',
    ),
    ageColumn,
  ],
});
