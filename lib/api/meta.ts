/** Names, keys and owners: what all objects have in common. */
import { groupVersion, type Resource } from './resources.js';
import type { DeepReadonly, KubernetesObject, OwnerReference } from './types.js';

/** `namespace/name`, or `name` for a cluster-scoped object. */
export type ObjectKey = string;

type Named = { readonly metadata: { readonly namespace?: string; readonly name: string } };

/** `default/web-0`; `node-1` for cluster-scoped objects. */
export const keyOf = ({ metadata: { namespace, name } }: Named): ObjectKey =>
  namespace ? `${namespace}/${name}` : name;

/** The way back: `{ namespace: 'default', name: 'web-0' }`; no `namespace` for cluster-scoped objects. */
export function splitKey(key: ObjectKey): { namespace?: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The one owner that manages the object, if any. */
export const controllerOf = (object: DeepReadonly<KubernetesObject>): DeepReadonly<OwnerReference> | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);

/** The reference by which `owner`, of kind `resource`, manages what it creates. */
export const controllerReference = (resource: Resource, owner: DeepReadonly<KubernetesObject>): OwnerReference => ({
  apiVersion: groupVersion(resource),
  kind: resource.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
});
