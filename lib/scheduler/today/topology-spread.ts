/**
 * *PodTopologySpread*: Pods of one selection are spread over the values of a node label (hosts, zones), so that no value has
 * `maxSkew` Pods more than another. A constraint filters nodes (`DoNotSchedule`) or scores them (`ScheduleAnyway`). Who names
 * none is spread over hosts and zones together with the Pods of his Services and his controller, by score.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
import { everything, selectorOf, type Selector } from '../../api/selectors.js';
import type { DeepReadonly, KubernetesObject, LabelSelector, Pod } from '../../api/types.js';
import type { Resource } from '../../api/resources.js';
import type { NodeInfo } from '../node-info.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import { tolerates } from '../predicates/pod-tolerates-node-taints.js';
import { preparing, unfit, type FitPredicate } from '../predicates/predicate.js';
import type { Priority, Scores } from '../priorities/priority.js';
import { describe, withLabelKeys } from './affinity-terms.js';
import { Topology, type Domains } from './domains.js';
import { countPods, FindingsByQuestion, type Findings } from './findings.js';
import { maxNodeScore } from './scale.js';

const hostname = 'kubernetes.io/hostname';

interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** Nodes that the Pod cannot choose, or whose taints it does not bear, do not count. */
  readonly honoursAffinity: boolean;
  readonly honoursTaints: boolean;
}

type Args = Pick<PluginArgs, 'nodes' | 'get' | 'services'>;
type Counts = FindingsByQuestion<number>;

/**
 * *PodTopologySpread*, the filter, for constraints that say `DoNotSchedule`.
 *
 * ```
 *   fits, if  peers in the node's domain + 1 (if the Pod is one itself) − fewest peers in any domain ≤ maxSkew
 * ```
 * With fewer domains than `minDomains` the fewest are 0.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export const podTopologySpread = (): FitPredicate => {
  const topology = new Topology();
  const counts: Counts = new FindingsByQuestion();
  return preparing((pod, nodes) => {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const hasAll = labelCheck(constraints, topology, nodes);
    const checks = constraints.map((constraint) => {
      const domains = topology.domains(constraint.topologyKey, nodes);
      const found = peersOnNodes(pod, constraint, nodes, counts);
      const peers = peersByDomain(domains, nodes, found, both(hasAll, countedCheck(pod, constraint)));
      const self = constraint.selector.matches(pod.labels) ? 1 : 0;
      return { domains, peers, limit: constraint.maxSkew - self + fewestOf(peers, constraint.minDomains) };
    });
    return (node) => {
      for (const { domains, peers, limit } of checks) {
        const domain = domains.of(node);
        if (domain === undefined)
          return unfit(["node(s) didn't match pod topology spread constraints (missing required label)"]);
        if (Math.max(peers[domain]!, 0) > limit)
          return unfit(["node(s) didn't match pod topology spread constraints"], { resolvable: true });
      }
      return true;
    };
  });
};

/** A question to each node. Left out, every node says yes, and nobody has to ask thousands of them. */
type Check = ((node: NodeInfo) => boolean) | undefined;

const both = (a: Check, b: Check): Check => (a && b ? (node) => a(node) && b(node) : (a ?? b));

/** By domain; -1: none of its nodes counts. */
function peersByDomain(
  domains: Domains,
  nodes: readonly NodeInfo[],
  found: Findings<number> | undefined,
  counts: Check,
): Float64Array {
  const peers = new Float64Array(domains.size).fill(-1);
  for (const node of nodes) {
    const domain = domains.of(node);
    if (domain === undefined || (counts && !counts(node))) continue;
    peers[domain] = Math.max(peers[domain]!, 0) + (found?.on(node) ?? 0);
  }
  return peers;
}

function fewestOf(peers: Float64Array, minDomains: number): number {
  let [fewest, domains] = [Infinity, 0];
  for (const count of peers) {
    if (count < 0) continue;
    domains++;
    if (count < fewest) fewest = count;
  }
  return domains < minDomains ? 0 : fewest;
}

/**
 * *PodTopologySpread*, the score, for constraints that say `ScheduleAnyway`. Peers in the domain count the less, the more domains there are to choose from; `maxSkew` tolerates some:
 *
 * ```
 *   cost  = Σ peers · ln(domains + 2) + maxSkew − 1, over the constraints, rounded
 *   score = ⌊100 · (largest cost + smallest cost − cost) / largest cost⌋,   100 everywhere if nothing costs anything
 * ```
 * A node without all the labels gets 0, unless the constraints are those that everybody has: then it is spread by those it has.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
 */
