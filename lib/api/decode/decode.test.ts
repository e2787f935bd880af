import fc from 'fast-check';
import { decodeDeleteOptions, decodeObject, type ExpectedKind, type FieldValidation } from './index.js';
import type { StatusError } from '../status.js';

const core = (kind: string): ExpectedKind => ({ group: '', version: 'v1', kind, definition: `api.core.v1.${kind}` });
const configMap = core('ConfigMap');
const pod = core('Pod');
const service = core('Service');
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment', definition: 'api.apps.v1.Deployment' };

const decode = (
  expected: ExpectedKind,
  body: unknown,
  fieldValidation: FieldValidation = 'Strict',
  contentType?: string,
) =>
  decodeObject<any>(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), {
    expected,
    fieldValidation,
    contentType,
  });
const refusal = (act: () => unknown): StatusError => {
  try {
    act();
  } catch (error) {
    return error as StatusError;
  }
  throw new Error('it was not refused');
};
const yaml = 'application/yaml';

describe('unknown and duplicate fields', () => {
  test.each([
    [configMap, '{"metadata":{"name":"m"},"dota":{"a":"b"}}', 'unknown field "dota"'],
    [
      configMap,
      '{"metadata":{"name":"m","lables":{}},"dota":{},"x":1}',
      'unknown field "metadata.lables", unknown field "dota", unknown field "x"',
    ],
    [configMap, '{"data":{"a":"1","a":"2"}}', 'duplicate field "data.a"'],
    [configMap, '{"data":{"a":"1"},"data":{"b":"2"}}', 'duplicate field "data"'],
    [configMap, '{"Data":{"a":"1"}}', 'unknown field "Data"'],
    [configMap, '{"x":1,"x":2}', 'unknown field "x"'],
    [configMap, '{"x":{"a":1,"a":2}}', 'unknown field "x"'],
    [
      configMap,
      '{"data":{"a":"1","a":"2"},"x":1,"immutable":true,"immutable":true}',
      'duplicate field "data.a", unknown field "x", duplicate field "immutable"',
    ],
    [configMap, '{"__proto__":{"x":1}}', 'unknown field "__proto__"'],
    [
      pod,
      '{"spec":{"containers":[{"name":"c","image":"i","imagepullpolicy":"Always","ports":[{"containerport":80}]}],"foo":1}}',
      'unknown field "spec.containers[0].imagepullpolicy", unknown field "spec.containers[0].ports[0].containerport", unknown field "spec.foo"',
    ],
    [
      deployment,
      '{"spec":{"replica":2,"template":{"spec":{"containers":[{"name":"c","env":[{"name":"A","val":"b"}]}]}}}}',
      'unknown field "spec.replica", unknown field "spec.template.spec.containers[0].env[0].val"',
    ],
  ])('%#: strictly, an error; with Warn, warnings; with Ignore, nothing', (kind, body, complaints) => {
    const error = refusal(() => decode(kind, body));
    expect(error.status).toMatchObject({ reason: 'BadRequest', code: 400 });
    expect(error.message).toBe(
      `${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: strict decoding error: ${complaints}`,
    );
    expect(decode(kind, body, 'Warn').warnings.join(', ')).toBe(complaints);
    expect(decode(kind, body, 'Ignore').warnings).toEqual([]);
  });

  test('what is unknown does not survive; what stands twice is merged', () => {
    expect(decode(configMap, '{"dota":1,"data":{"a":"1"},"data":{"b":"2"}}', 'Ignore').object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {},
      data: { a: '1', b: '2' },
    });
    expect(decode(configMap, '{"data":{"a":"1","a":"2"}}', 'Warn').object.data).toEqual({ a: '2' });
  });
});

