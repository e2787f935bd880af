/**
 * Binding: the scheduler's word that a pod belongs to a node. It is carried out once: a pod that has a node keeps it.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/storage/storage.go (BindingREST)
 */
import type { Binding, Pod } from '../api/types.js';
import { badRequest, conflict } from '../api/status.js';
import { timestamp } from '../util/index.js';
import type { RequestContext } from './registry/context.js';
import { copyOf, type Registry } from './registry/registry.js';
import type { Kind } from '../api/kinds/kind.js';

/** @param pods the kind of the pod */
export async function bind(
  registry: Registry,
  pods: Kind,
  context: RequestContext,
  { metadata, target }: Binding,
): Promise<void> {
  const name = context.name || metadata.name;
  if (context.name !== '' && metadata.name && metadata.name !== context.name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  await registry.update(
    { ...context, kind: pods, name, subresource: 'binding' },
    (current) => {
      const pod = copyOf<Pod>(pods, current);
      if (metadata.uid && metadata.uid !== pod.metadata.uid) {
        throw conflict(
          pods,
          name,
          `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${pod.metadata.uid}`,
        );
      }
      if (pod.metadata.deletionTimestamp) {
        throw conflict(
          { group: '', resource: 'pods/binding' },
          name,
          `pod ${name} is being deleted, cannot be assigned to a host`,
        );
      }
      if (pod.spec.nodeName) {
        throw conflict(
          { group: '', resource: 'pods/binding' },
          name,
          `pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
        );
      }
      pod.spec.nodeName = target.name;
      const annotations = { ...pod.metadata.annotations, ...metadata.annotations };
      if (Object.keys(annotations).length > 0) pod.metadata.annotations = annotations;
      setScheduled(pod, registry.clock.now());
      return pod;
    },
    { part: untouched },
  );
}

function setScheduled(pod: any, nowMs: number): void {
  const conditions = (pod.status.conditions ??= []);
  const condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(nowMs) };
  const index = conditions.findIndex(({ type }: { type: string }) => type === 'PodScheduled');
  if (index < 0) conditions.push(condition);
  else if (conditions[index].status !== 'True') conditions[index] = condition;
}

/** The binding decides all by itself: nothing is put back, nothing is validated again. */
const untouched = { type: 'part', verbs: [], prepareForUpdate() {}, validateUpdate: () => [] } as const;
