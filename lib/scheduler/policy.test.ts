import { SteppedClock } from '../util/index.js';
import { SchedulerCache } from './cache.js';
import './defaults.js';
import { PodInfo } from './pod-info.js';
import { PolicyError, readPolicy, resolvePolicy } from './policy.js';
import { isFitPredicateRegistered } from './registry.js';
import { aNode, aPod, aService } from './testing/builders.js';

const read = (text: string) => readPolicy(text, { from: 'policy.json' });
const policy = (members: object): string =>
  JSON.stringify({ kind: 'Policy', apiVersion: 'v1', ...members }, undefined, 2);
const decide = (text: string, nodes: Parameters<typeof aNode>[], pod: Parameters<typeof aPod>) => {
  const cache = new SchedulerCache();
  for (const node of nodes) cache.setNode(aNode(...node));
  cache.setService(aService('web', { app: 'web' }));
  return resolvePolicy(read(text), { clock: new SteppedClock() })(cache).schedule(
    new PodInfo(aPod(...pod)),
    cache.nodes,
  );
};

/** The example of its time, with the five predicates that the book prints. */
const example = `{
"kind" : "Policy",
"apiVersion" : "v1",
"predicates" : [
	{"name" : "PodFitsPorts"},
	{"name" : "PodFitsResources"},
	{"name" : "NoDiskConflict"},
	{"name" : "MatchNodeSelector"},
	{"name" : "HostName"}
	],
"priorities" : [
	{"name" : "LeastRequestedPriority", "weight" : 1},
	{"name" : "BalancedResourceAllocation", "weight" : 1},
	{"name" : "ServiceSpreadingPriority", "weight" : 1},
	{"name" : "EqualPriority", "weight" : 1}
	]
}`;

test('the example policy of the book’s time is read, and schedules', () => {
  expect(read(example).predicates.map(({ name }) => name)).toEqual([
    'PodFitsPorts',
    'PodFitsResources',
    'NoDiskConflict',
    'MatchNodeSelector',
    'HostName',
  ]);
  const { node, score } = decide(example, [['a'], ['b', { cpu: '1' }]], ['p', { cpu: '500m', memory: '1Gi' }]);
  // LeastRequested ⌊(⌊3500 · 10 / 4000⌋ + ⌊7 · 10 / 8⌋) / 2⌋ = 8, Balanced 10 (⅛ and ⅛), spreading 10, equal 1.
  expect([node?.name, score]).toEqual(['a', 8 + 10 + 10 + 1]);
});

test('arguments build predicates and priorities under the policy’s own names, and register nothing', () => {
  const text = policy({
    predicates: [
      { name: 'NotRetiring', argument: { labelsPresence: { labels: ['retiring'], presence: false } } },
      { name: 'OneRegion', argument: { serviceAffinity: { labels: ['region'] } } },
    ],
    priorities: [
      { name: 'LikesSsd', weight: 3, argument: { labelPreference: { label: 'ssd', presence: true } } },
      { name: 'Racks', weight: 2, argument: { serviceAntiAffinity: { label: 'rack' } } },
    ],
  });
  const nodes: Parameters<typeof aNode>[] = [
    ['a', {}, { labels: { region: 'x', ssd: '', rack: '1' } }],
    ['b', {}, { labels: { region: 'y', rack: '1' } }],
    ['c', {}, { labels: { region: 'x', retiring: '' } }],
  ];
  const pod: Parameters<typeof aPod> = ['p', {}, { nodeSelector: { region: 'x' } }, { labels: { app: 'web' } }];
  const { node, score, refusals } = decide(text, nodes, pod);
  expect([node?.name, score]).toEqual(['a', 3 * 10 + 2 * 10]);
  expect(refusals.map((refusal) => refusal?.predicate)).toEqual(['NotRetiring', 'OneRegion', undefined]); // c, b, a
  expect(isFitPredicateRegistered('NotRetiring')).toBe(false);
});

test('what is not listed is not used; the nodes are those that 1.2 considered', () => {
  const { feasible, score } = decide(
    policy({}),
    [
      ['a', { cpu: '1m' }],
      ['b', {}, { unschedulable: true }],
    ],
    ['p', { cpu: '4' }],
  );
  expect([feasible, score]).toEqual([1, 1]); // and without priorities all nodes are equal
});

test('of several entries of one name the last counts', () => {
  const text = policy({
    predicates: [{ name: 'HostName' }, { name: 'HostName' }],
    priorities: [
      { name: 'EqualPriority', weight: 1 },
      { name: 'EqualPriority', weight: 5 },
    ],
  });
  expect(decide(text, [['a']], ['p']).score).toBe(5);
});

