import type { Service } from '../types.js';
import { kindFor } from './index.js';

const kind = kindFor('', 'v1', 'services')!;

type Part = Record<string, unknown>;

function aService(spec: Part = {}, metadata: Part = {}): Service {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'ns', resourceVersion: '1', ...metadata },
    spec: { selector: { a: 'b' }, ports: [{ port: 80 }], ...spec },
  } as unknown as Service;
  kind.default!(service);
  return service;
}

function created(spec: Part = {}): Service {
  const service = aService(spec);
  kind.prepareForCreate!(service);
  return service;
}

const wrong = (service: Service) => kind.validate(service).map(({ field, message }) => `${field}: ${message}`);

/** As if an allocator had been there. */
const allocated = (spec: Part = {}): Service => created({ clusterIP: '10.0.0.5', ...spec });

test.each<[string, Part, Part]>([
  [
    'a plain one',
    {},
    { type: 'ClusterIP', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', sessionAffinity: 'None' },
  ],
  ['a headless one', { clusterIP: 'None' }, { clusterIPs: ['None'], ipFamilyPolicy: 'SingleStack' }],
  [
    'a headless one without selector may have both families',
    { clusterIP: 'None', selector: undefined },
    { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' },
  ],
  ['one with an address', { clusterIP: '10.0.0.9' }, { clusterIPs: ['10.0.0.9'], ipFamilies: ['IPv4'] }],
  ['a node port', { type: 'NodePort' }, { externalTrafficPolicy: 'Cluster', internalTrafficPolicy: 'Cluster' }],
  ['a balanced one', { type: 'LoadBalancer' }, { allocateLoadBalancerNodePorts: true }],
  ['a sticky one', { sessionAffinity: 'ClientIP' }, { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } }],
  [
    'a named target',
    { ports: [{ port: 80, targetPort: 'web' }] },
    { ports: [{ port: 80, targetPort: 'web', protocol: 'TCP' }] },
  ],
])('%s is completed and valid', (_what, spec, expected) => {
  const service = created(spec);
  expect(service.spec).toMatchObject(expected);
  expect(wrong(service)).toEqual([]);
});

test('an external name has no addresses', () => {
  const service = created({ type: 'ExternalName', externalName: 'example.com', ports: undefined });
  expect(wrong(service)).toEqual([]);
  expect(service.spec.ipFamilies).toBeUndefined();
});

test.each<[Part, string[]]>([
  [{ ports: [] }, ['spec.ports: Required value']],
  [{ ports: [{ port: 1 }, { port: 2 }] }, ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value']],
  [
    { type: 'NodePort', clusterIP: 'None' },
    ['spec.clusterIPs[0]: Invalid value: "None": may not be set to \'None\' for NodePort services'],
  ],
  [{ ipFamilies: ['IPv6'] }, ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster']],
  [
    { clusterIP: '2001:db8::1' },
    ['spec.clusterIPs[0]: Invalid value: ["2001:db8::1"]: IPv6 is not configured on this cluster'],
  ],
  // Addresses first, and alone.
  [
    { clusterIP: 'x', ports: [] },
    ['spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    { ports: [{ port: 80, nodePort: 1 }] },
    ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
  ],
])('a new one is checked (%#)', (spec, errors) => {
  expect(wrong(created(spec))).toEqual(errors);
});

describe('an update', () => {
  const update = (old: Service, spec: Part) => {
    const now = aService(spec);
    kind.prepareForUpdate!(now, old);
    return { now, errors: kind.validateUpdate(now, old).map(({ field, message }) => `${field}: ${message}`) };
  };

  test('without the address keeps it', () => {
    const { now, errors } = update(allocated(), { ports: [{ port: 81 }] });
    expect([now.spec.clusterIP, now.spec.clusterIPs, errors]).toEqual(['10.0.0.5', ['10.0.0.5'], []]);
  });

  test('cannot change the address', () => {
    const { errors } = update(allocated(), { clusterIP: '10.0.0.6' });
    expect(errors).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.0.0.6"]: may not change once set']);
  });

  test('keeps node ports by their names', () => {
    const ports = [
      { name: 'a', port: 1, nodePort: 30001 },
      { name: 'b', port: 2, nodePort: 30002 },
    ];
    const { now } = update(allocated({ type: 'NodePort', ports }), {
      type: 'NodePort',
      ports: [
        { name: 'b', port: 2 },
        { name: 'a', port: 3 },
      ],
    });
    expect(now.spec.ports!.map(({ nodePort }) => nodePort)).toEqual([30002, 30001]);
  });

  test('to a type without node ports drops them', () => {
    const ports = [{ port: 1, nodePort: 30001 }];
    const old = allocated({ type: 'NodePort', ports });
    const { now, errors } = update(old, { ...structuredClone(old.spec), type: 'ClusterIP' });
    expect(errors).toEqual([]);
    expect([now.spec.ports![0]!.nodePort, now.spec.externalTrafficPolicy]).toEqual([undefined, undefined]);
  });

  test('to an external name gives the address back, and what is said about it', () => {
    const old = allocated();
    const { now, errors } = update(old, {
      ...structuredClone(old.spec),
      type: 'ExternalName',
      externalName: 'a.b',
    });
    expect(errors).toEqual([]);
    expect([now.spec.clusterIP, now.spec.internalTrafficPolicy]).toEqual([undefined, undefined]);
  });
});

test.each<[Part, Part, unknown[]]>([
  [{}, {}, ['ClusterIP', '10.0.0.5', '<none>', '80/TCP']],
  [{ externalIPs: ['1.2.3.4'] }, {}, ['ClusterIP', '10.0.0.5', '1.2.3.4', '80/TCP']],
  [
    { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
    {},
    ['NodePort', '10.0.0.5', '<none>', '80:30080/TCP'],
  ],
  [{ type: 'LoadBalancer' }, {}, ['LoadBalancer', '10.0.0.5', '<pending>', '80/TCP']],
  [
    { type: 'LoadBalancer' },
    { loadBalancer: { ingress: [{ ip: '9.9.9.9' }, { hostname: 'lb' }] } },
    ['LoadBalancer', '10.0.0.5', '9.9.9.9,lb', '80/TCP'],
  ],
])('the row of %j', (spec, status, cells) => {
  const service = allocated(spec);
  Object.assign(service.status, status);
  expect(kind.columns.slice(1, 5).map(({ cell }) => cell(service, 0))).toEqual(cells);
});
