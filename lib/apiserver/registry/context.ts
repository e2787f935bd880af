/** Who asks for what, as it travels from the path through admission to the store. */
import type { Kind } from '../../api/kinds/kind.js';
import type { Operation, AdmissionRequest } from '../admission/admission.js';
import type { User } from '../authentication/authentication.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';

export interface RequestContext {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly user: User;
  /** Go through everything, write nothing. */
  readonly dryRun: boolean;
  /** The server's own doing: not validated. (Its own address may be one that nobody else may name.) */
  readonly trusted?: boolean;
  /** Who is noted as the owner of the fields: the query's `fieldManager`, or the first word of the user agent. */
  readonly fieldManager: string;
  /** Adds a `Warning:` header to the answer. */
  warn(message: string): void;
}

export const admissionRequest = (
  { kind, namespace, subresource, user, dryRun, name, warn }: RequestContext,
  operation: Operation,
  object: KubernetesObject | undefined,
  oldObject: DeepReadonly<KubernetesObject> | undefined,
  options: Readonly<Record<string, unknown>> = {},
): AdmissionRequest => ({
  operation,
  kind,
  subresource,
  namespace,
  name: name || (object?.metadata.name ?? ''),
  object,
  oldObject,
  user,
  dryRun,
  options,
  warn,
});