test('names of members are found in any case, and members that 1.2 did not know are passed over', () => {
  const text = policy({
    Predicates: [{ NAME: 'HostName', nodeCacheCapable: true }],
    alwaysCheckAllPredicates: true,
    extenders: [{ urlPrefix: 'http://127.0.0.1:1/x', filterVerb: 'filter', enableHTTPS: true, bindVerb: '' }],
  });
  expect(read(text)).toMatchObject({
    predicates: [{ name: 'HostName' }],
    priorities: [],
    extenders: [{ urlPrefix: 'http://127.0.0.1:1/x', filterVerb: 'filter', enableHttps: true, weight: 1 }],
  });
});

test.each([
  [
    '{\n  "kind": "Policy",\n  "apiVersion": "v1",\n}',
    4,
    "invalid character '}' looking for beginning of object key string",
  ],
  ['{\n"kind": "Policy"', 2, 'unexpected end of JSON input'],
  ['', 1, 'unexpected end of JSON input'],
  ['kind: Policy', 1, "invalid character 'k' looking for beginning of value"],
  ['[]', 1, 'a policy is an object, not []'],
  ['{"apiVersion": "v1"}', 1, 'the "kind" of a policy is "Policy"'],
  [policy({ kind: 'Pod' }), 2, 'the "kind" of a policy is "Policy"'],
  [policy({ apiVersion: 'v2' }), 3, 'the "apiVersion" of a policy is "v1"'],
  [
    policy({ predicates: [{ name: 'HostName' }, { name: 'Unheard' }] }),
    9,
    'Invalid configuration: Predicate type not found for Unheard',
  ],
  [policy({ predicates: [{}] }), 5, 'predicates[0] has no "name"'],
  [
    policy({ predicates: [{ name: 'my rack', argument: { serviceAffinity: { labels: ['rack'] } } }] }),
    6,
    'algorithm name my rack does not match the name validation regexp ^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])$',
  ],
  [policy({ predicates: {} }), 4, 'predicates is a list, not {}'],
  [policy({ predicates: ['HostName'] }), 5, 'predicates[0] is an object, not "HostName"'],
  [
    policy({ predicates: [{ name: 'Empty', argument: {} }] }),
    7,
    'Exactly 1 argument is required for Empty: serviceAffinity or labelsPresence',
  ],
  [
    policy({ predicates: [{ name: 'Both', argument: { serviceAffinity: {}, labelsPresence: {} } }] }),
    7,
    'Exactly 1 argument is required for Both: serviceAffinity or labelsPresence',
  ],
  [
    policy({ predicates: [{ name: 'Labels', argument: { serviceAffinity: { labels: 'a' } } }] }),
    9,
    'predicates[0].argument.serviceAffinity.labels is a list, not "a"',
  ],
  [
    policy({ priorities: [{ name: 'Unheard', weight: 1 }] }),
    6,
    'Invalid configuration: Priority type not found for Unheard',
  ],
  [
    policy({ priorities: [{ name: 'EqualPriority', weight: -1 }] }),
    7,
    'Priority EqualPriority should have a positive weight applied to it',
  ],
  [
    policy({ priorities: [{ name: 'EqualPriority', weight: 0 }] }),
    7,
    'Priority EqualPriority should have a positive weight applied to it',
  ],
  [
    policy({ priorities: [{ name: 'EqualPriority' }] }),
    5,
    'Priority EqualPriority should have a positive weight applied to it',
  ],
  [
    policy({ priorities: [{ name: 'EqualPriority', weight: 1.5 }] }),
    7,
    'priorities[0].weight is a whole number, not 1.5',
  ],
  [
    policy({ priorities: [{ name: 'EqualPriority', weight: '1' }] }),
    7,
    'priorities[0].weight is a whole number, not "1"',
  ],
  [
    policy({ extenders: [{ urlPrefix: 'ftp://x' }] }),
    6,
    'an extender has a "urlPrefix", such as http://127.0.0.1:9000',
  ],
  [policy({ extenders: [{}] }), 5, 'an extender has a "urlPrefix", such as http://127.0.0.1:9000'],
  [
    policy({ extenders: [{ urlPrefix: 'http://x', weight: -2 }] }),
    7,
    'Priority for extender http://x should have a positive weight applied to it',
  ],
  [
    policy({ extenders: [{ urlPrefix: 'http://x', prioritizeVerb: 'p' }] }),
    5,
    'Priority for extender http://x should have a positive weight applied to it',
  ],
])('%j is refused in line %s: %s', (text, line, message) => {
  expect(() => read(text)).toThrow(new PolicyError(`policy.json:${line}: ${message}`));
});
