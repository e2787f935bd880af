/**
 * Admission: after a request is decoded and defaulted, and before it is validated and stored, a list of plugins may
 * complete the object (`admit`) or refuse it (`admit`, `validate`).
 */
import type { Kind } from '../../api/kinds/kind.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import type { User } from '../authentication/authentication.js';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export interface AdmissionRequest<T extends KubernetesObject = any> {
  readonly operation: Operation;
  /** The kind of the path: for `pods/status` that of pods. */
  readonly kind: Kind<T>;
  /** Empty for the object itself; `status`, `scale`, `binding`, `eviction`, `exec` … */
  readonly subresource: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  /** Empty while the server has still to generate it, and for a DELETE of a collection. */
  readonly name: string;
  /** The object as it would be stored, for `admit` to change in place. Undefined for DELETE; a subresource's own body for CONNECT and actions. */
  readonly object: T | undefined;
  /** The object as it is stored. Undefined for CREATE. */
  readonly oldObject: DeepReadonly<T> | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** The query's or the body's options: `{ propagationPolicy: 'Foreground' }`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What the client is warned of (a `Warning:` header each). */
  warn(message: string): void;
}

/**
 * One rule. All `admit`s run in the order of the list, then all `validate`s.
 *
 * A plugin that reserves something outside the object (quota, an address) returns what gives it back: it is called when
 * the write does not happen after all.
 */
export interface AdmissionPlugin {
  readonly name: string;
  readonly operations: readonly Operation[];
  /** May change `request.object` in place. @throws StatusError to refuse */
  admit?(request: AdmissionRequest): Undo | void | Promise<Undo | void>;
  /** Sees the final object. @throws StatusError to refuse */
  validate?(request: AdmissionRequest): Undo | void | Promise<Undo | void>;
}

export interface Undo {
  (): void | Promise<void>;
  /** Called instead, once the write has happened. */
  readonly kept?: () => void | Promise<void>;
}
