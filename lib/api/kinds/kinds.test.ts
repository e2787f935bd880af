import fc from 'fast-check';
import type { Endpoints, Event, KubernetesObject, Namespace, Node } from '../types.js';
import { same } from '../validation/equal.js';
import { invalid, root } from '../validation/errors.js';
import { firstThree, humanDuration } from './columns.js';
import { coreEvent, event } from './event.js';
import { defineKind, kindFor, kinds } from './index.js';

const metadata = { name: 'a', namespace: 'ns', resourceVersion: '1' };

test('each kind is found by its path, and has what discovery needs', () => {
  for (const kind of kinds) {
    expect(kindFor(kind.group, kind.version, kind.resource)).toBe(kind);
    expect(kind.definition).toMatch(/^api\.[a-z]+\.v1\.[A-Z]/);
    expect(kind.verbs.length).toBeGreaterThan(0);
    expect(kind.columns.some(({ format }) => format === 'name')).toBe(true);
  }
  expect(kindFor('', 'v1', 'unicorns')).toBeUndefined();
});

test('a further plain kind is a few lines', () => {
  interface Widget extends KubernetesObject {
    spec: { size: number };
  }
  const widget = defineKind<Widget>({
    group: 'example.com',
    version: 'v1',
    resource: 'widgets',
    kind: 'Widget',
    check: ({ spec }, errors) => {
      if (spec.size < 0) errors.push(invalid(root('spec').child('size'), spec.size, 'must not be negative'));
    },
  });
  const object: Widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { ...metadata, labels: {} },
    spec: { size: -1 },
  };
  widget.default!(object);
  expect(object.metadata.labels).toBeUndefined();
  expect(widget).toMatchObject({ singular: 'widget', namespaced: true, definition: 'api.example.v1.Widget' });
  const wrong = { reason: 'FieldValueInvalid', message: 'Invalid value: -1: must not be negative', field: 'spec.size' };
  expect(widget.validate(object)).toEqual([wrong]);
  expect(widget.validateUpdate(object, object)).toEqual([wrong]);
  expect(widget.validateUpdate({ ...object, metadata: { ...metadata, name: 'b' } }, object)).toEqual([
    { reason: 'FieldValueInvalid', message: 'Invalid value: "b": field is immutable', field: 'metadata.name' },
    wrong,
  ]);
});

describe('metadata', () => {
  const configMap = kindFor('', 'v1', 'configmaps')!;
  const wrong = (more: object) =>
    configMap
      .validate({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, ...more } })
      .map(({ field, message }) => `${field}: ${message}`);
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };

  test.each<[object, string[]]>([
    [{ name: undefined }, ['metadata.name: Required value: name or generateName is required']],
    [{ name: 'web-1', generateName: 'web-' }, []],
    [{ finalizers: ['orphan'] }, []],
    [
      { finalizers: ['mine'] },
      [
        'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
      ],
    ],
    [
      { finalizers: ['orphan', 'foregroundDeletion'] },
      [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
      ],
    ],
    [{ ownerReferences: [owner] }, []],
    [
      { ownerReferences: [{ ...owner, apiVersion: 'a/b/c' }] },
      ['metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty'],
    ],
    [{ annotations: { a: 'x'.repeat(262144) } }, ['metadata.annotations: Too long: may not be more than 262144 bytes']],
    [{ annotations: { 'EXAMPLE.com/a': '' } }, []],
  ])('is checked (%#)', (more, errors) => {
    expect(wrong(more)).toEqual(errors);
  });

  test('takes no new finalizers while the object is going', () => {
    const going = { ...metadata, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] };
    const object = (finalizers: string[]) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...going, finalizers },
    });
    expect(configMap.validateUpdate(object([]), object(['a/b']))).toEqual([]);
    expect(configMap.validateUpdate(object(['a/b', 'c/d']), object(['a/b']))[0]!.message).toBe(
      'Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    );
  });
});

test('a namespace is labelled with its name, and held by a finalizer', () => {
  const kind = kindFor('', 'v1', 'namespaces')!;
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } } as Namespace;
  kind.default!(namespace);
  kind.prepareForCreate!(namespace);
  expect(namespace).toMatchObject({
    metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  const unlabelled = structuredClone(namespace);
  delete unlabelled.metadata.labels;
  unlabelled.spec = {};
  kind.prepareForUpdate!(unlabelled, namespace);
  expect(unlabelled).toEqual(namespace);
});

