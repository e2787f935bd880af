/**
 * What is registered from the start: 1.2's predicates and priorities under their names, and two providers.
 *
 * - `DefaultProvider` is that of release 1.2.4.
 * - `Textbook` is the default as the book prints it, which is an earlier one (§ Scheduler).
 */
import { ebs, gcePd, maxVolumeCount, type DiskKind } from './predicates/max-volume-count.js';
import { matchNodeSelector } from './predicates/match-node-selector.js';
import { noDiskConflict } from './predicates/no-disk-conflict.js';
import { noVolumeZoneConflict } from './predicates/no-volume-zone-conflict.js';
import { podFitsHost } from './predicates/pod-fits-host.js';
import { podFitsHostPorts } from './predicates/pod-fits-host-ports.js';
import { podFitsResources } from './predicates/pod-fits-resources.js';
import { balancedResourceAllocation } from './priorities/balanced-resource-allocation.js';
import { equal } from './priorities/equal.js';
import { imageLocality } from './priorities/image-locality.js';
import { leastRequested } from './priorities/least-requested.js';
import { nodeAffinity } from './priorities/node-affinity.js';
import { selectorSpread } from './priorities/selector-spread.js';
import {
  registerAlgorithmProvider,
  registerFitPredicate,
  registerFitPredicateFactory,
  registerPriorityConfigFactory,
  registerPriorityFunction,
} from './registry.js';

/** 1.2.4 let this variable replace both limits, if it holds a positive number. */
const limitOf = (kind: DiskKind): DiskKind => {
  const { KUBE_MAX_PD_VOLS: text = '' } = process.env;
  return /^\+?\d+$/.test(text) && Number(text) > 0 ? { ...kind, limit: Number(text) } : kind;
};

/**
 * The provider of release 1.2.4: eight predicates, four priorities of weight 1.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithmprovider/defaults/defaults.go
 */
export const defaultProvider = registerAlgorithmProvider(
  'DefaultProvider',
  [
    registerFitPredicate('PodFitsHostPorts', podFitsHostPorts),
    registerFitPredicate('PodFitsResources', podFitsResources),
    registerFitPredicate('NoDiskConflict', noDiskConflict),
    registerFitPredicateFactory('NoVolumeZoneConflict', noVolumeZoneConflict),
    registerFitPredicate('MatchNodeSelector', matchNodeSelector),
    registerFitPredicate('HostName', podFitsHost),
    registerFitPredicateFactory('MaxEBSVolumeCount', (args) => maxVolumeCount(limitOf(ebs), args)),
    registerFitPredicateFactory('MaxGCEPDVolumeCount', (args) => maxVolumeCount(limitOf(gcePd), args)),
  ],
  [
    registerPriorityFunction('LeastRequestedPriority', leastRequested, 1),
    registerPriorityFunction('BalancedResourceAllocation', balancedResourceAllocation, 1),
    registerPriorityConfigFactory('SelectorSpreadPriority', { factory: (args) => selectorSpread(args), weight: 1 }),
    registerPriorityFunction('NodeAffinityPriority', nodeAffinity, 1),
  ],
);

/** The chapter prints five predicates and no priorities: these are those of the example policy file of its time, whose five predicates are the same. */
export const textbookProvider = registerAlgorithmProvider(
  'Textbook',
  [
    registerFitPredicate('PodFitsPorts', podFitsHostPorts),
    'PodFitsResources',
    'NoDiskConflict',
    'MatchNodeSelector',
    'HostName',
  ],
  [
    'LeastRequestedPriority',
    'BalancedResourceAllocation',
    registerPriorityConfigFactory('ServiceSpreadingPriority', {
      factory: (args) => selectorSpread(args, 'services'),
      weight: 1,
    }),
    registerPriorityFunction('EqualPriority', equal, 1),
  ],
);

// Registered, and used by nobody unless named.
registerPriorityFunction('ImageLocalityPriority', imageLocality, 1);