describe('values of a wrong type', () => {
  test.each([
    [
      configMap,
      { metadata: { name: 7 } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string',
    ],
    [
      configMap,
      { metadata: 'm' },
      'json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta',
    ],
    [
      configMap,
      { metadata: { labels: ['a'] } },
      'json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
    ],
    [
      configMap,
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      configMap,
      { immutable: 'yes' },
      'json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool',
    ],
    [
      configMap,
      { metadata: { creationTimestamp: 'soon' } },
      'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"',
    ],
    [
      configMap,
      { metadata: { creationTimestamp: '2024-13-01T00:00:00Z' } },
      'parsing time "2024-13-01T00:00:00Z": month out of range',
    ],
    [
      configMap,
      { metadata: { creationTimestamp: 5 } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    [configMap, { binaryData: { a: 'x!' } }, 'illegal base64 data at input byte 1'],
    [
      service,
      { spec: { ports: [{ port: '80' }] } },
      'json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      { spec: { ports: [{ port: 80.5 }] } },
      'json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      { spec: { ports: [{ port: 99999999999 }] } },
      'json: cannot unmarshal number 99999999999 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      '{"spec":{"ports":[{"port":3.0}]}}',
      'json: cannot unmarshal number 3.0 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      '{"spec":{"ports":[{"port":1e2}]}}',
      'json: cannot unmarshal number 1e2 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      service,
      { spec: { ports: { port: 80 } } },
      'json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort',
    ],
    [
      service,
      { spec: { ports: [80] } },
      'json: cannot unmarshal number into Go struct field ServiceSpec.spec.ports of type v1.ServicePort',
    ],
    [
      service,
      { spec: { ports: [{ targetPort: true }] } },
      'json: cannot unmarshal bool into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      service,
      { spec: { type: 5 } },
      'json: cannot unmarshal number into Go struct field ServiceSpec.spec.type of type v1.ServiceType',
    ],
    [
      pod,
      { spec: { containers: [{ command: 'sh' }] } },
      'json: cannot unmarshal string into Go struct field Container.spec.containers.command of type []string',
    ],
    [
      pod,
      { spec: { containers: { name: 'a' } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      pod,
      { spec: { containers: [{ resources: { limits: { cpu: 'much' } } }] } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])('%#: the first one is reported, whatever the validation', (kind, body, message) => {
    for (const validation of ['Strict', 'Warn', 'Ignore'] as const) {
      expect(refusal(() => decode(kind, body, validation)).message).toBe(
        `${kind.kind} in version "v1" cannot be handled as a ${kind.kind}: ${message}`,
      );
    }
  });

  test('a wrong type goes before unknown fields, a value that cannot be parsed before both', () => {
    const body = { foo: 1, metadata: { name: 7, creationTimestamp: 'soon' } };
    expect(refusal(() => decode(configMap, body)).message).toContain('parsing time');
    body.metadata.creationTimestamp = '2024-01-01T00:00:00Z';
    expect(refusal(() => decode(configMap, body)).message).toContain('cannot unmarshal number');
  });
});

describe('which kind it is', () => {
  test.each([
    ['{"metadata":', `couldn't get version/kind; json parse error: unexpected end of JSON input ({"metadata":)`],
    [
      'hello',
      "couldn't get version/kind; json parse error: invalid character 'h' looking for beginning of value (68656c6c6f)",
    ],
    ['', "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"],
    [
      '[]',
      String.raw`couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b5d)`,
    ],
    [
      '{"apiVersion":"a/b/c","kind":"ConfigMap","metadata":{"name":"m"}}',
      `unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)`,
    ],
    [
      '{"kind":5}',
      `couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":5})`,
    ],
    [
      '{"a":1,}',
      `couldn't get version/kind; json parse error: invalid character '}' looking for beginning of object key string ({"a":1,})`,
    ],
    ['{"a" 1}', `couldn't get version/kind; json parse error: invalid character '1' after object key ({"a" 1})`],
    [
      '{"a":tru}',
      `couldn't get version/kind; json parse error: invalid character '}' in literal true (expecting 'e') ({"a":tru})`,
    ],
    [
      '{"a":1} x',
      `couldn't get version/kind; json parse error: invalid character 'x' after top-level value ({"a":1} x)`,
    ],
    [
      '{"a":"\n"}',
      `couldn't get version/kind; json parse error: invalid character '\\n' in string literal ({"a":"\n"})`,
    ],
  ])('%j is unrecognized', (body, message) => {
    expect(refusal(() => decode(configMap, body)).message).toBe(
      `the object provided is unrecognized (must be of type ConfigMap): ${message}`,
    );
  });

  test.each([
    [
      'v1',
      'Secret',
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'v2',
      'ConfigMap',
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'v1',
      'Gadget',
      'Gadget in version "v1" cannot be handled as a ConfigMap: no kind "Gadget" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'v1',
      'Container',
      'Container in version "v1" cannot be handled as a ConfigMap: no kind "Container" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'apps/v1',
      'Deployment',
      'Deployment in version "v1" cannot be handled as a ConfigMap: converting (v1.Deployment) to (core.ConfigMap): unknown conversion',
    ],
  ])('%s %s is not a ConfigMap', (apiVersion, kind, message) => {
    expect(refusal(() => decode(configMap, { apiVersion, kind, metadata: { name: 'm' } })).message).toBe(message);
  });

  test('another version of the kind is told apart from another kind', () => {
    const v2 = {
      group: 'autoscaling',
      version: 'v2',
      kind: 'HorizontalPodAutoscaler',
      definition: 'api.autoscaling.v2.HorizontalPodAutoscaler',
    };
    expect(refusal(() => decode(v2, { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' })).message).toBe(
      'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
    );
  });

  test('what the body does not say is filled in, and stands first', () => {
    expect(Object.keys(decode(configMap, { metadata: { name: 'm' }, kind: 'ConfigMap' }).object)).toEqual([
      'kind',
      'apiVersion',
      'metadata',
    ]);
    expect(decode(configMap, 'null').object).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: {} });
  });
});

describe('the form in which objects are kept', () => {
  test('null is nothing, and in a map the zero', () => {
    expect(decode(configMap, { data: { a: null }, immutable: null, metadata: { labels: null } }).object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {},
      data: { a: '' },
    });
  });

  test('an optional zero is nothing unless its field is a pointer; what is held by value is always there', () => {
    const { object } = decode(pod, {
      metadata: { name: 'p', creationTimestamp: null, labels: {}, finalizers: [] },
      spec: {
        hostNetwork: false,
        priority: 0,
        containers: [{ name: 'c', args: [], resources: null }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    });
    expect(object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: { priority: 0, containers: [{ name: 'c', resources: {} }], volumes: [{ name: 'v', emptyDir: {} }] },
      status: {},
    });
    expect(decode(service, {}).object.status).toEqual({ loadBalancer: {} });
    expect(decode(core('ReplicationController'), {}).object.status).toEqual({ replicas: 0 });
  });

  test('quantities and times become canonical', () => {
    const limits = { a: '00012', b: '+5', c: '0.5', d: 1, e: '1024Mi' };
    expect(
      decode(pod, { spec: { containers: [{ name: 'c', resources: { limits } }] } }).object.spec.containers[0].resources
        .limits,
    ).toEqual({ a: '00012', b: '+5', c: '500m', d: '1', e: '1Gi' });
    const creationTimestamp = '2024-02-29T23:30:00.5-01:00';
    expect(decode(configMap, { metadata: { creationTimestamp } }).object.metadata.creationTimestamp).toBe(
      '2024-03-01T00:30:00Z',
    );
    const event = core('Event');
    expect(decode(event, { eventTime: '2024-01-01T00:00:00.123456Z' }).object.eventTime).toBe(
      '2024-01-01T00:00:00.123456Z',
    );
    expect(refusal(() => decode(event, { eventTime: '2024-01-01T00:00:00Z' })).message).toContain(
      'as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"',
    );
  });

  test('the key __proto__ is data', () => {
    const { object } = decode(configMap, '{"data":{"__proto__":"x"},"metadata":{"labels":{"__proto__":"y"}}}');
    expect(Object.entries(object.data)).toEqual([['__proto__', 'x']]);
    expect(Object.entries(object.metadata.labels)).toEqual([['__proto__', 'y']]);
    expect(({} as any).x).toBeUndefined();
  });
});

describe('YAML', () => {
  test('a document is read as JSON is', () => {
    const body = 'metadata:\n  name: yam\ndata:\n  text: |\n    two\n    lines\n  number: "1"\n';
    expect(decode(configMap, body, 'Strict', yaml).object.data).toEqual({ text: 'two\nlines\n', number: '1' });
    expect(decode(configMap, '{"metadata":{"name":"y4"}}', 'Strict', yaml).object.metadata.name).toBe('y4');
    expect(
      decode(configMap, 'metadata:\n  name: y6\n---\nmetadata:\n  name: y7\n', 'Strict', yaml).object.metadata.name,
    ).toBe('y6');
    expect(decode(configMap, 'data: {__proto__: x}', 'Strict', yaml).object.data).toHaveProperty(['__proto__'], 'x');
  });

  test('it is YAML 1.1: a bare y is a boolean, 0644 is octal; dates are texts', () => {
    expect(refusal(() => decode(configMap, 'metadata:\n  name: y\n', 'Strict', yaml)).message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string',
    );
    const volume = decode(pod, 'spec: {volumes: [{name: v, secret: {defaultMode: 0644}}]}', 'Strict', yaml).object.spec
      .volumes[0];
    expect(volume.secret.defaultMode).toBe(420);
    expect(decode(configMap, 'data: {a: e5, b: ., c: -.E7, d: 1e}', 'Strict', yaml).object.data).toEqual({
      a: 'e5',
      b: '.',
      c: '-.E7',
      d: '1e',
    });
    expect(decode(configMap, 'data: {a: 2024-01-01, b: 12:30}', 'Strict', yaml).object.data).toEqual({
      a: '2024-01-01',
      b: '12:30',
    });
    expect(
      refusal(() => decode(configMap, 'metadata: {name: y5}\ndata: {a: 1, b: true}', 'Strict', yaml)).message,
    ).toContain('json: cannot unmarshal number into Go struct field ConfigMap.data of type string');
  });

  test('keys that stand twice are told with their line', () => {
    const body = 'metadata: {name: m}\ndata: {a: "1"}\ndata: {b: "2"}\n';
    expect(refusal(() => decode(configMap, body, 'Strict', yaml)).message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 3: key "data" already set in map',
    );
    expect(decode(configMap, body, 'Ignore', yaml).object.data).toEqual({ b: '2' });
  });

  test.each([
    ['a: [b', "yaml: line 1: did not find expected ',' or ']' (613a205b62)"],
    [
      'just words',
      String.raw`couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (6a75737420776f726473)`,
    ],
  ])('%j is unrecognized', (body, message) => {
    expect(refusal(() => decode(configMap, body, 'Strict', yaml)).message).toBe(
      `the object provided is unrecognized (must be of type ConfigMap): ${message}`,
    );
  });
});

describe('protobuf', () => {
  const type = 'application/vnd.kubernetes.protobuf';
  const bytes = (number: number, content: Buffer | string) => {
    const body = Buffer.from(content);
    expect(body.length).toBeLessThan(16384);
    const length = body.length < 128 ? [body.length] : [(body.length & 127) | 128, body.length >> 7];
    return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), body]);
  };
  const varint = (number: number, value: number) =>
    Buffer.from(number < 16 ? [number << 3, value] : [((number << 3) & 127) | 128, number >> 4, value]);
  const message = (...fields: Buffer[]) => Buffer.concat(fields);
  const envelope = (apiVersion: string, kind: string, raw: Buffer) =>
    message(Buffer.from('k8s\0'), bytes(1, message(bytes(1, apiVersion), bytes(2, kind))), bytes(2, raw));

  test("kubectl's `create configmap` and `create service` are read", () => {
    const meta = message(
      bytes(1, 'viaproto'),
      bytes(3, ''),
      bytes(8, ''),
      bytes(11, message(bytes(1, 'app'), bytes(2, 'x'))),
    );
    const map = envelope('v1', 'ConfigMap', message(bytes(1, meta), bytes(2, message(bytes(1, 'a'), bytes(2, 'b')))));
    expect(decodeObject(map, { expected: configMap, contentType: type }).object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'viaproto', labels: { app: 'x' } },
      data: { a: 'b' },
    });
    const port = message(
      bytes(1, '80-8080'),
      bytes(2, 'TCP'),
      varint(3, 80),
      bytes(4, message(varint(1, 0), message(Buffer.from([16, 0x90, 0x3f])))),
      varint(5, 0),
    );
    const spec = message(bytes(1, port), bytes(3, ''), bytes(4, 'ClusterIP'), varint(13, 0));
    expect(
      decodeObject<any>(envelope('v1', 'Service', message(bytes(1, meta), bytes(2, spec))), {
        expected: service,
        contentType: type,
      }).object.spec,
    ).toEqual({
      ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080 }],
      type: 'ClusterIP',
    });
  });

  test('embedded messages, quantities, bytes and pointers find their fields', () => {
    const quantity = message(bytes(1, '1024Mi'));
    const limits = bytes(8, bytes(1, message(bytes(1, 'memory'), bytes(2, quantity))));
    const probe = message(
      bytes(1, bytes(2, message(bytes(1, '/'), bytes(2, message(varint(1, 1), bytes(3, 'web')))))),
      varint(2, 5),
    );
    const container = message(bytes(1, 'c'), limits, bytes(10, probe));
    const volume = message(bytes(1, 'v'), bytes(2, bytes(2, '')));
    const spec = message(bytes(1, volume), bytes(2, container), varint(25, 0));
    const { object } = decodeObject<any>(envelope('v1', 'Pod', bytes(2, spec)), { expected: pod, contentType: type });
    expect(object.spec).toEqual({
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        {
          name: 'c',
          resources: { limits: { memory: '1Gi' } },
          livenessProbe: { httpGet: { path: '/', port: 'web' }, initialDelaySeconds: 5 },
        },
      ],
      priority: 0,
    });
    const secret = envelope('v1', 'Secret', bytes(2, message(bytes(1, 'k'), bytes(2, 'value'))));
    expect(decodeObject<any>(secret, { expected: core('Secret'), contentType: type }).object.data).toEqual({
      k: 'dmFsdWU=',
    });
  });

  test('what is no protobuf, or not whole, is refused', () => {
    expect(refusal(() => decode(configMap, 'nonsense', 'Strict', type)).message).toBe(
      'the object provided is unrecognized (must be of type ConfigMap): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (6e6f6e73656e7365)',
    );
    const cut = envelope('v1', 'ConfigMap', Buffer.from([10, 200]));
    expect(refusal(() => decodeObject(cut, { expected: configMap, contentType: type })).message).toBe(
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: unexpected EOF',
    );
  });

  test('any bytes are either an object or a BadRequest', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (raw) => {
        try {
          decodeObject(envelope('v1', 'Pod', Buffer.from(raw)), { expected: pod, contentType: type });
        } catch (error) {
          expect((error as StatusError).code).toBe(400);
        }
      }),
    );
  });
});

