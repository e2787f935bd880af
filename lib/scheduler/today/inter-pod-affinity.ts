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
import type { Priority, Scores } from '../priorities/priority.js';
import {
  affinityTermsOf,
  labelsOfNamespace,
  means,
  resolved,
  type AffinityTerm,
  type ResolvedTerm,
} from './affinity-terms.js';
import { Topology, type Domains } from './domains.js';
import { countPods, Findings, FindingsByQuestion } from './findings.js';
import { maxNodeScore } from './scale.js';

/** How much it counts for a Pod to be where running Pods require Pods like it. */
const hardPodAffinityWeight = 1;

type Args = Pick<PluginArgs, 'nodes' | 'get' | 'list'>;

/** Domains in which something was found. */
interface Places {
  has(node: NodeInfo): boolean;
  readonly none: boolean;
}

/**
 * *InterPodAffinity*, the filter:
 *
 * - required affinity: Pods that *all* the terms mean run in the node's domain, for each term. The first Pod of a series that
 *   wants to be near itself may start anywhere with these labels;
 * - required anti-affinity: no Pod that one of the terms means runs in the node's domain;
 * - and the anti-affinity that running Pods require holds for the newcomer.
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
export const interPodAffinity = (args: Args): FitPredicate => {
  const topology = new Topology();
  const counts = new FindingsByQuestion<number>();
  const whoMind = new FindingsByQuestion<readonly string[]>();
  const minders = new Findings((node) => anyPod(node, (pod) => affinityTermsOf(pod).antiAffinity.length > 0));

  return preparing((pod, nodes) => {
    const { affinity, antiAffinity } = affinityTermsOf(pod);
    const minding = placesOfThoseWhoMind(pod, nodes);
    if (affinity.length + antiAffinity.length === 0 && minding.length === 0) return undefined;

    const wanted = affinity.map((term) => resolved(term, args));
    const friends = placesOf(wanted, nodes);
    const namespaceLabels = labelsOfNamespace(pod.namespace, args);
    const isFirst = friends.every(({ none }) => none) && wanted.every((term) => means(term, pod, namespaceLabels));
    const foes = antiAffinity.flatMap((term) => placesOf([resolved(term, args)], nodes));

    return (node) => {
      const hasFriends = friends.every((places) => places.has(node));
      if (!hasFriends && !(isFirst && wanted.every(({ topologyKey }) => topologyKey in node.labels)))
        return unfit(["node(s) didn't match pod affinity rules"]);
      if (foes.some((places) => places.has(node)))
        return unfit(["node(s) didn't match pod anti-affinity rules"], { resolvable: true });
      if (minding.some((places) => places.has(node)))
        return unfit(["node(s) didn't satisfy existing pods anti-affinity rules"], { resolvable: true });
      return true;
    };
  });

  /** Where Pods run that all of `terms` mean: for each term, its domains. */
  function placesOf(terms: readonly ResolvedTerm[], nodes: readonly NodeInfo[]): Places[] {
    if (terms.length === 0) return [];
    const question = terms.map((term) => term.question).join();
    const found = counts.about(question, nodes, (node) =>
      countPods(node, (other) => terms.every((term) => means(term, other, {}))),
    );
    return terms.map(({ topologyKey }) =>
      placesWhere(topology.domains(topologyKey, nodes), nodes, (node) => found.on(node) !== undefined),
    );
  }

  /** Where Pods run whose required anti-affinity means `pod`: for each label, its domains. */
  function placesOfThoseWhoMind(pod: PodInfo, nodes: readonly NodeInfo[]): Places[] {
    if (minders.refresh(nodes).none) return [];
    const namespaceLabels = labelsOfNamespace(pod.namespace, args);
    const question = JSON.stringify([pod.namespace, pod.labels, namespaceLabels]);
    const found = whoMind.about(question, nodes, (node) => {
      const terms = [...node.pods.values()].flatMap((other) => affinityTermsOf(other).antiAffinity);
      const keys = terms.filter((term) => means(term, pod, namespaceLabels)).map(({ topologyKey }) => topologyKey);
      return keys.length > 0 ? keys : undefined;
    });
    if (found.none) return [];
    const keys = new Set(nodes.flatMap((node) => found.on(node) ?? []));
    return [...keys].map((key) =>
      placesWhere(topology.domains(key, nodes), nodes, (node) => found.on(node)?.includes(key) ?? false),
    );
  }
};

