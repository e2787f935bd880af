/**
 * Annotations of a pod that say something to Kubernetes, and so can be wrong. Those for seccomp and AppArmor became fields
 * long ago; what still stands there is still checked.
 */
import type { FieldError } from '../kinds/kind.js';
import type { DeepReadonly, PodSpec } from '../types.js';
import { invalid, type Path } from './errors.js';
import { validateDescendingPath } from './volumes.js';

/** A kubelet shows a pod that it runs from a file by a pod with this annotation. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** Which of its pods a controller gives up first: the cheapest. */
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';
/** A container's name follows. */
const seccompOfContainer = 'container.seccomp.security.alpha.kubernetes.io/';
const appArmorOfContainer = 'container.apparmor.security.beta.kubernetes.io/';

export function validatePodAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  spec: DeepReadonly<PodSpec>,
  path: Path,
  errors: FieldError[],
): void {
  if (!annotations) return;
  const mirror = annotations[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(invalid(path.at(mirrorAnnotation), mirror, 'must set spec.nodeName if mirror pod annotation is set'));
  }
  const cost = annotations[deletionCost];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(invalid(path.at(deletionCost), cost, 'must be a 32bit integer'));
  }
  const { containers = [], initContainers = [], ephemeralContainers = [] } = spec;
  const all = [...containers, ...initContainers, ...ephemeralContainers];
  for (const key in annotations) {
    const value = annotations[key]!;
    if (key === seccompOfPod || key.startsWith(seccompOfContainer)) validateSeccomp(value, path.child(key), errors);
    else if (key.startsWith(appArmorOfContainer)) {
      const name = key.slice(appArmorOfContainer.length);
      if (!all.some((each) => each.name === name)) {
        errors.push(invalid(path.at(key), name, 'container not found'));
      }
      if (!isAppArmorProfile(value)) {
        errors.push(invalid(path.at(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
      }
    }
  }
}

const isInt32 = (text: string): boolean =>
  /^(-?[1-9][0-9]*|0)$/.test(text) && Number(text) >= -2147483648 && Number(text) <= 2147483647;

function validateSeccomp(profile: string, path: Path, errors: FieldError[]): void {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return;
  if (profile.startsWith('localhost/')) validateDescendingPath(profile.slice('localhost/'.length), path, errors);
  else errors.push(invalid(path, profile, 'must be a valid seccomp profile'));
}

const isAppArmorProfile = (profile: string): boolean =>
  ['', 'runtime/default', 'unconfined'].includes(profile) || profile.startsWith('localhost/');
