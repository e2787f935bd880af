/**
 * The volume binder: gives each claim a volume that is large enough, and each volume its phase.
 *
 * ```
 *   claim  Pending ──► Bound ──► Lost        its volume has gone
 *   volume Available ──► Bound ──► Released  its claim has gone; nobody else gets it until somebody has looked after the data
 * ```
 * A claim of a class that waits for the first Pod (`WaitForFirstConsumer`) is left to the scheduler, which reserves a volume
 * where the Pod can run, or names the node for which one is to be made. Making volumes, and emptying them, is what provisioners
 * do; there is none in here.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/volume/persistentvolume/pv_controller.go
 */
import { storageClassOf } from '../api/kinds/volumemodes.js';
import { keyOf, type ObjectKey } from '../api/meta.js';
import {
  persistentVolumeClaims as claimResource,
  persistentVolumes as volumeResource,
  pods as podResource,
  storageClasses as classResource,
  type Resource,
} from '../api/resources.js';
import { isConflict, isNotFound } from '../api/status.js';
import type {
  DeepReadonly,
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
} from '../api/types.js';
import {
  bindCompletedAnnotation,
  boundByControllerAnnotation,
  isMeantFor,
  matchingVolume,
  provisionedByAnnotation,
  selectedNodeAnnotation,
  waitsForFirstConsumer,
} from '../api/volumes.js';
import { EventRecorder, WorkQueue, type Informer } from '../client/index.js';
import { timestamp } from '../util/index.js';
import { done, runController, type Controller, type Deps, type Result, type Runnable } from './controller.js';
import { equal } from './pods.js';

type Claim = DeepReadonly<PersistentVolumeClaim>;
type Volume = DeepReadonly<PersistentVolume>;
type Phase = 'Available' | 'Bound' | 'Released' | 'Failed';

/** How often it is looked again for a volume, and said that there is none, in milliseconds. */
const resyncMs = 15_000;

/** How long a newer copy is awaited, in milliseconds. */
const staleMs = 200;

const provisionerAnnotations = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
] as const;

export class VolumeBinderController implements Controller, Runnable {
  readonly name = 'persistentvolume-binder-controller';
  readonly informers: readonly Informer<any>[];
  /** Keys of claims (`namespace/name`) and of volumes (`name`). */
  readonly queue: WorkQueue;
  readonly #deps: Deps;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #classes: Informer<StorageClass>;
  readonly #pods: Informer<Pod>;
  readonly #events: EventRecorder;

