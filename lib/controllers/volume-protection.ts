/**
 * What protects storage in use. A claim that is deleted stays until no Pod with a node uses it any more; a volume that is
 * deleted stays until no claim is bound to it. Both carry a finalizer from admission, which is taken off here.
 *
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
 */
import { keyOf, type ObjectKey } from '../api/meta.js';
import {
  persistentVolumeClaims as claimResource,
  persistentVolumes as volumeResource,
  pods as podResource,
  type Resource,
} from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { DeepReadonly, KubernetesObject, PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types.js';
import { ephemeralClaimName } from '../api/volumes.js';
import { WorkQueue, type Informer } from '../client/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';

/** Keys are those of the protected objects. */
abstract class Protection<T extends KubernetesObject> implements Controller, Runnable {
  abstract readonly name: string;
  readonly queue: WorkQueue;
  abstract readonly informers: readonly Informer<any>[];
  protected readonly objects: Informer<T>;

  constructor(
    protected readonly deps: Deps,
    readonly resource: Resource<T>,
    readonly finalizer: string,
  ) {
    this.queue = new WorkQueue({ clock: deps.clock });
    this.objects = deps.informers.informer(resource);
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = (object: DeepReadonly<T>): void =>
      void (object.metadata.deletionTimestamp && this.queue.add(keyOf(object)));
    using _objects = this.objects.addEventHandler({ onAdd: wake, onUpdate: (_, object) => wake(object) });
    await runController(this, this.deps.log, signal);
  }

  protected abstract isInUse(object: DeepReadonly<T>, signal: AbortSignal): boolean | Promise<boolean>;

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    const object = this.objects.get(key);
    const { metadata } = object ?? {};
    if (!object || !metadata?.deletionTimestamp || !metadata.finalizers?.includes(this.finalizer)) return done;
    if (await this.isInUse(object, signal)) return done;
    const { name, namespace, resourceVersion } = metadata;
    const finalizers = metadata.finalizers.filter((each) => each !== this.finalizer);
    const patch = { metadata: { resourceVersion, finalizers } };
    try {
      await this.deps.client.patch(this.resource, { namespace, name }, patch, { type: 'merge', signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return done;
  };
}

export class ClaimProtectionController extends Protection<PersistentVolumeClaim> {
  readonly name = 'persistentvolumeclaim-protection-controller';
  readonly informers: readonly Informer<any>[];
  readonly #pods: Informer<Pod>;

  constructor(deps: Deps) {
    super(deps, claimResource, 'kubernetes.io/pvc-protection');
    this.#pods = deps.informers.informer(podResource);
    this.informers = [this.objects, this.#pods];
  }

  override async run(signal: AbortSignal): Promise<void> {
    const wakeClaims = (pod: DeepReadonly<Pod>): void => {
      for (const name of claimNames(pod)) this.queue.add(`${pod.metadata.namespace}/${name}`);
    };
    using _pods = this.#pods.addEventHandler({ onDelete: wakeClaims });
    await super.run(signal);
  }

  /** Asks the API last: a Pod that was bound this moment is not in the cache yet. */
  protected override async isInUse(
    { metadata }: DeepReadonly<PersistentVolumeClaim>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { name, namespace } = metadata;
    // The kubelet of a Pod that has no node yet will refuse a claim that is going.
    const uses = (pod: DeepReadonly<Pod>): boolean => Boolean(pod.spec.nodeName) && claimNames(pod).includes(name);
    if (this.#pods.list(namespace).some(uses)) return true;
    return (await this.deps.client.list(podResource, { namespace, signal })).items.some(uses);
  }
}

export class VolumeProtectionController extends Protection<PersistentVolume> {
  readonly name = 'persistentvolume-protection-controller';
  readonly informers = [this.objects];

  constructor(deps: Deps) {
    super(deps, volumeResource, 'kubernetes.io/pv-protection');
  }

  protected override isInUse = ({ status }: DeepReadonly<PersistentVolume>): boolean => status?.phase === 'Bound';
}

const claimNames = ({ metadata, spec }: DeepReadonly<Pod>): readonly string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim) return persistentVolumeClaim.claimName;
    return ephemeral ? ephemeralClaimName(metadata.name, name) : [];
  });
