/**
 * `today` decides from findings that it keeps. Here all of it is reckoned again, for each Pod, from nothing but the objects, in
 * the plainest words, and must come out the same over random clusters and histories: which nodes fit, every node's score, and
 * who would have to go.
 */
import fc from 'fast-check';
import type { PodAffinityTerm } from 'kubernetes-types/core/v1.js';
import type { Namespace, Node, Pod, Service } from '../../api/types.js';
import {
  namespaces as namespaceResource,
  podDisruptionBudgets,
  services as serviceResource,
} from '../../api/resources.js';
import { SchedulerCache } from '../cache.js';
import { PodInfo } from '../pod-info.js';
import { createFromProvider } from '../registry.js';
import { aNode, aPod, aService, bound } from '../testing/builders.js';
import { todayProvider } from './provider.js';

interface World {
  nodes: Node[];
  running: Pod[];
  services: Service[];
  namespaces: Namespace[];
}

const on = ({ running }: World, node: Node): Pod[] =>
  running.filter(({ spec }) => spec.nodeName === node.metadata.name);

// ---- which nodes fit

function fits(world: World, node: Node, pod: Pod): boolean {
  const others = on(world, node);
  return (
    (!node.spec.unschedulable || tolerated(pod, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' })) &&
    taints(node).every((taint) => taint.effect === 'PreferNoSchedule' || tolerated(pod, taint)) &&
    wantsNode(pod, node) &&
    ports(pod).every((port) => !others.some((other) => ports(other).some((taken) => clash(port, taken)))) &&
    others.length + 1 <= Number(node.status.allocatable!.pods) &&
    (['cpu', 'memory', 'example.com/gadget'] as const).every((name) => {
      const used = others.reduce((sum, other) => sum + requests(other, name), 0);
      const wanted = requests(pod, name);
      return wanted === 0 || used + wanted <= amount(node.status.allocatable![name]);
    }) &&
    spreads(world, node, pod) &&
    nearFriends(world, node, pod) &&
    farFromFoes(world, node, pod) &&
    bothered(world, node, pod).length === 0
  );
}

const taints = ({ spec }: Node) => spec.taints ?? [];

const tolerated = (pod: Pod, taint: { key: string; value?: string; effect: string }): boolean =>
  (pod.spec.tolerations ?? []).some(
    (t) =>
      (t.effect === undefined || t.effect === taint.effect) &&
      (t.key === undefined || t.key === taint.key) &&
      (t.operator === 'Exists' || (t.value ?? '') === (taint.value ?? '')),
  );

type Expression = { key: string; operator: string; values?: readonly string[] };

const holds = (labels: Readonly<Record<string, string>>, { key, operator, values = [] }: Expression): boolean => {
  if (operator === 'Exists') return key in labels;
  if (operator === 'DoesNotExist') return !(key in labels);
  return operator === 'In' ? key in labels && values.includes(labels[key]!) : !values.includes(labels[key]!);
};

const wantsNode = ({ spec }: Pod, { metadata }: Node): boolean => {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return (
    Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => metadata.labels![key] === value) &&
    (!terms || terms.some((term) => term.matchExpressions!.every((e) => holds(metadata.labels!, e))))
  );
};

const ports = ({ spec }: Pod) => spec.containers.flatMap(({ ports = [] }) => ports).filter(({ hostPort }) => hostPort);

const clash = (a: ReturnType<typeof ports>[number], b: typeof a): boolean => {
  const [x, y] = [a.hostIP ?? '0.0.0.0', b.hostIP ?? '0.0.0.0'];
  return a.hostPort === b.hostPort && a.protocol === b.protocol && (x === y || x === '0.0.0.0' || y === '0.0.0.0');
};

const amount = (text = '0'): number =>
  text.endsWith('m') ? Number(text.slice(0, -1)) : text.endsWith('Mi') ? Number(text.slice(0, -2)) : Number(text);

/** The containers together; or the init container, if it needs more; and the overhead. */
function requests({ spec }: Pod, name: string, missing = 0): number {
  const of = ({ resources }: { resources?: { requests?: Record<string, string> } }): number =>
    resources?.requests?.[name] === undefined ? missing : amount(resources.requests[name]);
  const running = spec.containers.reduce((sum, container) => sum + of(container), 0);
  const starting = Math.max(0, ...(spec.initContainers ?? []).map(of));
  return Math.max(running, starting) + amount(spec.overhead?.[name]);
}

// ---- spread

type Spread = NonNullable<Pod['spec']['topologySpreadConstraints']>[number];

const selected = (pod: Pod, labels: Readonly<Record<string, string>> | undefined): boolean =>
  labels !== undefined && Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value);

