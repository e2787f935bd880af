/** What several controllers ask of a Pod. */
import { controllerOf } from '../api/meta.js';
import type { DeepReadonly, Pod, PodCondition } from '../api/types.js';

/** How controllers find Pods: by the Node they are on, and by who manages them. One pair of indexes for all. */
export const podIndexes = {
  node: (pod: DeepReadonly<Pod>): string[] => (pod.spec.nodeName ? [pod.spec.nodeName] : []),
  controller: (pod: DeepReadonly<Pod>): string[] => [controllerOf(pod)?.uid ?? orphansOf(pod.metadata.namespace!)],
};

/** Under this value the index `controller` has the Pods of a namespace that nobody manages. */
export const orphansOf = (namespace: string): string => `orphans of ${namespace}`;

export const conditionOf = (pod: DeepReadonly<Pod>, type: string): DeepReadonly<PodCondition> | undefined =>
  pod.status.conditions?.find((condition) => condition.type === type);

/** It has run to its end, well or badly. */
export const isTerminal = (pod: DeepReadonly<Pod>): boolean =>
  pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';

/** It counts: neither at its end nor on its way there. */
export const isActive = (pod: DeepReadonly<Pod>): boolean => !isTerminal(pod) && !pod.metadata.deletionTimestamp;

/** On its way to its end, and still running. */
export const isTerminating = (pod: DeepReadonly<Pod>): boolean =>
  !isTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;

export const isReady = (pod: DeepReadonly<Pod>): boolean => conditionOf(pod, 'Ready')?.status === 'True';

/** From when on it counts as available: `minReadySeconds` after it became ready. Infinity while it is not. */
export function availableFromMs(pod: DeepReadonly<Pod>, minReadySeconds: number): number {
  const ready = conditionOf(pod, 'Ready');
  if (ready?.status !== 'True') return Infinity;
  return minReadySeconds === 0
    ? -Infinity
    : Date.parse(ready.lastTransitionTime ?? '') + minReadySeconds * 1000 || Infinity;
}

/** Ready for `minReadySeconds` without a break. */
export const isAvailable = (pod: DeepReadonly<Pod>, minReadySeconds: number, nowMs: number): boolean =>
  availableFromMs(pod, minReadySeconds) <= nowMs;

/** `labels` has all of `selector`. */
export const selects = (
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean => selector !== undefined && Object.entries(selector).every(([name, value]) => labels?.[name] === value);

/** Equal as JSON values; the order of keys does not matter, nor whether a key is missing or undefined. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => equal(a[key as keyof typeof a], b[key as keyof typeof b]));
}
