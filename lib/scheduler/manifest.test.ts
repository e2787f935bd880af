import type { Pod } from '../api/types.js';
import { ManifestError, readableKinds, readManifest } from './manifest.js';

const read = (text: string | object) =>
  readManifest(typeof text === 'string' ? text : JSON.stringify(text), { from: 'file' });
const list = (...items: object[]) => ({ apiVersion: 'v1', kind: 'List', items });
const pod = (more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers: [{ name: 'a' }] },
  ...more,
});

test('reads a List, a PodList, a single object, and YAML documents alike', () => {
  const names = (text: string | object) => read(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names(list(pod()))).toEqual(['Pod p']);
  const { apiVersion: _a, kind: _k, ...bare } = pod();
  expect(names({ apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '1' }, items: [bare] })).toEqual([
    'Pod p',
  ]);
  expect(names(pod())).toEqual(['Pod p']);
  const yaml = (name: string) => `apiVersion: v1\nkind: Node\nmetadata:\n  name: ${name}\n`;
  expect(names(`# two nodes\n---\n${yaml('a')}---\n${yaml('b')}`)).toEqual(['Node a', 'Node b']);
});

test('reads every kind that a scheduler looks at', () => {
  const groups: Record<string, string[]> = {
    v1: ['Namespace', 'Node', 'Service', 'ReplicationController', 'PersistentVolume', 'PersistentVolumeClaim', 'Pod'],
    'apps/v1': ['ReplicaSet', 'StatefulSet'],
    'storage.k8s.io/v1': ['StorageClass', 'CSINode'],
    'scheduling.k8s.io/v1': ['PriorityClass'],
    'policy/v1': ['PodDisruptionBudget'],
  };
  const needed: Record<string, object> = {
    Pod: pod(),
    StorageClass: { provisioner: 'p' },
    PriorityClass: { value: 1 },
    CSINode: { spec: { drivers: [] } },
  };
  const objects = Object.entries(groups).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind) => ({ ...needed[kind], apiVersion, kind, metadata: { name: 'x' } })),
  );
  expect(new Set(read(list(...objects)).map(({ kind }) => kind))).toEqual(new Set(readableKinds));
  expect(read({ apiVersion: 'extensions/v1beta1', kind: 'ReplicaSet', metadata: { name: 'x' } })).toHaveLength(1);
});

test('completes what it reads as the API server would', () => {
  const [made, node] = read(
    list(pod({ spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] } }), {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n' },
      status: { capacity: { cpu: '4' } },
    }),
  ) as any[];
  expect((made as Pod).metadata.namespace).toBe('default');
  expect((made as Pod).spec.containers[0]!.resources!.requests).toEqual({ cpu: '1' });
  expect(node.status.allocatable).toEqual({ cpu: '4' });
});

test('gives Pods the numbers of their priority classes', () => {
  const priorityClass = (name: string, value: number, more = {}) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    value,
    ...more,
  });
  const spec = (more: object) => ({ spec: { containers: [{ name: 'a' }], ...more } });
  const priorityOf = (more: object) => {
    const classes = [
      priorityClass('high', 100, { preemptionPolicy: 'Never' }),
      priorityClass('usual', 7, { globalDefault: true }),
    ];
    const { priority, preemptionPolicy } = (read(list(...classes, pod(spec(more)))).at(-1) as Pod).spec;
    return [priority, preemptionPolicy];
  };
  expect(priorityOf({})).toEqual([7, 'PreemptLowerPriority']);
  expect(priorityOf({ priorityClassName: 'high' })).toEqual([100, 'Never']);
  expect(priorityOf({ priorityClassName: 'gone', priority: 3 })).toEqual([3, undefined]);
  expect(priorityOf({ priorityClassName: 'system-node-critical' })).toEqual([2_000_001_000, undefined]);
  expect(() => priorityOf({ priorityClassName: 'gone' })).toThrow(
    'file: Pod "default/p": no PriorityClass with name gone was found',
  );
});

test('a ReplicaSet of 1.2’s time selects what it makes, if it does not say otherwise', () => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c' }] } };
  const set = (name: string, more: object) => ({
    apiVersion: 'extensions/v1beta1',
    kind: 'ReplicaSet',
    metadata: { name },
    spec: { template, ...more },
  });
  const selector = { matchLabels: { tier: 'front' } };
  const sets = readManifest(JSON.stringify(list(set('a', {}), set('b', { selector }))), { from: 'file' });
  expect(sets).toMatchObject([{ spec: { selector: { matchLabels: { app: 'web' } } } }, { spec: { selector } }]);
});

test('what scheduling does not look at is passed over', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } };
  const text = list(deployment, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }, pod());
  expect(readManifest(JSON.stringify(text), { from: 'file' }).map(({ kind }) => kind)).toEqual(['Pod']);
});

test.each([
  ['', 'file is empty'],
  ['{ "kind": "List",\n  "items": [\n  }', 'file: line 3: '],
  ['{ "kind": "Pod", "kind": "Pod" }', 'file: duplicate field "kind"'],
  ['kind: Pod\n  apiVersion: v1', 'file: yaml: line 1: mapping values are not allowed in this context'],
  ['kind: Node\napiVersion: v1\nmetadata: { name: a }\n---\nkind: Pod\n  apiVersion: v1', 'file: yaml: line 5: '],
  ['just words', 'file: this is no object, but "just words"'],
  [list('x' as never), 'file: items[0]: this is no object, but "x"'],
  [{ kind: 'List', apiVersion: 'v1' }, 'file: a List has a list "items"'],
  [list(pod(), { kind: 'Pod' }), 'file: items[1]: every object says its "kind" and "apiVersion"'],
  [
    list({ ...pod(), kind: 'Gadget' }),
    'file: items[0]: Gadget of v1 is nothing that a scheduler reads; it reads Namespace, ',
  ],
  [list({ ...pod(), apiVersion: 'apps/v1' }), 'file: items[0]: Pod of apps/v1 is nothing that a scheduler reads'],
  [list(pod(), pod()), 'file: items[1]: Pod "default/p" is there already (file: items[0])'],
  [list(pod({ metadata: {} })), 'file: items[0] (Pod): metadata.name: Required value'],
  [list(pod({ spec: {} })), 'file: items[0] (Pod p): spec.containers: Required value'],
  [
    list(pod({ spec: { containers: [{ name: 'a' }], nodeNam: 'x' } })),
    'items[0] (Pod p): Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.nodeNam"',
  ],
  [
    list(pod({ spec: { containers: 'a' } })),
    'items[0] (Pod p): Pod in version "v1" cannot be handled as a Pod: json: cannot unmarshal string into Go struct field',
  ],
  [
    list(pod({ spec: { containers: [{ name: 'a', resources: { requests: { cpu: '1x' } } }] } })),
    'file: items[0] (Pod p): spec.containers[0].resources.requests[cpu]: Invalid value: "1x": ',
  ],
  [
    list({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { allocatable: { cpu: '-1' } } }),
    'file: items[0] (Node n): status.allocatable[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    list({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', namespace: 'x' } }),
    'file: items[0] (Node n): metadata.namespace: a Node lives in no namespace',
  ],
] as [string | object, string][])('%j is refused: %s', (text, message) => {
  expect(() => read(text)).toThrow(ManifestError);
  expect(() => read(text)).toThrow(message);
});
