/**
 * TaintNodesByCondition: a new node takes no pods until the node controller has seen that it is ready.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#taintnodesbycondition
 */
import type { Node, Taint } from '../../api/types.js';
import type { AdmissionPlugin, AdmissionRequest } from './admission.js';

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  operations: ['CREATE'],
  admit({ kind, subresource, object: node }: AdmissionRequest<Node>) {
    if (kind.group !== '' || kind.resource !== 'nodes' || subresource !== '' || !node) return;
    node.spec ??= {};
    const taints = (node.spec.taints ?? []) as Taint[];
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return;
    node.spec.taints = [...taints, { ...notReady }];
  },
};
