/**
 * The scheduler decides from sums that it keeps and findings that it remembers. Here everything is reckoned again, for each
 * Pod, from nothing but the objects, in the plainest words, and must come out the same over random clusters and histories.
 */
import fc from 'fast-check';
import type { Node, Pod, ReplicationController, Service } from '../api/types.js';
import type { Algorithm } from './algorithm.js';
import { SchedulerCache } from './cache.js';
import { PodInfo } from './pod-info.js';
import { createFromProvider } from './registry.js';
import './defaults.js';
import { aController, aNode, aPod, aService, bound } from './testing/builders.js';

interface World {
  nodes: Node[];
  running: Pod[];
  services: Service[];
  controllers: ReplicationController[];
}

/** Names of the nodes that fit, with their scores. */
function plainScores(
  { nodes, running, services, controllers }: World,
  pod: Pod,
  provider: string,
): Map<string, number> {
  const on = (node: Node) => running.filter(({ spec }) => spec.nodeName === node.metadata.name);
  const fitting = nodes.filter((node) => plainFits(node, on(node), pod));
  const selects = ({ spec }: Service | ReplicationController, { metadata }: Pod) =>
    Object.keys(spec.selector ?? {}).length > 0 &&
    Object.entries(spec.selector!).every(([key, value]) => metadata.labels?.[key] === value);
  const selecting = [...services, ...(provider === 'Textbook' ? [] : controllers)].filter((one) => selects(one, pod));
  const peers = (node: Node) => on(node).filter((other) => selecting.some((one) => selects(one, other))).length;
  const most = Math.max(0, ...nodes.map(peers));
  const zoneOf = (node: Node) => node.metadata.labels?.['failure-domain.beta.kubernetes.io/zone'];
  const inZone = (zone: string) => fitting.filter((n) => zoneOf(n) === zone).reduce((sum, n) => sum + peers(n), 0);
  const fullest = Math.max(0, ...fitting.flatMap((n) => (zoneOf(n) ? [inZone(zoneOf(n)!)] : [])));
  const preferred = (node: Node) =>
    (pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
      .filter(({ preference }) =>
        preference.matchExpressions!.every(({ key }) => node.metadata.labels![key] !== undefined),
      )
      .reduce((sum, { weight }) => sum + weight, 0);
  const mostPreferred = Math.max(0, ...fitting.map(preferred));

  return new Map(
    fitting.map((node) => {
      const cpu = milli(node.status.allocatable!.cpu);
      const memory = mebi(node.status.allocatable!.memory);
      const wanted = [pod, ...on(node)].map(({ spec }) => spec.containers[0]!.resources!.requests!);
      const usedCPU = wanted.reduce((sum, r) => sum + (r.cpu === undefined ? 100 : milli(r.cpu)), 0);
      const usedMemory = wanted.reduce((sum, r) => sum + (r.memory === undefined ? 200 : mebi(r.memory)), 0);
      const free = (used: number, all: number) => (used > all ? 0 : Math.floor(((all - used) * 10) / all));
      const least = Math.floor((free(usedCPU, cpu) + free(usedMemory, memory)) / 2);
      const [f, g] = [usedCPU / cpu, usedMemory / memory];
      const balanced = f >= 1 || g >= 1 ? 0 : Math.floor(10 - Math.abs(f - g) * 10);
      let spread = most === 0 ? 10 : (10 * (most - peers(node))) / most;
      if (fullest > 0 && zoneOf(node))
        spread = spread / 3 + ((10 * (fullest - inZone(zoneOf(node)!))) / fullest) * (2 / 3);
      const affinity = mostPreferred === 0 ? 0 : Math.floor((10 * preferred(node)) / mostPreferred);
      const rest = provider === 'Textbook' ? 1 : affinity; // EqualPriority
      return [node.metadata.name, least + balanced + Math.floor(spread + 1e-6) + rest];
    }),
  );
}

function plainFits(node: Node, others: Pod[], pod: Pod): boolean {
  const { cpu, memory, pods } = node.status.allocatable!;
  const requests = ({ spec }: Pod) => spec.containers[0]!.resources!.requests!;
  const sum = (of: (pod: Pod) => number) => [pod, ...others].reduce((total, one) => total + of(one), 0);
  const asks = milli(requests(pod).cpu) > 0 || mebi(requests(pod).memory) > 0;
  const ports = (one: Pod) => one.spec.containers[0]!.ports?.map(({ hostPort }) => hostPort) ?? [];
  return (
    others.length + 1 <= Number(pods) &&
    (!asks ||
      (sum((p) => milli(requests(p).cpu)) <= milli(cpu) && sum((p) => mebi(requests(p).memory)) <= mebi(memory))) &&
    ports(pod).every((port) => !others.some((other) => ports(other).includes(port))) &&
    Object.entries(pod.spec.nodeSelector ?? {}).every(([key, value]) => node.metadata.labels?.[key] === value) &&
    !node.spec.unschedulable
  );
}

const milli = (text = '0') => Number(text.replace('m', ''));
const mebi = (text = '0') => Number(text.replace('Mi', ''));

const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b'), { maxKeys: 2 });
const cpu = (max: number) => fc.integer({ min: 0, max }).map((n) => `${n}m`);
const memory = (max: number) => fc.integer({ min: 0, max }).map((n) => `${n}Mi`);
const key = fc.constantFrom('ssd', 'gpu');

const node = fc.record({
  cpu: fc.integer({ min: 100, max: 4000 }).map((n) => `${n}m`),
  memory: fc.integer({ min: 100, max: 4000 }).map((n) => `${n}Mi`),
  pods: fc.integer({ min: 1, max: 8 }).map(String),
  zone: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
  keys: fc.uniqueArray(key),
  tainted: fc.boolean(),
  unschedulable: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

const pod = fc.record({
  requests: fc.record({ cpu: cpu(1500), memory: memory(1500) }, { requiredKeys: [] }),
  labels,
  hostPort: fc.option(fc.constantFrom(80, 81), { nil: undefined, freq: 3 }),
  wants: fc.option(key, { nil: undefined, freq: 3 }),
  prefers: fc.array(fc.record({ key, weight: fc.integer({ min: 1, max: 100 }) }), { maxLength: 2 }),
  tolerates: fc.boolean(),
});

const podOf = (p: Parameters<Parameters<typeof pod.map>[0]>[0], name: string): Pod =>
  aPod(
    name,
    {},
    {
      containers: [
        {
          name: 'a',
          image: 'i',
          resources: { requests: p.requests as Record<string, string> },
          ports: p.hostPort ? [{ containerPort: 1, hostPort: p.hostPort }] : [],
        },
      ],
      nodeSelector: p.wants ? { [p.wants]: '' } : undefined,
      tolerations: p.tolerates ? [{ key: 'taint', operator: 'Exists' }] : [],
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: p.prefers.map(({ key, weight }) => ({
            weight,
            preference: { matchExpressions: [{ key, operator: 'Exists' }] },
          })),
        },
      },
    },
    { labels: p.labels },
  );

const nodeOf = (n: Parameters<Parameters<typeof node.map>[0]>[0], name: string): Node =>
  aNode(
    name,
    { cpu: n.cpu, memory: n.memory, pods: n.pods },
    {
      labels: {
        ...Object.fromEntries(n.keys.map((key) => [key, ''])),
        ...(n.zone && { 'failure-domain.beta.kubernetes.io/zone': n.zone }),
      },
      unschedulable: n.unschedulable,
      taints: n.tainted ? [{ key: 'taint', effect: 'NoSchedule' }] : [],
    },
  );

/** What happens, one after another. `at` picks one of those that are there. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('schedule' as const), pod, replicas: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('addNode' as const), node }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('changeNode' as const), node, at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('removeNode' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('select' as const), by: fc.boolean(), labels }) },
);

test.each(['DefaultProvider', 'Textbook'])('%s decides as a plain recomputation does', (provider) => {
  fc.assert(
    fc.property(fc.array(node, { maxLength: 6 }), fc.array(step, { maxLength: 25 }), (first, steps) => {
      const world: World = { nodes: [], running: [], services: [], controllers: [] };
      const cache = new SchedulerCache();
      const algorithm: Algorithm = createFromProvider(provider, cache);
      let names = 0;
      let turn = 0;
      const put = (made: Node) => {
        world.nodes = [...world.nodes.filter(({ metadata }) => metadata.name !== made.metadata.name), made];
        cache.setNode(made);
      };
      first.forEach((n) => put(nodeOf(n, `node-${names++}`)));

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
        } else if (step.type === 'select') {
          const service = aService(`s-${names}`, step.labels);
          const controller = aController(`rc-${names++}`, step.labels);
          if (step.by) cache.setService((world.services.push(service), service));
          else cache.setController((world.controllers.push(controller), controller));
        } else if (step.type === 'schedule') {
          for (let replica = 0; replica < step.replicas; replica++) {
            const made = podOf(step.pod, `pod-${names++}`);
            const decision = algorithm.schedule(new PodInfo(made), cache.nodes);
            const scores = plainScores(world, made, provider);
            const best = Math.max(...scores.values());
            // In turn among the best, by descending name.
            const bests = [...scores.keys()]
              .filter((name) => scores.get(name) === best)
              .sort()
              .reverse();
            const expected = bests.length === 0 ? undefined : bests[turn++ % bests.length];
            expect([decision.node?.name, decision.feasible, decision.node && decision.score]).toEqual([
              expected,
              scores.size,
              expected && best,
            ]);
            if (!decision.node) continue;
            cache.assume(new PodInfo(made), decision.node.name);
            if (replica % 2 === 0) cache.setPod(bound(made, decision.node.name)); // some are confirmed, some not yet
            world.running.push(bound(made, decision.node.name));
          }
        }
      }
      // And what is explained adds up to what was decided.
      const probe = new PodInfo(aPod('probe'));
      const decision = algorithm.schedule(probe, cache.nodes);
      const report = algorithm.report(probe, cache.nodes);
      expect(report.filter(({ fits }) => fits)).toHaveLength(decision.feasible);
      if (decision.node) expect(report.find((r) => r.node === decision.node!.name)!.total).toBe(decision.score);
    }),
    { numRuns: 200 },
  );
});
