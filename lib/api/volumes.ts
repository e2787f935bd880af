/**
 * Which volume is for which claim. The controller that binds the two and the scheduler, which waits with it until a Pod has a
 * node, must agree on it.
 *
 * ```
 *   claim.spec.volumeName ──► volume          both name each other: they are bound
 *   volume.spec.claimRef  ──► claim           only one does: it is reserved, or about to be bound
 * ```
 * @see https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding
 */
import { storageClassOf } from './kinds/volumemodes.js';
import { parseQuantity } from './quantity.js';
import { selectorOf } from './selectors.js';
import type { DeepReadonly, PersistentVolume, PersistentVolumeClaim, StorageClass } from './types.js';

type Claim = DeepReadonly<PersistentVolumeClaim>;
type Volume = DeepReadonly<PersistentVolume>;

/** On a claim: its binding is complete. On both: the controller bound them, rather than the user. */
export const bindCompletedAnnotation = 'pv.kubernetes.io/bind-completed';
export const boundByControllerAnnotation = 'pv.kubernetes.io/bound-by-controller';
/** On a volume: who made it, and will delete it. */
export const provisionedByAnnotation = 'pv.kubernetes.io/provisioned-by';
/** On a claim: the node for whose Pod a volume is to be made. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** A class whose volumes nobody makes: they are there, or not. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

/** The claim of a Pod's `ephemeral` volume: it is made with the Pod and goes with it. */
export const ephemeralClaimName = (pod: string, volume: string): string => `${pod}-${volume}`;

/** The volume is reserved for, or bound to, this claim. */
export const isMeantFor = ({ spec: { claimRef } }: Volume, { metadata }: Claim): boolean =>
  claimRef !== undefined &&
  claimRef.name === metadata.name &&
  claimRef.namespace === metadata.namespace &&
  (!claimRef.uid || claimRef.uid === metadata.uid);

/** Claim and volume have found each other for good. */
export const isBound = ({ metadata, spec }: Claim): boolean =>
  Boolean(spec.volumeName) && metadata.annotations?.[bindCompletedAnnotation] !== undefined;

/** Its claims wait for a Pod, so that the volume is where the Pod can run. */
export const waitsForFirstConsumer = (storageClass: DeepReadonly<StorageClass> | undefined): boolean =>
  storageClass?.volumeBindingMode === 'WaitForFirstConsumer';

/**
 * The volume that a claim should get: one that is reserved for it, else the smallest that is large enough; undefined if there
 * is none.
 *
 * @param volumes in any order; of equal ones the first is taken
 * @param reaches whether a volume can be used on the node in question; left out where no node is chosen
 * @param delayed the claim waits for a node: without one, only what is reserved for it will do
 */
export function matchingVolume(
  claim: Claim,
  volumes: Iterable<Volume>,
  { reaches, delayed = false }: { readonly reaches?: (volume: Volume) => boolean; readonly delayed?: boolean } = {},
): Volume | undefined {
  const wanted = parseQuantity(claim.spec.resources?.requests?.storage ?? '0');
  const selector = claim.spec.selector && selectorOf(claim.spec.selector);
  const sizeOf = ({ spec }: Volume) => parseQuantity(spec.capacity?.storage ?? '0');
  let best: Volume | undefined;
  for (const volume of volumes) {
    const { metadata, spec, status } = volume;
    if (metadata.deletionTimestamp || (spec.claimRef && !isMeantFor(volume, claim))) continue;
    if (sizeOf(volume).compare(wanted) < 0 || volumeModeOf(volume) !== volumeModeOf(claim)) continue;
    const reached = reaches?.(volume) ?? true;
    if (spec.claimRef) {
      if (reached) return volume;
      return undefined; // its own volume is elsewhere, so no other will do
    }
    if (!reached || (delayed && !reaches)) continue;
    if (status?.phase !== 'Available' || (selector && !selector.matches(metadata.labels))) continue;
    if ((storageClassOf(volume) ?? '') !== (storageClassOf(claim) ?? '')) continue;
    if (!(claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode))) continue;
    if (!best || sizeOf(volume).compare(sizeOf(best)) < 0) best = volume;
  }
  return best;
}

const volumeModeOf = ({ spec }: { readonly spec: { readonly volumeMode?: string } }): string =>
  spec.volumeMode ?? 'Filesystem';