  constructor(deps: Deps) {
    const { client, clock, log, informers } = deps;
    this.#deps = deps;
    this.queue = new WorkQueue({ clock });
    this.#events = new EventRecorder({ client, clock, log, component: 'persistentvolume-controller' });
    this.#claims = informers.informer(claimResource);
    this.#volumes = informers.informer(volumeResource);
    this.#classes = informers.informer(classResource);
    this.#pods = informers.informer(podResource);
    this.informers = [this.#claims, this.#volumes, this.#classes, this.#pods];
  }

  async run(signal: AbortSignal): Promise<void> {
    await using _events = this.#events;
    const wakeClaim = (claim: Claim): void => this.queue.add(keyOf(claim));
    const wakeVolumeOf = ({ spec }: Claim): void => void (spec.volumeName && this.queue.add(spec.volumeName));
    using _claims = this.#claims.addEventHandler({
      onAdd: wakeClaim,
      onUpdate: (_, claim) => (wakeClaim(claim), wakeVolumeOf(claim)),
      onDelete: wakeVolumeOf,
    });
    const wakeVolume = (volume: Volume): void => {
      this.queue.add(volume.metadata.name);
      const { claimRef } = volume.spec;
      if (claimRef) this.queue.add(`${claimRef.namespace}/${claimRef.name}`);
    };
    using _volumes = this.#volumes.addEventHandler({
      onAdd: (volume) => (wakeVolume(volume), this.#wakePending()),
      onUpdate: (old, volume) => {
        wakeVolume(volume);
        if (old.status?.phase !== volume.status?.phase) this.#wakePending();
      },
      onDelete: wakeVolume,
    });
    using _classes = this.#classes.addEventHandler({ onAdd: () => this.#wakePending() });
    await runController(this, this.#deps.log, signal);
  }

  /** There is a volume that was not there before, or a class: those who wait may be served. */
  #wakePending(): void {
    for (const claim of this.#claims.list()) if (claim.status?.phase !== 'Bound') this.queue.add(keyOf(claim));
  }

  readonly reconcile = async (key: ObjectKey, signal: AbortSignal): Promise<Result> => {
    try {
      return await this.#reconcile(key, signal);
    } catch (error) {
      // Our copy is old, often by our own last write: its successor is on the way.
      if (isConflict(error) || isNotFound(error)) return { requeueAfterMs: staleMs };
      throw error;
    }
  };

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<Result> {
    if (!key.includes('/')) {
      const volume = this.#volumes.get(key);
      if (volume) await this.#reconcileVolume(volume, signal);
      return done;
    }
    const claim = this.#claims.get(key);
    if (!claim) return done;
    if (claim.metadata.annotations?.[bindCompletedAnnotation] !== undefined) {
      await this.#keep(claim, signal);
      return done;
    }
    if (claim.metadata.deletionTimestamp || (await this.#serve(claim, signal))) return done;
    await this.#setPhase(claim, 'Pending', signal);
    return { requeueAfterMs: resyncMs };
  }

  /** Finds a volume for a claim that has none yet. False: there is none, and its owner is told why. */
  async #serve(claim: Claim, signal: AbortSignal): Promise<boolean> {
    const { volumeName } = claim.spec;
    if (volumeName) return this.#serveNamed(claim, volumeName, signal);
    const className = storageClassOf(claim) ?? '';
    const storageClass = this.#classes.get(className);
    const delayed =
      waitsForFirstConsumer(storageClass) && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined;
    const volume = matchingVolume(claim, this.#volumes.list(), { delayed });
    if (volume) {
      await this.#bind(claim, volume, signal);
      return true;
    }
    if (delayed) this.#tellWaiting(claim);
    else if (className === '') {
      const none = 'no persistent volumes available for this claim and no storage class is set';
      this.#events.event(claim, 'Normal', 'FailedBinding', none);
    } else if (!storageClass) {
      const missing = `storageclass.storage.k8s.io ${JSON.stringify(className)} not found`;
      this.#events.event(claim, 'Warning', 'ProvisioningFailed', missing);
    } else await this.#askProvisioner(claim, storageClass.provisioner, signal);
    return false;
  }

  /** Its owner has chosen. */
  async #serveNamed(claim: Claim, name: string, signal: AbortSignal): Promise<boolean> {
    const volume = this.#volumes.get(name);
    if (!volume) return false;
    if (volume.spec.claimRef && !isMeantFor(volume, claim)) {
      const taken = `volume ${JSON.stringify(name)} already bound to a different claim.`;
      this.#events.event(claim, 'Warning', 'FailedBinding', taken);
      return false;
    }
    await this.#bind(claim, volume, signal);
    return true;
  }

  #tellWaiting(claim: Claim): void {
    const waiting = this.#pods
      .list(claim.metadata.namespace)
      .filter(({ spec }) => !spec.nodeName && spec.volumes?.some((volume) => isFor(volume, claim.metadata.name)))
      .map(({ metadata }) => metadata.name);
    if (waiting.length > 0) {
      const pods = `waiting for ${waiting.length === 1 ? 'pod' : 'pods'} ${waiting.join(',')} to be scheduled`;
      this.#events.event(claim, 'Normal', 'WaitForPodScheduled', pods);
    } else {
      const first = 'waiting for first consumer to be created before binding';
      this.#events.event(claim, 'Normal', 'WaitForFirstConsumer', first);
    }
  }

  /** Whoever makes volumes of the class watches for his name on claims. */
  async #askProvisioner(claim: Claim, provisioner: string, signal: AbortSignal): Promise<void> {
    if (provisioner.startsWith('kubernetes.io/')) {
      const unknown = `no volume plugin matched name: ${provisioner}`;
      return this.#events.event(claim, 'Warning', 'ProvisioningFailed', unknown);
    }
    const annotations = Object.fromEntries(provisionerAnnotations.map((annotation) => [annotation, provisioner]));
    if (!equal({ ...claim.metadata.annotations, ...annotations }, claim.metadata.annotations))
      await this.#patchClaim(claim, { metadata: { annotations } }, signal);
    const waiting = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    this.#events.event(claim, 'Normal', 'ExternalProvisioning', waiting);
  }

  /**
   * First the volume says whose it is, then the claim which is its: a volume is never promised twice, for the version that was
   * read goes with the first write.
   */
  async #bind(claim: Claim, volume: Volume, signal: AbortSignal): Promise<void> {
    const { name, namespace, uid, resourceVersion } = claim.metadata;
    let bound = volume;
    if (volume.spec.claimRef?.uid !== uid) {
      const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace, uid, resourceVersion };
      const byUs = volume.spec.claimRef ? {} : { annotations: { [boundByControllerAnnotation]: 'yes' } };
      bound = await this.#patchVolume(volume, { metadata: byUs, spec: { claimRef } }, signal);
    }
    bound = await this.#setVolumePhase(bound, 'Bound', signal);

    const { annotations = {} } = claim.metadata;
    let served = claim;
    if (claim.spec.volumeName !== volume.metadata.name || annotations[bindCompletedAnnotation] === undefined) {
      const byUs = claim.spec.volumeName ? {} : { [boundByControllerAnnotation]: 'yes' };
      const patch = {
        metadata: { annotations: { ...byUs, [bindCompletedAnnotation]: 'yes' } },
        spec: { volumeName: volume.metadata.name },
      };
      served = await this.#patchClaim(claim, patch, signal);
    }
    await this.#setPhase(served, 'Bound', signal, bound);
  }

  /** A claim that was bound stays so, or is lost. */
  async #keep(claim: Claim, signal: AbortSignal): Promise<void> {
    const lose = async (reason: string, message: string): Promise<void> => {
      if (claim.status?.phase !== 'Lost') this.#events.event(claim, 'Warning', reason, message);
      await this.#setPhase(claim, 'Lost', signal);
    };
    const { volumeName } = claim.spec;
    if (!volumeName)
      return lose('ClaimLost', 'Bound claim has lost reference to PersistentVolume. Data on the volume is lost!');
    const volume = this.#volumes.get(volumeName) ?? (await this.#read(volumeResource, { name: volumeName }, signal));
    if (!volume) return lose('ClaimLost', 'Bound claim has lost its PersistentVolume. Data on the volume is lost!');
    if (volume.spec.claimRef && !isMeantFor(volume, claim))
      return lose('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly');
    await this.#bind(claim, volume, signal);
  }

  async #reconcileVolume(volume: Volume, signal: AbortSignal): Promise<void> {
    const { claimRef } = volume.spec;
    if (!claimRef?.uid) return void (await this.#setVolumePhase(volume, 'Available', signal));
    const key = `${claimRef.namespace}/${claimRef.name}`;
    const name = { namespace: claimRef.namespace!, name: claimRef.name! };
    let claim: Claim | undefined = this.#claims.get(key);
    // The claim may be newer than our copy; only the API knows that it is gone.
    if (claim?.metadata.uid !== claimRef.uid) claim = await this.#read(claimResource, name, signal);
    if (claim?.metadata.uid !== claimRef.uid) return this.#release(volume, signal);
    if (!claim.spec.volumeName) this.queue.add(key);
    else if (claim.spec.volumeName === volume.metadata.name) await this.#setVolumePhase(volume, 'Bound', signal);
    else if (volume.metadata.annotations?.[boundByControllerAnnotation] !== undefined) {
      // It was meant for a claim that has found another meanwhile.
      const free = { metadata: { annotations: { [boundByControllerAnnotation]: null } }, spec: { claimRef: null } };
      await this.#setVolumePhase(await this.#patchVolume(volume, free, signal), 'Available', signal);
    }
  }

  async #release(volume: Volume, signal: AbortSignal): Promise<void> {
    const { metadata, spec, status } = volume;
    if (status?.phase === 'Failed') return;
    const released = await this.#setVolumePhase(volume, 'Released', signal);
    const { persistentVolumeReclaimPolicy: policy } = spec;
    // Who made the volume deletes it.
    if (policy === 'Retain' || metadata.annotations?.[provisionedByAnnotation] || metadata.deletionTimestamp) return;
    const quoted = JSON.stringify(metadata.name);
    const [reason, message] =
      policy === 'Delete'
        ? [
            'VolumeFailedDelete',
            `error getting deleter volume plugin for volume ${quoted}: no deletable volume plugin matched`,
          ]
        : ['VolumeFailedRecycle', 'No recycler plugin found for the volume!'];
    this.#events.event(released, 'Warning', reason!, message!);
    await this.#setVolumePhase(released, 'Failed', signal, message);
  }

  async #setVolumePhase(volume: Volume, phase: Phase, signal: AbortSignal, message?: string): Promise<Volume> {
    if (volume.status?.phase === phase) return volume;
    const status = { phase, lastPhaseTransitionTime: timestamp(this.#deps.clock.now()), message: message ?? null };
    return this.#patchVolume(volume, { status }, signal, 'status');
  }

  /** @param volume of a claim that is bound: its size and its modes are the claim's */
  async #setPhase(
    claim: Claim,
    phase: 'Pending' | 'Bound' | 'Lost',
    signal: AbortSignal,
    volume?: Volume,
  ): Promise<void> {
    const { accessModes, capacity } = volume?.spec ?? {};
    const status = { phase, accessModes: accessModes ?? null, capacity: capacity ?? null };
    const { status: now } = claim;
    if (now?.phase === phase && equal(now.accessModes, accessModes) && equal(now.capacity, capacity)) return;
    await this.#patchClaim(claim, { status }, signal, 'status');
  }

  #patchVolume({ metadata }: Volume, patch: Patch, signal: AbortSignal, subresource?: string): Promise<Volume> {
    const { name, resourceVersion } = metadata;
    const whole = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
    return this.#deps.client.patch(volumeResource, { name }, whole, { subresource, signal, type: 'merge' });
  }

  #patchClaim({ metadata }: Claim, patch: Patch, signal: AbortSignal, subresource?: string): Promise<Claim> {
    const { name, namespace, resourceVersion } = metadata;
    const whole = { ...patch, metadata: { ...patch.metadata, resourceVersion } };
    const options = { subresource, signal, type: 'merge' } as const;
    return this.#deps.client.patch(claimResource, { namespace: namespace!, name }, whole, options);
  }

  async #read<T extends KubernetesObject>(
    resource: Resource<T>,
    name: { readonly namespace?: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<T | undefined> {
    try {
      return await this.#deps.client.get(resource, name, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

interface Patch {
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

const isFor = (
  { persistentVolumeClaim }: { readonly persistentVolumeClaim?: { readonly claimName: string } },
  claim: string,
): boolean => persistentVolumeClaim?.claimName === claim;