export const podTopologySpreadPriority = (args: Args): Priority => {
  const topology = new Topology();
  const counts: Counts = new FindingsByQuestion();
  return {
    uniform: (pod) => (hasPreferences(pod, args) ? undefined : 0),
    reduce(pod, nodes, scores) {
      const own = (pod.pod.spec.topologySpreadConstraints ?? []).length > 0;
      const constraints = own ? constraintsOf(pod, 'ScheduleAnyway') : defaultConstraints(pod, args);
      scores.fill(0);
      if (constraints.length === 0) return;
      const takesPart = own ? labelCheck(constraints, topology, args.nodes) : undefined;
      const choice = { nodes, takesPart, scored: takesPart ? nodes.filter(takesPart) : nodes };
      for (const constraint of constraints) addCosts(scores, pod, constraint, choice);

      let [least, most] = [Infinity, 0];
      for (let i = 0; i < nodes.length; i++) {
        if (takesPart && !takesPart(nodes[i]!)) continue;
        const cost = Math.round(scores[i]!);
        scores[i] = cost;
        if (cost < least) least = cost;
        if (cost > most) most = cost;
      }
      for (let i = 0; i < nodes.length; i++) {
        if (takesPart && !takesPart(nodes[i]!)) scores[i] = 0;
        else scores[i] = most === 0 ? maxNodeScore : Math.floor((maxNodeScore * (most + least - scores[i]!)) / most);
      }
    },
  };

  /** Adds what `constraint` makes each of the `nodes` cost; those that do not take part get something that does not matter. */
  function addCosts(costs: Scores, pod: PodInfo, constraint: Constraint, { nodes, scored, takesPart }: Choice): void {
    const { topologyKey, maxSkew } = constraint;
    const domains = topology.domains(topologyKey, args.nodes);
    const found = peersOnNodes(pod, constraint, args.nodes, counts);
    if (topologyKey === hostname) {
      const weight = Math.log(scored.length + 2);
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!;
        if (domains.of(node) !== undefined) costs[i]! += (found?.on(node) ?? 0) * weight + (maxSkew - 1);
      }
      return;
    }
    const isThere = new Uint8Array(domains.size);
    let hasNone = 0;
    for (const node of scored) {
      const domain = domains.of(node);
      if (domain === undefined) hasNone = 1;
      else isThere[domain] = 1;
    }
    // That a node has no such label is a domain too, as far as their number goes.
    const weight = Math.log(isThere.reduce((sum, one) => sum + one, hasNone) + 2);
    const peers = peersByDomain(domains, args.nodes, found, both(takesPart, countedCheck(pod, constraint)));
    const ofDomain = peers.map((count) => Math.max(count, 0) * weight + (maxSkew - 1));
    for (let i = 0; i < nodes.length; i++) {
      const domain = domains.of(nodes[i]!);
      if (domain !== undefined) costs[i]! += ofDomain[domain]!;
    }
  }
};

/** Which nodes there are to choose from, and which of them are scored. */
interface Choice {
  readonly nodes: readonly NodeInfo[];
  readonly takesPart: Check;
  readonly scored: readonly NodeInfo[];
}

function peersOnNodes(
  pod: PodInfo,
  { selector }: Constraint,
  nodes: readonly NodeInfo[],
  counts: Counts,
): Findings<number> | undefined {
  // A selector that names nothing counts nobody, and those who are going are as good as gone.
  if (selector.empty) return undefined;
  const { namespace } = pod;
  const isPeer = (other: PodInfo): boolean =>
    other.namespace === namespace &&
    other.pod.metadata.deletionTimestamp === undefined &&
    selector.matches(other.labels);
  return counts.about(JSON.stringify([namespace, describe(selector)]), nodes, (node) => countPods(node, isPeer));
}

/** Whether a node has the labels of all the constraints. */
function labelCheck(
  constraints: readonly Constraint[],
  topology: Topology,
  nodes: readonly NodeInfo[],
): (node: NodeInfo) => boolean {
  const all = constraints.map(({ topologyKey }) => topology.domains(topologyKey, nodes));
  return (node) => all.every((domains) => domains.of(node) !== undefined);
}

