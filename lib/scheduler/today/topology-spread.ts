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
import type { Priority } from '../priorities/priority.js';
import { describe, withLabelKeys } from './affinity-terms.js';
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
 * ```
 *   fits, if  peers in the node's domain + 1 (if the Pod is one itself) − fewest peers in any domain ≤ maxSkew
 * ```
 * With fewer domains than `minDomains` the fewest are 0.
 */
export const podTopologySpread = (): FitPredicate => {
  const counts: Counts = new FindingsByQuestion();
  return preparing((pod, nodes) => {
    const constraints = constraintsOf(pod, 'DoNotSchedule');
    if (constraints.length === 0) return undefined;
    const checks = constraints.map((constraint) => {
      const peers = peersByDomain(pod, constraint, constraints, nodes, counts);
      const self = constraint.selector.matches(pod.labels) ? 1 : 0;
      const enough = peers.size >= constraint.minDomains;
      return { constraint, peers, self, fewest: enough ? Math.min(...peers.values()) : 0 };
    });
    return (node) => {
      for (const { constraint, peers, self, fewest } of checks) {
        const domain = node.labels[constraint.topologyKey];
        if (domain === undefined)
          return unfit(["node(s) didn't match pod topology spread constraints (missing required label)"]);
        if ((peers.get(domain) ?? 0) + self - fewest > constraint.maxSkew)
          return unfit(["node(s) didn't match pod topology spread constraints"], { resolvable: true });
      }
      return true;
    };
  });
};

/** How many peers run in each domain, of the nodes that have all labels of all constraints. */
function peersByDomain(
  pod: PodInfo,
  constraint: Constraint,
  constraints: readonly Constraint[],
  nodes: readonly NodeInfo[],
  counts: Counts,
): ReadonlyMap<string, number> {
  const found = peersOnNodes(pod, constraint, nodes, counts);
  const peers = new Map<string, number>();
  for (const node of nodes) {
    if (!hasAllLabels(node, constraints) || !counted(node, pod, constraint)) continue;
    const domain = node.labels[constraint.topologyKey]!;
    peers.set(domain, (peers.get(domain) ?? 0) + (found?.on(node) ?? 0));
  }
  return peers;
}

/**
 * Peers in the domain count the less, the more domains there are to choose from; `maxSkew` tolerates some:
 *
 * ```
 *   cost  = Σ peers · ln(domains + 2) + maxSkew − 1, over the constraints, rounded
 *   score = ⌊100 · (largest cost + smallest cost − cost) / largest cost⌋,   100 everywhere if nothing costs anything
 * ```
 * A node without all the labels gets 0, unless the constraints are those that everybody has: then it is spread by those it has.
 */
export const podTopologySpreadPriority = (args: Args): Priority => {
  const counts: Counts = new FindingsByQuestion();
  return {
    uniform: (pod) => (hasPreferences(pod, args) ? undefined : 0),
    reduce(pod, nodes, scores) {
      const own = (pod.pod.spec.topologySpreadConstraints ?? []).length > 0;
      const constraints = own ? constraintsOf(pod, 'ScheduleAnyway') : defaultConstraints(pod, args);
      if (constraints.length === 0) return void scores.fill(0);
      const ignored = (node: NodeInfo): boolean => own && !hasAllLabels(node, constraints);
      const scored = nodes.filter((node) => !ignored(node));
      const costs = constraints.map((constraint) => costOf(pod, constraint, scored, own ? constraints : []));

      let [least, most] = [Infinity, 0];
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!;
        if (ignored(node)) continue;
        scores[i] = Math.round(costs.reduce((sum, cost) => sum + cost(node), 0));
        [least, most] = [Math.min(least, scores[i]!), Math.max(most, scores[i]!)];
      }
      for (let i = 0; i < nodes.length; i++) {
        if (ignored(nodes[i]!)) scores[i] = 0;
        else scores[i] = most === 0 ? maxNodeScore : Math.floor((maxNodeScore * (most + least - scores[i]!)) / most);
      }
    },
  };

  /** @param required of which constraints a node must have all labels, for its Pods to count */
  function costOf(
    pod: PodInfo,
    constraint: Constraint,
    scored: readonly NodeInfo[],
    required: readonly Constraint[],
  ): (node: NodeInfo) => number {
    const { topologyKey, maxSkew } = constraint;
    const found = peersOnNodes(pod, constraint, args.nodes, counts);
    const cost = (peers: number, domains: number): number => peers * Math.log(domains + 2) + (maxSkew - 1);
    const hasDomain = (node: NodeInfo): boolean => topologyKey in node.labels;
    if (topologyKey === hostname) return (node) => (hasDomain(node) ? cost(found?.on(node) ?? 0, scored.length) : 0);

    const peers = new Map<string, number>();
    // That a node has no such label is a domain too, as far as their number goes.
    for (const { labels } of scored) peers.set(labels[topologyKey] ?? '', 0);
    for (const node of args.nodes) {
      const known = peers.get(node.labels[topologyKey] ?? '');
      const count = found?.on(node);
      if (known === undefined || !count || !hasAllLabels(node, required) || !counted(node, pod, constraint)) continue;
      peers.set(node.labels[topologyKey] ?? '', known + count);
    }
    return (node) => (hasDomain(node) ? cost(peers.get(node.labels[topologyKey]!)!, peers.size) : 0);
  }
};

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

const hasAllLabels = ({ labels }: NodeInfo, constraints: readonly Constraint[]): boolean =>
  constraints.every(({ topologyKey }) => topologyKey in labels);

const counted = (node: NodeInfo, pod: PodInfo, { honoursAffinity, honoursTaints }: Constraint): boolean =>
  (!honoursAffinity || pod.nodeAffinity.matches(node.node!)) &&
  (!honoursTaints || node.repelling.every((taint) => tolerates(pod.tolerations, taint)));

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
