import fc from 'fast-check';
import {
  applyJSONPatch,
  applyMergePatch,
  formatGo,
  JSONPatchError,
  patchObject,
  sameJSON,
  type PatchType,
} from './index.js';
import { emptyObject } from '../decode/index.js';
import { definition } from '../schema/index.js';
import type { StatusError } from '../status.js';

const configMap = { group: '', version: 'v1', kind: 'ConfigMap', definition: 'api.core.v1.ConfigMap' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment', definition: 'api.apps.v1.Deployment' };
const service = { group: '', version: 'v1', kind: 'Service', definition: 'api.core.v1.Service' };

const map = (more: object = {}) => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'm' },
  data: { b: '2', d: '4' },
  ...more,
});
const patched = (
  type: PatchType,
  kind: typeof configMap,
  original: any,
  patch: unknown,
  fieldValidation?: 'Strict' | 'Ignore',
) =>
  patchObject<any>(structuredClone(original), Buffer.from(typeof patch === 'string' ? patch : JSON.stringify(patch)), {
    type,
    kind,
    fieldValidation,
  });
const refusal = (act: () => unknown): StatusError['status'] => {
  try {
    act();
  } catch (error) {
    return (error as StatusError).status;
  }
  throw new Error('it was not refused');
};

describe('JSON patch', () => {
  const rejected = {
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
  };

  test.each<[object[], object]>([
    [[{ op: 'add', path: '/data/c', value: '3' }], { b: '2', d: '4', c: '3' }],
    [
      [
        { op: 'remove', path: '/data/b' },
        { op: 'replace', path: '/data/d', value: '5' },
      ],
      { d: '5' },
    ],
    [
      [
        { op: 'test', path: '/data/d', value: '4' },
        { op: 'move', from: '/data/d', path: '/data/e' },
      ],
      { b: '2', e: '4' },
    ],
    [[{ op: 'copy', from: '/data/d', path: '/data/e' }], { b: '2', d: '4', e: '4' }],
    [[{ op: 'replace', path: '/data/zzz', value: 'x' }], { b: '2', d: '4', zzz: 'x' }],
    [[{ op: 'test', path: '/data/none', value: null }], { b: '2', d: '4' }],
    [[{ op: 'add', path: '/data/a~1b~0c', value: 'x' }], { b: '2', d: '4', 'a/b~c': 'x' }],
    [[], { b: '2', d: '4' }],
  ])('%j', (operations, data) => {
    expect(patched('json', configMap, map(), operations).object.data).toEqual(data);
  });

  test.each([
    [[{ op: 'test', path: '/data/d', value: 'nope' }]],
    [[{ op: 'remove', path: '/data/zzz' }]],
    [[{ op: 'add', path: '/metadata/labels/x', value: 'y' }]],
    [[{ op: 'frob', path: '/data/a' }]],
    [[{ path: '/data/a', value: 'x' }]],
    [[{ op: 'add', path: 'data', value: 'x' }]],
    [[{ op: 'add', path: '/data/__proto__/x', value: 'y' }]],
  ])('%j is refused without saying why', (operations) => {
    expect(refusal(() => patched('json', configMap, map(), operations))).toMatchObject(rejected);
  });

  test('elements of lists are found by index, and only there', () => {
    const list = { a: [1, 2, 3] };
    expect(applyJSONPatch(list, [{ op: 'add', path: '/a/0', value: 0 }])).toEqual({ a: [0, 1, 2, 3] });
    expect(applyJSONPatch(list, [{ op: 'add', path: '/a/-', value: 4 }])).toEqual({ a: [1, 2, 3, 4] });
    expect(applyJSONPatch(list, [{ op: 'remove', path: '/a/1' }])).toEqual({ a: [1, 3] });
    for (const path of ['/a/99', '/a/01', '/a/x']) {
      expect(() => applyJSONPatch(list, [{ op: 'add', path, value: 0 }])).toThrow(JSONPatchError);
    }
    expect(list).toEqual({ a: [1, 2, 3] });
  });

  test.each([
    [
      '{"op":"add"}',
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    ['nonsense', "error decoding patch: invalid character 'o' in literal null (expecting 'u')"],
  ])('%s is no patch', (text, message) => {
    expect(refusal(() => patched('json', configMap, map(), text))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message,
    });
  });

  test('an outcome of a wrong type is Invalid', () => {
    expect(refusal(() => patched('json', configMap, map(), [{ op: 'add', path: '/data/a', value: 5 }]))).toMatchObject({
      code: 422,
      reason: 'Invalid',
      message: expect.stringMatching(
        /^ "" is invalid: patch: Invalid value: .*: json: cannot unmarshal number into Go struct field ConfigMap.data of type string$/,
      ),
    });
  });
});