const spreadLabels = ({ labelSelector, matchLabelKeys = [] }: Spread, pod: Pod) => ({
  ...labelSelector!.matchLabels,
  ...Object.fromEntries(
    matchLabelKeys.flatMap((key) => (pod.metadata.labels?.[key] ? [[key, pod.metadata.labels[key]]] : [])),
  ),
});

const isPeer = (other: Pod, pod: Pod, labels: Record<string, string>): boolean =>
  other.metadata.namespace === pod.metadata.namespace && Object.keys(labels).length > 0 && selected(other, labels);

const counts = (node: Node, pod: Pod, one: Spread): boolean =>
  (one.nodeAffinityPolicy === 'Ignore' || wantsNode(pod, node)) &&
  (one.nodeTaintsPolicy !== 'Honor' || taints(node).every((t) => t.effect === 'PreferNoSchedule' || tolerated(pod, t)));

function spreads(world: World, node: Node, pod: Pod): boolean {
  const strict = (pod.spec.topologySpreadConstraints ?? []).filter((one) => one.whenUnsatisfiable === 'DoNotSchedule');
  return strict.every((one) => {
    const domain = node.metadata.labels![one.topologyKey];
    if (domain === undefined) return false;
    const domains = new Map<string, number>();
    for (const each of world.nodes) {
      if (!strict.every(({ topologyKey }) => topologyKey in each.metadata.labels!) || !counts(each, pod, one)) continue;
      const peers = on(world, each).filter((other) => isPeer(other, pod, spreadLabels(one, pod))).length;
      const of = each.metadata.labels![one.topologyKey]!;
      domains.set(of, (domains.get(of) ?? 0) + peers);
    }
    const fewest = domains.size < (one.minDomains ?? 1) ? 0 : Math.min(...domains.values());
    const self = selected(pod, spreadLabels(one, pod)) ? 1 : 0;
    return (domains.get(domain) ?? 0) + self - fewest <= one.maxSkew;
  });
}

// ---- near and far

type Term = PodAffinityTerm;

const terms = (pod: Pod, kind: 'podAffinity' | 'podAntiAffinity'): readonly Term[] =>
  pod.spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];

