/** From a stored object and a patch to the object that is meant. */
import jsonPatch from 'fast-json-patch';
import type { Kind } from '../api/kinds/kind.js';
import { unsupportedMediaType } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const types: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** @throws UnsupportedMediaType */
export function patchTypeOf(contentType: string | undefined): PatchType {
  const type = types[(contentType ?? '').split(';')[0]!.trim()];
  if (!type) throw unsupportedMediaType('415: Unsupported Media Type');
  return type;
}

export function applyPatch(kind: Kind, type: PatchType, current: KubernetesObject, body: Buffer): KubernetesObject {
  const patch = JSON.parse(body.toString()) as any;
  const object = type === 'json' ? jsonPatch.applyPatch(current, patch).newDocument : merge(current, patch);
  kind.default?.(object);
  return object as KubernetesObject;
}

function merge(target: any, patch: any): any {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch;
  const result = target !== null && typeof target === 'object' && !Array.isArray(target) ? target : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
