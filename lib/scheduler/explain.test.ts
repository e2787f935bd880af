import fc from 'fast-check';
import type { Pod } from '../api/types.js';
import { SchedulerCache } from './cache.js';
import './defaults.js';
import './today/provider.js';
import { Explanations } from './explain.js';
import { PodInfo } from './pod-info.js';
import { registerAlgorithmProvider, registerFitPredicate, resolveProvider } from './registry.js';
import { aController, aNode, aPod, aService, bound } from './testing/builders.js';

/** A cache with two nodes, decisions of `provider` about it, and the memory of them. */
function memory({ provider = 'DefaultProvider', size = 3 } = {}) {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  cache.setNode(aNode('b', { cpu: '2' }));
  let nowMs = 0;
  const explanations = new Explanations({ cache, size, stopwatch: () => nowMs++ });
  const create = resolveProvider(provider);
  const algorithm = create(cache);
  const decide = (pod: Pod, attempt = 1) => {
    const { mark } = cache;
    const decision = algorithm.schedule(new PodInfo(pod), cache.nodes);
    explanations.add(decision, { algorithmProvider: provider, create, attempt, mark, atMs: 0 });
    if (decision.node) cache.assume(decision.pod, decision.node.name);
  };
  return { cache, explanations, decide };
}

test('an attempt is explained from the state in which it was made, whatever happened since', () => {
  const { cache, explanations, decide } = memory();
  decide(aPod('first', { cpu: '1', memory: '2Gi' }));
  const then = explanations.explain('default/first')!;
  expect(then).toMatchObject({ basis: 'attempt', reproduced: true, node: 'a', feasible: 2, nodes: 2 });
  expect(then.table!.map(({ node, total }) => [node, total])).toEqual([
    ['a', 27], // ⌊(7 + 7) / 2⌋ + 10 + 10
    ['b', 23], // ⌊(5 + 7) / 2⌋ + ⌊10 − |0.5 − 0.25| · 10⌋ + 10
  ]);

  cache.setNode(aNode('a', { cpu: '100m' }));
  cache.setPod(bound(aPod('other', { cpu: '1' }), 'b'));
  cache.removeNode('b');
  const { parts: _, ...again } = explanations.explain('default/first')!;
  const { parts: __, ...before } = then;
  expect(again).toEqual(before);
});

test('remembers so many attempts, the last one at each Pod by its name', () => {
  const { explanations, decide } = memory({ size: 3 });
  for (const name of ['1', '2', '3', '4']) decide(aPod(name, { cpu: '9' }));
  expect(explanations.explain('default/1')).toBeUndefined();
  expect(explanations.list().map(({ pod }) => pod)).toEqual(['default/4', 'default/3', 'default/2']);
  decide(aPod('3', { cpu: '9' }), 2);
  expect(explanations.list('default/3').map(({ attempt }) => attempt)).toEqual([2, 1]);
  expect(explanations.explain('default/3')?.attempt?.attempt).toBe(2);
});

test('says so when the state of an attempt is too long ago', () => {
  const { cache, explanations, decide } = memory();
  decide(aPod('p'));
  for (let i = 0; i < 250_000; i++) cache.setNode(aNode('a'));
  expect(explanations.explain('default/p')).toMatchObject({ basis: 'gone', node: 'b', attempt: { pod: 'default/p' } });
  expect(explanations.explain('default/p')).not.toHaveProperty('table');
});

test('forgets the states of attempts that it has forgotten', () => {
  const { cache, decide } = memory({ size: 2 });
  const { mark } = cache;
  for (let i = 0; i < 3000; i++) {
    cache.setNode(aNode('a'));
    decide(aPod(`p-${i}`));
  }
  expect(cache.at(mark)).toBeUndefined();
  expect(cache.at(cache.mark - 3)).toBeDefined();
});

test('tells of the binding, and of the time of each part', () => {
  const { explanations, decide } = memory();
  decide(aPod('p'));
  expect(explanations.list()[0]).toMatchObject({ binding: 'under way' });
  explanations.bound('default/p', 'bound', 7);
  expect(explanations.list()[0]).toMatchObject({ binding: 'bound', bindingMs: 7 });
  const { parts } = explanations.explain('default/p')!;
  expect(parts!.map(({ name }) => name).slice(-2)).toEqual(['SelectorSpreadPriority', 'NodeAffinityPriority']);
  expect(parts!.every(({ ms }) => ms === 1)).toBe(true);
});