function placesWhere(domains: Domains, nodes: readonly NodeInfo[], isThere: (node: NodeInfo) => boolean): Places {
  const marks = new Uint8Array(domains.size);
  let none = true;
  for (const node of nodes) {
    const domain = domains.of(node);
    if (domain === undefined || !isThere(node)) continue;
    marks[domain] = 1;
    none = false;
  }
  return { none, has: (node) => marks[domains.of(node) ?? -1] === 1 };
}

function anyPod(node: NodeInfo, condition: (pod: PodInfo) => boolean): true | undefined {
  for (const pod of node.pods.values()) if (condition(pod)) return true;
  return undefined;
}

/**
 * *InterPodAffinity*, the score. Each Pod that a preference of the newcomer means gives its weight to all nodes of its domain, or takes it; so does each Pod
 * whose preference means the newcomer, and each whose *required* affinity does, with a weight of 1. Then the sums are stretched:
 *
 * ```
 *   score = ⌊100 · (sum − least) / (most − least)⌋,   0 everywhere if all are equal
 * ```
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
export const interPodAffinityPriority = (args: Args): Priority => {
  const topology = new Topology();
  const counts = new FindingsByQuestion<number>();
  const whoCare = new FindingsByQuestion<readonly Worth[]>();
  const carers = new Findings((node) => anyPod(node, (pod) => caringTerms(pod).length > 0));

  return {
    uniform(pod) {
      const nobodyCares = affinityTermsOf(pod).preferred.length === 0 && carers.refresh(args.nodes).none;
      return nobodyCares ? 0 : undefined;
    },
    reduce(pod, nodes, scores) {
      const worths = worthOfDomains(pod);
      scores.fill(0);
      for (const [domains, worth] of worths) {
        for (let i = 0; i < nodes.length; i++) {
          const domain = domains.of(nodes[i]!);
          if (domain !== undefined) scores[i]! += worth[domain]!;
        }
      }
      stretch(scores);
    },
  };

  /** For each label that somebody speaks of, what each of its domains is worth. */
  function worthOfDomains(pod: PodInfo): ReadonlyMap<Domains, Float64Array> {
    const { nodes } = args;
    const worths = new Map<Domains, Float64Array>();
    const add = (node: NodeInfo, key: string, worth: number): void => {
      const domains = topology.domains(key, nodes);
      const domain = domains.of(node);
      if (domain === undefined) return;
      let values = worths.get(domains);
      if (!values) worths.set(domains, (values = new Float64Array(domains.size)));
      values[domain]! += worth;
    };
    for (const term of affinityTermsOf(pod).preferred) {
      const { question, ...wanted } = resolved(term, args);
      const found = counts.about(question, nodes, (node) => countPods(node, (other) => means(wanted, other, {})));
      if (found.none) continue;
      for (const node of nodes) {
        const count = found.on(node);
        if (count !== undefined) add(node, term.topologyKey, term.weight * count);
      }
    }
    if (carers.refresh(nodes).none) return worths;
    const namespaceLabels = labelsOfNamespace(pod.namespace, args);
    const question = JSON.stringify([pod.namespace, pod.labels, namespaceLabels]);
    const found = whoCare.about(question, nodes, (node) => {
      const terms = [...node.pods.values()].flatMap(caringTerms).filter((term) => means(term, pod, namespaceLabels));
      return terms.length > 0 ? sumsByKey(terms) : undefined;
    });
    if (found.none) return worths;
    for (const node of nodes)
      for (const { topologyKey, weight } of found.on(node) ?? []) add(node, topologyKey, weight);
    return worths;
  }
};

function sumsByKey(terms: readonly AffinityTerm[]): Worth[] {
  const sums = new Map<string, number>();
  for (const { topologyKey, weight } of terms) sums.set(topologyKey, (sums.get(topologyKey) ?? 0) + weight);
  return [...sums].map(([topologyKey, weight]) => ({ topologyKey, weight }));
}

type Worth = Pick<AffinityTerm, 'topologyKey' | 'weight'>;

/** What a running Pod thinks of others: its preferences, and what it required when it came. */
function caringTerms(pod: PodInfo): readonly AffinityTerm[] {
  const { affinity, preferred } = affinityTermsOf(pod);
  return affinity.length === 0
    ? preferred
    : [...affinity.map((term) => ({ ...term, weight: hardPodAffinityWeight })), ...preferred];
}

function stretch(scores: Scores): void {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < scores.length; i++) {
    if (scores[i]! < least) least = scores[i]!;
    if (scores[i]! > most) most = scores[i]!;
  }
  const span = most - least;
  for (let i = 0; i < scores.length; i++)
    scores[i] = span > 0 ? Math.floor(maxNodeScore * ((scores[i]! - least) / span)) : 0;
}
