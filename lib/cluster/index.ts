/**
 * A whole cluster on this machine, or any part of it.
 *
 * ```ts
 * import { startCluster } from 'kubebook';
 *
 * const cluster = await startCluster({ dataFolder: '/tmp/my-cluster', port: 0, runtimes: ['hollow'] });
 * console.log(cluster.url); // kubectl -s URL get nodes
 * await cluster[Symbol.asyncDispose]();
 * ```
 *
 * Files in reading order: `cluster.ts` (the order of things), `control-plane.ts`, `node.ts`, `pki.ts` (certificates),
 * `kubeconfig.ts`; for the command line `cli.ts`, `start.ts`, `components.ts`, `options.ts`, `stop.ts`.
 *
 * @module
 */
// The whole.
export { startCluster, type Cluster, type ClusterOptions, type Piece } from './cluster.js';
export type { RuntimeName } from './options.js';
// Its parts, for those who put one together themselves.
export { startControlPlane, type ControlPlane, type ControlPlaneOptions } from './control-plane.js';
export { startNode, type NodeOptions } from './node.js';
export { Pki, type KeyPair, type Subject } from './pki.js';
export { kubeconfig, type KubeconfigOptions } from './kubeconfig.js';
