/**
 * 1.2's priorities themselves, for those who want to call or combine them. The registry has them under their names.
 *
 * @module
 */
export { balancedResourceAllocation } from './balanced-resource-allocation.js';
export { equal } from './equal.js';
export { imageLocality } from './image-locality.js';
export { leastRequested } from './least-requested.js';
export { nodeAffinity } from './node-affinity.js';
export { nodeLabel } from './node-label.js';
export { selectorSpread } from './selector-spread.js';
export { serviceAntiAffinity } from './service-anti-affinity.js';
