/** The claims of a Pod's volumes, and the volumes that these are bound to. */
import { ephemeralClaimName } from '../../api/volumes.js';
import type { DeepReadonly, PersistentVolume, PersistentVolumeClaim } from '../../api/types.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';

export interface ClaimOfPod {
  readonly name: string;
  /** Made for this Pod alone, and named after it. */
  readonly ephemeral: boolean;
}

const none: readonly ClaimOfPod[] = [];
const known = new WeakMap<PodInfo, readonly ClaimOfPod[]>();

export function claimsOf(pod: PodInfo): readonly ClaimOfPod[] {
  const { volumes } = pod.pod.spec;
  if (!volumes) return none;
  let claims = known.get(pod);
  if (!claims) {
    claims = volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
      if (persistentVolumeClaim) return { name: persistentVolumeClaim.claimName, ephemeral: false };
      return ephemeral ? { name: ephemeralClaimName(pod.pod.metadata.name, name), ephemeral: true } : [];
    });
    known.set(pod, claims);
  }
  return claims;
}

export interface BoundClaim {
  readonly claim: DeepReadonly<PersistentVolumeClaim>;
  readonly volume: DeepReadonly<PersistentVolume> | undefined;
}

/** Of the claims that are there, each with the volume it names. */
export const claimsWithVolumes = (pod: PodInfo, args: Pick<PluginArgs, 'claim' | 'volume'>): readonly BoundClaim[] =>
  claimsOf(pod).flatMap(({ name }) => {
    const claim = args.claim(pod.namespace, name);
    return claim ? { claim, volume: args.volume(claim.spec.volumeName) } : [];
  });
