/**
 * What is there before anybody asks: the namespaces that every cluster has. Created when they are missing, at the start.
 */
import type { Kind } from '../api/kinds/kind.js';
import { isAlreadyExists } from '../api/status.js';
import type { KubernetesObject } from '../api/types.js';
import { groupVersion } from '../api/resources.js';
import type { User } from './authentication/authentication.js';
import type { Registry } from './registry/registry.js';
import { keyInStore, type ServedKinds } from './served.js';

/** The API server, when it acts by itself. */
export const itself: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

export const systemNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export async function createSystemNamespaces(registry: Registry, served: ServedKinds): Promise<void> {
  const namespaces = served.find('', 'v1', 'namespaces');
  if (!namespaces) return;
  for (const name of systemNamespaces) await createMissing(registry, namespaces, { metadata: { name } });
}

/** Creates what is not there; what is there stays as it is. */
export async function createMissing(
  registry: Registry,
  kind: Kind,
  draft: { readonly metadata: { readonly name: string; readonly namespace?: string } } & Record<string, unknown>,
): Promise<void> {
  const { name, namespace = '' } = draft.metadata;
  if (registry.cache.of(kind).get(keyInStore(kind, namespace, name))) return;
  const object = { kind: kind.kind, apiVersion: groupVersion(kind), ...structuredClone(draft) } as KubernetesObject;
  kind.default?.(object);
  const context = { kind, namespace, name: '', subresource: '', user: itself, dryRun: false };
  try {
    await registry.create({ ...context, fieldManager: 'kube-apiserver', warn() {} }, object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
