/**
 * The table of kinds has one entry a kind, and everything the API server does with the kind follows from its entry:
 * verbs, subresources, discovery, OpenAPI, decoding, defaulting, validation, print columns, field selectors. A further
 * kind is a further entry, not a further handler.
 *
 * An entry is data and pure functions. Acting subresources (`log`, `exec`, `binding`, `eviction`, `token`) are only named
 * here; what they do stands in the API server.
 */
import type { Resource } from '../resources.js';
import type { StatusCause } from '../status.js';
import type { DeepReadonly, KubernetesObject } from '../types.js';

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** One thing wrong with an object: `{ reason: 'FieldValueInvalid', message: 'Invalid value: …', field: 'spec.replicas' }`. */
export type FieldError = Required<StatusCause>;

export interface Kind<T extends KubernetesObject = any> extends Resource<T> {
  readonly singular: string;
  readonly shortNames?: readonly string[];
  /** `all`: what `kubectl get all` shows. */
  readonly categories?: readonly string[];
  readonly verbs: readonly Verb[];
  /** The schema's name of the type: `api.core.v1.Pod` (see `schema/`). */
  readonly definition: string;
  readonly subresources?: Readonly<Record<string, Subresource<T>>>;

  /**
   * This version is a view: objects are stored as another kind's (`events.k8s.io/v1` as `v1` events). Both functions
   * return a new object.
   */
  readonly storedAs?: { readonly kind: Kind; toStored(object: T): KubernetesObject; fromStored(stored: any): T };

  /** Fills in what was left out, in place: on every decoded object, before admission. */
  readonly default?: (object: T) => void;
  /** Clears and sets what a client may not decide on create, in place: `status`, `metadata.generation`. */
  readonly prepareForCreate?: (object: T) => void;
  /** The same for update: the old `status` is put back, a changed `spec` raises `generation`. */
  readonly prepareForUpdate?: (object: T, old: DeepReadonly<T>) => void;
  /** Everything wrong with a new object, `metadata` included, in upstream's order. */
  readonly validate: (object: DeepReadonly<T>) => FieldError[];
  /** Everything wrong with the change from `old` to `object`. */
  readonly validateUpdate: (object: DeepReadonly<T>, old: DeepReadonly<T>) => FieldError[];
  /** What the client is warned of (`Warning:` headers), on create and update. */
  readonly warnings?: (object: DeepReadonly<T>, old?: DeepReadonly<T>) => string[];

  /** Objects are not stored, but found out when somebody asks. */
  readonly computed?: boolean;
  /** Every use of the kind is warned of with this sentence. */
  readonly deprecated?: string;

  /** The columns of server-side tables, Name and Age included. */
  readonly columns: readonly Column<T>[];
  /** The fields that a field selector may name, beside `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: Readonly<Record<string, (object: DeepReadonly<T>) => string>>;

  /** How long a deletion waits for somebody else to finish (pods: the kubelet), in seconds; undefined or 0: not at all. */
  readonly gracePeriodSeconds?: (object: DeepReadonly<T>, requested: number | undefined) => number;
  /** What becomes of dependents when DeleteOptions do not say; background if left out. */
  readonly defaultPropagation?: 'Orphan' | 'Background';
  /** DELETE answers with the object rather than a `Status`. */
  readonly deleteReturnsObject?: boolean;
  /** PUT of a name that does not exist creates it. */
  readonly createOnUpdate?: boolean;
  /** A PUT or PATCH without `resourceVersion` is refused rather than applied to whatever is there. */
  readonly requiresResourceVersion?: boolean;
}

export interface Column<T extends KubernetesObject = any> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean' | 'number';
  readonly format?: 'name';
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: 0 | 1;
  readonly description: string;
  /** What stands in the cell. `nowMs` is for ages. */
  readonly cell: (object: DeepReadonly<T>, nowMs: number) => string | number | boolean | null;
}

export type Subresource<T extends KubernetesObject = any> =
  StatusSubresource<T> | ScaleSubresource<T> | ActionSubresource;

/** Another door to the same object, through which only part of it may be changed: `status`, `ephemeralcontainers`, `resize`, `finalize`. */
export interface StatusSubresource<T extends KubernetesObject = any> {
  readonly type: 'part';
  readonly verbs: readonly Verb[];
  /** Puts back everything that this door may not change, in place. */
  readonly prepareForUpdate: (object: T, old: DeepReadonly<T>) => void;
  readonly validateUpdate: (object: DeepReadonly<T>, old: DeepReadonly<T>) => FieldError[];
}

/** The object as an `autoscaling/v1` Scale: `{ spec: { replicas }, status: { replicas, selector } }`. */
export interface ScaleSubresource<T extends KubernetesObject = any> {
  readonly type: 'scale';
  readonly verbs: readonly Verb[];
  readonly replicas: (object: DeepReadonly<T>) => { spec: number; status: number; selector: string };
  readonly setReplicas: (object: T, replicas: number) => void;
}

/** Something is done (`binding`, `eviction`, `token`) or opened (`log`, `exec`, `attach`, `portforward`, `proxy`): the API server knows how. */
export interface ActionSubresource {
  readonly type: 'action';
  readonly verbs: readonly Verb[];
  /** What discovery says it takes: `{ group: 'policy', version: 'v1', kind: 'Eviction' }`. */
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  /** The schema's name of the body's type, where it takes one. */
  readonly definition?: string;
  /** The schema's name of the type whose fields are the query's parameters, where it takes any. */
  readonly options?: string;
}
