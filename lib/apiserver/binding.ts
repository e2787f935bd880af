/**
 * Binding: the scheduler's word that a pod belongs to a node. It is carried out once: a pod that has a node keeps it.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/pod/storage/storage.go (BindingREST)
 */
import type { Kind } from '../api/kinds/kind.js';
import { badRequest, conflict, unclassified } from '../api/status.js';
import type { Binding, Pod } from '../api/types.js';
import { timestamp } from '../util/index.js';
import type { RequestContext } from './registry/context.js';
import { copyOf } from './registry/present.js';
import type { Registry } from './registry/registry.js';

/**
 * @param pods the kind of the pod
 * @throws NotFound; Conflict: the pod has a node, may not have one yet, or is going; BadRequest: another name than the path's
 */
export async function bind(
  registry: Registry,
  pods: Kind,
  context: RequestContext,
  { metadata = {} as Binding['metadata'], target = {} }: Binding,
): Promise<void> {
  const name = context.name || metadata.name;
  if (metadata.name && metadata.name !== name) throw badRequest('name in URL does not match name in Binding object');
  checkTarget(target);
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, `pod ${name} ${why}`);
  await registry.update(
    { ...context, kind: pods, name, subresource: 'binding' },
    (current) => {
      const pod = copyOf<Pod>(pods, current);
      const { nodeName, schedulingGates = [] } = pod.spec;
      if (pod.metadata.deletionTimestamp) throw refuse('is being deleted, cannot be assigned to a host');
      if (nodeName) throw refuse(`is already assigned to node ${JSON.stringify(nodeName)}`);
      if (schedulingGates.length > 0) throw refuse('has non-empty .spec.schedulingGates');
      // Checked by the update: the pod that was scheduled, not one that took its name since.
      if (metadata.uid) pod.metadata.uid = metadata.uid;
      pod.spec.nodeName = target.name;
      if (metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...metadata.annotations };
      setScheduled(pod, registry.clock.now());
      return pod;
    },
    { part: untouched },
  );
}

/** What is wrong with a target upstream tells as a bare message, and so do we. */
function checkTarget({ kind, name }: Binding['target']): void {
  if (kind && kind !== 'Node') {
    throw unclassified(`target.kind: Unsupported value: ${JSON.stringify(kind)}: supported values: "Node", "<empty>"`);
  }
  if (!name) throw unclassified('target.name: Required value');
}

function setScheduled(pod: Pod, nowMs: number): void {
  const condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: timestamp(nowMs) };
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== condition.type);
  const conditions = [...others, condition];
  // It is where it was nominated to, or elsewhere: the nomination has done its work.
  pod.status = { ...pod.status, conditions, nominatedNodeName: undefined } as unknown as Pod['status'];
}

/** The binding decides all by itself: nothing is put back, nothing is validated again. */
const untouched = { type: 'part', verbs: [], prepareForUpdate() {}, validateUpdate: () => [] } as const;
