/**
 * RuntimeClass: a name for a way of running containers, with what that costs beside them (`overhead`) and which nodes
 * know it (`scheduling`). Both are written into its pods when they are created. The kubelets here have one runtime each,
 * and take any `handler` for it.
 *
 * @see https://kubernetes.io/docs/concepts/containers/runtime-class/
 */
import { runtimeClasses } from '../resources.js';
import type { DeepReadonly, RuntimeClass } from '../types.js';
import { invalid, root } from '../validation/errors.js';
import { complainAt, immutable, validateLabels } from '../validation/metadata.js';
import { dnsLabel } from '../validation/names.js';
import { validateResources } from '../validation/resources.js';
import { validateTolerations } from '../validation/scheduling.js';
import { ageColumn, column, nameColumn } from './columns.js';
import { defineKind } from './define.js';
import type { FieldError } from './kind.js';

type Class = DeepReadonly<RuntimeClass>;

export const runtimeClass = defineKind<RuntimeClass>({
  ...runtimeClasses,
  check,
  checkUpdate(object, old, errors) {
    if (object.handler !== old.handler) errors.push(invalid(root('handler'), object.handler, immutable));
  },
  columns: [
    nameColumn,
    column(
      'Handler',
      'handler specifies the underlying runtime and configuration that the CRI implementation will use to handle pods of this class. The possible values are specific to the node & CRI configuration.  It is assumed that all handlers are available on every node, and handlers of the same name are equivalent on every node. For example, a handler called "runc" might specify that the runc OCI runtime (using native Linux containers) will be used to run the containers in a pod. The Handler must be lowercase, conform to the DNS Label (RFC 1123) requirements, and is immutable.',
      ({ handler }: Class) => handler,
    ),
    ageColumn,
  ],
});

function check({ handler = '', overhead, scheduling }: Class, errors: FieldError[]): void {
  complainAt(dnsLabel(handler), root('handler'), handler, errors);
  if (overhead) validateResources({ limits: overhead.podFixed }, new Set(), root('overhead'), errors);
  if (!scheduling) return;
  validateLabels(scheduling.nodeSelector, root('scheduling').child('nodeSelector'), errors);
  validateTolerations(scheduling.tolerations, root('scheduling').child('tolerations'), errors);
}
