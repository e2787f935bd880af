/**
 * The scheduler decides from sums that it keeps and findings that it remembers. `testing/plain.ts` reckons everything again, for
 * each Pod, from nothing but the objects; both must come to the same over random clusters and histories: which nodes fit, how
 * each scores, who is chosen. (`PLAIN_RUNS=10000` tries as many histories for each provider.)
 */
import fc from 'fast-check';
import * as resources from '../api/resources.js';
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, ReplicaSet, Volume } from '../api/types.js';
import { SteppedClock } from '../util/index.js';
import { SchedulerCache } from './cache.js';
import './defaults.js';
import { PodInfo } from './pod-info.js';
import { readPolicy, resolvePolicy } from './policy.js';
import { resolveProvider, type AlgorithmFactory } from './registry.js';
import { aController, aNode, aPod, aService, bound } from './testing/builders.js';
import * as plain from './testing/plain.js';

const runs = Number(process.env.PLAIN_RUNS ?? 700);

/** What the same provider is in plain words: predicates, and priorities with their weights. */
interface Plain {
  readonly predicates: readonly (typeof plain.predicates)[string][];
  readonly priorities: readonly (readonly [(typeof plain.priorities)[string], number])[];
}

const pick = <T>(all: Readonly<Record<string, T>>, ...names: string[]): T[] => names.map((name) => all[name]!);

const everything = readPolicy(
  JSON.stringify({
    kind: 'Policy',
    apiVersion: 'v1',
    predicates: [
      ...Object.keys(plain.predicates).map((name) => ({ name })),
      { name: 'NotRetiring', argument: { labelsPresence: { labels: ['retiring'], presence: false } } },
      { name: 'OneRegion', argument: { serviceAffinity: { labels: ['region', 'row'] } } },
    ],
    priorities: [
      ...Object.keys(plain.priorities).map((name, i) => ({ name, weight: i + 1 })),
      { name: 'LikesSsd', weight: 3, argument: { labelPreference: { label: 'ssd', presence: true } } },
      { name: 'Rows', weight: 2, argument: { serviceAntiAffinity: { label: 'row' } } },
    ],
  }),
  { from: 'everything' },
);

const providers: readonly (readonly [name: string, () => AlgorithmFactory, Plain])[] = [
  [
    'DefaultProvider',
    () => resolveProvider('DefaultProvider'),
    {
      predicates: Object.values(plain.predicates),
      priorities: pick(
        plain.priorities,
        'LeastRequestedPriority',
        'BalancedResourceAllocation',
        'SelectorSpreadPriority',
        'NodeAffinityPriority',
      ).map((one) => [one, 1]),
    },
  ],
  [
    'Textbook',
    () => resolveProvider('Textbook'),
    {
      predicates: pick(
        plain.predicates,
        'PodFitsHostPorts',
        'PodFitsResources',
        'NoDiskConflict',
        'MatchNodeSelector',
        'HostName',
      ),
      priorities: pick(
        plain.priorities,
        'LeastRequestedPriority',
        'BalancedResourceAllocation',
        'ServiceSpreadingPriority',
        'EqualPriority',
      ).map((one) => [one, 1]),
    },
  ],
  [
    'a policy of everything there is',
    () => resolvePolicy(everything, { clock: new SteppedClock() }),
    {
      predicates: [
        ...Object.values(plain.predicates),
        plain.labelPresence(['retiring'], false),
        plain.serviceAffinity(['region', 'row']),
      ],
      priorities: [
        ...Object.values(plain.priorities).map((one, i) => [one, i + 1] as const),
        [plain.labelPreference('ssd', true), 3],
        [plain.serviceAntiAffinity('row'), 2],
      ],
    },
  ],
];

/** The nodes that fit, by descending name, with their scores. */
function plainScores(world: plain.World, pod: Pod, { predicates, priorities }: Plain): Map<string, number> {
  const fitting = world.nodes
    .filter((node) => plain.isConsidered(node) && predicates.every((fits) => fits(world, pod, node)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? 1 : -1));
  const scores = priorities.map(([score, weight]) => score(world, pod, fitting).map((value) => value * weight));
  return new Map(fitting.map(({ metadata }, i) => [metadata.name, scores.reduce((sum, each) => sum + each[i]!, 0)]));
}

