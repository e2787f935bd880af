/**
 * Priority: a pod names a class, and the server writes the class's number into it. The two classes of the system are
 * built in; classes of one's own come with the scheduler's chapter.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import type { Pod } from '../../api/types.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';
import { refuse } from './refuse.js';

interface PriorityClass {
  readonly value: number;
  readonly preemptionPolicy: 'PreemptLowerPriority' | 'Never';
}

const systemClasses: Readonly<Record<string, PriorityClass>> = {
  'system-cluster-critical': { value: 2_000_000_000, preemptionPolicy: 'PreemptLowerPriority' },
  'system-node-critical': { value: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' },
};

/** Of a pod that names no class. */
const noClass: PriorityClass = { value: 0, preemptionPolicy: 'PreemptLowerPriority' };

export const priority: AdmissionPlugin = {
  name: 'Priority',
  operations: ['CREATE', 'UPDATE'],
  admit(request: AdmissionRequest<Pod>) {
    const { operation, kind, subresource, object: pod, oldObject } = request;
    if (kind.group !== '' || kind.resource !== 'pods' || subresource !== '' || !pod) return;
    if (operation === 'UPDATE') {
      // A manifest from before the number was filled in must still apply.
      pod.spec.priority ??= oldObject?.spec.priority;
      pod.spec.preemptionPolicy ??= oldObject?.spec.preemptionPolicy;
      return;
    }
    const name = pod.spec.priorityClassName;
    const found = name ? (Object.hasOwn(systemClasses, name) ? systemClasses[name] : undefined) : noClass;
    if (!found) throw refuse(request, `no PriorityClass with name ${name} was found`);
    if (pod.spec.priority !== undefined && pod.spec.priority !== found.value) {
      throw refuse(
        request,
        `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${found.value} from the given PriorityClass name`,
      );
    }
    pod.spec.priority = found.value;
    if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== found.preemptionPolicy) {
      throw refuse(
        request,
        `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${found.preemptionPolicy} from the given PriorityClass name`,
      );
    }
    pod.spec.preemptionPolicy = found.preemptionPolicy;
  },
};
