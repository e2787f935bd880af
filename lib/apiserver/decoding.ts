/** From a request's body to an object of the expected kind, completed with defaults (the reading itself: `lib/api/decode`). */
import { decodeDeleteOptions, decodeObject as read, type FieldValidation } from '../api/decode/index.js';
import type { ActionSubresource, Kind } from '../api/kinds/kind.js';
import type { KubernetesObject } from '../api/types.js';
import type { DeleteOptions } from './registry/delete-options.js';

export interface DecodeOptions {
  readonly contentType: string | undefined;
  /** As the query has it: empty is `Warn`. */
  readonly fieldValidation: string;
  warn(message: string): void;
}

/** @returns a fresh object, with `metadata` and all defaults @throws BadRequest, UnsupportedMediaType */
export function decodeObject(
  kind: Kind,
  body: Buffer,
  { contentType, fieldValidation, warn }: DecodeOptions,
): KubernetesObject {
  const { object, warnings } = read(body, {
    expected: kind,
    contentType,
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
  });
  for (const warning of warnings) warn(warning);
  object.metadata ??= {} as KubernetesObject['metadata'];
  kind.default?.(object);
  return object;
}

/** @throws BadRequest */
export const decodeOptions = (body: Buffer, contentType: string | undefined): DeleteOptions =>
  decodeDeleteOptions(body, contentType) as DeleteOptions;

/** The body of an action: what the table says that it takes. Undefined if there is none. @throws as {@link decodeObject} */
export function decodeAction(
  { kind, definition }: ActionSubresource,
  body: Buffer,
  { contentType, fieldValidation, warn }: DecodeOptions,
): unknown {
  if (definition === undefined || body.length === 0) return undefined;
  const { object, warnings } = read(body, {
    expected: { ...kind, definition },
    contentType,
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
  });
  for (const warning of warnings) warn(warning);
  return object;
}
