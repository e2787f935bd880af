/**
 * From the bytes of a request to an object, in the steps of upstream's codec: which encoding, which kind does it say it
 * is, read it as that kind, and only then see whether that is what the path takes. Each step has a sentence of its own for
 * what goes wrong in it.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/create.go
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/runtime/serializer/json/json.go
 */
import { definition, hasDefinition } from '../schema/index.js';
import { badRequest } from '../status.js';
import type { KubernetesObject } from '../types.js';
import { convert, ConversionError } from './convert.js';
import { exceededMaxDepth, JSONNumber, JSONSyntaxError, parseJSON, type JSONReading } from './json.js';
import { mediaTypeOf } from './media.js';
import { openEnvelope, ProtobufError, readMessage } from './protobuf.js';
import { parseYAML, YAMLError } from './yaml.js';

/** What becomes of unknown and duplicate fields: an error, warnings, or nothing. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** A kind by its full name, and the schema's name of its type. */
export interface ExpectedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly definition: string;
}

export interface DecodeOptions {
  /** What the path takes: it also fills in what the body does not say of itself. */
  readonly expected: ExpectedKind;
  /** The `Content-Type` header; JSON if there is none. */
  readonly contentType?: string | undefined;
  /** `Warn` if left out, as upstream's. */
  readonly fieldValidation?: FieldValidation | undefined;
}

export interface Decoded<T> {
  /** The caller's own. `kind` and `apiVersion` are there and come first. */
  readonly object: T;
  /** For `Warning` headers: `unknown field "spec.foo"`. */
  readonly warnings: string[];
}

/**
 * @throws BadRequest what cannot be read, is of another kind, or has a field of a wrong type; UnsupportedMediaType
 * @example
 * const { object, warnings } = decodeObject<Pod>(body, { expected: podKind, fieldValidation: 'Strict' });
 */
export function decodeObject<T extends KubernetesObject = KubernetesObject>(
  body: Buffer,
  { expected, contentType, fieldValidation = 'Warn' }: DecodeOptions,
): Decoded<T> {
  const reading = read(body, contentType, (why) => {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected.kind}): ${why} (${summarize(body)})`,
    );
  });
  const actual = withDefaults(reading, expected);
  const refuse = (why: string): never => {
    const version = JSON.stringify(actual.version);
    throw badRequest(`${actual.kind} in version ${version} cannot be handled as a ${expected.kind}: ${why}`);
  };

  const type = isSame(actual, expected) ? expected.definition : registered(actual);
  if (type === undefined) return refuse(notRegistered(actual));
  const { object, complaints } = readAs(reading, type, refuse);
  if (!isSame(actual, expected)) throw mismatch(actual, expected, refuse);
  if (complaints.length > 0 && fieldValidation === 'Strict') {
    return refuse(`strict decoding error: ${complaints.join(', ')}`);
  }
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return {
    object: { kind: actual.kind, apiVersion: apiVersionOf(actual), ...rest } as unknown as T,
    warnings: fieldValidation === 'Warn' ? complaints : [],
  };
}

/**
 * The options in the body of a DELETE; `{}` if there is none. Any version's `DeleteOptions` will do.
 *
 * @throws BadRequest
 */
export function decodeDeleteOptions(body: Buffer, contentType?: string): Record<string, unknown> {
  if (body.length === 0) return {};
  const type = 'apimachinery.pkg.apis.meta.v1.DeleteOptions';
  const refuse = (why: string): never => {
    throw badRequest(why);
  };
  const reading = read(body, contentType, refuse);
  const actual = withDefaults(reading, { group: 'meta.k8s.io', version: 'v1', kind: 'DeleteOptions' });
  if (actual.kind !== 'DeleteOptions') return refuse(notRegistered(actual));
  return readAs(reading, type, refuse).object;
}

/** What a body says of itself, and how to go on reading it as a type. */
interface Reading {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The members, and what is wrong with the text beside its fields. */
  readonly as: (type: string) => {
    readonly value: unknown;
    readonly json?: JSONReading;
    readonly complaint?: string | undefined;
  };
}

type GroupVersionKind = Pick<ExpectedKind, 'group' | 'version' | 'kind'>;

function read(body: Buffer, contentType: string | undefined, refuse: (why: string) => never): Reading {
  try {
    switch (mediaTypeOf(contentType)) {
      case 'application/json': {
        const json = parseJSON(body.toString());
        const { group, version, kind } = kindIn(json.value);
        return { group, version, kind, as: () => ({ value: json.value, json }) };
      }
      case 'application/yaml': {
        const { value, duplicates } = parseYAML(body.toString());
        const complaint = duplicates;
        return { ...kindIn(value), as: () => ({ value, complaint }) };
      }
      case 'application/vnd.kubernetes.protobuf': {
        const { apiVersion, kind, raw } = openEnvelope(body);
        const as = (type: string) => ({ value: readMessage(raw, definition(type)) });
        return { ...splitApiVersion(apiVersion), kind, as };
      }
    }
  } catch (error) {
    if (error instanceof JSONSyntaxError || error instanceof KindError) {
      const parsing = error instanceof JSONSyntaxError || error.parsing;
      return refuse(parsing ? `couldn't get version/kind; json parse error: ${error.message}` : error.message);
    }
    if (error instanceof YAMLError || error instanceof ProtobufError) return refuse(error.message);
    throw error;
  }
}

class KindError extends Error {
  readonly parsing: boolean;

  constructor(message: string, parsing = true) {
    super(message);
    this.parsing = parsing;
  }
}

/** Upstream reads the kind into a struct without a name, and says so. */
const nameless = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