/** Whether a node counts, as far as the Pod can choose it and bears its taints. */
function countedCheck(pod: PodInfo, { honoursAffinity, honoursTaints }: Constraint): Check {
  const { today } = pod.nodeAffinity;
  return both(
    honoursAffinity && !today.undemanding ? ({ node }) => today.matches(node!) : undefined,
    honoursTaints ? ({ repelling }) => repelling.every((taint) => tolerates(pod.tolerations, taint)) : undefined,
  );
}

type WireConstraint = DeepReadonly<NonNullable<Pod['spec']['topologySpreadConstraints']>[number]>;

const known = new WeakMap<PodInfo, readonly (Constraint & { readonly when: string })[]>();

function constraintsOf(pod: PodInfo, when: 'DoNotSchedule' | 'ScheduleAnyway'): readonly Constraint[] {
  const { topologySpreadConstraints: given = [] } = pod.pod.spec;
  if (given.length === 0) return [];
  let constraints = known.get(pod);
  if (!constraints) {
    constraints = given.map((one) => ({ ...constraintOf(one, pod), when: one.whenUnsatisfiable }));
    known.set(pod, constraints);
  }
  return constraints.filter((one) => one.when === when);
}

const constraintOf = (one: WireConstraint, pod: PodInfo): Constraint => ({
  topologyKey: one.topologyKey,
  maxSkew: one.maxSkew,
  minDomains: one.minDomains ?? 1,
  selector: withLabelKeys(one.labelSelector, pod.labels, one.matchLabelKeys),
  honoursAffinity: one.nodeAffinityPolicy !== 'Ignore',
  honoursTaints: one.nodeTaintsPolicy === 'Honor',
});

/** What holds for everybody who says nothing. */
const defaults = [
  { topologyKey: hostname, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
] as const;

function defaultConstraints(pod: PodInfo, args: Args): readonly Constraint[] {
  const selector = selectorOfOwners(pod, args);
  if (selector.empty) return [];
  return defaults.map((one) => ({ ...one, minDomains: 1, selector, honoursAffinity: true, honoursTaints: false }));
}

const hasPreferences = (pod: PodInfo, args: Args): boolean =>
  (pod.pod.spec.topologySpreadConstraints ?? []).length > 0
    ? constraintsOf(pod, 'ScheduleAnyway').length > 0
    : !selectorOfOwners(pod, args).empty;

type Owner = KubernetesObject & { spec: { selector?: LabelSelector | Record<string, string> } };

/** Whose Pods are peers of those that they own. */
const owners: readonly Resource<Owner>[] = [
  { group: '', version: 'v1', resource: 'replicationcontrollers', kind: 'ReplicationController', namespaced: true },
  { group: 'apps', version: 'v1', resource: 'replicasets', kind: 'ReplicaSet', namespaced: true },
  { group: 'apps', version: 'v1', resource: 'statefulsets', kind: 'StatefulSet', namespaced: true },
];

/** Everything that its Services and its controller select by. */
function selectorOfOwners(pod: PodInfo, args: Args): Selector {
  const selectors: Selector[] = [...args.services(pod)];
  const reference = pod.pod.metadata.ownerReferences?.find(({ controller }) => controller);
  const resource = reference && owners.find(({ kind, group }) => kind === reference.kind && isOf(group, reference));
  const owner = resource && args.get(resource, `${pod.namespace}/${reference!.name}`);
  if (owner?.spec.selector)
    selectors.push(
      resource?.group === ''
        ? selectorOf({ matchLabels: owner.spec.selector as Record<string, string> })
        : selectorOf(owner.spec.selector as LabelSelector),
    );
  return allOf(selectors);
}

const isOf = (group: string, { apiVersion }: { readonly apiVersion: string }): boolean =>
  (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '') === group;

function allOf(selectors: readonly Selector[]): Selector {
  const [first = everything, ...more] = selectors;
  if (more.length === 0) return first;
  return {
    requirements: selectors.flatMap(({ requirements }) => requirements),
    empty: selectors.every(({ empty }) => empty),
    matches: (labels) => selectors.every((selector) => selector.matches(labels)),
    toString: () => selectors.map(String).join(),
  };
}
