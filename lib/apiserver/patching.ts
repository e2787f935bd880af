/** From a stored object and the body of a PATCH to the object that is meant (the patching itself: `lib/api/patch`). */
import { patchObject, type PatchType } from '../api/patch/index.js';
import type { FieldValidation } from '../api/decode/index.js';
import type { Kind } from '../api/kinds/kind.js';
import { unsupportedMediaType } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import type { DecodeOptions } from './decoding.js';

const types: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
};

/** @throws UnsupportedMediaType */
export function patchTypeOf(contentType: string | undefined): PatchType {
  const name = (contentType ?? '').split(';')[0]!.trim();
  if (Object.hasOwn(types, name)) return types[name]!;
  throw unsupportedMediaType('415: Unsupported Media Type');
}

/**
 * @param current the caller's own copy
 * @throws BadRequest, Invalid
 */
export function applyPatch(
  kind: Kind,
  type: PatchType,
  current: KubernetesObject,
  body: Buffer,
  { fieldValidation, warn }: DecodeOptions,
): KubernetesObject {
  const { object, warnings } = patchObject(current, body, {
    type,
    kind,
    fieldValidation: (fieldValidation || 'Warn') as FieldValidation,
  });
  for (const warning of warnings) warn(warning);
  object.metadata ??= {} as KubernetesObject['metadata'];
  kind.default?.(object);
  return object;
}
