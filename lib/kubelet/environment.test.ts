import type { Service } from '../api/types.js';
import { expand, makeEnvironment, type EnvironmentSources } from './environment.js';
import { ConfigError, fieldValue, resourceValue } from './fields.js';
import { aContainer, aPod } from '../../test/support/kubelet-builders.js';

const service = (name: string, clusterIP: string, ports: object[], namespace = 'default') =>
  ({ metadata: { name, namespace }, spec: { clusterIP, ports } }) as Service;

const sources = (more: Partial<EnvironmentSources> = {}): EnvironmentSources => ({
  configMap: async (_namespace, name) =>
    name === 'conf'
      ? { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { k: 'v', 'a.b': 'dot' } }
      : undefined,
  secret: async (_namespace, name) =>
    name === 'sec' ? { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { p: 'cGFzcw==' } } : undefined,
  services: () => [],
  node: { cpu: '2', memory: '1Gi' },
  ...more,
});

const pod = aPod(
  {},
  {
    metadata: { labels: { app: 'web' }, annotations: { note: 'a "quoted" one' } },
    status: { podIP: '127.64.0.7', hostIP: '127.0.0.1' },
  },
);

test.each([
  ['$(A)', 'x'],
  ['$(A)/$$(A)/$(B)', 'x/$(A)/$(B)'],
  ['$A $ $(', '$A $ $('],
  ['$$$(A)', '$x'],
  ['$(__proto__)', '$(__proto__)'],
])('expands %s to %s', (text, expected) => {
  expect(expand(text, { A: 'x' })).toBe(expected);
});

test('values, fields, resources, ConfigMaps and Secrets become variables, later ones of earlier ones', async () => {
  const container = aContainer('main', {
    envFrom: [{ configMapRef: { name: 'conf' }, prefix: 'C_' }, { secretRef: { name: 'none', optional: true } }],
    env: [
      { name: 'PLAIN', value: 'text' },
      { name: 'TWICE', value: '$(PLAIN) $(PLAIN) $(C_k) $(LATER)' },
      { name: 'LATER', value: 'late' },
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'MAP', valueFrom: { configMapKeyRef: { name: 'conf', key: 'k' } } },
      { name: 'SECRET', valueFrom: { secretKeyRef: { name: 'sec', key: 'p' } } },
      { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'sec', key: 'none', optional: true } } },
      { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
    ],
    resources: { limits: { cpu: '500m' } },
  });
  expect(await makeEnvironment(pod, container, sources())).toEqual({
    C_k: 'v',
    'C_a.b': 'dot',
    PLAIN: 'text',
    TWICE: 'text text v $(LATER)',
    LATER: 'late',
    POD: 'web',
    IP: '127.64.0.7',
    MAP: 'v',
    SECRET: 'pass',
    CPU: '1',
  });
});

test.each([
  [{ configMapKeyRef: { name: 'none', key: 'k' } }, 'configmap "none" not found'],
  [{ configMapKeyRef: { name: 'conf', key: 'x' } }, "couldn't find key x in ConfigMap default/conf"],
  [{ secretKeyRef: { name: 'none', key: 'k' } }, 'secret "none" not found'],
  [{ secretKeyRef: { name: 'sec', key: 'x' } }, "couldn't find key x in Secret default/sec"],
])('what is missing is an error of configuration: %j', async (valueFrom, message) => {
  const made = makeEnvironment(pod, aContainer('main', { env: [{ name: 'A', valueFrom }] }), sources());
  await expect(made).rejects.toThrow(ConfigError);
  await expect(made).rejects.toThrow(message);
});

test('Services are told as the links of Docker once were', async () => {
  const services = () => [
    service('kubernetes', '10.0.0.1', [{ name: 'https', port: 443, protocol: 'TCP' }]),
    service('web-front', '10.0.0.7', [
      { port: 80, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ]),
    service('headless', 'None', [{ port: 80 }]),
  ];
  const env = await makeEnvironment(pod, aContainer(), sources({ services }));
  expect(env).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    KUBERNETES_PORT: 'tcp://10.0.0.1:443',
    KUBERNETES_PORT_443_TCP_ADDR: '10.0.0.1',
    WEB_FRONT_SERVICE_HOST: '10.0.0.7',
    WEB_FRONT_SERVICE_PORT: '80',
    WEB_FRONT_SERVICE_PORT_DNS: '53',
    WEB_FRONT_PORT_80_TCP: 'tcp://10.0.0.7:80',
    WEB_FRONT_PORT_53_UDP_PROTO: 'udp',
  });
  expect(Object.keys(env).some((name) => name.startsWith('HEADLESS'))).toBe(false);
  const without = await makeEnvironment(
    { ...pod, spec: { ...pod.spec, enableServiceLinks: false } },
    aContainer(),
    sources({ services }),
  );
  expect(without.KUBERNETES_SERVICE_HOST).toBe('10.0.0.1');
  expect(without.WEB_FRONT_SERVICE_HOST).toBeUndefined();
});

test.each([
  ['metadata.labels', 'app="web"'],
  ["metadata.labels['app']", 'web'],
  ["metadata.annotations['note']", 'a "quoted" one'],
  ['metadata.annotations', 'note="a \\"quoted\\" one"'],
  ['metadata.uid', 'uid-1'],
  ['spec.nodeName', 'node-1'],
  ['status.hostIP', '127.0.0.1'],
])('the field %s is %s', (path, value) => {
  expect(fieldValue(pod, path)).toBe(value);
});

test.each([
  ['limits.cpu', '1m', '2000'], // without a limit of its own: what the node has
  ['limits.memory', '1Mi', '1024'],
  ['requests.cpu', '1', '1'],
])('%s in units of %s is %s', (resource, divisor, value) => {
  const container = aContainer('main', { resources: { requests: { cpu: '100m' } } });
  expect(resourceValue(pod, container, { resource, divisor }, { cpu: '2', memory: '1Gi' })).toBe(value);
});
