/**
 * `today`: the plugins of today's scheduler, in its order and with its weights, as an algorithm provider of the book's kind. Two
 * things are put more simply than upstream: of several best nodes the next has its turn (not a random one), and all nodes are
 * looked at, however many there are (not a sample in clusters of more than a hundred).
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
import { checkNodeUnschedulable } from '../predicates/check-node-unschedulable.js';
import { podFitsHost } from '../predicates/pod-fits-host.js';
import { podToleratesNodeTaints } from '../predicates/pod-tolerates-node-taints.js';
import { defaultPreemption } from '../preemption.js';
import {
  registerAlgorithmProvider,
  registerFitPredicate,
  registerFitPredicateFactory,
  registerPriorityConfigFactory,
  registerPriorityFunction,
} from '../registry.js';
import { imageLocality } from './image-locality.js';
import { interPodAffinity, interPodAffinityPriority } from './inter-pod-affinity.js';
import { affinityAgrees, nodeAffinity, nodeAffinityPriority } from './node-affinity.js';
import { nodePorts } from './node-ports.js';
import { balancedAllocation, leastAllocated, nodeResourcesFit } from './node-resources.js';
import { taintToleration } from './taint-toleration.js';
import { podTopologySpread, podTopologySpreadPriority } from './topology-spread.js';
import { claimsReady, volumeBinding, volumeReservation } from './volume-binding.js';
import { nodeVolumeLimits, volumeRestrictions, volumeZone } from './volume-restrictions.js';

/**
 * The plugins of today's scheduler, in its order and with its weights.
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
export const todayProvider = registerAlgorithmProvider(
  'today',
  [
    registerFitPredicate('NodeUnschedulable', checkNodeUnschedulable),
    registerFitPredicate('NodeName', podFitsHost),
    registerFitPredicate('TaintToleration', podToleratesNodeTaints),
    registerFitPredicate('NodeAffinity', nodeAffinity),
    registerFitPredicate('NodePorts', nodePorts),
    registerFitPredicate('NodeResourcesFit', nodeResourcesFit),
    registerFitPredicateFactory('VolumeRestrictions', volumeRestrictions),
    registerFitPredicateFactory('NodeVolumeLimits', nodeVolumeLimits),
    registerFitPredicateFactory('VolumeBinding', volumeBinding),
    registerFitPredicateFactory('VolumeZone', volumeZone),
    registerFitPredicateFactory('PodTopologySpread', podTopologySpread),
    registerFitPredicateFactory('InterPodAffinity', interPodAffinity),
  ],
  [
    registerPriorityFunction('TaintToleration', taintToleration, 3),
    registerPriorityFunction('NodeAffinity', nodeAffinityPriority, 2),
    registerPriorityConfigFactory('PodTopologySpread', { factory: podTopologySpreadPriority, weight: 2 }),
    registerPriorityConfigFactory('InterPodAffinity', { factory: interPodAffinityPriority, weight: 2 }),
    registerPriorityFunction('NodeResourcesFit', leastAllocated, 1),
    registerPriorityFunction('NodeResourcesBalancedAllocation', balancedAllocation, 1),
    registerPriorityConfigFactory('ImageLocality', { factory: imageLocality, weight: 1 }),
  ],
  {
    nodes: 'all',
    queue: 'priority',
    preFilter(args) {
      const ready = claimsReady(args);
      return (pod) => affinityAgrees(pod) ?? ready(pod);
    },
    postFilter: defaultPreemption,
    reservation: volumeReservation,
  },
);