function means(world: World, term: Term, owner: Pod, other: Pod): boolean {
  const { namespaces = [], namespaceSelector, labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  const namespace = other.metadata.namespace!;
  const itsLabels = world.namespaces.find(({ metadata }) => metadata.name === namespace)?.metadata.labels ?? {};
  const inNamespace =
    namespaces.length === 0 && !namespaceSelector
      ? namespace === owner.metadata.namespace
      : namespaces.includes(namespace) ||
        (namespaceSelector !== undefined &&
          Object.entries(namespaceSelector.matchLabels ?? {}).every(([key, value]) => itsLabels[key] === value));
  const [own, theirs] = [owner.metadata.labels ?? {}, other.metadata.labels ?? {}];
  return (
    inNamespace &&
    selected(other, labelSelector!.matchLabels ?? {}) &&
    matchLabelKeys.every((key) => !(key in own) || own[key] === theirs[key]) &&
    mismatchLabelKeys.every((key) => !(key in own) || own[key] !== theirs[key])
  );
}

/** All Pods that run in the node's domain of that key. */
const neighbours = (world: World, node: Node, key: string): Pod[] =>
  node.metadata.labels![key] === undefined
    ? []
    : world.nodes
        .filter((each) => each.metadata.labels![key] === node.metadata.labels![key])
        .flatMap((each) => on(world, each));

function nearFriends(world: World, node: Node, pod: Pod): boolean {
  const wanted = terms(pod, 'podAffinity');
  if (!wanted.every(({ topologyKey }) => topologyKey in node.metadata.labels!)) return false;
  const isFriend = (other: Pod): boolean => wanted.every((term) => means(world, term, pod, other));
  if (wanted.every(({ topologyKey }) => neighbours(world, node, topologyKey).some(isFriend))) return true;
  const nobody = world.nodes.every((each) =>
    wanted.every(({ topologyKey }) => !neighbours(world, each, topologyKey).some(isFriend)),
  );
  return nobody && isFriend(pod);
}

const farFromFoes = (world: World, node: Node, pod: Pod): boolean =>
  terms(pod, 'podAntiAffinity').every(
    (term) => !neighbours(world, node, term.topologyKey).some((other) => means(world, term, pod, other)),
  );

const bothered = (world: World, node: Node, pod: Pod): Pod[] =>
  world.running.filter((other) =>
    terms(other, 'podAntiAffinity').some(
      (term) => means(world, term, other, pod) && neighbours(world, node, term.topologyKey).includes(other),
    ),
  );

// ---- scores

const share = (values: number[], reversed = false): number[] => {
  const most = Math.max(0, ...values);
  const shares = values.map((value) => (most === 0 ? 0 : Math.floor((100 * value) / most)));
  return reversed ? shares.map((value) => 100 - value) : shares;
};

function totals(world: World, fitting: Node[], pod: Pod): Map<string, number> {
  const parts: number[][] = [];
  const part = (weight: number, scores: number[]) => parts.push(scores.map((score) => weight * score));

  const unborne = (node: Node) =>
    taints(node).filter((t) => t.effect === 'PreferNoSchedule' && !tolerated(pod, t)).length;
  part(3, share(fitting.map(unborne), true));

  const preferences = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = ({ metadata }: Node) =>
    preferences
      .filter(({ preference }) => preference.matchExpressions!.every((e) => holds(metadata.labels!, e)))
      .reduce((sum, { weight }) => sum + weight, 0);
  part(2, share(fitting.map(preferred)));
  part(2, spreadScores(world, fitting, pod));
  part(2, affinityScores(world, fitting, pod));
  part(
    1,
    fitting.map((node) => leastAllocated(world, node, pod)),
  );
  part(
    1,
    fitting.map((node) => balanced(world, node, pod)),
  );
  part(
    1,
    fitting.map((node) => localImages(world, node, pod)),
  );
  return new Map(fitting.map(({ metadata }, i) => [metadata.name, parts.reduce((sum, scores) => sum + scores[i]!, 0)]));
}

function spreadScores(world: World, fitting: Node[], pod: Pod): number[] {
  const own = pod.spec.topologySpreadConstraints ?? [];
  const theirs = world.services.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace &&
      Object.keys(spec.selector ?? {}).length > 0 &&
      selected(pod, spec.selector),
  );
  const labels = Object.assign({}, ...theirs.map(({ spec }) => spec.selector)) as Record<string, string>;
  const byDefault = [
    ['kubernetes.io/hostname', 3],
    ['topology.kubernetes.io/zone', 5],
  ].map(([topologyKey, maxSkew]) => ({ topologyKey, maxSkew, labelSelector: { matchLabels: labels } }) as Spread);
  const constraints =
    own.length > 0
      ? own.filter((one) => one.whenUnsatisfiable === 'ScheduleAnyway')
      : theirs.length > 0
        ? byDefault
        : [];
  if (constraints.length === 0) return fitting.map(() => 0);
  const complete = (node: Node) =>
    own.length === 0 || constraints.every(({ topologyKey }) => topologyKey in node.metadata.labels!);
  const scored = fitting.filter(complete);
  const costs = scored.map((node) =>
    Math.round(
      constraints.reduce((sum, one) => {
        const { topologyKey: key, maxSkew } = one;
        const domain = node.metadata.labels![key];
        if (domain === undefined) return sum;
        const isHost = key === 'kubernetes.io/hostname';
        const domains = isHost ? scored.length : new Set(scored.map(({ metadata }) => metadata.labels![key])).size;
        const there = isHost
          ? [node]
          : world.nodes.filter((n) => n.metadata.labels![key] === domain && complete(n) && counts(n, pod, one));
        const peers = there.flatMap((n) => on(world, n)).filter((p) => isPeer(p, pod, spreadLabels(one, pod))).length;
        return sum + (peers * Math.log(domains + 2) + (maxSkew - 1));
      }, 0),
    ),
  );
  const [least, most] = [Math.min(...costs), Math.max(0, ...costs)];
  return fitting.map((node) => {
    if (!complete(node)) return 0;
    return most === 0 ? 100 : Math.floor((100 * (most + least - costs[scored.indexOf(node)]!)) / most);
  });
}

