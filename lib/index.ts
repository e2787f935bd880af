/**
 * kubebook as a library: a whole cluster from here, each component by its own entry (`kubebook/scheduler`,
 * `kubebook/client`, …).
 *
 * @module
 */
export * from './cluster/index.js';
