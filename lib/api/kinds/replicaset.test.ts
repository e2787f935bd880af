import { decodeObject } from '../decode/index.js';
import type { KubernetesObject, ReplicaSet } from '../types.js';
import { kindFor } from './index.js';

const kind = kindFor('apps', 'v1', 'replicasets')!;

const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'busybox' }] } };
const spec = { replicas: 1, selector: { matchLabels: { a: 'b' } }, template };

/** As the API server has it when it validates: decoded and defaulted. */
function aReplicaSet(given: object, more: object = {}): ReplicaSet {
  const metadata = { name: 'x', namespace: 'ns', resourceVersion: '1', generation: 1 };
  const body = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec: given, ...more };
  const { object } = decodeObject<ReplicaSet>(Buffer.from(JSON.stringify(body)), { expected: kind });
  kind.default!(object);
  return object;
}

const texts = (errors: { field: string; message: string }[]) =>
  errors.map(({ field, message }) => `${field}: ${message}`);
const misfit = (labels: string) =>
  `spec.template.metadata.labels: Invalid value: ${labels}: \`selector\` does not match template \`labels\``;

test('says nothing of itself but what it was told, and one replica', () => {
  const { metadata, spec: filled, status } = aReplicaSet({ selector: spec.selector, template });
  expect([filled.replicas, filled.template?.spec?.restartPolicy, status]).toEqual([1, 'Always', { replicas: 0 }]);
  // Unlike a ReplicationController, which takes labels and selector from its template.
  expect(metadata.labels).toBeUndefined();
  expect(aReplicaSet({ template }).spec.selector).toBeUndefined();
});

test.each<[string, object, string[]]>([
  ['all there', spec, []],
  ['no selector', { ...spec, selector: undefined }, ['spec.selector: Required value', misfit('{"a":"b"}')]],
  ['an empty selector', { ...spec, selector: {} }, ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']], // prettier-ignore
  ['another selector', { ...spec, selector: { matchLabels: { a: 'c' } } }, [misfit('{"a":"b"}')]],
  ['expressions that fit', { ...spec, selector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['b', 'c'] }, { key: 'z', operator: 'DoesNotExist' }] } }, []], // prettier-ignore
  ['expressions that do not fit', { ...spec, selector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] } }, [misfit('{"a":"b"}')]], // prettier-ignore
  [
    'an unknown operator, in any order of fields',
    { ...spec, selector: { matchExpressions: [{ operator: 'Like', key: 'a' }], matchLabels: { b: 'c', a: 'c' } } },
    [
      'spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
      'spec.selector: Invalid value: {"matchLabels":{"a":"c","b":"c"},"matchExpressions":[{"key":"a","operator":"Like"}]}: invalid label selector',
    ],
  ],
  [
    'a label that is none',
    { ...spec, selector: { matchLabels: { a: 'bad value!' } } },
    [
      expect.stringMatching(/^spec.selector.matchLabels: Invalid value: "bad value!": a valid label must be/),
      'spec.selector: Invalid value: {"matchLabels":{"a":"bad value!"}}: invalid label selector',
    ],
  ],
  ['no template', { ...spec, template: undefined }, [misfit('null'), 'spec.template.spec.containers: Required value']],
  [
    'negative numbers',
    { ...spec, replicas: -1, minReadySeconds: -1 },
    [
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    'pods that end',
    { ...spec, template: { ...template, spec: { ...template.spec, restartPolicy: 'OnFailure', activeDeadlineSeconds: 5 } } }, // prettier-ignore
    [
      'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    ],
  ],
])('with %s', (_, given, errors) => {
  expect(texts(kind.validate(aReplicaSet(given)))).toEqual(errors);
});

test('keeps its selector', () => {
  const change = (selector: object) =>
    texts(kind.validateUpdate(aReplicaSet({ ...spec, selector }), aReplicaSet(spec)));
  expect(change({ matchLabels: { a: 'b' }, matchExpressions: [] })).toEqual([]);
  expect(change({ matchExpressions: [{ key: 'a', operator: 'Exists' }] })).toEqual([
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"Exists"}]}: field is immutable',
  ]);
});

test('begins as the first generation without a status, and another spec makes the next', () => {
  const created = aReplicaSet(spec, { status: { replicas: 7 } });
  delete created.metadata.generation;
  kind.prepareForCreate!(created);
  expect([created.metadata.generation, created.status]).toEqual([1, { replicas: 0 }]);
  const old = aReplicaSet(spec, { status: { replicas: 1 } });
  for (const [given, generation] of [
    [spec, 1],
    [{ ...spec, replicas: 2 }, 2],
  ] as const) {
    // prettier-ignore
    const updated = aReplicaSet(given, { status: { replicas: 9 } });
    kind.prepareForUpdate!(updated, old);
    expect([updated.metadata.generation, updated.status]).toEqual([generation, { replicas: 1 }]);
  }
});

test.each<[object, string[]]>([
  [{ replicas: 2, readyReplicas: 2, availableReplicas: 1, fullyLabeledReplicas: 2, terminatingReplicas: 5 }, []],
  [{ replicas: 0, terminatingReplicas: -1 }, ['status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0']], // prettier-ignore
  [
    { replicas: 1, readyReplicas: 2, availableReplicas: 3 },
    [
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas',
      'status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas',
    ],
  ],
])('through the door of status, %j', (status, errors) => {
  const door = kind.subresources!.status as { validateUpdate: typeof kind.validateUpdate };
  expect(texts(door.validateUpdate(aReplicaSet(spec, { status }), aReplicaSet(spec)))).toEqual(errors);
});

test('is shown as a row and as a scale, the selector in the words of a query', () => {
  const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['x', 'y'] }] };
  const object = aReplicaSet({ ...spec, replicas: 3, selector }, { status: { replicas: 2, readyReplicas: 1 } });
  const cells = kind.columns.map(({ name, cell }) => [name, cell(object as KubernetesObject, 0)]);
  expect(Object.fromEntries(cells)).toMatchObject({
    Name: 'x',
    Desired: 3,
    Current: 2,
    Ready: 1,
    Containers: 'c',
    Images: 'busybox',
    Selector: 'a=b,tier in (x,y)',
  });
  const scale = kind.subresources!.scale as { replicas: (object: unknown) => unknown };
  expect(scale.replicas(object)).toEqual({ spec: 3, status: 2, selector: 'a=b,tier in (x,y)' });
});
