/**
 * The controllers: each makes one kind of wish come true. A ReplicationController says how many Pods there should be; nobody
 * is told to start them. A controller sees the difference between what is wished and what is there, and takes a step.
 *
 * ```
 *   API server ──watch──► shared informers ──► handlers ──keys──► queue ──► reconcile(key)
 *       ▲                                                                       │ reads the caches,
 *       └──────────────── create, update, delete: the next step ◄───────────────┘ compares wish and world
 * ```
 *
 * ```ts
 * const client = connect({ server: 'http://127.0.0.1:8080', userAgent: 'kube-controller-manager' });
 * const stop = new AbortController();
 * const running = runControllers({ client, clock: realClock, log: silent }, stop.signal);
 * await client.create(replicationControllers, web); // three Pods appear
 * await client.delete(pods, onePod); // and a fourth, in its place
 * stop.abort();
 * await running;
 * ```
 *
 * Files in reading order: `controller.ts` (the loop), `run.ts` (all together); `replication.ts` (ReplicationControllers
 * and ReplicaSets) with `expectations.ts` and `pod-ranking.ts`; `endpoints.ts`, `endpointslice.ts` and
 * `endpointslice-mirroring.ts` with `slices.ts`; `node-lifecycle.ts` with `node-health.ts`,
 * `taint-eviction.ts`, `pod-gc.ts`, `node-ttl.ts`; `namespace.ts` with `discovery.ts`; `serviceaccount.ts`; `garbage-collector.ts` with
 * `owner-graph.ts`; `volume-binder.ts` and `volume-protection.ts`.
 *
 * @module
 */

// All controllers, or those asked for by name, until the signal aborts.
export { runControllers, controllerNames, type ControllerName, type ControllersOptions } from './run.js';
export type { NodeLifecycleOptions } from './node-lifecycle.js';

// The loop, for a controller of your own.
export { runController, done, type Controller, type Deps, type Result, type Runnable } from './controller.js';

// Decisions, pure: given the state, what is to be done.
export { statusOf, slowStart } from './replication.js';
export { inOrderOfDeletion } from './pod-ranking.js';
export { endpointsFor } from './endpoints.js';
export { planSlices } from './slices.js';
export { observe, silenced, taintsFor, type NodeHealth } from './node-health.js';
export { deadline } from './taint-eviction.js';