describe('merge patch', () => {
  test.each([
    [{ data: { b: null, f: '6' } }, { d: '4', f: '6' }],
    [{ data: null }, undefined],
    [{}, { b: '2', d: '4' }],
  ])('%j', (patch, data) => {
    expect(patched('merge', configMap, map(), patch).object.data).toEqual(data);
  });

  test.each([
    ['[1]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
    ['null', 'Invalid JSON Patch'],
  ])('%s is no patch', (text, message) => {
    expect(refusal(() => patched('merge', configMap, map(), text))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message,
    });
  });

  test.each([
    [
      { data: { x: { deep: '1' } } },
      'json: cannot unmarshal object into Go struct field ConfigMap.data of type string',
    ],
    [{ data: 'flat' }, 'json: cannot unmarshal string into Go struct field ConfigMap.data of type map[string]string'],
  ])('the outcome of %j is Invalid', (patch, why) => {
    expect(refusal(() => patched('merge', configMap, map(), patch)).message).toMatch(
      new RegExp(`: ${why.replace(/[[\]]/g, '\\$&')}$`),
    );
  });

  test('unknown and duplicate fields are told as in a body', () => {
    expect(patched('merge', configMap, map(), { foo: 1 }).warnings).toEqual(['unknown field "foo"']);
    expect(refusal(() => patched('merge', configMap, map(), { foo: 1 }, 'Strict')).message).toMatch(
      /: strict decoding error: unknown field "foo"$/,
    );
    expect(refusal(() => patched('merge', configMap, map(), '{"data":{"a":"4","a":"5"}}', 'Strict')).message).toMatch(
      /: strict decoding error: duplicate field "data.a"$/,
    );
  });
});

