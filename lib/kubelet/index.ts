/**
 * The kubelet: one on every node. It registers the node and shows that it is alive, runs the pods that the scheduler has
 * bound to it, asks their containers whether they are well, and tells the API server what became of them (§ Kubelet).
 *
 * ```
 *   API server ──pods of this node──► pod workers ──volumes, sandbox, containers──► container runtime
 *       ▲                              │   ▲    ▲                                    docker · process · hollow
 *       │                              ▼   │    └──────────── exits ◄────────────────────┘ ▲
 *       ├──── statuses ◄──── status manager│                                               │
 *       ├──── events             verdicts ─┴─ probes ──── HTTP, TCP, exec ─────────────────┘
 *       └──── heartbeats ◄── node reporter
 * ```
 *
 * A node on which nothing really runs, against a cluster that is up; then a pod is bound to it by hand:
 * ```ts
 * const client = connect({ server: 'http://127.0.0.1:8080', userAgent: 'kubelet' });
 * const runtime = new HollowRuntime({ clock: realClock, name: 'my-node' });
 * const kubelet = await Kubelet.start({ client, clock: realClock, nodeName: 'my-node', runtime, dataFolder: '/tmp/my-node' });
 * const metadata = { name: 'web', namespace: 'default' };
 * await client.create(pods, { metadata, spec: { nodeName: 'my-node', containers: [{ name: 'web', image: 'web' }] } });
 * console.log(kubelet.pods().map((pod) => pod.status.phase));
 * await kubelet.drain(); // every container ends
 * await kubelet[Symbol.asyncDispose]();
 * ```
 *
 * Files in reading order: `kubelet.ts` (how it is put together), `pod-worker.ts` (one pod's life), `pod-view.ts` and
 * `actions.ts` (what is to be done), `status.ts` and `status-manager.ts` (what is told), `lifecycle.ts`, `images.ts`,
 * `environment.ts`, `fields.ts`, `volumes/`, `probes/`, `admission.ts`, `resources.ts`, `node.ts`; `runtime/runtime.ts` (the
 * contract) and its three implementations; `server/` (the kubelet's own port).
 *
 * @module
 */

// Starting one: `Kubelet.start(options)`, or `runKubelet(options, signal)` for a whole process.
export { Kubelet, runKubelet, kubeletVersion, type KubeletOptions, type FoundContainer } from './kubelet.js';

// What runs containers: one contract, and those of its implementations that need nothing installed.
export * from './runtime/runtime.js';
export { HollowRuntime, hollowPodRange, type HollowOptions, type HollowProgram } from './runtime/hollow/hollow.js';
export { ProcessRuntime, processPodRange, type ProcessRuntimeOptions } from './runtime/process/process.js';
export { subrange } from './runtime/addresses.js';

// The decisions, pure: from what the runtime holds to what is done, and to what is told.
export { podActions, type PodActions, type ContainerVerdicts } from './actions.js';
export { podStatus, podPhase, type StatusInput, type Phase } from './status.js';
export { viewOf, type PodView } from './pod-view.js';
export { observe, initialVerdict, type Outcome, type ProbeState, type ProbeType } from './probes/observe.js';
export { admit, type Rejection } from './admission.js';
export { CrashBackoff } from './lifecycle.js';
export { nodeStatus, type NodeDescription, type NodeHealth } from './node.js';
export type { ProbeRecord } from './probes/manager.js';
