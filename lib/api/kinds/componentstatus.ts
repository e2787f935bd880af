/**
 * ComponentStatus: whether a part of the control plane is well. Nothing is stored: who asks, lets the API server ask them.
 * Deprecated, as it knows only what is on the API server's own machine; `/livez` of each component took its place.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/component-status-v1/
 */
import type { KubernetesObject } from '../types.js';
import { column, nameColumn } from './columns.js';
import { defineKind } from './define.js';

export interface ComponentStatus extends KubernetesObject {
  readonly conditions?: readonly ComponentCondition[];
}

export interface ComponentCondition {
  readonly type: 'Healthy';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly message?: string;
  readonly error?: string;
}

const health = ({ conditions = [] }: ComponentStatus): ComponentCondition | undefined =>
  conditions.find(({ type }) => type === 'Healthy');

export const componentStatus = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  resource: 'componentstatuses',
  kind: 'ComponentStatus',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  computed: true,
  deprecated: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn,
    column('Status', 'Status of the component conditions', (object: ComponentStatus) => {
      const condition = health(object);
      return condition === undefined ? 'Unknown' : condition.status === 'True' ? 'Healthy' : 'Unhealthy';
    }),
    column(
      'Message',
      'Message of the component conditions',
      (object: ComponentStatus) => health(object)?.message ?? '',
    ),
    column('Error', 'Error of the component conditions', (object: ComponentStatus) => health(object)?.error ?? ''),
  ],
});
