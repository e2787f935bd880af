/**
 * *InterPodAffinity*. To be near other Pods, or far from them: *near* is the same value of a node label, be it the host's name,
 * the rack or the zone. What is required filters nodes, what is preferred scores them; both look both ways, for those who run
 * already may mind the newcomer too.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
import type { NodeInfo } from '../node-info.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import { preparing, unfit, type FitPredicate } from '../predicates/predicate.js';
import type { Priority } from '../priorities/priority.js';
import {
  affinityTermsOf,
  labelsOfNamespace,
  means,
  resolved,
  type AffinityTerm,
  type ResolvedTerm,
} from './affinity-terms.js';
import { countPods, Findings, FindingsByQuestion } from './findings.js';
import { maxNodeScore } from './scale.js';

/** How much it counts for a Pod to be where running Pods require Pods like it. */
const hardPodAffinityWeight = 1;

type Args = Pick<PluginArgs, 'nodes' | 'get' | 'list'>;

/** Values of node labels, by the label's key. */
type Domains = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * - required affinity: Pods that *all* the terms mean run in the node's domain, for each term. The first Pod of a series that
 *   wants to be near itself may start anywhere with these labels;
 * - required anti-affinity: no Pod that one of the terms means runs in the node's domain;
 * - and the anti-affinity that running Pods require holds for the newcomer.
 */
export const interPodAffinity = (args: Args): FitPredicate => {
  const counts = new FindingsByQuestion<number>();
  const whoMind = new FindingsByQuestion<readonly string[]>();
  const minders = new Findings((node) => anyPod(node, (pod) => affinityTermsOf(pod).antiAffinity.length > 0));

  return preparing((pod, nodes) => {
    const { affinity, antiAffinity } = affinityTermsOf(pod);
    const minding = domainsOfThoseWhoMind(pod, nodes);
    if (affinity.length + antiAffinity.length === 0 && !minding) return undefined;

    const wanted = affinity.map((term) => resolved(term, args));
    const friends = domainsOf(wanted, nodes);
    const isFirst =
      friends.size === 0 && wanted.every((term) => means(term, pod, labelsOfNamespace(pod.namespace, args)));
    const foes = antiAffinity.map((term) => domainsOf([resolved(term, args)], nodes));

    return (node) => {
      const isIn = (where: Domains, key: string): boolean => where.get(key)?.has(node.labels[key]!) ?? false;
      const hasFriends = wanted.every(({ topologyKey }) => isIn(friends, topologyKey));
      if (!hasFriends && !(isFirst && wanted.every(({ topologyKey }) => topologyKey in node.labels)))
        return unfit(["node(s) didn't match pod affinity rules"]);
      if (antiAffinity.some(({ topologyKey }, i) => isIn(foes[i]!, topologyKey)))
        return unfit(["node(s) didn't match pod anti-affinity rules"], { resolvable: true });
      if (minding && [...minding.keys()].some((key) => isIn(minding, key)))
        return unfit(["node(s) didn't satisfy existing pods anti-affinity rules"], { resolvable: true });
      return true;
    };
  });

  /** Where Pods run that all of `terms` mean: the values of the labels that these name. */
  function domainsOf(terms: readonly ResolvedTerm[], nodes: readonly NodeInfo[]): Domains {
    const where = new Map<string, Set<string>>();
    if (terms.length === 0) return where;
    const question = terms.map((term) => term.question).join();
    const found = counts.about(question, nodes, (node) =>
      countPods(node, (other) => terms.every((term) => means(term, other, {}))),
    );
    if (found.none) return where;
    for (const node of nodes)
      if (found.on(node) !== undefined) for (const { topologyKey } of terms) addDomain(where, node, topologyKey);
    return where;
  }

  /** Where Pods run whose required anti-affinity means `pod`; undefined: nowhere. */
  function domainsOfThoseWhoMind(pod: PodInfo, nodes: readonly NodeInfo[]): Domains | undefined {
    if (minders.refresh(nodes).none) return undefined;
    const namespaceLabels = labelsOfNamespace(pod.namespace, args);
    const question = JSON.stringify([pod.namespace, pod.labels, namespaceLabels]);
    const found = whoMind.about(question, nodes, (node) => {
      const terms = [...node.pods.values()].flatMap((other) => affinityTermsOf(other).antiAffinity);
      const keys = terms.filter((term) => means(term, pod, namespaceLabels)).map(({ topologyKey }) => topologyKey);
      return keys.length > 0 ? keys : undefined;
    });
    if (found.none) return undefined;
    const where = new Map<string, Set<string>>();
    for (const node of nodes) for (const key of found.on(node) ?? []) addDomain(where, node, key);
    return where.size > 0 ? where : undefined;
  }
};

