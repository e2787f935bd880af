/**
 * JSON merge patch (RFC 7396): members of the patch replace those of the original, `null` removes, lists are replaced.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
import { isMembers, setMember } from '../decode/json.js';

/** The patched document; the original is left as it is, and parts of both are shared. */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (!isMembers(patch)) return patch;
  const result: Record<string, unknown> = isMembers(original) ? { ...original } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setMember(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value));
  }
  return result;
}
