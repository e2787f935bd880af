/**
 * Where an algorithm may have a say beside its two lists; 1.2 had none of these. Upstream's names are in brackets.
 *
 * ```
 *   PreFilter ─ no node whatever the nodes ─────┐
 *      ▼                                        ▼
 *   decide ─ no node ─────────────────────► PostFilter ──► victims are evicted, the Pod waits for their room
 *      └──── a node ───► Reservation: reserve ──► prepare ──► POST pods/…/binding
 *                                         └── any failure: unreserve
 * ```
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/
 */
import type { Client } from '../client/index.js';
import type { Algorithm, Decision, Refusal } from './algorithm.js';
import type { NodeInfo } from './node-info.js';
import type { PodInfo } from './pod-info.js';

/** Asked about each Pod before any node is looked at: why none will do; undefined: one may. (*PreFilter*) */
export type PreFilter = (pod: PodInfo) => Refusal | undefined;

/**
 * Asked about each Pod for which no node was found, synchronously, with nothing changed since the decision. To try what would
 * be without some Pods: `args.without(keys, () => algorithm.refusal(pod, node, nodes) === undefined)`. (*PostFilter*)
 */
export type PostFilter = (
  decision: Decision,
  cluster: { readonly algorithm: Algorithm; readonly nodes: readonly NodeInfo[] },
) => Preemption;

/** What came of it. */
export interface Preemption {
  /** Follows `preemption: ` in the event; empty: nothing is said of it. */
  readonly message: string;
  /** Where the Pod will find room when the victims are gone: its `status.nominatedNodeName`. */
  readonly nominatedNodeName?: string;
  /** Whom the scheduler now evicts, each with its grace. */
  readonly victims: readonly PodInfo[];
}

/** Sets something aside for a Pod from its decision to its binding. */
export interface Reservation {
  /** Right after the decision, synchronously, so that the next Pod does not get the same. (*Reserve*) */
  reserve(pod: PodInfo, node: NodeInfo): void;
  /** The binding failed, or {@link prepare} did. (*Unreserve*) */
  unreserve(pod: PodInfo, node: NodeInfo): void;
  /** Before the binding: may take its time. What it throws is the reason why the Pod is not bound. (*PreBind*) */
  prepare(
    pod: PodInfo,
    node: NodeInfo,
    context: { readonly client: Client; readonly signal: AbortSignal },
  ): Promise<void>;
}
