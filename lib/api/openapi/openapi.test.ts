import { kinds } from '../kinds/index.js';
import { documentV2, documentV3, encodeDocument, noDescriptions, OpenAPI } from './index.js';

const core = kinds.filter(({ group }) => group === '');
const options = { version: 'v1.36.2', descriptions: noDescriptions };
const v3 = documentV3({ ...options, kinds: core }) as any;
const v2 = documentV2({ ...options, kinds }) as any;
const schema = (name: string) => v3.components.schemas[`io.k8s.api.core.v1.${name}`];

/** Every `$ref` within a document. */
function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '$ref') yield member as string;
    else yield* referencesIn(member);
  }
}

test.each([
  ['OpenAPI 3', v3],
  ['OpenAPI 2', v2],
])('in %s, what is referred to is there', (_, document) => {
  const follow = (reference: string) =>
    reference
      .slice(2)
      .split('/')
      .reduce((at: any, step) => at?.[step], document);
  const missing = [...new Set(referencesIn(document))].filter((reference) => follow(reference) === undefined);
  expect(missing).toEqual([]);
});

test('schemas carry what clients merge and apply by', () => {
  const extensions = (of: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => name.startsWith('x-')));
  expect(extensions(schema('Container').properties.ports)).toEqual({
    'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-patch-merge-key': 'containerPort',
    'x-kubernetes-patch-strategy': 'merge',
  });
  expect(extensions(schema('PodSpec').properties.volumes)['x-kubernetes-patch-strategy']).toBe('merge,retainKeys');
  expect(extensions(v2.definitions['io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'].properties.finalizers)).toEqual({
    'x-kubernetes-list-type': 'set',
    'x-kubernetes-patch-strategy': 'merge',
  });
});

test('a kind says under which name it is served, what it needs, and the known values of its fields', () => {
  expect(schema('Pod')['x-kubernetes-group-version-kind']).toEqual([{ group: '', kind: 'Pod', version: 'v1' }]);
  expect(schema('PodSpec').required).toEqual(['containers']);
  expect(schema('ServiceSpec').properties.externalTrafficPolicy.enum).toEqual(['Cluster', 'Local']);
  expect(schema('PodList').required).toEqual(['items']);
  expect(schema('Pod').properties.spec).toEqual({
    default: {},
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
  });
  expect(v2.definitions['io.k8s.api.core.v1.Pod'].properties.spec).toEqual({
    $ref: '#/definitions/io.k8s.api.core.v1.PodSpec',
  });
});

test('a patch says which types it takes, and that fields are validated', () => {
  const types = [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
    'application/apply-patch+yaml',
  ];
  const path = '/api/v1/namespaces/{namespace}/pods/{name}';
  const { patch } = v3.paths[path];
  expect(Object.keys(patch.requestBody.content)).toEqual(types);
  expect(patch.parameters.map(({ name }: any) => name)).toEqual(['dryRun', 'fieldManager', 'fieldValidation', 'force']);
  expect([patch['x-kubernetes-action'], patch['x-kubernetes-group-version-kind']]).toEqual([
    'patch',
    { group: '', kind: 'Pod', version: 'v1' },
  ]);
  // kubectl follows no reference to find these two.
  expect(v2.paths[path].patch.consumes).toEqual(types);
  expect(
    v2.paths[path].patch.parameters.flatMap(({ name, in: place }: any) => (name && place === 'query' ? [name] : [])),
  ).toEqual(['dryRun', 'fieldValidation']);
});