function affinityScores(world: World, fitting: Node[], pod: Pod): number[] {
  const weighted = (owner: Pod, required: boolean): [Term, number][] => [
    ...(required ? terms(owner, 'podAffinity').map((term): [Term, number] => [term, 1]) : []),
    ...(['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) =>
      (owner.spec.affinity?.[kind]?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
        ({ weight, podAffinityTerm }): [Term, number] => [podAffinityTerm, kind === 'podAffinity' ? weight : -weight],
      ),
    ),
  ];
  const sums = fitting.map((node) => {
    let sum = 0;
    const near = (other: Pod, key: string) => neighbours(world, node, key).includes(other);
    for (const other of world.running) {
      for (const [term, weight] of weighted(pod, false))
        if (means(world, term, pod, other) && near(other, term.topologyKey)) sum += weight;
      for (const [term, weight] of weighted(other, true))
        if (means(world, term, other, pod) && near(other, term.topologyKey)) sum += weight;
    }
    return sum;
  });
  const [least, most] = [Math.min(...sums), Math.max(...sums)];
  return sums.map((sum) => (most > least ? Math.floor(100 * ((sum - least) / (most - least))) : 0));
}

function leastAllocated(world: World, node: Node, pod: Pod): number {
  const of = (name: 'cpu' | 'memory', missing: number) => {
    const all = amount(node.status.allocatable![name]);
    const used = [pod, ...on(world, node)].reduce((sum, one) => sum + requests(one, name, missing), 0);
    return used > all ? 0 : Math.floor(((all - used) * 100) / all);
  };
  return Math.floor((of('cpu', 100) + of('memory', 200)) / 2);
}

function balanced(world: World, node: Node, pod: Pod): number {
  if (requests(pod, 'cpu') === 0 && requests(pod, 'memory') === 0) return 0;
  const balance = (pods: Pod[]) => {
    const [f, g] = (['cpu', 'memory'] as const).map((name) =>
      Math.min(1, pods.reduce((sum, one) => sum + requests(one, name), 0) / amount(node.status.allocatable![name])),
    );
    return Math.floor((1 - Math.abs((f! - g!) / 2)) * 100);
  };
  return 50 + Math.floor((50 + balance([pod, ...on(world, node)]) - balance(on(world, node))) / 2);
}

const megabyte = 1024 * 1024;

function localImages(world: World, node: Node, pod: Pod): number {
  const { initContainers = [], containers } = pod.spec;
  const images = [...initContainers, ...containers].map(({ image }) => `${image}:latest`);
  const has = (each: Node, image: string) => each.status.images?.find(({ names }) => names!.includes(image));
  const sum = images.reduce((total, image) => {
    const spread = world.nodes.filter((each) => has(each, image)).length / world.nodes.length;
    return total + Math.floor((has(node, image)?.sizeBytes ?? 0) * spread);
  }, 0);
  const max = 1000 * megabyte * images.length;
  return Math.floor((100 * (Math.min(max, Math.max(23 * megabyte, sum)) - 23 * megabyte)) / (max - 23 * megabyte));
}

// ---- who would have to go

const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0;
const start = ({ status }: Pod): number => (status.startTime ? Date.parse(status.startTime) : Infinity);
const rank = (pod: Pod) => [-priorityOf(pod), start(pod), `${pod.metadata.namespace}/${pod.metadata.name}`];
const byImportance = (a: Pod, b: Pod): number => compare(rank(a), rank(b));

/** The victims on each node where anybody would do, by its name. */
function victims(world: World, pod: Pod): Map<string, { victims: Pod[]; loss: number[] }> {
  const found = new Map<string, { victims: Pod[]; loss: number[] }>();
  for (const node of world.nodes) {
    const lower = on(world, node)
      .filter((other) => priorityOf(other) < priorityOf(pod))
      .sort(byImportance);
    const fitsWithout = (gone: Pod[]) =>
      fits({ ...world, running: world.running.filter((other) => !gone.includes(other)) }, node, pod);
    if (lower.length === 0 || fits(world, node, pod) || !fitsWithout(lower)) continue;
    let gone = lower;
    for (const other of lower)
      if (fitsWithout(gone.filter((one) => one !== other))) gone = gone.filter((one) => one !== other);
    const highest = priorityOf(gone[0]!);
    const loss = [
      highest,
      gone.reduce((sum, one) => sum + priorityOf(one) + 2 ** 31, 0),
      gone.length,
      -Math.min(...gone.filter((one) => priorityOf(one) === highest).map(start)),
    ];
    found.set(node.metadata.name, { victims: gone, loss });
  }
  return found;
}

// ---- random worlds

const zoneKey = 'topology.kubernetes.io/zone';
const hostKey = 'kubernetes.io/hostname';
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const someLabels = fc.record({ app: fc.constantFrom('a', 'b') });
const chance = (n: number) => fc.integer({ min: 1, max: n }).map((drawn) => drawn === 1);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 3) => fc.option(arbitrary, { nil: undefined, freq: freq });
/** `undefined` most of the time. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const taint = fc.record({
  key: fc.constantFrom('k', 'l'),
  value: fc.constantFrom('v', 'w'),
  effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
});
const toleration = fc
  .record(
    {
      key: fc.constantFrom('k', 'l'),
      operator: fc.constantFrom('Exists', 'Equal'),
      value: fc.constantFrom('v', 'w'),
      effect: fc.constantFrom('NoSchedule', 'NoExecute', 'PreferNoSchedule'),
    },
    { requiredKeys: ['operator'] },
  )
  .map(({ key, operator, value, effect }) =>
    // Without a key it bears everything; a value goes with Equal.
    key === undefined
      ? { operator: 'Exists', effect }
      : { key, operator, effect, ...(operator === 'Equal' && { value }) },
  );

const nodeMaker = fc.record({
  cpu: fc.integer({ min: 200, max: 4000 }),
  memory: fc.integer({ min: 200, max: 4000 }),
  gadgets: fc.integer({ min: 0, max: 3 }),
  pods: fc.integer({ min: 1, max: 10 }),
  zone: fc.option(fc.constantFrom('x', 'y', 'z'), { nil: undefined, freq: 5 }),
  disk: maybe(fc.constantFrom('ssd', 'hdd')),
  taints: fc.array(taint, { maxLength: 2 }),
  unschedulable: chance(12),
  images: fc.uniqueArray(fc.constantFrom('i', 'j')),
  imageMegabytes: fc.integer({ min: 1, max: 3000 }),
});

const nodeOf = (n: Values<typeof nodeMaker>, name: string): Node => {
  const amounts = {
    cpu: `${n.cpu}m`,
    memory: `${n.memory}Mi`,
    pods: `${n.pods}`,
    'example.com/gadget': `${n.gadgets}`,
  };
  const made = aNode(name, amounts, {
    labels: { ...(n.zone && { [zoneKey]: n.zone }), ...(n.disk && { disk: n.disk }) },
    taints: n.taints,
    unschedulable: n.unschedulable,
  });
  const images = n.images.map((image) => ({ names: [`${image}:latest`], sizeBytes: n.imageMegabytes * megabyte }));
  return { ...made, status: { ...made.status, images } };
};

type Values<A> = A extends fc.Arbitrary<infer T> ? T : never;

const term = fc
  .record(
    {
      topologyKey: fc.constantFrom(hostKey, zoneKey),
      labelSelector: labels.map((matchLabels) => ({ matchLabels })),
      namespaces: fc.constantFrom<string[]>(['default'], ['other'], ['default', 'other']),
      namespaceSelector: fc.constantFrom({}, { matchLabels: { team: 'a' } }),
      keys: fc.constantFrom<Partial<Term>>({ matchLabelKeys: ['tier'] }, { mismatchLabelKeys: ['tier'] }),
    },
    { requiredKeys: ['topologyKey', 'labelSelector'] },
  )
  .map(({ keys, ...rest }) => ({ ...rest, ...keys }) as Term);
const weight = fc.integer({ min: 1, max: 100 });

const spread = fc.record(
  {
    topologyKey: fc.constantFrom(hostKey, zoneKey),
    maxSkew: fc.integer({ min: 1, max: 3 }),
    whenUnsatisfiable: fc.constantFrom('DoNotSchedule', 'ScheduleAnyway'),
    labelSelector: someLabels.map((matchLabels) => ({ matchLabels })),
    matchLabelKeys: fc.constant<string[]>(['tier']),
    minDomains: fc.integer({ min: 1, max: 4 }),
    nodeAffinityPolicy: fc.constantFrom('Honor', 'Ignore'),
    nodeTaintsPolicy: fc.constantFrom('Honor', 'Ignore'),
  },
  { requiredKeys: ['topologyKey', 'maxSkew', 'whenUnsatisfiable', 'labelSelector'] },
);

const container = fc.record({
  cpu: maybe(fc.integer({ min: 0, max: 1200 })),
  memory: maybe(fc.integer({ min: 0, max: 1200 })),
  image: fc.constantFrom('i', 'j', 'k'),
});
const containerOf = ({ cpu, memory, image }: Values<typeof container>, name: string) => ({
  name,
  image,
  resources: {
    requests: {
      ...(cpu !== undefined && { cpu: `${cpu}m` }),
      ...(memory !== undefined && { memory: `${memory}Mi` }),
    } as Record<string, string>,
  },
});

const podMaker = fc.record({
  container,
  init: rarely(container),
  overhead: rarely(fc.integer({ min: 1, max: 300 })),
  gadgets: rarely(fc.integer({ min: 1, max: 2 })),
  labels,
  namespace: fc.constantFrom('default', 'default', 'other'),
  priority: fc.constantFrom(0, 0, 10, 100),
  startTime: rarely(fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z')),
  port: rarely(
    fc.record(
      {
        hostPort: fc.constantFrom(80, 81),
        protocol: fc.constantFrom('TCP', 'UDP'),
        hostIP: fc.constantFrom('127.0.0.1', '127.0.0.2'),
      },
      { requiredKeys: ['hostPort', 'protocol'] },
    ),
  ),
  disk: rarely(fc.constantFrom('ssd', 'hdd')),
  required: rarely(
    fc.record({ key: fc.constantFrom('disk', zoneKey), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  ),
  preferred: fc.array(fc.record({ weight, key: fc.constantFrom('disk', zoneKey) }), { maxLength: 2 }),
  tolerations: fc.array(toleration, { maxLength: 2 }),
  near: rarely(fc.array(term, { minLength: 1, maxLength: 2 })),
  far: rarely(fc.array(term, { minLength: 1, maxLength: 2 })),
  likes: rarely(fc.array(fc.record({ weight, podAffinityTerm: term }), { minLength: 1, maxLength: 2 })),
  dislikes: rarely(fc.array(fc.record({ weight, podAffinityTerm: term }), { minLength: 1, maxLength: 2 })),
  spreads: rarely(
    fc.uniqueArray(spread, { minLength: 1, maxLength: 2, selector: (s) => s.topologyKey + s.whenUnsatisfiable }),
  ),
});

function podOf(p: Values<typeof podMaker>, name: string): Pod {
  const main = containerOf(p.container, 'a');
  if (p.gadgets) main.resources.requests['example.com/gadget'] = String(p.gadgets);
  const made = aPod(
    name,
    {},
    {
      containers: [{ ...main, ...(p.port && { ports: [{ containerPort: 1, ...p.port }] }) }],
      initContainers: p.init ? [containerOf(p.init, 'b')] : [],
      ...(p.overhead && { overhead: { cpu: `${p.overhead}m`, memory: `${p.overhead}Mi` } }),
      priority: p.priority,
      tolerations: p.tolerations,
      ...(p.disk && { nodeSelector: { disk: p.disk } }),
      ...(p.spreads && { topologySpreadConstraints: p.spreads }),
      affinity: {
        nodeAffinity: {
          ...(p.required && {
            requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [p.required] }] },
          }),
          preferredDuringSchedulingIgnoredDuringExecution: p.preferred.map(({ weight, key }) => ({
            weight,
            preference: { matchExpressions: [{ key, operator: 'Exists' }] },
          })),
        },
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: p.near,
          preferredDuringSchedulingIgnoredDuringExecution: p.likes,
        },
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: p.far,
          preferredDuringSchedulingIgnoredDuringExecution: p.dislikes,
        },
      },
    },
    { labels: p.labels, namespace: p.namespace },
  );
  return { ...made, status: { ...made.status, ...(p.startTime && { startTime: p.startTime }) } };
}

/** What happens, one after another. `at` picks one of those that are there. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('schedule' as const),
      pod: podMaker,
      replicas: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('addNode' as const), node: nodeMaker }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('changeNode' as const), node: nodeMaker, at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('select' as const), labels: someLabels }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('label' as const),
      team: fc.constantFrom('a', 'b'),
      name: fc.constantFrom('default', 'other'),
    }),
  },
);

const runs = Number(process.env.PLAIN_RUNS ?? 150);

test('today decides as a plain recomputation does', () => {
  fc.assert(
    fc.property(
      fc.array(nodeMaker, { minLength: 1, maxLength: 6 }),
      fc.array(step, { maxLength: 16 }),
      (first, steps) => {
        const world: World = { nodes: [], running: [], services: [], namespaces: [] };
        const cache = new SchedulerCache();
        const algorithm = createFromProvider(todayProvider, cache);
        let names = 0;
        let turn = 0;
        const put = (made: Node) => {
          world.nodes = [...world.nodes.filter(({ metadata }) => metadata.name !== made.metadata.name), made];
          cache.setNode(made);
        };
        first.forEach((n) => put(nodeOf(n, `node-${names++}`)));

        const decide = (pod: Pod): string | undefined => {
          const info = new PodInfo(pod);
          const decision = algorithm.schedule(info, cache.nodes);
          const fitting = world.nodes.filter((node) => fits(world, node, pod));
          const scores = totals(world, fitting, pod);
          const report = algorithm.report(info, cache.nodes).filter((r) => r.fits);
          expect(new Map(report.map(({ node, total }) => [node, total]))).toEqual(scores);
          const best = Math.max(...scores.values());
          // In turn among the best, by descending name.
          const bests = [...scores.keys()]
            .filter((name) => scores.get(name) === best)
            .sort()
            .reverse();
          expect(decision.node?.name).toBe(bests.length === 0 ? undefined : bests[turn++ % bests.length]);
          if (decision.node) expect(decision.score).toBe(best);
          if (decision.node) return decision.node.name;

          const { nominatedNodeName, victims: chosen } = algorithm.options.postFilter!(decision, {
            algorithm,
            nodes: cache.nodes,
          });
          const candidates = victims(world, pod);
          if (candidates.size === 0) expect(nominatedNodeName).toBeUndefined();
          else {
            const losses = [...candidates.values()].map(({ loss }) => loss);
            const least = losses.reduce((a, b) => (compare(b, a) < 0 ? b : a));
            expect(candidates.get(nominatedNodeName!)!.loss).toEqual(least);
            const names = (pods: Pod[]) => pods.map(({ metadata }) => metadata.name).sort();
            expect(chosen.map(({ pod }) => pod.metadata.name).sort()).toEqual(
              names(candidates.get(nominatedNodeName!)!.victims),
            );
          }
          return undefined;
        };

        for (const step of steps) {
          if (step.type === 'addNode') put(nodeOf(step.node, `node-${names++}`));
          else if (step.type === 'changeNode')
            put(nodeOf(step.node, world.nodes[step.at % world.nodes.length]!.metadata.name));
          else if (step.type === 'select') {
            const service = aService(`s-${names++}`, step.labels);
            world.services.push(service);
            cache.set(serviceResource, service);
          } else if (step.type === 'label') {
            const namespace = {
              apiVersion: 'v1',
              kind: 'Namespace',
              metadata: { name: step.name, labels: { team: step.team } },
              spec: {},
              status: {},
            } as Namespace;
            world.namespaces = [...world.namespaces.filter(({ metadata }) => metadata.name !== step.name), namespace];
            cache.set(namespaceResource, namespace);
          } else if (step.type === 'delete' && world.running.length > 0) {
            const [gone] = world.running.splice(step.at % world.running.length, 1);
            cache.removePod(`${gone!.metadata.namespace}/${gone!.metadata.name}`);
          } else if (step.type === 'schedule') {
            for (let replica = 0; replica < step.replicas; replica++) {
              const made = podOf(step.pod, `pod-${names++}`);
              const node = decide(made);
              if (node === undefined) continue;
              cache.assume(new PodInfo(made), node);
              if (replica % 2 === 0) cache.setPod(bound(made, node)); // some are confirmed, some not yet
              world.running.push(bound(made, node));
            }
          }
        }
        expect(cache.list(podDisruptionBudgets)).toEqual([]);
      },
    ),
    { numRuns: runs },
  );
});

function compare<T>(a: T[], b: T[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
  return 0;
}
