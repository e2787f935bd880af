/**
 * Eviction: a deletion that asks first. (What it asks, the PodDisruptionBudgets, come with their own chapter; until then
 * there are none, and every eviction is a graceful deletion.)
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
 */
import type { Kind } from '../api/kinds/kind.js';
import { badRequest } from '../api/status.js';
import type { RequestContext } from './registry/context.js';
import { deleteObject } from './registry/delete.js';
import { deleteOptions, type DeleteOptions } from './registry/delete-options.js';
import type { Registry } from './registry/registry.js';

export interface Eviction {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly deleteOptions?: DeleteOptions;
}

/** @throws NotFound, BadRequest, Conflict: a precondition does not hold */
export async function evict(
  registry: Registry,
  pods: Kind,
  context: RequestContext,
  { metadata = {}, deleteOptions: given = {} }: Eviction,
): Promise<void> {
  if (metadata.name && metadata.name !== context.name) {
    throw badRequest('name in URL does not match name in Eviction object');
  }
  const options = deleteOptions(given, new URLSearchParams());
  const dryRun = context.dryRun || (options.dryRun ?? []).length > 0;
  await deleteObject(registry, { ...context, kind: pods, dryRun, subresource: '' }, options);
}