describe('strategic merge patch', () => {
  const original = {
    ...emptyObject(definition('api.apps.v1.Deployment')),
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'd', labels: { x: '1', w: '2' }, finalizers: ['example.com/a'] },
    spec: {
      replicas: 0,
      selector: { matchLabels: { a: 'b' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
      template: {
        metadata: { labels: { a: 'b' } },
        spec: {
          containers: [
            {
              name: 'one',
              image: 'one:1',
              env: [
                { name: 'A', value: 'a' },
                { name: 'B', value: 'b' },
              ],
              ports: [{ containerPort: 80 }, { containerPort: 81 }],
              args: ['u', 'v'],
              resources: {},
            },
            { name: 'two', image: 'two:1', resources: {} },
          ],
          volumes: [
            { name: 'v', emptyDir: {} },
            { name: 'w', configMap: { name: 'm' } },
          ],
          tolerations: [{ key: 'k', operator: 'Exists' }],
          imagePullSecrets: [{ name: 's1' }],
        },
      },
    },
  };
  const inPod = (spec: object) => ({ spec: { template: { spec } } });
  const podOf = (patch: object) => patched('strategic', deployment, original, patch).object.spec.template.spec;
  const images = (patch: object) =>
    podOf(inPod(patch))
      .containers.map((c: any) => `${c.name}=${c.image}`)
      .join(' ');
  const one = (patch: object) => podOf(inPod({ containers: [{ name: 'one', ...patch }] })).containers[0];

  test.each<[object, string]>([
    [{ containers: [{ name: 'two', image: 'two:2' }] }, 'one=one:1 two=two:2'],
    [{ containers: [{ name: 'three', image: 'three:1' }] }, 'three=three:1 one=one:1 two=two:1'],
    [{ containers: [{ name: 'two', $patch: 'delete' }] }, 'one=one:1'],
    [
      {
        '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }],
        containers: [{ name: 'one', image: 'one:2' }],
      },
      'two=two:1 one=one:2',
    ],
    [{ '$setElementOrder/containers': [{ name: 'two' }, { name: 'one' }] }, 'two=two:1 one=one:1'],
    [{ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }] }, 'z=z'],
  ])('containers, merged by name: %j', (patch, expected) => {
    expect(images(patch)).toBe(expected);
  });

  test('lists within elements merge by their own keys; others are replaced', () => {
    expect(
      one({
        env: [
          { name: 'B', value: 'bb' },
          { name: 'C', value: 'c' },
        ],
      }).env.map((e: any) => e.value),
    ).toEqual(['a', 'bb', 'c']);
    expect(one({ env: [{ name: 'A', $patch: 'delete' }] }).env).toEqual([{ name: 'B', value: 'b' }]);
    expect(one({ env: [{ $patch: 'replace' }, { name: 'Z', value: 'z' }] }).env).toEqual([{ name: 'Z', value: 'z' }]);
    expect(one({ ports: [{ containerPort: 80, name: 'web' }] }).ports).toEqual([
      { containerPort: 80, name: 'web' },
      { containerPort: 81 },
    ]);
    expect(one({ args: ['z'] }).args).toEqual(['z']);
    expect(one({ args: null }).args).toBeUndefined();
    expect(podOf(inPod({ tolerations: [{ key: 'o', operator: 'Exists' }] })).tolerations).toEqual([
      { key: 'o', operator: 'Exists' },
    ]);
    expect(podOf(inPod({ imagePullSecrets: [{ name: 's2' }] })).imagePullSecrets).toEqual([
      { name: 's2' },
      { name: 's1' },
    ]);
  });

  test('$retainKeys drops what is not named', () => {
    expect(
      podOf(inPod({ volumes: [{ $retainKeys: ['name', 'hostPath'], name: 'v', hostPath: { path: '/x' } }] }))
        .volumes[0],
    ).toEqual({ name: 'v', hostPath: { path: '/x' } });
    expect(
      patched('strategic', deployment, original, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })
        .object.spec.strategy,
    ).toEqual({ type: 'Recreate' });
  });

  test('maps and lists of plain values', () => {
    const metaOf = (metadata: object) => patched('strategic', deployment, original, { metadata }).object.metadata;
    expect(metaOf({ labels: { x: null, z: '3' } }).labels).toEqual({ w: '2', z: '3' });
    expect(metaOf({ labels: { $patch: 'replace', only: 'this' } }).labels).toEqual({ only: 'this' });
    expect(metaOf({ labels: { $patch: 'delete' } }).labels).toBeUndefined();
    expect(metaOf({ finalizers: ['example.com/b'] }).finalizers).toEqual(['example.com/b', 'example.com/a']);
    expect(metaOf({ '$deleteFromPrimitiveList/finalizers': ['example.com/a'] }).finalizers).toBeUndefined();
    expect(metaOf({ finalizers: null }).finalizers).toBeUndefined();
  });

  test('ports of a Service merge by their number alone', () => {
    const s = {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 's' },
      spec: {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 81 },
        ],
      },
      status: { loadBalancer: {} },
    };
    expect(
      patched('strategic', service, s, { spec: { ports: [{ port: 81, name: 'c' }] } }).object.spec.ports.map(
        (p: any) => p.name,
      ),
    ).toEqual(['a', 'c']);
    expect(
      patched('strategic', service, s, { spec: { ports: [{ port: 80, $patch: 'delete' }] } }).object.spec.ports,
    ).toEqual([{ name: 'b', port: 81 }]);
  });

  test.each([
    [
      inPod({ containers: [{ image: 'nameless' }] }),
      500,
      undefined,
      'map: map[image:nameless] does not contain declared merge key: name',
    ],
    [
      inPod({ containers: [{ name: 'one', $patch: 'frob' }] }),
      500,
      undefined,
      'unknown patch type: frob in map: map[$patch:frob name:one]',
    ],
    [
      inPod({ containers: { name: 'one' } }),
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[spec:map[template:map[spec:map[containers:map[name:one]]]]]": cannot restore slice from map',
    ],
    [
      { spec: { replicas: 'many' } },
      422,
      'Invalid',
      ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:many]]": unrecognized type: int32',
    ],
    ['{"spec":', 400, 'BadRequest', 'unexpected end of JSON input'],
  ])('%j is refused', (patch, code, reason, message) => {
    const status = refusal(() => patched('strategic', deployment, original, patch));
    expect([status.code, status.reason, status.message]).toEqual([code, reason, message]);
  });

  test('messages show the patch without its orders', () => {
    const s = {
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { name: 's' },
      spec: { ports: [{ port: 80 }] },
      status: { loadBalancer: {} },
    };
    const patch = { spec: { '$setElementOrder/ports': [{ port: 80 }], nonsense: 1, ports: [{ port: 80, prt: 81 }] } };
    expect(refusal(() => patched('strategic', service, s, patch, 'Strict')).message).toBe(
      ' "" is invalid: patch: Invalid value: "map[spec:map[nonsense:1]]": strict decoding error: unknown field "spec.nonsense", unknown field "spec.ports[0].prt"',
    );
  });
});

