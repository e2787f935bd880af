import { SchedulerCache } from './cache.js';
import './defaults.js';
import { PodInfo } from './pod-info.js';
import {
  createFromKeys,
  createFromProvider,
  registerAlgorithmProvider,
  registerCustomFitPredicate,
  registerCustomPriorityFunction,
  registerFitPredicate,
  registerPriorityFunction,
} from './registry.js';
import { aNode, aPod } from './testing/builders.js';

test.each(['', 'a', '-ab', 'ab-', 'a b', 'a_b'])('%j is no name for a plug-in', (name) => {
  expect(() => registerFitPredicate(name, () => true)).toThrow('does not match the name validation regexp');
  expect(() => registerAlgorithmProvider(name, [], [])).toThrow('does not match');
});

test('an unknown name is refused when the scheduler is built', () => {
  const cache = new SchedulerCache();
  expect(() => createFromProvider('Unheard', cache)).toThrow('plugin "Unheard" has not been registered');
  expect(() => createFromKeys(['Unheard'], [], cache)).toThrow('invalid predicate name "Unheard" specified');
  expect(() => createFromKeys([], ['Unheard'], cache)).toThrow('invalid priority name Unheard specified');
  expect(() => registerCustomFitPredicate({ name: 'Unheard' })).toThrow('Predicate type not found for Unheard');
  expect(() => registerCustomPriorityFunction({ name: 'Unheard', weight: 1 })).toThrow(
    'Priority type not found for Unheard',
  );
});

test('an argument has exactly one member', () => {
  expect(() => registerCustomFitPredicate({ name: 'Nothing', argument: {} })).toThrow('Exactly 1 argument is required');
});

test('to register a name again replaces it for schedulers built later', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a'));
  registerFitPredicate('Changing', () => true);
  const before = createFromKeys(['Changing'], [], cache);
  registerFitPredicate('Changing', () => false);
  const after = createFromKeys(['Changing'], [], cache);
  const feasible = [before, after].map((algorithm) => algorithm.schedule(new PodInfo(aPod('p')), cache.nodes).feasible);
  expect(feasible).toEqual([1, 0]);
});

test('a policy gives a registered priority its own weight, and builds others from arguments', () => {
  const cache = new SchedulerCache();
  cache.setNode(aNode('a', {}, { labels: { old: '' } }));
  registerPriorityFunction('Three', () => 3, 1);
  registerCustomPriorityFunction({ name: 'Three', weight: 5 });
  registerCustomPriorityFunction({
    name: 'Young',
    weight: 2,
    argument: { labelPreference: { label: 'old', presence: false } },
  });
  registerCustomPriorityFunction({ name: 'Racks', weight: 1, argument: { serviceAntiAffinity: { label: 'old' } } });
  const { score } = createFromKeys([], ['Three', 'Young', 'Racks'], cache).schedule(
    new PodInfo(aPod('p')),
    cache.nodes,
  );
  expect(score).toBe(5 * 3 + 2 * 0 + 10);
});

test.each([
  ['1', 1],
  ['+2', 2],
  ['0', 3],
  ['-1', 3],
  ['1x', 3],
  ['', 3],
])('KUBE_MAX_PD_VOLS=%s: of three disks %i may be on a node, if 1.2’s own limits allow', (value, expected) => {
  process.env.KUBE_MAX_PD_VOLS = value;
  try {
    const cache = new SchedulerCache();
    cache.setNode(aNode('a'));
    const algorithm = createFromProvider('DefaultProvider', cache);
    const disks = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ name: `v${i}`, gcePersistentDisk: { pdName: `d${i}` } }));
    const fits = (count: number) =>
      algorithm.schedule(new PodInfo(aPod('p', {}, { volumes: disks(count) })), cache.nodes).node !== undefined;
    expect([1, 2, 3].filter(fits)).toHaveLength(expected);
  } finally {
    delete process.env.KUBE_MAX_PD_VOLS;
  }
});
