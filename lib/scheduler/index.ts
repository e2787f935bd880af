/**
 * The scheduler gives each new Pod a node. It takes two steps, as the book tells (§ Scheduler): *predicates* strike out the
 * nodes that will not do, *priorities* give the others scores, and the highest score wins. Nothing else happens here: the
 * decision is written into the Pod (a *binding*), and the kubelet of that node does the rest.
 *
 * ```
 *            list, watch                                                  ┌─ NoDiskConflict, PodFitsResources, …
 *  API server ─────────► cache (nodes with their Pods added up) ─► predicates
 *      ▲                                                              │ nodes that fit
 *      │                 queue (Pods without a node) ──── Pod ──►  priorities ── LeastRequested, SelectorSpread, …
 *      │                    ▲                                         │ the best
 *      │                    └────────── no node fits ◄────────────────┤
 *      └──────────────────────── POST pods/NAME/binding ◄─────────────┘
 * ```
 *
 * ```ts
 * registerFitPredicate('OnSsd', (pod, node) => node.labels.disk === 'ssd');
 * registerAlgorithmProvider('Mine', ['PodFitsResources', 'OnSsd'], ['LeastRequestedPriority']);
 *
 * const client = connect({ server: 'http://127.0.0.1:8080', userAgent: 'kube-scheduler' });
 * const scheduler = new Scheduler({ client, clock: realClock, log: silent, algorithmProvider: 'Mine' });
 * const stop = new AbortController();
 * const running = scheduler.run(stop.signal);
 * scheduler.explain('default/web-0')?.table; // each predicate's verdict, each priority's score, on each node
 * ```
 *
 * Files in reading order: `algorithm.ts` (the two steps), `predicates/` and `priorities/` (one idea each), `registry.ts` and
 * `defaults.ts` (algorithm providers), `pod-info.ts`, `node-affinity.ts`, `node-info.ts`, `peers.ts` and `cache.ts` (what is
 * known), `queue.ts` (who waits), `policy.ts` and `extender.ts` (algorithms from a file), `scheduler.ts` (the loop),
 * `fit-error.ts`, `journal.ts`, `explain.ts`, `explanation.ts` and `server.ts` (the reasons), `snapshot.ts` and `manifest.ts`
 * (what if). Then what today's scheduler has beyond that: `extension-points.ts`,
 * `today/provider.ts` and the parts that it lists, `preemption.ts`.
 *
 * Left out compared with upstream: dynamic resource allocation, storage capacity tracking, in-place resizing, sampling of nodes.
 *
 * @module
 */

// The loop: `runScheduler(options, signal)`, or a `Scheduler` that can be asked and re-equipped while it runs.
export { runScheduler, Scheduler, type SchedulerOptions } from './scheduler.js';
export { defaultSchedulerName, schedulerNameOf } from './eligible.js';
export type { Attempt, Explanation, Part } from './explain.js';

// Putting an algorithm together by name, as the book does. Names that are not registered throw when a scheduler is built.
export {
  algorithmProvider,
  createFromKeys,
  createFromProvider,
  isFitPredicateRegistered,
  isPriorityFunctionRegistered,
  listAlgorithmProviders,
  registerAlgorithmProvider,
  registerCustomFitPredicate,
  registerCustomPriorityFunction,
  registerFitPredicate,
  registerFitPredicateFactory,
  registerPriorityConfigFactory,
  registerPriorityFunction,
  type AlgorithmFactory,
  type AlgorithmProvider,
  type ProviderOptions,
  type FitPredicateFactory,
  type PredicatePolicy,
  type PriorityConfigFactory,
  type PriorityPolicy,
} from './registry.js';
export { defaultProvider, textbookProvider } from './defaults.js';
export { todayProvider } from './today/provider.js';

// Putting one together without a line of code: a policy file, with extenders that are asked over HTTP.
export { readPolicy, resolvePolicy, PolicyError, type Policy } from './policy.js';
export {
  httpExtender,
  defaultExtenderTimeoutMs,
  type Extender,
  type ExtenderPolicy,
  type Filtering,
} from './extender.js';

// Writing parts: a predicate answers true, false, or `unfit(reasons)`; a priority scores from 0 to 10. Those that are there,
// each with its formula, are `predicates.…`, `priorities.…` and `today.…`.
export { keep, preparing, unfit, type FitPredicate, type Unfit, type Verdict } from './predicates/predicate.js';
export { maxPriority, type Priority, type PriorityFunction, type Scores } from './priorities/priority.js';
export * as predicates from './predicates/index.js';
export * as priorities from './priorities/index.js';
export * as today from './today/index.js';
export type { PluginArgs } from './plugin-args.js';
export type { Peers } from './peers.js';

// The decision alone, without a cluster: fill a `SchedulerCache`, build an `Algorithm`, ask it.
export {
  Algorithm,
  type Decision,
  type NamedPredicate,
  type NodeReport,
  type Refusal,
  type WeightedPriority,
} from './algorithm.js';
export { SchedulerCache } from './cache.js';
export { PodInfo, type Resources } from './pod-info.js';
export { NodeInfo } from './node-info.js';
export { fitError, fitError12 } from './fit-error.js';

// What if: a frozen cluster to be asked, saved, read again. Nothing is done to the cluster that it came from.
export { differences, Snapshot, type Difference, type PlaceOptions, type Placements } from './snapshot.js';
export { ManifestError, readManifest } from './manifest.js';

// The reasons, as data and as text.
export {
  explanationJSON,
  type Explained,
  type NodeVerdict,
  type Outcome,
  type PredicateVerdict,
  type PriorityScore,
} from './explanation.js';
export { explanationText, whyNotText, type TextOptions } from './explanation-text.js';
// Served on the scheduler's own port.
export { defaultSchedulerPort, SchedulerServer, type SchedulerServerOptions } from './server.js';
