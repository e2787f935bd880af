/** Who owns whom: the garbage collector's memory. It knows no API server and decides nothing. */
import type { Resource } from '../api/resources.js';
import type { DeepReadonly, KubernetesObject, OwnerReference } from '../api/types.js';

export interface GraphNode {
  readonly uid: string;
  readonly namespace?: string;
  readonly name: string;
  /** Undefined: only named as an owner, never seen. */
  resource: Resource | undefined;
  owners: readonly OwnerReference[];
  readonly dependents: Set<GraphNode>;
  beingDeleted: boolean;
  finalizers: readonly string[];
}

export class OwnerGraph {
  /** By uid. A node without a resource is there only as long as it has dependents. */
  readonly #nodes = new Map<string, GraphNode>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /**
   * Enters what `object` says of itself.
   *
   * @returns `strangers`: it names an owner that has not been seen; `changedOwners`: it names others than before
   */
  put(
    resource: Resource,
    object: DeepReadonly<KubernetesObject>,
  ): { node: GraphNode; strangers: boolean; changedOwners: boolean } {
    const { uid, namespace, name, ownerReferences, deletionTimestamp, finalizers } = object.metadata;
    const owners = (ownerReferences ?? []) as readonly OwnerReference[];
    const node = this.#node(uid!, name, namespace);
    const before = node.owners;
    node.resource = resource;
    node.beingDeleted = deletionTimestamp !== undefined;
    node.finalizers = finalizers ?? [];
    const uids = new Set(owners.map((owner) => owner.uid));
    for (const old of before) if (!uids.has(old.uid)) this.#unlink(node, old.uid);
    node.owners = owners;
    for (const owner of owners) this.#node(owner.uid, owner.name, namespace).dependents.add(node);
    return {
      node,
      strangers: owners.some((owner) => !this.#nodes.get(owner.uid)?.resource),
      changedOwners: before.length > 0 && (before.length !== owners.length || before.some((old) => !uids.has(old.uid))),
    };
  }

  /** Takes an object out; its dependents keep naming it. */
  remove(uid: string): GraphNode | undefined {
    const node = this.#nodes.get(uid);
    if (!node) return undefined;
    for (const owner of node.owners) this.#unlink(node, owner.uid);
    node.resource = undefined;
    if (node.dependents.size === 0) this.#nodes.delete(uid);
    return node;
  }

  #node(uid: string, name: string, namespace: string | undefined): GraphNode {
    let node = this.#nodes.get(uid);
    if (!node) {
      node = { uid, name, namespace, resource: undefined, owners: [], dependents: new Set(), beingDeleted: false, finalizers: [] }; // prettier-ignore
      this.#nodes.set(uid, node);
    }
    return node;
  }

  #unlink(dependent: GraphNode, ownerUid: string): void {
    const owner = this.#nodes.get(ownerUid);
    owner?.dependents.delete(dependent);
    if (owner && !owner.resource && owner.dependents.size === 0) this.#nodes.delete(ownerUid);
  }
}