const rarely = <T>(what: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: what });
/** Mostly those of one application, so that there are peers. */
const labels = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ app: 'a' }) },
  { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 }) },
);
const key = fc.constantFrom('ssd', 'gpu', 'rank');
const value = fc.constantFrom('', '1', '5', 'x');
const nodeLabels = fc.record(
  {
    ssd: value,
    gpu: value,
    rank: value,
    region: fc.constantFrom('e', 'w'),
    row: fc.constantFrom('1', '2'),
    'failure-domain.beta.kubernetes.io/zone': fc.constantFrom('x', 'y'),
    'failure-domain.beta.kubernetes.io/region': fc.constantFrom('e', 'w'),
  },
  { requiredKeys: [] },
);
const images = ['small', 'large', 'huge'];

const aRandomNode = fc.record({
  // Amounts are drawn from lists: numbers from a range would nearly all be close to its ends.
  cpu: fc.constantFrom('4000m', '8000m', '3333m', '500m', '0m'),
  memory: fc.constantFrom('4000Mi', '8000Mi', '7777Mi', '500Mi', '0Mi'),
  pods: fc.constantFrom('110', '20', '5', '1'),
  labels: nodeLabels,
  retiring: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
  unschedulable: fc.constantFrom(...Array.from({ length: 9 }, () => false), true),
  conditions: fc.array(
    fc.record({
      type: fc.constantFrom('Ready', 'OutOfDisk', 'MemoryPressure'),
      status: fc.constantFrom('True', 'True', 'False', 'Unknown'),
    }),
    { maxLength: 1, size: 'xsmall' },
  ),
  images: fc.uniqueArray(fc.record({ name: fc.constantFrom(...images), megabytes: fc.integer({ min: 1, max: 900 }) }), {
    selector: ({ name }) => name,
  }),
});

const nodeOf = (n: any, name: string): Node => {
  const node = aNode(
    name,
    { cpu: n.cpu, memory: n.memory, pods: n.pods },
    {
      labels: { ...n.labels, ...(n.retiring && { retiring: '' }) },
      unschedulable: n.unschedulable,
      taints: [{ key: 'k', effect: 'NoSchedule' }],
    }, // 1.2 knows none
  );
  node.status.conditions = n.conditions;
  node.status.images = n.images.map(({ name, megabytes }: { name: string; megabytes: number }) => ({
    names: [name],
    sizeBytes: megabytes * 2 ** 20,
  }));
  return node;
};