function kindIn(value: unknown): GroupVersionKind {
  if (value === null) return { group: '', version: '', kind: '' };
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof JSONNumber) {
    throw new KindError(`json: cannot unmarshal ${jsonKind(value)} into Go value of type ${nameless}`);
  }
  const { apiVersion, kind } = value as Record<string, unknown>;
  const { group, version } = splitApiVersion(text('apiVersion', apiVersion));
  return { group, version, kind: text('kind', kind) };
}

function text(name: string, member: unknown): string {
  if (typeof member === 'string') return member;
  if (member === undefined || member === null) return '';
  throw new KindError(`json: cannot unmarshal ${jsonKind(member)} into Go struct field .${name} of type string`);
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof JSONNumber) return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  if (slash < 0) return { group: '', version: apiVersion };
  if (apiVersion.includes('/', slash + 1)) throw new KindError(`unexpected GroupVersion string: ${apiVersion}`, false);
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

function withDefaults({ group, version, kind }: GroupVersionKind, expected: GroupVersionKind): GroupVersionKind {
  const named = version !== '' || group !== '';
  return {
    kind: kind || expected.kind,
    group: named ? group : expected.group,
    version: version || (named && group !== expected.group ? '' : expected.version),
  };
}

const isSame = (a: GroupVersionKind, b: GroupVersionKind): boolean =>
  a.kind === b.kind && a.version === b.version && a.group === b.group;

function readAs(reading: Reading, type: string, refuse: (why: string) => never) {
  try {
    const { value, json, complaint } = reading.as(type);
    const { object, unknownFields } = convert(value, definition(type));
    const complaints = complain(unknownFields, json);
    return { object, complaints: complaint === undefined ? complaints : [complaint, ...complaints] };
  } catch (error) {
    if (error instanceof ConversionError || error instanceof ProtobufError) return refuse(error.message);
    if (error instanceof RangeError) return refuse(exceededMaxDepth);
    throw error;
  }
}

/** So many complaints are told, as upstream; a body of three megabytes has room for a million. */
const maxComplaints = 100;

/** Unknown and duplicate fields in the order of the text, each once. What stands within an unknown field is not looked at. */
export function complain(unknownFields: readonly string[], json?: JSONReading): string[] {
  const unknown = (path: string): string => `unknown field ${JSON.stringify(path)}`;
  if (!json || json.duplicates.length === 0) return [...new Set(unknownFields.slice(0, maxComplaints).map(unknown))];
  const fields = new Set(unknownFields);
  const all = [
    ...unknownFields.map((path) => ({ ordinal: json.ordinals.get(path) ?? 0, text: unknown(path) })),
    ...json.duplicates
      .filter(({ path }) => !isWithin(path, fields))
      .map(({ path, ordinal }) => ({ ordinal, text: `duplicate field ${JSON.stringify(path)}` })),
  ];
  return [...new Set(all.sort((a, b) => a.ordinal - b.ordinal).map(({ text }) => text))].slice(0, maxComplaints);
}

/** Whether one of `fields` is `path`, or contains it. */
function isWithin(path: string, fields: ReadonlySet<string>): boolean {
  if (fields.has(path)) return true;
  for (const { index } of path.matchAll(/[.[]/g)) if (fields.has(path.slice(0, index))) return true;
  return false;
}

/** The groups of the schema: their packages are named by the first part of the group. */
const packages: Readonly<Record<string, string>> = {
  '': 'core',
  apps: 'apps',
  batch: 'batch',
  autoscaling: 'autoscaling',
  policy: 'policy',
  extensions: 'extensions',
  'admissionregistration.k8s.io': 'admissionregistration',
  'authentication.k8s.io': 'authentication',
  'authorization.k8s.io': 'authorization',
  'certificates.k8s.io': 'certificates',
  'coordination.k8s.io': 'coordination',
  'discovery.k8s.io': 'discovery',
  'events.k8s.io': 'events',
  'networking.k8s.io': 'networking',
  'rbac.authorization.k8s.io': 'rbac',
  'scheduling.k8s.io': 'scheduling',
  'storage.k8s.io': 'storage',
};

/** The type of a kind that exists somewhere in the API, if not on this path. */
function registered({ group, version, kind }: GroupVersionKind): string | undefined {
  if (!Object.hasOwn(packages, group)) return undefined;
  const name = `api.${packages[group]}.${version}.${kind}`;
  return hasDefinition(name) && definition(name).fields.has('kind') ? name : undefined;
}

const apiVersionOf = ({ group, version }: GroupVersionKind): string => (group === '' ? version : `${group}/${version}`);

const notRegistered = (actual: GroupVersionKind): string =>
  `no kind ${JSON.stringify(actual.kind)} is registered for version ${JSON.stringify(apiVersionOf(actual))} in scheme "pkg/api/legacyscheme/scheme.go:30"`;

function mismatch(actual: GroupVersionKind, expected: GroupVersionKind, refuse: (why: string) => never): Error {
  // Versions of one kind convert into each other; the two Events are one kind as well.
  if (actual.kind === expected.kind && (actual.group === expected.group || actual.kind === 'Event')) {
    return badRequest(
      `the API version in the data (${apiVersionOf(actual)}) does not match the expected API version (${apiVersionOf(expected)})`,
    );
  }
  const internal = packages[expected.group] ?? expected.group;
  return refuse(`converting (${actual.version}.${actual.kind}) to (${internal}.${expected.kind}): unknown conversion`);
}

/** How a message shows a body: the beginning of JSON, anything else in hexadecimal. */
function summarize(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const text = body[0] === 123 ? body.subarray(0, 30).toString() : body.subarray(0, 30).toString('hex');
  return body.length > 30 ? `${text} ...` : text;
}
