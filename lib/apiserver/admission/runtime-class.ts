/**
 * RuntimeClass: writes into a new pod what its class says: what running it costs beside its containers, and where it can
 * run.
 *
 * @see https://kubernetes.io/docs/concepts/containers/runtime-class/
 */
import { runtimeClasses } from '../../api/resources.js';
import type { DeepReadonly, Pod, RuntimeClass, Toleration } from '../../api/types.js';
import { same } from '../../api/validation/equal.js';
import type { Reader } from '../reader.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';
import { refuse } from './refuse.js';

export const runtimeClass = (reader: Reader): AdmissionPlugin => ({
  name: 'RuntimeClass',
  operations: ['CREATE'],
  admit(request: AdmissionRequest<Pod>) {
    const { kind, subresource, object: pod } = request;
    if (kind.group !== '' || kind.resource !== 'pods' || subresource !== '' || !pod) return;
    const { runtimeClassName: name, overhead } = pod.spec;
    const found = name ? reader.get(runtimeClasses, '', name) : undefined;
    if (name && !found) throw refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    const cost = found?.overhead?.podFixed;
    if (!cost) {
      if (overhead && Object.keys(overhead).length > 0) {
        throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
      }
    } else if (overhead && !same(overhead, cost)) {
      throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    } else pod.spec.overhead = { ...cost };
    if (found?.scheduling) narrow(request, pod, found.scheduling);
  },
});

/** The pod goes only where its class can run, and there in spite of taints. */
function narrow(
  request: AdmissionRequest<Pod>,
  { spec }: Pod,
  { nodeSelector = {}, tolerations = [] }: DeepReadonly<NonNullable<RuntimeClass['scheduling']>>,
): void {
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value) {
      const conflict = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`;
      throw refuse(request, `conflict: ${conflict}`);
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const missing = tolerations.filter((each) => !spec.tolerations?.some((own) => same(own, each)));
  if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...(missing as Toleration[])];
}
