/** Which Pods want a node, and from whom. */
import type { DeepReadonly, Pod } from '../api/types.js';

/** The scheduler that serves Pods which name none. */
export const defaultSchedulerName = 'default-scheduler';

/** In which 1.2 kept the scheduler's name. */
export const schedulerNameAnnotation = 'scheduler.alpha.kubernetes.io/name';

/** Who is to give `pod` a node: `spec.schedulerName`, or, where that is the default, 1.2's annotation. */
export function schedulerNameOf({ metadata, spec }: DeepReadonly<Pod>): string {
  const { schedulerName = defaultSchedulerName } = spec;
  if (schedulerName !== defaultSchedulerName) return schedulerName;
  return metadata.annotations?.[schedulerNameAnnotation] || defaultSchedulerName;
}

/** It needs no node any more, and takes no room on the one it had. */
export const hasEnded = ({ status }: DeepReadonly<Pod>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Somebody wants it to run: it has neither ended, nor is it being deleted, nor held back by scheduling gates. */
export const wantsToRun = (pod: DeepReadonly<Pod>): boolean =>
  !hasEnded(pod) && pod.metadata.deletionTimestamp === undefined && gatesOf(pod).length === 0;

const gatesOf = ({ spec }: DeepReadonly<Pod>): readonly unknown[] =>
  (spec as { schedulingGates?: readonly unknown[] }).schedulingGates ?? [];
