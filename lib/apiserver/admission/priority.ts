/**
 * Priority: a pod names a class, and the server writes the class's number into it. Who names none gets the class that is
 * the default for all, if there is one, else 0.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import { systemPriorityClasses } from '../../api/kinds/priorityclass.js';
import { priorityClasses } from '../../api/resources.js';
import type { DeepReadonly, Pod, PriorityClass } from '../../api/types.js';
import type { Reader } from '../reader.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';
import { refuse } from './refuse.js';

/** What a class gives to its pods. */
interface Given {
  readonly name: string;
  readonly value: number;
  readonly policy: string;
}

export const priority = (reader: Reader): AdmissionPlugin => ({
  name: 'Priority',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  admit(request: AdmissionRequest<Pod>) {
    const { operation, kind, subresource, object: pod, oldObject } = request;
    if (kind.group !== '' || kind.resource !== 'pods' || subresource !== '' || !pod) return;
    if (operation === 'UPDATE') {
      // A manifest from before the number was filled in must still apply.
      pod.spec.priority ??= oldObject?.spec.priority;
      pod.spec.preemptionPolicy ??= oldObject?.spec.preemptionPolicy;
      return;
    }
    const { name, value, policy } = classOf(pod, request, reader);
    if (pod.spec.priority !== undefined && pod.spec.priority !== value) {
      throw refuse(
        request,
        `the integer value of priority (${pod.spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
      );
    }
    if (pod.spec.preemptionPolicy !== undefined && pod.spec.preemptionPolicy !== policy) {
      throw refuse(
        request,
        `the string value of PreemptionPolicy (${pod.spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
      );
    }
    if (name !== '') pod.spec.priorityClassName = name;
    pod.spec.priority = value;
    pod.spec.preemptionPolicy = policy;
  },
  validate(request: AdmissionRequest<PriorityClass>) {
    const { operation, kind, name, object } = request;
    if (kind.group !== priorityClasses.group || kind.resource !== priorityClasses.resource) return;
    if (operation === 'DELETE') {
      if (!systemPriorityClasses.some(({ metadata }) => metadata.name === name)) return;
      throw refuse(request, 'this is a system priority class and cannot be deleted');
    }
    if (!object?.globalDefault) return;
    const other = defaultClass(reader)?.metadata.name;
    if (other === undefined || (operation === 'UPDATE' && other === object.metadata.name)) return;
    throw refuse(request, `PriorityClass ${other} is already marked as default. Only one default can exist`);
  },
});

function classOf(pod: Pod, request: AdmissionRequest, reader: Reader): Given {
  const { priorityClassName: name } = pod.spec;
  const found = name ? reader.get<PriorityClass>(priorityClasses, '', name) : defaultClass(reader);
  if (!found && name) throw refuse(request, `no PriorityClass with name ${name} was found`);
  return {
    name: found?.metadata.name ?? '',
    value: found?.value ?? 0,
    policy: found?.preemptionPolicy ?? 'PreemptLowerPriority',
  };
}

/** Of several, which a race can make, the lowest. */
const defaultClass = (reader: Reader): DeepReadonly<PriorityClass> | undefined =>
  reader
    .list<PriorityClass>(priorityClasses)
    .filter(({ globalDefault }) => globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
