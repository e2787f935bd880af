/**
 * Types as JSON schemas: `io.k8s.api.core.v1.Pod` and whatever it refers to, in the two spellings of OpenAPI 2 and 3.
 *
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition
 */
import {
  definition,
  hasDefinition,
  isScalar,
  type Definition,
  type Field,
  type Scalar,
  type Type,
} from '../schema/index.js';
import type { Descriptions } from './descriptions.js';

export type Dialect = 'v2' | 'v3';

/** A JSON schema with Kubernetes' extensions. */
export type Schema = Record<string, unknown>;

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const metaPackage = 'apimachinery.pkg.apis.meta.v1';

/** Types of which documents have a schema though they are written as one value. */
const named: Readonly<Partial<Record<Scalar, string>>> = {
  Time: `${metaPackage}.Time`,
  MicroTime: `${metaPackage}.MicroTime`,
  Duration: `${metaPackage}.Duration`,
  FieldsV1: `${metaPackage}.FieldsV1`,
  Quantity: 'apimachinery.pkg.api.resource.Quantity',
  IntOrString: 'apimachinery.pkg.util.intstr.IntOrString',
  RawExtension: 'apimachinery.pkg.runtime.RawExtension',
};

const namedSchemas: Readonly<Record<Dialect, Readonly<Record<string, Schema>>>> = {
  v2: {
    Time: { type: 'string', format: 'date-time' },
    MicroTime: { type: 'string', format: 'date-time' },
    Duration: { type: 'string' },
    FieldsV1: { type: 'object' },
    Quantity: { type: 'string' },
    IntOrString: { type: 'string', format: 'int-or-string' },
    RawExtension: { type: 'object' },
  },
  v3: {
    Time: { type: 'string', format: 'date-time' },
    MicroTime: { type: 'string', format: 'date-time' },
    Duration: { type: 'string' },
    FieldsV1: { type: 'object' },
    Quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    IntOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
    RawExtension: { type: 'object' },
  },
};

const plain: Readonly<Partial<Record<Scalar, Schema>>> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  double: { type: 'number', format: 'double' },
  bytes: { type: 'string', format: 'byte' },
};

/** The name under which documents have a type. */
export const schemaName = (type: string): string => `io.k8s.${type}`;

/** Collects the schemas that a document needs: each that is asked for, and all that they refer to. */
export class Schemas {
  readonly #dialect: Dialect;
  readonly #descriptions: Descriptions;
  readonly #kindsOf: (type: string) => readonly GroupVersionKind[];
  readonly #collected = new Map<string, Schema>();

  /** @param kindsOf what kinds a type is served as */
  constructor(dialect: Dialect, descriptions: Descriptions, kindsOf: (type: string) => readonly GroupVersionKind[]) {
    this.#dialect = dialect;
    this.#descriptions = descriptions;
    this.#kindsOf = kindsOf;
  }

  /** A reference to a type, whose schema is collected. */
  reference(type: string): Schema {
    const scalar = Object.entries(named).find(([, name]) => name === type)?.[0];
    if (scalar) this.#collect(type, () => namedSchemas[this.#dialect][scalar]!);
    else if (hasDefinition(type)) this.#collect(type, () => this.#object(definition(type)));
    return { $ref: `#/${this.#dialect === 'v2' ? 'definitions' : 'components/schemas'}/${schemaName(type)}` };
  }

  /** All collected schemas by name, sorted. */
  all(): Record<string, Schema> {
    return Object.fromEntries([...this.#collected].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #collect(type: string, make: () => Schema): void {
    const name = schemaName(type);
    if (this.#collected.has(name)) return;
    this.#collected.set(name, {}); // types refer to themselves
    const description = this.#descriptions[type]?.[''];
    this.#collected.set(name, { ...(description && { description }), ...make() });
  }

  #object(of: Definition): Schema {
    const fields = [...of.fields.values()];
    const required = fields.filter((field) => field.required).map(({ name }) => name);
    const kinds = this.#kindsOf(of.name);
    return {
      type: 'object',
      ...(required.length > 0 && { required: required.sort() }),
      properties: Object.fromEntries(
        fields.sort((a, b) => (a.name < b.name ? -1 : 1)).map((field) => [field.name, this.#property(field, of)]),
      ),
      ...(of.atomic && { 'x-kubernetes-map-type': 'atomic' }),
      ...(kinds.length > 0 && { 'x-kubernetes-group-version-kind': kinds }),
    };
  }

  #property(field: Field, of: Definition): Schema {
    const description = this.#descriptions[of.name]?.[field.name];
    const { patchStrategy, patchMergeKey, listType, listMapKeys, mapType } = field;
    return {
      ...(description && { description }),
      ...this.#value(field.type, this.#default(field)),
      ...(listMapKeys.length > 0 && { 'x-kubernetes-list-map-keys': listMapKeys }),
      ...(listType && { 'x-kubernetes-list-type': listType }),
      ...(mapType && { 'x-kubernetes-map-type': mapType }),
      ...(patchMergeKey && { 'x-kubernetes-patch-merge-key': patchMergeKey }),
      ...(patchStrategy.length > 0 && { 'x-kubernetes-patch-strategy': patchStrategy.join(',') }),
    };
  }

  /** OpenAPI 3 says what stands where nothing is said: the zero of what Go holds by value. */
  #default({ type, pointer, required, default: given }: Field): unknown {
    if (given !== undefined) return given;
    if (pointer) return undefined;
    if (type.is === 'object') return {};
    if (!required) return undefined;
    return { string: '', bool: false, int32: 0, int64: 0 }[type.is as string];
  }

  #value(type: Type, standard: unknown): Schema {
    if (type.is === 'list') return { type: 'array', items: this.#element(type.element) };
    if (type.is === 'map') return { type: 'object', additionalProperties: this.#element(type.element) };
    const v3 = this.#dialect === 'v3';
    const name = isScalar(type) ? named[type.is] : type.definition.name;
    if (name) {
      const reference = this.reference(name);
      return v3 ? { ...(standard !== undefined && { default: standard }), allOf: [reference] } : reference;
    }
    return {
      ...plain[type.is as Scalar],
      ...(v3 && standard !== undefined && { default: standard }),
      ...(isScalar(type) && type.values && { enum: type.values }),
    };
  }

  #element(type: Type): Schema {
    const zero = type.is === 'object' ? {} : type.is === 'string' ? '' : undefined;
    return this.#value(type, zero);
  }
}
