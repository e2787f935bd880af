import { keep, unfit } from './predicate.js';

/** *HostName*: a Pod that names its node runs there or nowhere. (Today's name: *NodeName*.) */
export const podFitsHost = keep(
  (pod, node) =>
    !pod.pod.spec.nodeName ||
    pod.pod.spec.nodeName === node.name ||
    unfit(["node(s) didn't match the requested node name"]),
);