const expression = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.uniqueArray(value, { maxLength: 2 }), // none makes no sense
  }),
  fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }),
  fc.record({ key, operator: fc.constantFrom('Gt', 'Lt'), values: fc.constantFrom(['0'], ['3']) }),
);
const term = fc.record({ matchExpressions: fc.array(expression, { maxLength: 2 }) });
const affinity = fc.record(
  {
    requiredDuringSchedulingIgnoredDuringExecution: fc.record({
      nodeSelectorTerms: fc.array(term, { maxLength: 2 }),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(
      fc.record({ weight: fc.integer({ min: 1, max: 100 }), preference: term }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);
const volume = fc.oneof(
  fc.record({
    gcePersistentDisk: fc.record({ pdName: fc.constantFrom('d1', 'd2', 'd3', 'd4'), readOnly: fc.boolean() }),
  }),
  fc.record({ awsElasticBlockStore: fc.record({ volumeID: fc.constantFrom('v1', 'v2', 'v3', 'v4') }) }),
  fc.record({
    rbd: fc.record({
      monitors: fc.uniqueArray(fc.constantFrom('m1', 'm2', 'm3'), { minLength: 1 }),
      pool: fc.constantFrom('p', 'q'),
      image: fc.constantFrom('i', 'j'),
    }),
  }),
  fc.record({ persistentVolumeClaim: fc.record({ claimName: fc.constantFrom('c0', 'c1', 'c2', 'lost') }) }),
);

const aRandomPod = fc.record({
  containers: fc.array(
    fc.record({
      requests: fc.record(
        {
          cpu: fc.constantFrom('0m', '100m', '250m', '333m', '1500m'),
          memory: fc.constantFrom('0Mi', '100Mi', '256Mi', '777Mi', '1500Mi'),
        },
        { requiredKeys: [] },
      ),
      hostPort: rarely(fc.constantFrom(80, 81)),
      image: fc.constantFrom(...images),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  /** What came after 1.2, which counts it nowhere. */
  first: rarely(fc.record({ cpu: fc.constantFrom('100m', '2000m'), memory: fc.constantFrom('100Mi', '2000Mi') })),
  labels,
  nodeSelector: rarely(
    fc.dictionary(fc.constantFrom('ssd', 'region', 'row'), fc.constantFrom('1', 'e'), { maxKeys: 1 }),
  ),
  nodeName: fc.constantFrom(...Array.from({ length: 19 }, () => undefined), 'node-1'),
  affinity: rarely(affinity),
  annotated: rarely(affinity),
  volumes: rarely(fc.array(volume, { maxLength: 2 })),
});

const podOf = (p: any, name: string): Pod =>
  aPod(
    name,
    {},
    {
      containers: p.containers.map(({ requests, hostPort, image }: any, i: number) => ({
        name: `c${i}`,
        image,
        resources: { requests },
        ports: hostPort ? [{ containerPort: 1, hostPort }] : [],
      })),
      ...(p.first && { initContainers: [{ name: 'first', image: 'i', resources: { requests: p.first } }] }),
      nodeSelector: p.nodeSelector,
      nodeName: p.nodeName,
      affinity: p.affinity && { nodeAffinity: p.affinity },
      volumes: p.volumes?.map((source: Partial<Volume>, i: number) => ({ name: `v${i}`, ...source })),
    },
    {
      labels: p.labels,
      annotations: p.annotated && {
        'scheduler.alpha.kubernetes.io/affinity': JSON.stringify({ nodeAffinity: p.annotated }),
      },
    },
  );

/** A claim, and the volume that it is bound to. */
const bindingOf = (i: number, zone: string | undefined, disk: string | undefined) => ({
  claim: {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { namespace: 'default', name: `c${i}` },
    spec: { volumeName: `pv${i}` },
  } as PersistentVolumeClaim,
  volume: {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pv${i}`, labels: zone ? { 'failure-domain.beta.kubernetes.io/zone': zone } : {} },
    spec: disk ? { awsElasticBlockStore: { volumeID: disk } } : {},
  } as PersistentVolume,
});

const aReplicaSet = (name: string, matchLabels: Record<string, string>): ReplicaSet =>
  ({ metadata: { namespace: 'default', name }, spec: { selector: { matchLabels } } }) as unknown as ReplicaSet;

/** What happens, one after another. `at` picks one of those that are there. */
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant('schedule' as const),
      pod: aRandomPod,
      replicas: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('terminate' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('addNode' as const), node: aRandomNode }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('changeNode' as const), node: aRandomNode, at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('removeNode' as const), at: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('select' as const),
      by: fc.constantFrom('service' as const, 'controller' as const, 'replicaSet' as const),
      labels,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('claim' as const),
      i: fc.integer({ min: 0, max: 2 }),
      zone: rarely(fc.constantFrom('x', 'y')),
      disk: rarely(fc.constantFrom('v1', 'v2', 'v5')),
    }),
  },
);

beforeAll(() => (process.env.KUBE_MAX_PD_VOLS = '3'));
afterAll(() => delete process.env.KUBE_MAX_PD_VOLS);

test.each(providers)('%s decides as a plain recomputation does', (_name, resolve, inPlainWords) => {
  fc.assert(
    fc.property(
      fc.array(aRandomNode, { minLength: 2, maxLength: 6, size: 'max' }),
      fc.array(step, { minLength: 5, maxLength: 20, size: 'max' }),
      (first, steps) => {
        const world: plain.World = {
          nodes: [],
          running: [],
          services: [],
          controllers: [],
          replicaSets: [],
          volumes: [],
          claims: [],
        };
        const cache = new SchedulerCache();
        const algorithm = resolve()(cache);
        let names = 0;
        let turn = 0;
        const put = (made: Node): void => {
          const at = world.nodes.findIndex(({ metadata }) => metadata.name === made.metadata.name);
          if (at < 0) world.nodes.push(made);
          else world.nodes[at] = made;
          cache.setNode(made);
        };
        first.forEach((n) => put(nodeOf(n, `node-${names++}`)));

        const schedule = (made: Pod): string | undefined => {
          const decision = algorithm.schedule(new PodInfo(made), cache.nodes);
          const scores = plainScores(world, made, inPlainWords);
          const best = Math.max(...scores.values());
          const bests = [...scores.keys()].filter((name) => scores.get(name) === best);
          const expected = bests.length === 0 ? undefined : bests[turn++ % bests.length]; // in turn
          const others = [...scores].filter(([name]) => name !== expected).map(([, score]) => score);
          expect([decision.node?.name, decision.feasible, decision.score, decision.runnerUp?.score]).toEqual([
            expected,
            scores.size,
            expected === undefined ? 0 : best,
            others.length === 0 ? undefined : Math.max(...others),
          ]);
          return expected;
        };

        for (const step of steps) {
          if (step.type === 'addNode') put(nodeOf(step.node, `node-${names++}`));
          else if (step.type === 'changeNode' && world.nodes.length > 0)
            put(nodeOf(step.node, world.nodes[step.at % world.nodes.length]!.metadata.name));
          else if (step.type === 'removeNode' && world.nodes.length > 0) {
            const [gone] = world.nodes.splice(step.at % world.nodes.length, 1);
            cache.removeNode(gone!.metadata.name);
            // Its Pods go with it, as the node controller would have it.
            for (const { metadata, spec } of world.running)
              if (spec.nodeName === gone!.metadata.name) cache.removePod(`default/${metadata.name}`);
            world.running = world.running.filter(({ spec }) => spec.nodeName !== gone!.metadata.name);
          } else if (step.type === 'delete' && world.running.length > 0) {
            const [gone] = world.running.splice(step.at % world.running.length, 1);
            cache.removePod(`default/${gone!.metadata.name}`);
          } else if (step.type === 'terminate' && world.running.length > 0) {
            const at = step.at % world.running.length;
            const going = world.running[at]!;
            const metadata = { ...going.metadata, deletionTimestamp: '2016-06-01T12:00:00Z' };
            world.running[at] = { ...going, metadata };
            cache.setPod({ ...going, metadata });
          } else if (step.type === 'select') {
            const name = `s-${names++}`;
            if (step.by === 'service') world.services.push(aService(name, step.labels));
            else if (step.by === 'controller') world.controllers.push(aController(name, step.labels));
            else world.replicaSets.push(aReplicaSet(name, step.labels));
            if (step.by === 'service') cache.set(resources.services, world.services.at(-1)!);
            else if (step.by === 'controller') cache.set(resources.replicationControllers, world.controllers.at(-1)!);
            else cache.set(resources.replicaSets, world.replicaSets.at(-1)!);
          } else if (step.type === 'claim') {
            const { claim, volume } = bindingOf(step.i, step.zone, step.disk);
            world.claims = [...world.claims.filter(({ metadata }) => metadata.name !== claim.metadata.name), claim];
            world.volumes = [...world.volumes.filter(({ metadata }) => metadata.name !== volume.metadata.name), volume];
            cache.set(resources.persistentVolumeClaims, claim);
            cache.set(resources.persistentVolumes, volume);
          } else if (step.type === 'schedule') {
            for (let replica = 0; replica < step.replicas; replica++) {
              const made = podOf(step.pod, `pod-${names++}`);
              const node = schedule(made);
              if (node === undefined) continue;
              cache.assume(new PodInfo(made), node);
              if (replica % 2 === 0) cache.setPod(bound(made, node)); // some are confirmed, some not yet
              world.running.push(bound(made, node));
            }
          }
        }
        // And what is explained adds up to what was decided.
        const probe = new PodInfo(aPod('probe'));
        const decision = algorithm.schedule(probe, cache.nodes);
        const report = algorithm.report(probe, cache.nodes);
        expect(report.filter(({ fits }) => fits)).toHaveLength(decision.feasible);
        if (decision.node) expect(report.find((r) => r.node === decision.node!.name)!.total).toBe(decision.score);
      },
    ),
    { numRuns: runs },
  );
});
