/**
 * 1.2's predicates themselves, for those who want to call or combine them. The registry has them under their names.
 *
 * @module
 */
export { checkNodeCondition } from './check-node-condition.js';
export { checkNodeLabelPresence } from './check-node-label-presence.js';
export { checkServiceAffinity } from './check-service-affinity.js';
export { matchNodeSelector } from './match-node-selector.js';
export { ebs, gcePd, maxVolumeCount, type DiskKind } from './max-volume-count.js';
export { noDiskConflict } from './no-disk-conflict.js';
export { noVolumeZoneConflict } from './no-volume-zone-conflict.js';
export { podFitsHost } from './pod-fits-host.js';
export { podFitsHostPorts } from './pod-fits-host-ports.js';
export { podFitsResources } from './pod-fits-resources.js';
