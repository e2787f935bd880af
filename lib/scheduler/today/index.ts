/**
 * The parts of today's scheduler themselves: its filters and scores, as predicates and priorities of the book's kind.
 *
 * @module
 */
export { checkNodeUnschedulable } from '../predicates/check-node-unschedulable.js';
export { podToleratesNodeTaints } from '../predicates/pod-tolerates-node-taints.js';
export { defaultPreemption } from '../preemption.js';
export { imageLocality } from './image-locality.js';
export { interPodAffinity, interPodAffinityPriority } from './inter-pod-affinity.js';
export { affinityAgrees, nodeAffinity, nodeAffinityPriority } from './node-affinity.js';
export { nodePorts } from './node-ports.js';
export { balancedAllocation, leastAllocated, nodeResourcesFit } from './node-resources.js';
export { maxNodeScore } from './scale.js';
export { taintToleration } from './taint-toleration.js';
export { podTopologySpread, podTopologySpreadPriority } from './topology-spread.js';
export { claimsReady, volumeBinding, volumeReservation } from './volume-binding.js';
export { nodeVolumeLimits, volumeRestrictions, volumeZone } from './volume-restrictions.js';