test.each([
  ['application/json; charset=utf-8', true],
  ['application/json;', true],
  ['application/json;bogus', false],
  ['text/plain', false],
  ['application/xml', false],
])('a body in %s is taken: %s', (contentType, taken) => {
  const attempt = () => decode(configMap, { metadata: { name: 'm' } }, 'Strict', contentType);
  if (taken) expect(attempt().object.metadata.name).toBe('m');
  else {
    expect(refusal(attempt).status).toMatchObject({
      code: 415,
      reason: 'UnsupportedMediaType',
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    });
  }
});

test('options of a deletion are read from any version; another kind is refused', () => {
  expect(
    decodeDeleteOptions(Buffer.from('{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0}')),
  ).toMatchObject({
    gracePeriodSeconds: 0,
  });
  expect(decodeDeleteOptions(Buffer.alloc(0))).toEqual({});
  expect(refusal(() => decodeDeleteOptions(Buffer.from('{"kind":"Pod","apiVersion":"v1"}'))).message).toMatch(
    /^no kind "Pod" is registered for version "v1" in scheme/,
  );
});

test('any JSON is either an object or a BadRequest, and what was kept is kept again as it is', () => {
  const value = fc.anything({
    withBigInt: false,
    key: fc.constantFrom('metadata', 'spec', 'containers', 'name', 'labels', 'image', 'ports', '__proto__', 'a'),
  });
  fc.assert(
    fc.property(value, (anything) => {
      const text = JSON.stringify(anything) ?? 'null';
      let kept: unknown;
      try {
        kept = decode(pod, text, 'Ignore').object;
      } catch (error) {
        expect((error as StatusError).code).toBe(400);
        return;
      }
      expect(decode(pod, JSON.stringify(kept), 'Strict').object).toEqual(kept);
    }),
  );
});
