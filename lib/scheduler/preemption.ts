/**
 * *DefaultPreemption*: a Pod for which there is no room may drive out Pods of lower priority. On each node where that could
 * help, it is tried out who would have to go; the node is taken whose victims are the least loss.
 *
 * ```
 *   node refused ─ for lack of something that Pods hold? ─► without all Pods of lower priority, does it fit?
 *        ─► the important ones come back, one by one, as long as it still fits ─► who is left are the victims
 * ```
 * Nobody is moved at once: the victims get their grace, the Pod is nominated to the node (`status.nominatedNodeName`), and it is
 * decided about again when they are gone.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
 */
import { podDisruptionBudgets } from '../api/resources.js';
import { selectorOf } from '../api/selectors.js';
import type { Algorithm, Decision, Refusal } from './algorithm.js';
import type { PostFilter, Preemption } from './extension-points.js';
import { available } from './fit-error.js';
import type { NodeInfo } from './node-info.js';
import type { PluginArgs } from './plugin-args.js';
import type { PodInfo } from './pod-info.js';

/** So large a share of the nodes is tried, in percent, and not fewer than so many, before the best of those found is taken. */
const minCandidateNodesPercentage = 10;
const minCandidateNodes = 100;

const notHelpful = 'Preemption is not helpful for scheduling';
const noVictims = 'No preemption victims found for incoming pod';

type Args = Pick<PluginArgs, 'list' | 'nominations' | 'nodeNamed' | 'with' | 'without'>;

/** A node, and who would have to go. */
export interface Candidate {
  readonly node: NodeInfo;
  /** The most important one first; never empty. */
  readonly victims: readonly PodInfo[];
  /** How many of them a PodDisruptionBudget protects. */
  readonly violations: number;
}

/** *DefaultPreemption*, as the PostFilter of a provider. @see https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/ */
export const defaultPreemption = (args: Args): PostFilter => {
  // Where the search starts moves on, or the first nodes of a large cluster would always have to give.
  let offset = 0;
  return (decision, { algorithm, nodes }) => {
    const { pod } = decision;
    const nominated = nominationOf(pod, args);
    const why = whyNotEligible(decision, nodes, nominated === undefined ? undefined : args.nodeNamed(nominated));
    if (why) return { message: why, nominatedNodeName: nominated, victims: [] };

    const { candidates, reasons } = tryNodes(decision, { algorithm, nodes, args, offset });
    offset += candidates.length;
    const best = leastLoss(candidates);
    if (!best) return { message: available(nodes.length, reasons), victims: [] };
    return { message: '', nominatedNodeName: best.node.name, victims: best.victims } satisfies Preemption;
  };
};

function nominationOf({ key }: PodInfo, args: Args): string | undefined {
  for (const [node, pods] of args.nominations()) if (pods.some((pod) => pod.key === key)) return node;
  return undefined;
}

