/**
 * What the fields mean: taken out of the official client's documentation when the library is built (`tools/descriptions.mjs`)
 * and lying beside this file then. Without it, documents have no descriptions.
 */
import { existsSync, readFileSync } from 'node:fs';

/** Type (`api.core.v1.Pod`) → field → text; the type's own text is under the empty name. */
export type Descriptions = Readonly<Record<string, Readonly<Record<string, string>>>>;

export const noDescriptions: Descriptions = {};

let read: Descriptions | undefined;

/** Read once, when first asked for. */
export function descriptions(): Descriptions {
  if (read) return read;
  const file = new URL('descriptions.json', import.meta.url);
  return (read = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Descriptions) : noDescriptions);
}
