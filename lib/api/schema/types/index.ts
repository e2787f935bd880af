/** The tables of all group versions, by the package that upstream keeps the types in. */
import { admissionregistrationV1 } from './admissionregistration.v1.js';
import { appsV1 } from './apps.v1.js';
import { authenticationV1 } from './authentication.v1.js';
import { authorizationV1 } from './authorization.v1.js';
import { autoscalingV1 } from './autoscaling.v1.js';
import { autoscalingV2 } from './autoscaling.v2.js';
import { batchV1 } from './batch.v1.js';
import { certificatesV1 } from './certificates.v1.js';
import { coordinationV1 } from './coordination.v1.js';
import { coreV1 } from './core.v1.js';
import { discoveryV1 } from './discovery.v1.js';
import { eventsV1 } from './events.v1.js';
import { extensionsV1beta1 } from './extensions.v1beta1.js';
import { metaV1 } from './meta.v1.js';
import { networkingV1 } from './networking.v1.js';
import { nodeV1 } from './node.v1.js';
import { policyV1 } from './policy.v1.js';
import { rbacV1 } from './rbac.v1.js';
import { schedulingV1 } from './scheduling.v1.js';
import { storageV1 } from './storage.v1.js';

export const tables: Readonly<Record<string, string>> = {
  'api.admissionregistration.v1': admissionregistrationV1,
  'api.apps.v1': appsV1,
  'api.authentication.v1': authenticationV1,
  'api.authorization.v1': authorizationV1,
  'api.autoscaling.v1': autoscalingV1,
  'api.autoscaling.v2': autoscalingV2,
  'api.batch.v1': batchV1,
  'api.certificates.v1': certificatesV1,
  'api.coordination.v1': coordinationV1,
  'api.core.v1': coreV1,
  'api.discovery.v1': discoveryV1,
  'api.events.v1': eventsV1,
  'api.extensions.v1beta1': extensionsV1beta1,
  'apimachinery.pkg.apis.meta.v1': metaV1,
  'api.networking.v1': networkingV1,
  'api.node.v1': nodeV1,
  'api.policy.v1': policyV1,
  'api.rbac.v1': rbacV1,
  'api.scheduling.v1': schedulingV1,
  'api.storage.v1': storageV1,
};
