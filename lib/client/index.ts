/**
 * The client: how components speak with the API server, and how they avoid it.
 *
 * Every component must know what is there: the scheduler all Nodes and Pods, a kubelet its own Pods. If each asked again
 * and again, the API server would do nothing but answer. So each asks once (*list*) and is told of changes from then on
 * (*watch*); it reads from its own copy, and its questions cost the server nothing.
 *
 * ```
 *   API server ──list, watch──► reflector ──► cache ◄── lister ────────────┐
 *       ▲                                       │ changes                  │ reads
 *       │                                       ▼                          │
 *       │                                handlers ──keys──► work queue ──► worker
 *       └────────────────────────── client: create, update, patch ◄────────┘
 * ```
 *
 * ```ts
 * const client = connect({ server: 'http://127.0.0.1:8080', userAgent: 'notebook' });
 * const informers = informerFactory({ client, clock: realClock, log: silent });
 * const pods = informers.informer(resources.pods);
 * pods.addEventHandler({ onAdd: (pod) => console.log('there is', keyOf(pod)) });
 * const stop = new AbortController();
 * const running = informers.run(stop.signal);
 * await pods.synced();
 * pods.matching('default', { app: 'web' }); // asks nobody
 * ```
 *
 * Files in reading order: `client.ts` and `informer.ts` (the contracts), `connect.ts` and `lines.ts` (HTTP), `kubeconfig.ts`,
 * `cache.ts`, `reflector.ts`, `informers.ts`, `work-queue.ts`, `event-correlator.ts`, `event-recorder.ts`, `retry.ts`,
 * `served.ts`, `leader-election.ts`.
 *
 * @module
 */

// Speaking with the API server: `connect(options)` gives a `Client`, whose failures are `StatusError`s.
export type {
  Client,
  ClientOptions,
  DeleteOptions,
  ListQuery,
  ObjectName,
  PatchOptions,
  RequestOptions,
  WatchQuery,
  WriteOptions,
} from './client.js';
export { connect } from './connect.js';
export { loadKubeconfig, type KubeconfigOptions } from './kubeconfig.js';

// Keeping a copy: `informerFactory({ client, clock, log })` makes informers and shares them; `run` keeps them in step.
export type { EventHandler, Informer, InformerFactory, InformerOptions, Lister } from './informer.js';
export { informerFactory, type InformerFactoryOptions } from './informers.js';
export { runReflector, type ReflectorOptions, type ReflectorStore } from './reflector.js';
export { Cache, type Change, type IndexFunction } from './cache.js';

// Working on what changed: handlers add keys, workers take them.
export { WorkQueue, type WorkQueueOptions } from './work-queue.js';
export { retryOnConflict } from './retry.js';

// Asking what there is to ask for.
export { served } from './served.js';

// Of several that could do the work, one does it.
export {
  LeadershipLostError,
  runWhileLeading,
  defaultLeaseDurationMs,
  defaultRenewDeadlineMs,
  defaultRetryPeriodMs,
  type LeaderElectionOptions,
} from './leader-election.js';

// Telling the owner: Events, with repeats counted.
export { EventRecorder, referenceTo, type EventRecorderOptions } from './event-recorder.js';
export { EventCorrelator, type Occurrence } from './event-correlator.js';
