/**
 * Patches: a stored object and a few changes become the object that is meant.
 *
 * @example
 * const { object } = patchObject(pod, Buffer.from('{"metadata":{"labels":{"app":"web"}}}'), { type: 'merge', kind });
 *
 * Read in this order: `merge-patch.ts`, `json-patch.ts`, `strategic-merge-patch.ts` (the three ways to say a change), then
 * `patch.ts` (a request's way through them).
 *
 * @module
 */
export { patchObject, type Patched, type PatchOptions, type PatchType } from './patch.js';
export { applyMergePatch } from './merge-patch.js';
export { applyJSONPatch, JSONPatchError, sameJSON, type Operation } from './json-patch.js';
export { applyStrategicMergePatch } from './strategic-merge-patch.js';
export { formatGo } from './format-go.js';