test.each<[object, object, string, string]>([
  [{}, {}, 'Unknown', '<none>'],
  [
    { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'a' },
    'Ready',
    'a,worker',
  ],
  [
    { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] }, spec: { unschedulable: true } },
    {},
    'NotReady,SchedulingDisabled',
    '<none>',
  ],
])('the row of a node %j', (more, labels, status, roles) => {
  const { columns } = kindFor('', 'v1', 'nodes')!;
  const node = { metadata: { name: 'n', labels }, spec: {}, ...more } as unknown as Node;
  expect(columns.slice(1, 3).map(({ cell }) => cell(node, 0))).toEqual([status, roles]);
});

test('a node that has said nothing shows empty facts', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as Node;
  kindFor('', 'v1', 'nodes')!.default!(node);
  expect(node.status.daemonEndpoints).toEqual({ kubeletEndpoint: { Port: 0 } });
  expect(Object.values(node.status.nodeInfo!).every((fact) => fact === '')).toBe(true);
});

test('endpoints show the first three and count the rest', () => {
  const { columns } = kindFor('', 'v1', 'endpoints')!;
  const addresses = ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip }));
  const row = (subsets: Endpoints['subsets']) => columns[1]!.cell({ metadata, subsets } as Endpoints, 0);
  expect(row([{ addresses, ports: [{ port: 1 }, { port: 2 }] }])).toBe('10.0.0.1:1,10.0.0.2:1,10.0.0.1:2 + 1 more...');
  expect(row([])).toBe('<none>');
  expect(firstThree(['a', 'b', 'c'])).toBe('a,b,c');
});

describe('an event', () => {
  const words = fc.record(
    {
      involvedObject: fc.record({ kind: fc.string() }),
      message: fc.string(),
      reason: fc.string(),
      count: fc.nat(),
      reportingComponent: fc.string(),
      source: fc.record({ host: fc.string() }),
      firstTimestamp: fc.constant('2026-01-01T00:00:00Z'),
    },
    { requiredKeys: ['involvedObject'] },
  );

  test('is the same in the words of both versions', () => {
    const { storedAs } = event;
    fc.assert(
      fc.property(words, (part) => {
        const stored = { apiVersion: 'v1', kind: 'Event', metadata, ...part } as unknown as Event;
        const view = storedAs!.fromStored(stored);
        expect(view.apiVersion).toBe('events.k8s.io/v1');
        expect(view).not.toHaveProperty('involvedObject');
        expect(storedAs!.toStored(view)).toEqual({ reportingComponent: '', reportingInstance: '', ...stored });
      }),
    );
  });

  test('belongs into the namespace of its object', () => {
    const about = (namespace?: string) =>
      coreEvent.validate({ apiVersion: 'v1', kind: 'Event', metadata, involvedObject: { namespace } } as Event);
    expect(about('ns')).toEqual([]);
    expect(about('other')[0]!.field).toBe('involvedObject.namespace');
    expect(about()[0]!.field).toBe('involvedObject.namespace');
  });
});

test.each([
  [-3, '<invalid>'],
  [-1, '0s'],
  [119, '119s'],
  [120, '2m'],
  [125, '2m5s'],
  [3 * 3600 - 1, '179m'],
  [3 * 3600, '3h'],
  [7 * 3600 + 60, '7h1m'],
  [47 * 3600, '47h'],
  [50 * 3600, '2d2h'],
  [10 * 86400, '10d'],
  [800 * 86400, '2y70d'],
  [3000 * 86400, '8y'],
])('%d seconds read %s', (seconds, text) => {
  expect(humanDuration(seconds * 1000)).toBe(text);
});

test('what is empty equals what is missing', () => {
  expect(same({ a: [], b: {} }, { a: undefined })).toBe(true);
  expect(same({ a: 0 }, {})).toBe(false);
  fc.assert(fc.property(fc.jsonValue(), (value) => same(value, structuredClone(value))));
});