function whyNotEligible(
  { pod, refusals }: Decision,
  nodes: readonly NodeInfo[],
  nominated: NodeInfo | undefined,
): string | undefined {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  if (!nominated || refusals[nodes.indexOf(nominated)]?.resolvable === false) return undefined;
  const isGoing = [...nominated.pods.values()].some(
    (other) => other.priority < pod.priority && isBeingPreempted(other),
  );
  return isGoing ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

const isBeingPreempted = ({ pod: { metadata, status } }: PodInfo): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (status?.conditions ?? []).some(
    ({ type, status, reason }) =>
      type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler',
  );

interface Cluster {
  readonly algorithm: Algorithm;
  readonly nodes: readonly NodeInfo[];
  readonly args: Args;
  readonly offset: number;
}

/** Candidates; and, of each node that is none, why. */
function tryNodes(
  { pod, refusals }: Decision,
  cluster: Cluster,
): { readonly candidates: readonly Candidate[]; readonly reasons: readonly string[] } {
  const { nodes, args, offset } = cluster;
  const hopeful = nodes.filter((_, i) => refusals[i]!.resolvable);
  const reasons = Array.from({ length: nodes.length - hopeful.length }, () => notHelpful);
  const enough = Math.max(Math.floor((nodes.length * minCandidateNodesPercentage) / 100), minCandidateNodes);
  const isProtected = budgetsOf(args);
  const candidates: Candidate[] = [];
  for (let i = 0; i < hopeful.length; i++) {
    const outcome = tryNode(pod, hopeful[(offset + i) % hopeful.length]!, cluster, isProtected);
    if ('victims' in outcome) candidates.push(outcome);
    else reasons.push(...outcome.reasons);
    if (candidates.length >= enough && candidates.some(({ violations }) => violations === 0)) break;
  }
  return { candidates, reasons };
}

/** Tells of Pods, in this order, which ones a budget protects that cannot spare any more. */
type IsProtected = (pods: readonly PodInfo[]) => readonly boolean[];

function tryNode(
  pod: PodInfo,
  node: NodeInfo,
  { algorithm, nodes, args }: Cluster,
  isProtected: IsProtected,
): Candidate | { readonly reasons: readonly string[] } {
  const gone = new Map<string, PodInfo>();
  for (const other of node.pods.values()) if (other.priority < pod.priority) gone.set(other.key, other);
  if (gone.size === 0) return { reasons: [noVictims] };

  // Room that is being made for others of the same or a higher priority is theirs.
  const nominated = (args.nominations().get(node.name) ?? []).filter(
    (other) => other.key !== pod.key && other.priority >= pod.priority,
  );
  const refusal = (): Refusal | undefined =>
    args.without(gone.keys(), () => {
      const withOthers = (): Refusal | undefined => algorithm.refusal(pod, node, nodes);
      const reserved = nominated.length > 0 ? args.with(nominated, node.name, withOthers) : undefined;
      return reserved ?? algorithm.refusal(pod, node, nodes);
    });
  const refused = refusal();
  if (refused) return { reasons: refused.reasons };

  // Those whom a budget protects come back first, and among them, and then among the others, the most important ones.
  const all = [...gone.values()].sort(byImportance);
  const marks = isProtected(all);
  const ordered = [...all.filter((_, i) => marks[i]), ...all.filter((_, i) => !marks[i])];
  const victims = ordered.filter((other) => {
    gone.delete(other.key);
    if (!refusal()) return false;
    gone.set(other.key, other);
    return true;
  });
  const protectedPods = new Set(all.filter((_, i) => marks[i]));
  return {
    node,
    victims: victims.sort(byImportance),
    violations: victims.filter((victim) => protectedPods.has(victim)).length,
  };
}

const startedMs = ({ pod: { status } }: PodInfo): number =>
  status?.startTime ? Date.parse(status.startTime) : Infinity;

/** The higher priority first, then who has been running for longer; then by name, so that the outcome is always the same. */
function byImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [x, y] = [startedMs(a), startedMs(b)];
  return x !== y ? (x < y ? -1 : 1) : a.key < b.key ? -1 : 1;
}

function budgetsOf(args: Args): IsProtected {
  const budgets = args.list(podDisruptionBudgets).map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    selector: selectorOf(spec?.selector),
    allowed: status?.disruptionsAllowed ?? 0,
    disrupted: status?.disruptedPods ?? {},
  }));
  return (pods) => {
    const left = budgets.map(({ allowed }) => allowed);
    return pods.map(({ namespace, labels, pod: { metadata } }) => {
      let violated = false;
      if (Object.keys(labels).length === 0) return violated;
      budgets.forEach(({ selector, disrupted, ...budget }, i) => {
        if (budget.namespace !== namespace || selector.empty || !selector.matches(labels)) return;
        if (metadata.name in disrupted) return; // was counted when its eviction was allowed
        if (--left[i]! < 0) violated = true;
      });
      return violated;
    });
  };
}

/**
 * The candidate to be preferred, by the first of these in which they differ: the fewest violated budgets, the lowest highest
 * priority of a victim, the smallest sum of priorities, the fewest victims, the latest start of the victims of the highest
 * priority.
 */
export function leastLoss(candidates: readonly Candidate[]): Candidate | undefined {
  const losses: readonly ((candidate: Candidate) => number)[] = [
    ({ violations }) => violations,
    ({ victims }) => victims[0]!.priority,
    // Moved above zero, so that two victims of a negative priority are not less of a loss than one.
    ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    ({ victims }) => victims.length,
    ({ victims }) => -Math.min(...victims.filter(({ priority }) => priority === victims[0]!.priority).map(startedMs)),
  ];
  let best = candidates;
  for (const loss of losses) {
    if (best.length < 2) break;
    const least = Math.min(...best.map(loss));
    best = best.filter((candidate) => loss(candidate) === least);
  }
  return best[0];
}