test('a predicate that looks at something else is asked again, and it is said if that makes a difference', () => {
  let open = true;
  registerFitPredicate('Door', () => open);
  registerAlgorithmProvider('Moody', ['Door'], []);
  const { explanations, decide } = memory({ provider: 'Moody' });
  decide(aPod('p'));
  expect(explanations.explain('default/p')?.reproduced).toBe(true);
  open = false;
  expect(explanations.explain('default/p')).toMatchObject({ reproduced: false, node: 'b', feasible: 2 });
});

test('a provider that is registered anew does not change what was decided by the old one', () => {
  registerAlgorithmProvider('Replaced', [registerFitPredicate('Replaceable', () => true)], []);
  const { explanations, decide } = memory({ provider: 'Replaced' });
  decide(aPod('p'));
  registerFitPredicate('Replaceable', () => false);
  registerAlgorithmProvider('Replaced', ['Replaceable'], []);
  expect(explanations.explain('default/p')?.reproduced).toBe(true);
});

/** What happens; `at` picks one of what is there. */
const step = fc.oneof(
  fc.record({
    type: fc.constant('decide' as const),
    app: fc.constantFrom('a', 'b'),
    cpu: fc.integer({ min: 0, max: 30 }),
  }),
  fc.record({
    type: fc.constant('setNode' as const),
    at: fc.nat(4),
    cpu: fc.integer({ min: 1, max: 40 }),
    zone: fc.constantFrom('x', 'y'),
  }),
  fc.record({ type: fc.constant('removeNode' as const), at: fc.nat(4) }),
  fc.record({ type: fc.constant('deletePod' as const), at: fc.nat() }),
  fc.record({ type: fc.constant('relabelPod' as const), at: fc.nat(), app: fc.constantFrom('a', 'b') }),
  fc.record({
    type: fc.constant('select' as const),
    app: fc.constantFrom('a', 'b'),
    by: fc.constantFrom('service', 'controller'),
  }),
  fc.record({ type: fc.constant('unselect' as const), app: fc.constantFrom('a', 'b') }),
  fc.record({ type: fc.constant('nominate' as const), at: fc.nat(4), cpu: fc.integer({ min: 0, max: 30 }) }),
);

test.each(['DefaultProvider', 'Textbook', 'today'])('whatever happens, %s is explained as it decided', (provider) => {
  const antiAffinity = (app: string) => ({
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 1, podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: { app } } } },
      ],
    },
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { cache, explanations, decide } = memory({ provider, size: 100 });
      let names = 0;
      const placed: Pod[] = [];
      for (const step of steps) {
        const pod = placed.length > 0 && 'at' in step ? placed[step.at % placed.length]! : undefined;
        if (step.type === 'decide') {
          const made = aPod(
            `p-${names++}`,
            { cpu: `${step.cpu}00m` },
            { affinity: antiAffinity(step.app) as never },
            { labels: { app: step.app } },
          );
          decide(made);
          const node = cache.nodeOf(`default/${made.metadata.name}`);
          if (node) placed.push(bound(made, node));
        } else if (step.type === 'setNode')
          cache.setNode(aNode(`n-${step.at}`, { cpu: `${step.cpu}00m` }, { labels: { zone: step.zone } }));
        else if (step.type === 'removeNode') cache.removeNode(`n-${step.at}`);
        else if (step.type === 'nominate')
          cache.nominate(
            new PodInfo(aPod(`n-${names++}`, { cpu: `${step.cpu}00m` }, { priority: 10 })),
            `n-${step.at}`,
          );
        else if (step.type === 'select') {
          if (step.by === 'service') cache.setService(aService(step.app, { app: step.app }));
          else cache.setController(aController(step.app, { app: step.app }));
        } else if (step.type === 'unselect') cache.removeService(aService(step.app));
        else if (pod && step.type === 'deletePod') cache.removePod(`default/${pod.metadata.name}`);
        else if (pod && step.type === 'relabelPod' && cache.nodeOf(`default/${pod.metadata.name}`))
          cache.setPod({ ...pod, metadata: { ...pod.metadata, labels: { app: step.app } } });
      }
      for (const { pod } of explanations.list())
        expect(explanations.explain(pod)).toMatchObject({ basis: 'attempt', reproduced: true });
    }),
    { numRuns: 100 },
  );
});
