/**
 * Where algorithms are put together from parts with names, as the book describes: predicates and priorities are registered,
 * an *algorithm provider* is a named set of both, and a scheduler is started with the name of one.
 *
 * ```ts
 * registerFitPredicate('OnSsd', (pod, node) => node.labels.disk === 'ssd');
 * registerPriorityFunction('FewestPods', (pod, node) => Math.max(0, 10 - node.pods.size), 2);
 * registerAlgorithmProvider('Mine', ['PodFitsResources', 'OnSsd'], ['FewestPods']);
 * ```
 * To register a name again replaces what it stood for; a scheduler that was built before keeps what it has.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/factory/plugins.go
 */
import { Algorithm, type NamedPredicate, type WeightedPriority } from './algorithm.js';
import type { PluginArgs } from './plugin-args.js';
import type { Extender } from './extender.js';
import type { PostFilter, PreFilter, Reservation } from './extension-points.js';
import { checkNodeCondition } from './predicates/check-node-condition.js';
import { checkNodeLabelPresence } from './predicates/check-node-label-presence.js';
import { checkServiceAffinity } from './predicates/check-service-affinity.js';
import type { FitPredicate } from './predicates/predicate.js';
import { nodeLabel } from './priorities/node-label.js';
import type { Priority, PriorityFunction } from './priorities/priority.js';
import { serviceAntiAffinity } from './priorities/service-anti-affinity.js';

/** Builds a predicate that looks at more than the Pod and the node. */
export type FitPredicateFactory = (args: PluginArgs) => FitPredicate;

/** Builds a priority that looks at more than the Pod and the node; its score counts `weight` times. */
export interface PriorityConfigFactory {
  readonly factory: (args: PluginArgs) => Priority;
  readonly weight: number;
}

/** A predicate as a policy file names it. */
export interface PredicatePolicy {
  readonly name: string;
  /** Builds a predicate of one's own under `name`; exactly one member is set. Left out: `name` is registered. */
  readonly argument?: {
    readonly serviceAffinity?: { readonly labels: readonly string[] };
    readonly labelsPresence?: { readonly labels: readonly string[]; readonly presence: boolean };
  };
}

/** A priority as a policy file names it. */
export interface PriorityPolicy {
  readonly name: string;
  /** More than 0. */
  readonly weight: number;
  /** As a predicate's. */
  readonly argument?: {
    readonly serviceAntiAffinity?: { readonly label: string };
    readonly labelPreference?: { readonly label: string; readonly presence: boolean };
  };
}

/** What a provider may bring along beyond the book's two lists. */
export interface ProviderOptions {
  /**
   * Which nodes are considered at all: those that 1.2's lister let through (`ready`: not cordoned, Ready, not OutOfDisk), or
   * `all`, where taints and predicates have the say. `ready` if left out.
   */
  readonly nodes?: 'ready' | 'all';
  /** In which order Pods wait: as they came (`fifo`, 1.2's), or the highest priority first. `fifo` if left out. */
  readonly queue?: 'fifo' | 'priority';
  /** Who else is asked, over HTTP. */
  readonly extenders?: readonly Extender[];
  /** Why no node at all will do for a Pod: its claims are not ready. Any may do if left out. */
  readonly preFilter?: (args: PluginArgs) => PreFilter;
  /** What is done about a Pod for which no node was found: preemption. Nothing if left out. */
  readonly postFilter?: (args: PluginArgs) => PostFilter;
  /** What is set aside for a Pod, and made ready, between the decision and the binding: volumes. */
  readonly reservation?: (args: PluginArgs) => Reservation;
}

/** A named set of predicates and priorities, by their names. */
export interface AlgorithmProvider {
  /** In the order in which they were given. */
  readonly predicateKeys: ReadonlySet<string>;
  readonly priorityKeys: ReadonlySet<string>;
  readonly options: ProviderOptions;
}

const predicates = new Map<string, FitPredicateFactory>();
const priorities = new Map<string, PriorityConfigFactory>();
const providers = new Map<string, AlgorithmProvider>();