function addDomain(where: Map<string, Set<string>>, node: NodeInfo, key: string): void {
  const value = node.labels[key];
  if (value === undefined) return;
  let values = where.get(key);
  if (!values) where.set(key, (values = new Set()));
  values.add(value);
}

function anyPod(node: NodeInfo, condition: (pod: PodInfo) => boolean): true | undefined {
  for (const pod of node.pods.values()) if (condition(pod)) return true;
  return undefined;
}

/**
 * Each Pod that a preference of the newcomer means gives its weight to all nodes of its domain, or takes it; so does each Pod
 * whose preference means the newcomer, and each whose *required* affinity does, with a weight of 1. Then the sums are stretched:
 *
 * ```
 *   score = ⌊100 · (sum − least) / (most − least)⌋,   0 everywhere if all are equal
 * ```
 */
export const interPodAffinityPriority = (args: Args): Priority => {
  const counts = new FindingsByQuestion<number>();
  const whoCare = new FindingsByQuestion<readonly Worth[]>();
  const carers = new Findings((node) => anyPod(node, (pod) => caringTerms(pod).length > 0));
  const nobodyCares = (pod: PodInfo): boolean =>
    affinityTermsOf(pod).preferred.length === 0 && carers.refresh(args.nodes).none;

  return {
    uniform: (pod) => (nobodyCares(pod) ? 0 : undefined),
    reduce(pod, nodes, scores) {
      const worths = worthOfDomains(pod);
      for (let i = 0; i < nodes.length; i++) {
        const { labels } = nodes[i]!;
        let sum = 0;
        for (const [key, values] of worths) sum += values.get(labels[key]!) ?? 0;
        scores[i] = sum;
      }
      stretch(scores);
    },
  };

  function worthOfDomains(pod: PodInfo): ReadonlyMap<string, ReadonlyMap<string, number>> {
    const worths = new Map<string, Map<string, number>>();
    const { nodes } = args;
    const add = (node: NodeInfo, key: string, worth: number): void => {
      const value = node.labels[key];
      if (value === undefined) return;
      let values = worths.get(key);
      if (!values) worths.set(key, (values = new Map()));
      values.set(value, (values.get(value) ?? 0) + worth);
    };
    for (const term of affinityTermsOf(pod).preferred) {
      const { question, ...wanted } = resolved(term, args);
      const found = counts.about(question, nodes, (node) => countPods(node, (other) => means(wanted, other, {})));
      if (found.none) continue;
      for (const node of nodes) {
        const count = found.on(node);
        if (count) add(node, term.topologyKey, term.weight * count);
      }
    }
    if (carers.refresh(nodes).none) return worths;
    const namespaceLabels = labelsOfNamespace(pod.namespace, args);
    const question = JSON.stringify([pod.namespace, pod.labels, namespaceLabels]);
    const found = whoCare.about(question, nodes, (node) => {
      const terms = [...node.pods.values()].flatMap(caringTerms).filter((term) => means(term, pod, namespaceLabels));
      return terms.length > 0 ? terms.map(({ topologyKey, weight }) => ({ topologyKey, weight })) : undefined;
    });
    if (found.none) return worths;
    for (const node of nodes)
      for (const { topologyKey, weight } of found.on(node) ?? []) add(node, topologyKey, weight);
    return worths;
  }
};

type Worth = Pick<AffinityTerm, 'topologyKey' | 'weight'>;

/** What a running Pod thinks of others: its preferences, and what it required when it came. */
function caringTerms(pod: PodInfo): readonly AffinityTerm[] {
  const { affinity, preferred } = affinityTermsOf(pod);
  return affinity.length === 0
    ? preferred
    : [...affinity.map((term) => ({ ...term, weight: hardPodAffinityWeight })), ...preferred];
}

function stretch(scores: Float64Array): void {
  const [least, most] = [
    scores.reduce((a, b) => Math.min(a, b), Infinity),
    scores.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
  const span = most - least;
  for (let i = 0; i < scores.length; i++)
    scores[i] = span > 0 ? Math.floor(maxNodeScore * ((scores[i]! - least) / span)) : 0;
}