test('a list answers in streams too, and every operation has a name of its own', () => {
  expect(v2.paths['/api/v1/namespaces/{namespace}/pods'].get.produces).toEqual([
    'application/json',
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'application/json;stream=watch',
    'application/vnd.kubernetes.protobuf;stream=watch',
  ]);
  const ids = Object.values<any>(v2.paths).flatMap((path) =>
    Object.values<any>(path).flatMap((operation) => (operation.operationId ? [operation.operationId as string] : [])),
  );
  expect(ids).toContain('listCoreV1NamespacedPod');
  expect(ids).toContain('listCoreV1PodForAllNamespaces');
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

test('every parameter of a path is described, once, where it stands', () => {
  for (const [path, { parameters }] of Object.entries<any>(v2.paths)) {
    const all = parameters.map((each: any) => (each.$ref ? v2.parameters[each.$ref.split('/')[2]] : each));
    const inPath = all.filter((each: any) => each.in === 'path').map(({ name }: any) => name);
    expect(inPath.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
    expect(v3.paths[path]?.parameters.length ?? parameters.length).toBe(parameters.length);
  }
});

test('what only connects has its options in the query, and a proxy takes any method and what follows', () => {
  const pod = '/api/v1/namespaces/{namespace}/pods/{name}';
  const exec = v3.paths[`${pod}/exec`];
  expect(exec.get.operationId).toBe('connectCoreV1GetNamespacedPodExec');
  expect(exec.parameters.filter((each: any) => each.in === 'query').map(({ name }: any) => name)).toEqual(
    expect.arrayContaining(['command', 'container', 'stdin', 'tty']),
  );
  expect(v3.paths[`${pod}/log`].get.operationId).toBe('readCoreV1NamespacedPodLog');
  const methods = ['delete', 'get', 'head', 'options', 'patch', 'post', 'put'];
  for (const path of [`${pod}/proxy`, `${pod}/proxy/{path}`, '/api/v1/nodes/{name}/proxy/{path}']) {
    expect(Object.keys(v2.paths[path]).sort()).toEqual([...methods.slice(0, 4), 'parameters', ...methods.slice(4)]);
  }
});

test('the old paths of watches are there', () => {
  expect(v3.paths['/api/v1/watch/nodes/{name}'].get['x-kubernetes-action']).toBe('watch');
  expect(v3.paths['/api/v1/watch/pods'].get.operationId).toBe('watchCoreV1PodListForAllNamespaces');
});

test('discovery has documents of its own', () => {
  const openapi = new OpenAPI({ kinds, ...options });
  const idsOf = (path: string) =>
    Object.values<any>(JSON.parse(openapi.v3(path)!.toString()).paths).map(({ get }) => get.operationId);
  expect(idsOf('api')).toEqual(['getCoreAPIVersions']);
  expect(idsOf('apis')).toEqual(['getAPIVersions']);
  expect(idsOf('apis/events.k8s.io')).toEqual(['getEventsAPIGroup']);
  expect(idsOf('apis/events.k8s.io/v1')).toContain('getEventsV1APIResources');
});

test('subresources have paths of their own', () => {
  const paths = Object.keys(v3.paths).filter((path) => path.startsWith('/api/v1/namespaces/{namespace}/pods/{name}/'));
  expect(paths).toEqual(
    expect.arrayContaining(
      ['log', 'exec', 'status', 'binding'].map((name) => `/api/v1/namespaces/{namespace}/pods/{name}/${name}`),
    ),
  );
  expect(
    v3.paths['/api/v1/namespaces/{namespace}/replicationcontrollers/{name}/scale'].get[
      'x-kubernetes-group-version-kind'
    ],
  ).toEqual({
    group: 'autoscaling',
    kind: 'Scale',
    version: 'v1',
  });
});

test('the index leads to each document, by a hash that changes with what is served', () => {
  const openapi = new OpenAPI({ kinds, ...options });
  const { paths } = openapi.index();
  expect(Object.keys(paths)).toEqual(expect.arrayContaining(['api/v1', 'version']));
  for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
    expect(serverRelativeURL).toBe(`/openapi/v3/${path}?hash=${openapi.hash(path)}`);
    expect(JSON.parse(openapi.v3(path)!.toString())).toMatchObject({ openapi: '3.0.0' });
  }
  expect(openapi.v3('apis/none/v1')).toBeUndefined();
  expect(openapi.v3('api/v1')).toBe(openapi.v3('api/v1'));
  expect(new OpenAPI({ kinds: core.slice(1), ...options }).hash('api/v1')).not.toBe(openapi.hash('api/v1'));
});

/** Reads protobuf without knowing the messages: number → contents. */
function fieldsOf(message: Buffer): Map<number, Buffer[]> {
  const fields = new Map<number, Buffer[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++]!;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (tag % 8 !== 2) {
      varint();
      continue;
    }
    const length = varint();
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), message.subarray(at, at + length)]);
    at += length;
  }
  expect(at).toBe(message.length);
  return fields;
}

test('the protobuf form has the same definitions', () => {
  const document = fieldsOf(encodeDocument(v2));
  expect(document.get(1)!.map(String)).toEqual(['2.0']);
  const named = fieldsOf(document.get(9)![0]!)
    .get(1)!
    .map((entry) => fieldsOf(entry));
  expect(named.map((entry) => entry.get(1)!.toString())).toEqual(Object.keys(v2.definitions));
  const pod = fieldsOf(named.find((entry) => entry.get(1)!.toString() === 'io.k8s.api.core.v1.Pod')!.get(2)![0]!);
  const extension = fieldsOf(pod.get(31)![0]!);
  expect(extension.get(1)!.toString()).toBe('x-kubernetes-group-version-kind');
  expect(fieldsOf(extension.get(2)![0]!).get(2)!.toString()).toBe('[{"group":"","kind":"Pod","version":"v1"}]');
});