/** The order in which predicates are asked, so that a node's reason is the one today's scheduler gives; others come after. */
const order = [
  'CheckNodeCondition',
  'HostName',
  'MatchNodeSelector',
  'PodFitsPorts',
  'PodFitsHostPorts',
  'PodFitsResources',
  'NoDiskConflict',
  'MaxEBSVolumeCount',
  'MaxGCEPDVolumeCount',
  'NoVolumeZoneConflict',
];

/** Stores a ready predicate. Returns its name. @throws if the name is not letters, digits and dashes, two at least */
export const registerFitPredicate = (name: string, predicate: FitPredicate): string =>
  registerFitPredicateFactory(name, () => predicate);

/** Stores what builds a predicate when a scheduler is. */
export function registerFitPredicateFactory(name: string, factory: FitPredicateFactory): string {
  predicates.set(checkedName(name), factory);
  return name;
}

/** With an argument, builds the predicate it describes, under the policy's name; without one, the name must be known. */
export const registerCustomFitPredicate = (policy: PredicatePolicy): string =>
  registerFitPredicateFactory(policy.name, predicateOfPolicy(policy));

/** What a policy's entry stands for, without registering it. @throws if it has no argument and its name is not known */
export function predicateOfPolicy({ name, argument }: PredicatePolicy): FitPredicateFactory {
  if (!argument) {
    const known = predicates.get(name);
    if (!known) throw new Error(`Invalid configuration: Predicate type not found for ${name}`);
    return known;
  }
  const { serviceAffinity, labelsPresence } = argument;
  exactlyOne(name, argument);
  return serviceAffinity
    ? (args) => checkServiceAffinity(serviceAffinity.labels, args)
    : () => checkNodeLabelPresence(labelsPresence!.labels, labelsPresence!.presence);
}

/** Whether there is a predicate of that name. */
export const isFitPredicateRegistered = (name: string): boolean => predicates.has(name);

/** Stores a ready priority: a function of Pod and node, or one with `map` and `reduce`. Its score counts `weight` times. */
export const registerPriorityFunction = (name: string, priority: PriorityFunction | Priority, weight: number): string =>
  registerPriorityConfigFactory(name, {
    factory: () => (typeof priority === 'function' ? { map: priority } : priority),
    weight,
  });

/** Stores what builds a priority when a scheduler is. */
export function registerPriorityConfigFactory(name: string, config: PriorityConfigFactory): string {
  priorities.set(checkedName(name), config);
  return name;
}

/** With an argument, builds the priority it describes; without one, what `name` stands for gets the policy's weight. */
export const registerCustomPriorityFunction = (policy: PriorityPolicy): string =>
  registerPriorityConfigFactory(policy.name, priorityOfPolicy(policy));

/** What a policy's entry stands for, without registering it. @throws if it has no argument and its name is not known */
export function priorityOfPolicy({ name, weight, argument }: PriorityPolicy): PriorityConfigFactory {
  if (!argument) {
    const known = priorities.get(name);
    if (!known) throw new Error(`Invalid configuration: Priority type not found for ${name}`);
    return { ...known, weight };
  }
  const { serviceAntiAffinity: anti, labelPreference: preference } = argument;
  exactlyOne(name, argument);
  return {
    factory: (args) =>
      anti ? serviceAntiAffinity(anti.label, args) : nodeLabel(preference!.label, preference!.presence),
    weight,
  };
}

/** Whether there is a priority of that name. */
export const isPriorityFunctionRegistered = (name: string): boolean => priorities.has(name);

/**
 * Names a set of predicates and a set of priorities (the book's `RegisterAlgorithmProvider`). The names may be registered
 * later: they are looked up when a scheduler is built.
 */
export function registerAlgorithmProvider(
  name: string,
  predicateKeys: Iterable<string>,
  priorityKeys: Iterable<string>,
  options: ProviderOptions = {},
): string {
  const [predicates, priorities] = [new Set(predicateKeys), new Set(priorityKeys)];
  providers.set(checkedName(name), { predicateKeys: predicates, priorityKeys: priorities, options });
  return name;
}

