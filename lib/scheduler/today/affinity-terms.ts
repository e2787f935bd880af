/**
 * Near whom a Pod wants to run, and far from whom: the terms of `spec.affinity.podAffinity` and `podAntiAffinity`. A term says
 * which Pods are meant (labels, namespaces) and what near is (the same value of the node label `topologyKey`).
 *
 * @see https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
 */
import { namespaces } from '../../api/resources.js';
import { selectorOf, type Selector } from '../../api/selectors.js';
import type { DeepReadonly, LabelSelector, Pod } from '../../api/types.js';
import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';

export interface AffinityTerm {
  readonly topologyKey: string;
  readonly selector: Selector;
  readonly namespaces: ReadonlySet<string>;
  /** Of these namespaces' labels, beside {@link namespaces}. */
  readonly namespaceSelector: Selector;
  /** How much a preference counts, less than 0 for a dislike; 0 for what is required. */
  readonly weight: number;
}

export interface AffinityTerms {
  readonly affinity: readonly AffinityTerm[];
  readonly antiAffinity: readonly AffinityTerm[];
  /** Preferences and dislikes. */
  readonly preferred: readonly AffinityTerm[];
}

const none: AffinityTerms = { affinity: [], antiAffinity: [], preferred: [] };
const known = new WeakMap<PodInfo, AffinityTerms>();

export function affinityTermsOf(pod: PodInfo): AffinityTerms {
  const { podAffinity, podAntiAffinity } = pod.pod.spec.affinity ?? {};
  if (!podAffinity && !podAntiAffinity) return none;
  let terms = known.get(pod);
  if (!terms) {
    const required = (affinity: typeof podAffinity) =>
      (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => termOf(term, pod, 0));
    const preferred = (affinity: typeof podAffinity, sign: 1 | -1) =>
      (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) =>
        termOf(podAffinityTerm, pod, sign * weight),
      );
    terms = {
      affinity: required(podAffinity),
      antiAffinity: required(podAntiAffinity),
      preferred: [...preferred(podAffinity, 1), ...preferred(podAntiAffinity, -1)],
    };
    known.set(pod, terms);
  }
  return terms;
}

type WireTerm = DeepReadonly<{
  labelSelector?: LabelSelector;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
  namespaceSelector?: LabelSelector;
  namespaces?: string[];
  topologyKey: string;
}>;

function termOf(term: WireTerm, pod: PodInfo, weight: number): AffinityTerm {
  const { labelSelector, matchLabelKeys, mismatchLabelKeys, namespaceSelector, namespaces = [], topologyKey } = term;
  const own = namespaces.length === 0 && !namespaceSelector;
  return {
    topologyKey,
    selector: withLabelKeys(labelSelector, pod.labels, matchLabelKeys, mismatchLabelKeys),
    namespaces: new Set(own ? [pod.namespace] : namespaces),
    namespaceSelector: selectorOf(namespaceSelector),
    weight,
  };
}

/**
 * `selector`, and of `like` the Pod's own values, of `unlike` others than these. The API server writes such keys into the
 * selector of an affinity term itself; to add them again changes nothing.
 */
export function withLabelKeys(
  selector: DeepReadonly<LabelSelector> | undefined,
  labels: NonNullable<Pod['metadata']['labels']>,
  like: readonly string[] = [],
  unlike: readonly string[] = [],
): Selector {
  if (!selector || like.length + unlike.length === 0) return selectorOf(selector);
  const expressions = (keys: readonly string[], operator: 'In' | 'NotIn') =>
    keys.filter((key) => labels[key] !== undefined).map((key) => ({ key, operator, values: [labels[key]!] }));
  return selectorOf({
    matchLabels: selector.matchLabels,
    matchExpressions: [
      ...(selector.matchExpressions ?? []),
      ...expressions(like, 'In'),
      ...expressions(unlike, 'NotIn'),
    ],
  });
}

/** Whether `term` means `pod`, which lives in a namespace with these labels. */
export const means = (
  { namespaces, namespaceSelector, selector }: AffinityTerm,
  pod: PodInfo,
  namespaceLabels: Readonly<Record<string, string>>,
): boolean =>
  (namespaces.has(pod.namespace) || namespaceSelector.matches(namespaceLabels)) && selector.matches(pod.labels);

/** The labels of a namespace, as far as it is known. */
export const labelsOfNamespace = (name: string, args: Pick<PluginArgs, 'get'>): Readonly<Record<string, string>> =>
  args.get(namespaces, name)?.metadata.labels ?? {};

/** A term whose namespaces are known by name. */
export interface ResolvedTerm extends AffinityTerm {
  /** Equal for terms that mean the same Pods. */
  readonly question: string;
}

/** `term` of a Pod that is to be scheduled: its namespaces are looked up once, not for every other Pod. */
export function resolved(term: AffinityTerm, args: Pick<PluginArgs, 'list'>): ResolvedTerm {
  const { namespaceSelector, selector } = term;
  const everywhere = namespaceSelector.empty;
  const selected = everywhere
    ? []
    : args.list(namespaces).filter(({ metadata }) => namespaceSelector.matches(metadata.labels));
  const names = new Set([...term.namespaces, ...selected.map(({ metadata }) => metadata.name)]);
  const question = JSON.stringify([everywhere || [...names].sort(), describe(selector)]);
  return {
    ...term,
    namespaces: names,
    namespaceSelector: everywhere ? namespaceSelector : selectorOf(undefined),
    question,
  };
}

/** Different for different selectors: the one that matches nothing reads like the one that matches everything. */
export const describe = (selector: Selector): string => (selector.empty ? '*' : selector.toString());
