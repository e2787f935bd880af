/**
 * Admission: the rules that need more than the object itself. `admission.ts` is the contract; each other file is a plugin,
 * named as upstream names it. `defaultAdmission` has those that are on, in upstream's order.
 *
 * @module
 */
import type { Reader } from '../reader.js';
import type { AdmissionPlugin } from './admission.js';
import { defaultTolerationSeconds } from './default-toleration-seconds.js';
import { namespaceLifecycle } from './namespace-lifecycle.js';
import { priority } from './priority.js';
import { runtimeClass } from './runtime-class.js';
import { serviceAccountAdmission } from './service-account.js';
import { defaultStorageClass, persistentVolumeClaimResize, storageObjectInUseProtection } from './storage.js';
import { taintNodesByCondition } from './taint-nodes-by-condition.js';

export type { AdmissionPlugin, AdmissionRequest, Operation, Undo } from './admission.js';

/** What is on unless somebody says otherwise. */
export const defaultAdmission = (reader: Reader): AdmissionPlugin[] => [
  namespaceLifecycle(reader),
  serviceAccountAdmission(reader),
  taintNodesByCondition,
  priority(reader),
  runtimeClass(reader),
  defaultTolerationSeconds,
  defaultStorageClass(reader),
  storageObjectInUseProtection,
  persistentVolumeClaimResize(reader),
];