/** @throws if no provider has that name */
export function algorithmProvider(name: string): AlgorithmProvider {
  const provider = providers.get(name);
  if (!provider) throw new Error(`plugin ${JSON.stringify(name)} has not been registered`);
  return provider;
}

/** The names of all providers, sorted. */
export const listAlgorithmProviders = (): string[] => [...providers.keys()].sort();

/** Builds an algorithm for a cluster, as often as there are clusters: the one at hand, one as it was, one as it might be. */
export type AlgorithmFactory = (args: PluginArgs) => Algorithm;

/** The algorithm of the provider `name`. @throws if it, or a name in it, is not registered */
export const createFromProvider = (name: string, args: PluginArgs): Algorithm => resolveProvider(name)(args);

/** What builds the algorithm of the provider `name` as it is registered now. @throws as {@link createFromProvider} */
export function resolveProvider(name: string): AlgorithmFactory {
  const { predicateKeys, priorityKeys, options } = algorithmProvider(name);
  return resolveKeys(predicateKeys, priorityKeys, options);
}

/** An algorithm of exactly these parts. @throws if a name is not registered */
export const createFromKeys = (
  predicateKeys: Iterable<string>,
  priorityKeys: Iterable<string>,
  args: PluginArgs,
  options: ProviderOptions = {},
): Algorithm => resolveKeys(predicateKeys, priorityKeys, options)(args);

/** What builds an algorithm of exactly these parts as they are registered now. @throws if a name is not registered */
export function resolveKeys(
  predicateKeys: Iterable<string>,
  priorityKeys: Iterable<string>,
  options: ProviderOptions = {},
): AlgorithmFactory {
  const chosen = [...predicateKeys].map((name) => {
    const factory = predicates.get(name);
    if (!factory)
      throw new Error(`invalid predicate name ${JSON.stringify(name)} specified - no corresponding function found`);
    return { name, factory };
  });
  const weighted = [...priorityKeys].map((name) => {
    const config = priorities.get(name);
    if (!config) throw new Error(`invalid priority name ${name} specified - no corresponding function found`);
    return { name, ...config };
  });
  return resolveParts(chosen, weighted, options);
}

/** What builds an algorithm of exactly these parts, whether they are registered or not. */
export function resolveParts(
  chosen: readonly { readonly name: string; readonly factory: FitPredicateFactory }[],
  weighted: readonly ({ readonly name: string } & PriorityConfigFactory)[],
  { nodes = 'ready', queue, extenders, preFilter, postFilter, reservation }: ProviderOptions = {},
): AlgorithmFactory {
  return (args) => {
    const considered = nodes === 'ready' ? [{ name: 'CheckNodeCondition', predicate: checkNodeCondition }] : [];
    const listed = [
      ...considered,
      ...chosen.map(({ name, factory }): NamedPredicate => ({ name, predicate: factory(args) })),
    ];
    const priorities = weighted.map(({ name, factory, weight }): WeightedPriority => ({
      name,
      priority: factory(args),
      weight,
    }));
    return new Algorithm(listed, priorities, {
      cluster: args,
      asked: [...listed].sort((a, b) => rank(a) - rank(b)),
      queue,
      extenders,
      preFilter: preFilter?.(args),
      postFilter: postFilter?.(args),
      reservation: reservation?.(args),
    });
  };
}

const rank = ({ name }: NamedPredicate): number => (order.includes(name) ? order.indexOf(name) : order.length);

/** `name` if a plug-in can have it. @throws if it is not letters, digits and dashes, two at least */
export function checkedName(name: string): string {
  if (!/^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])$/.test(name))
    throw new Error(
      `algorithm name ${name} does not match the name validation regexp ^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])$`,
    );
  return name;
}

function exactlyOne(name: string, argument: object): void {
  if (Object.values(argument).filter((member) => member !== undefined).length !== 1)
    throw new Error(`Exactly 1 argument is required for ${name}`);
}
