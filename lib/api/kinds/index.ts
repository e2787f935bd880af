/**
 * The table of kinds: all that the API server serves.
 *
 * ```
 *   a request ── kindFor(group, version, resource) ──▶ Kind ── default ▸ prepareFor… ▸ validate ▸ store
 *                                                       └───── columns, selectableFields, gracePeriodSeconds ▸ answers
 * ```
 *
 * @example
 * const pods = kindFor('', 'v1', 'pods')!;
 * const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'default' }, spec: { containers: [] } };
 * pods.default?.(pod);
 * pods.validate(pod); // [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }]
 *
 * Reading order: `kind.ts` (what an entry is), `define.ts` (how it is written), `configmap.ts` and `namespace.ts` (short
 * ones), `pod.ts` and `service.ts` (long ones); the checks they share stand in `../validation`.
 *
 * @module
 */
import { componentStatus } from './componentstatus.js';
import { selfSubjectReview, tokenReview } from './authenticationreviews.js';
import { configMap } from './configmap.js';
import { csiNode } from './csinode.js';
import { endpoints } from './endpoints.js';
import { endpointSlice } from './endpointslice.js';
import { coreEvent, event } from './event.js';
import type { Kind } from './kind.js';
import { lease } from './lease.js';
import { limitRange } from './limitrange.js';
import { namespace } from './namespace.js';
import { node } from './node.js';
import { persistentVolume } from './persistentvolume.js';
import { persistentVolumeClaim } from './persistentvolumeclaim.js';
import { pod } from './pod.js';
import { podTemplate } from './podtemplate.js';
import { priorityClass } from './priorityclass.js';
import { binding } from './binding.js';
import { replicaSet } from './replicaset.js';
import { replicationController } from './replicationcontroller.js';
import { resourceQuota } from './resourcequota.js';
import { runtimeClass } from './runtimeclass.js';
import { secret } from './secret.js';
import { service } from './service.js';
import { serviceAccount } from './serviceaccount.js';
import { storageClass } from './storageclass.js';

export * from './kind.js';
export { defineKind, statusDoor, type Definition } from './define.js';

/** In the order of discovery: by group as upstream lists groups, then by name. */
export const kinds: readonly Kind[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  coreEvent,
  limitRange,
  namespace,
  node,
  persistentVolumeClaim,
  persistentVolume,
  pod,
  podTemplate,
  replicationController,
  resourceQuota,
  secret,
  serviceAccount,
  service,
  replicaSet,
  event,
  selfSubjectReview,
  tokenReview,
  csiNode,
  storageClass,
  priorityClass,
  lease,
  runtimeClass,
  endpointSlice,
];

const byName = new Map(kinds.map((kind) => [`${kind.group}/${kind.version}/${kind.resource}`, kind]));

/** The kind served under a path: `kindFor('', 'v1', 'pods')`. */
export const kindFor = (group: string, version: string, resource: string): Kind | undefined =>
  byName.get(`${group}/${version}/${resource}`);
