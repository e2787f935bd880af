/**
 * *VolumeBinding*: a Pod runs where its volumes are. Claims that are bound tell so by their volume's node affinity. Claims that
 * wait for their first Pod (`WaitForFirstConsumer`) get, together with its node, a volume that is there, or a node for which
 * one can be made:
 *
 * ```
 *   prepare ─ claims missing, or not bound that should be ──► no node will do
 *      └─ each node: bound volumes are there? ─ waiting claims find a volume, or can have one made?
 *   reserve ─ these volumes are set aside        prepare ─ volume.spec.claimRef, or the claim's selected-node annotation,
 *                                                          is written, and the controller's binding is awaited
 * ```
 * @see https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
 */
import { keyOf, type ObjectKey } from '../../api/meta.js';
import { storageClassOf } from '../../api/kinds/volumemodes.js';
import { parseQuantity } from '../../api/quantity.js';
import {
  persistentVolumeClaims as claimResource,
  persistentVolumes as volumeResource,
  storageClasses,
} from '../../api/resources.js';
import type { DeepReadonly, Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.js';
import {
  boundByControllerAnnotation,
  isBound,
  matchingVolume,
  noProvisioner,
  selectedNodeAnnotation,
  waitsForFirstConsumer,
} from '../../api/volumes.js';
import type { Client } from '../../client/index.js';
import type { Refusal } from '../algorithm.js';
import type { Reservation } from '../extension-points.js';
import { matchesNodeSelector } from '../node-affinity.js';
import type { NodeInfo } from '../node-info.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import { preparing, unfit, type FitPredicate, type Unfit } from '../predicates/predicate.js';
import { claimsOf } from './pod-claims.js';

/** For how long the controller's binding is awaited. */
const bindTimeoutSeconds = 600;

type Claim = DeepReadonly<PersistentVolumeClaim>;
type Volume = DeepReadonly<PersistentVolume>;
type Args = Pick<PluginArgs, 'claim' | 'volume' | 'get' | 'list'>;

/** What is to be done for a Pod's claims when it gets a node. */
interface Plan {
  readonly bind: readonly { readonly claim: Claim; readonly volume: Volume }[];
  readonly provision: readonly Claim[];
}

const nothingToDo: Plan = { bind: [], provision: [] };

const elsewhere = unfit(["node(s) didn't match PersistentVolume's node affinity"]);
const missing = unfit(['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)']);
const noVolume = unfit(["node(s) didn't find available persistent volumes to bind"]);

/** One for all parts of a scheduler, so that what is set aside for one Pod is not offered to the next. */
const binders = new WeakMap<object, VolumeBinder>();

function binderOf(args: Args): VolumeBinder {
  let binder = binders.get(args);
  if (!binder) binders.set(args, (binder = new VolumeBinder(args)));
  return binder;
}

/** Why no node will do, whatever the nodes are: something is the matter with a claim. */
export const claimsReady =
  (args: Args) =>
  (pod: PodInfo): Refusal | undefined => {
    const problem = binderOf(args).problemOf(pod);
    return problem && { ...problem, predicate: 'VolumeBinding' };
  };

/**
 * *VolumeBinding*: the Pod's bound volumes can be used on the node, and for each claim that waits for its first Pod there is a
 * volume, or one can be made there.
 *
 * @see https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
 */
export const volumeBinding = (args: Args): FitPredicate =>
  preparing((pod) => {
    if (claimsOf(pod).length === 0) return undefined;
    const binder = binderOf(args);
    const problem = binder.problemOf(pod);
    return (node) => {
      const plan = problem ?? binder.plan(pod, node);
      return 'reasons' in plan ? plan : true;
    };
  });

/** Sets volumes aside from the decision on, and has them bound, or made, before the Pod is. */
export const volumeReservation = (args: Args): Reservation => binderOf(args);

class VolumeBinder implements Reservation {
  readonly #args: Args;
  /** By name, the claims for which volumes are set aside until the informer shows that they are theirs. */
  readonly #reserved = new Map<string, ObjectKey>();
  readonly #plans = new Map<ObjectKey, Plan>();

  constructor(args: Args) {
    this.#args = args;
  }

  problemOf(pod: PodInfo): Unfit | undefined {
    const { namespace } = pod;
    let unbound = false;
    for (const { name, ephemeral } of claimsOf(pod)) {
      const claim = this.#args.claim(namespace, name);
      const quoted = JSON.stringify(name);
      if (!claim)
        return unfit([
          ephemeral
            ? `waiting for ephemeral volume controller to create the persistentvolumeclaim ${quoted}`
            : `persistentvolumeclaim ${quoted} not found`,
        ]);
      if (claim.status?.phase === 'Lost')
        return unfit([
          `persistentvolumeclaim ${quoted} bound to non-existent persistentvolume ${JSON.stringify(claim.spec.volumeName ?? '')}`,
        ]);
      if (claim.metadata.deletionTimestamp) return unfit([`persistentvolumeclaim ${quoted} is being deleted`]);
      if (ephemeral && !claim.metadata.ownerReferences?.some(({ uid }) => uid === pod.pod.metadata.uid))
        return unfit([`PVC ${namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`]);
      if (!isBound(claim) && (claim.spec.volumeName || !waitsForFirstConsumer(this.#classOf(claim)))) unbound = true;
    }
    return unbound ? unfit(['pod has unbound immediate PersistentVolumeClaims']) : undefined;
  }

  /** What to do so that `pod` has its volumes on `node`; or why it cannot have them there. */
  plan(pod: PodInfo, { node }: NodeInfo): Plan | Unfit {
    const claims = claimsOf(pod).map(({ name }) => this.#args.claim(pod.namespace, name)!);
    for (const claim of claims.filter(isBound)) {
      const volume = this.#args.volume(claim.spec.volumeName);
      if (!volume) return missing;
      if (!reaches(volume, node!)) return elsewhere;
    }
    const waiting = claims.filter((claim) => !isBound(claim));
    return waiting.length === 0 ? nothingToDo : (this.#findVolumes(waiting, node!) ?? noVolume);
  }

  /** The smallest claim chooses first, for it is the easiest to serve. */
  #findVolumes(waiting: readonly Claim[], node: DeepReadonly<Node>): Plan | undefined {
    const bind: { claim: Claim; volume: Volume }[] = [];
    const provision: Claim[] = [];
    const available = this.#args.list(volumeResource).filter(({ metadata }) => !this.#isReserved(metadata.name));
    const bySize = [...waiting].sort((a, b) => sizeOf(a).compare(sizeOf(b)));
    for (const claim of new Set(bySize)) {
      const selected = claim.metadata.annotations?.[selectedNodeAnnotation];
      if (selected !== undefined && selected !== node.metadata.name) return undefined; // is being made elsewhere
      const free = available.filter((volume) => !bind.some((chosen) => chosen.volume === volume));
      const volume =
        selected === undefined
          ? matchingVolume(claim, free, { reaches: (one) => reaches(one, node), delayed: true })
          : undefined;
      if (volume) bind.push({ claim, volume });
      else if (canProvision(this.#classOf(claim), node)) provision.push(claim);
      else return undefined;
    }
    return { bind, provision };
  }

  #classOf(claim: Claim): DeepReadonly<StorageClass> | undefined {
    const name = storageClassOf(claim);
    return name ? this.#args.get(storageClasses, name) : undefined;
  }

  #isReserved(name: string): boolean {
    if (!this.#reserved.has(name)) return false;
    if (!this.#args.volume(name)?.spec.claimRef) return true;
    this.#reserved.delete(name); // the volume says so itself now
    return false;
  }

  reserve(pod: PodInfo, node: NodeInfo): void {
    if (claimsOf(pod).length === 0) return;
    const plan = this.plan(pod, node);
    if ('reasons' in plan) throw new Error(`the volumes of pod ${pod.key} are not on node ${node.name} any more`);
    this.#plans.set(pod.key, plan);
    for (const { claim, volume } of plan.bind) this.#reserved.set(volume.metadata.name, keyOf(claim));
  }

  unreserve(pod: PodInfo): void {
    for (const { volume } of this.#plans.get(pod.key)?.bind ?? []) this.#reserved.delete(volume.metadata.name);
    this.#plans.delete(pod.key);
  }

  async prepare(
    pod: PodInfo,
    node: NodeInfo,
    context: { readonly client: Client; readonly signal: AbortSignal },
  ): Promise<void> {
    const { bind, provision } = this.#plans.get(pod.key) ?? nothingToDo;
    for (const { claim, volume } of bind) await bindVolume(volume, claim, context);
    for (const claim of provision) await selectNode(claim, node.name, context);
    for (const claim of [...bind.map(({ claim }) => claim), ...provision]) await untilBound(claim, context);
    this.#plans.delete(pod.key);
  }
}

const sizeOf = ({ spec }: Claim) => parseQuantity(spec.resources?.requests?.storage ?? '0');

const reaches = ({ spec: { nodeAffinity } }: Volume, node: DeepReadonly<Node>): boolean =>
  !nodeAffinity?.required || matchesNodeSelector(nodeAffinity.required, node);

/** Somebody makes volumes of the class, and makes them where this node is. */
function canProvision(storageClass: DeepReadonly<StorageClass> | undefined, node: DeepReadonly<Node>): boolean {
  if (!storageClass?.provisioner || storageClass.provisioner === noProvisioner) return false;
  const { allowedTopologies = [] } = storageClass;
  const labels = node.metadata.labels ?? {};
  return (
    allowedTopologies.length === 0 ||
    allowedTopologies.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])),
    )
  );
}

interface Context {
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** From the volume's side; the claim's is the controller's. */
async function bindVolume({ metadata }: Volume, claim: Claim, { client, signal }: Context): Promise<void> {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion };
  // With the version we read: whoever changed the volume meanwhile may have given it away.
  const patch = {
    metadata: { resourceVersion: metadata.resourceVersion, annotations: { [boundByControllerAnnotation]: 'yes' } },
    spec: { claimRef },
  };
  await client.patch(volumeResource, { name: metadata.name }, patch, { signal });
}

async function selectNode({ metadata }: Claim, node: string, { client, signal }: Context): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  const patch = { metadata: { resourceVersion, annotations: { [selectedNodeAnnotation]: node } } };
  await client.patch(claimResource, { namespace: namespace!, name }, patch, { signal });
}

/** Resolves when the controller has bound the claim too. @throws Error if it goes instead, or its node is taken back */
async function untilBound({ metadata }: Claim, { client, signal }: Context): Promise<void> {
  const { name, namespace } = metadata;
  const query = {
    namespace,
    fieldSelector: `metadata.name=${name}`,
    resourceVersion: '0', // its state now comes first
    timeoutSeconds: bindTimeoutSeconds,
    signal,
  };
  for await (const event of client.watch(claimResource, query)) {
    if (event.type === 'DELETED') throw new Error(`pvc ${JSON.stringify(name)} is deleted`);
    if ((event.type === 'ADDED' || event.type === 'MODIFIED') && isBound(event.object)) return;
  }
  throw new Error(`pvc ${JSON.stringify(name)} was not bound in time`);
}
