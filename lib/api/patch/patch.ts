/**
 * From a stored object and the body of a PATCH to the object that is meant: parse the patch, apply it, and read the
 * outcome as the kind, with what `fieldValidation` says about unknown and duplicate fields.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/patch.go
 */
import { complain, convert, ConversionError, exceededMaxDepth, JSONSyntaxError, parseJSON } from '../decode/index.js';
import type { ExpectedKind, FieldValidation, JSONReading } from '../decode/index.js';
import { definition } from '../schema/index.js';
import { badRequest, invalid, requestTooLarge, StatusError } from '../status.js';
import type { KubernetesObject } from '../types.js';
import { formatGo } from './format-go.js';
import { applyJSONPatch, CopyTooLargeError, JSONPatchError, type Operation } from './json-patch.js';
import { applyMergePatch } from './merge-patch.js';
import { applyStrategicMergePatch } from './strategic-merge-patch.js';

export type PatchType = 'json' | 'merge' | 'strategic';

export interface PatchOptions {
  readonly type: PatchType;
  readonly kind: ExpectedKind;
  /** `Warn` if left out. */
  readonly fieldValidation?: FieldValidation | undefined;
}

export interface Patched<T> {
  /** Shares with the original what the patch left alone. Not yet defaulted or validated. */
  readonly object: T;
  /** For `Warning` headers. */
  readonly warnings: string[];
}

/** As many operations may a JSON patch have. */
const maxOperations = 10_000;

/**
 * @param original the whole object, in the version of `kind`; it is not changed
 * @throws BadRequest a patch that cannot be read; Invalid one that cannot be applied or whose outcome is no such object;
 * and what {@link applyStrategicMergePatch} throws
 */
export function patchObject<T extends KubernetesObject>(original: T, body: Buffer, options: PatchOptions): Patched<T> {
  try {
    return patch(original, body, options);
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(exceededMaxDepth);
    throw error;
  }
}

function patch<T extends KubernetesObject>(
  original: T,
  body: Buffer,
  { type, kind, fieldValidation = 'Warn' }: PatchOptions,
): Patched<T> {
  const { outcome, shown, json } = applied(original, body, type, kind);
  const refuse = (value: string, why: string) =>
    invalid({ group: '', kind: '' }, '', [
      { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(value)}: ${why}`, field: 'patch' },
    ]);
  // Upstream's two ways of reading the outcome name wrong types differently.
  const dialect = type === 'strategic' ? 'unstructured' : 'json';
  const value = shown();
  let read;
  try {
    read = convert(outcome, definition(kind.definition), dialect);
  } catch (error) {
    if (error instanceof ConversionError) throw refuse(value, error.message);
    throw error;
  }
  // The converter of maps sorts what it found.
  const unknownFields = type === 'strategic' ? [...read.unknownFields].sort() : read.unknownFields;
  const complaints = [...complain([], json), ...complain(unknownFields)];
  if (complaints.length > 0 && fieldValidation === 'Strict') {
    throw refuse(value, `strict decoding error: ${complaints.join(', ')}`);
  }
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = read.object;
  return {
    object: { kind: original.kind, apiVersion: original.apiVersion, ...rest } as unknown as T,
    warnings: fieldValidation === 'Warn' ? complaints : [],
  };
}

interface Applied {
  readonly outcome: unknown;
  /** What a message shows of it. */
  readonly shown: () => string;
  readonly json: JSONReading;
}

function applied(original: KubernetesObject, body: Buffer, type: PatchType, kind: ExpectedKind): Applied {
  const json = parsePatch(body, type === 'strategic' ? '' : 'error decoding patch: ');
  const patch = json.value;
  if (type === 'json') {
    if (!Array.isArray(patch) && patch !== null) throw cannotUnmarshal(patch, '[]handlers.jsonPatchOp');
    const outcome = applyOperations(original, (patch ?? []) as Operation[]);
    return { outcome, shown: () => JSON.stringify(outcome), json };
  }
  if (patch === null && type === 'merge') throw badRequest('Invalid JSON Patch');
  if (patch !== null && (typeof patch !== 'object' || Array.isArray(patch))) {
    throw cannotUnmarshal(patch, 'map[string]interface {}', type === 'strategic' ? '' : undefined);
  }
  if (type === 'merge') {
    const outcome = applyMergePatch(original, patch);
    return { outcome, shown: () => JSON.stringify(outcome), json };
  }
  const members = (patch ?? {}) as Record<string, unknown>;
  const before = original as unknown as Record<string, unknown>;
  const outcome = applyStrategicMergePatch(before, members, definition(kind.definition));
  // As text at once: reading the outcome uses up what it shares with the patch.
  const text = formatGo(members);
  return { outcome, shown: () => text, json };
}

function parsePatch(body: Buffer, prefix: string): JSONReading {
  try {
    return parseJSON(body.toString());
  } catch (error) {
    if (error instanceof JSONSyntaxError) throw badRequest(prefix + error.message);
    throw error;
  }
}

function applyOperations(original: KubernetesObject, operations: Operation[]): unknown {
  if (operations.length > maxOperations) {
    throw requestTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${operations.length}`,
    );
  }
  try {
    return applyJSONPatch(original, operations);
  } catch (error) {
    if (error instanceof CopyTooLargeError) throw requestTooLarge(error.message);
    if (!(error instanceof JSONPatchError)) throw error;
    // Upstream keeps the reason to itself.
    throw new StatusError(
      {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'the server rejected our request due to an error in our request',
        reason: 'Invalid',
        details: {},
        code: 422,
      },
      { cause: error },
    );
  }
}

function cannotUnmarshal(value: unknown, go: string, prefix = 'error decoding patch: '): StatusError {
  const what = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return badRequest(`${prefix}json: cannot unmarshal ${what} into Go value of type ${go}`);
}