// The rules of the RFCs, over any JSON.
const key = fc.constantFrom('a', 'b', 'a/b', '~', '__proto__', '0');
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, 0, 1, 'x', true),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('json')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries) as unknown),
  ),
}));
const withoutNulls = (value: unknown): boolean =>
  value === null || typeof value !== 'object' || Array.isArray(value)
    ? true
    : Object.values(value).every((member) => member !== null && withoutNulls(member));

test('RFC 7396: a patch without nulls is there afterwards; applied twice it changes nothing more', () => {
  fc.assert(
    fc.property(json, json, (original, patch) => {
      const before = JSON.stringify(original);
      const once = applyMergePatch(original, patch);
      expect(sameJSON(applyMergePatch(once, patch), once)).toBe(true);
      if (withoutNulls(patch)) expect(sameJSON(applyMergePatch({}, patch), patch)).toBe(true);
      expect(JSON.stringify(original)).toBe(before);
    }),
  );
});

test('RFC 6902: what was added is there to be tested, and once removed the document is as before', () => {
  fc.assert(
    fc.property(json, key, json, (original, name, value) => {
      fc.pre(
        typeof original === 'object' && original !== null && !Array.isArray(original) && !Object.hasOwn(original, name),
      );
      const path = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const added = applyJSONPatch(original, [{ op: 'add', path, value }]);
      expect(applyJSONPatch(added, [{ op: 'test', path, value }])).toBe(added);
      expect(sameJSON(applyJSONPatch(added, [{ op: 'remove', path }]), original)).toBe(true);
      const moved = applyJSONPatch(added, [
        { op: 'copy', from: path, path: '/copied' },
        { op: 'remove', path: '/copied' },
      ]);
      expect(sameJSON(moved, added)).toBe(true);
    }),
  );
});

test('Go prints members sorted', () => {
  expect(formatGo({ b: [1, null], a: { c: true } })).toBe('map[a:map[c:true] b:[1 <nil>]]');
});
