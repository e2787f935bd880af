import { service as kind } from '../../api/kinds/service.js';
import { StatusError } from '../../api/status.js';
import type { Service } from '../../api/types.js';
import type { AdmissionRequest, Undo } from '../admission/admission.js';
import type { Reader } from '../reader.js';
import { serviceAllocation, type ServiceAllocationOptions } from './service-allocation.js';

/** A store of services, and the allocator in front of it. */
function cluster(options: Partial<ServiceAllocationOptions> = {}) {
  const stored = new Map<string, Service>();
  const reader: Reader = { get: () => undefined, list: () => [...stored.values()] as never[] };
  const plugin = serviceAllocation({ reader, serviceRange: '10.0.0.0/24', ...options });
  let uids = 0;

  function admit(
    operation: 'CREATE' | 'UPDATE' | 'DELETE',
    object: Service | undefined,
    old?: Service,
    dryRun = false,
  ) {
    const name = (object ?? old)!.metadata.name;
    const request = { operation, kind, subresource: '', namespace: 'default', name, object, oldObject: old, dryRun };
    return plugin.admit!(request as unknown as AdmissionRequest) as Undo | void;
  }
  const draft = (name: string, spec: object): Service => {
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, uid: `uid-${uids++}` },
      spec,
      status: {},
    } as Service;
    kind.default!(object);
    return object;
  };
  return {
    stored,
    draft,
    admit,
    create(name: string, spec: object, dryRun = false): Service {
      const object = draft(name, { ports: [{ port: 80 }], ...spec });
      admit('CREATE', object, undefined, dryRun);
      if (!dryRun) stored.set(name, object);
      return object;
    },
    update(name: string, change: (spec: any) => void): Service {
      const old = stored.get(name)!;
      const object = structuredClone(old);
      change(object.spec);
      kind.default!(object);
      admit('UPDATE', object, old);
      kind.prepareForUpdate!(object, old);
      stored.set(name, object);
      return object;
    },
    remove(name: string): void {
      admit('DELETE', undefined, stored.get(name));
      stored.delete(name);
    },
  };
}

const message = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'allowed';
};

describe('cluster IPs', () => {
  test('are of the range, each only once, until none is left', () => {
    const { create } = cluster({ serviceRange: '10.0.0.0/28' });
    const given = Array.from({ length: 14 }, (_, i) => create(`s${i}`, {}).spec.clusterIP!);
    expect(new Set(given)).toEqual(new Set(Array.from({ length: 14 }, (_, i) => `10.0.0.${i + 1}`)));
    expect(message(() => create('one-more', {}))).toBe(
      '500 Internal error occurred: failed to allocate a serviceIP: range is full',
    );
  });

  test('are picked from the upper part of the range first', () => {
    const { create } = cluster({ random: () => 0 });
    expect(create('a', {}).spec).toMatchObject({
      clusterIP: '10.0.0.17',
      clusterIPs: ['10.0.0.17'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
  });

  test.each([
    ['10.0.0.14', 'allowed', 'allowed'],
    [
      '10.0.0.5',
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.5"]: failed to allocate IP 10.0.0.5: provided IP is already allocated',
      'allowed',
    ],
    [
      '192.168.77.7',
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["192.168.77.7"]: failed to allocate IP 192.168.77.7: the provided network does not match the current range',
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["192.168.77.7"]: failed to allocate IP 192.168.77.7: the provided IP (192.168.77.7) is not in the valid range. The range of valid IPs is 10.0.0.0/24',
    ],
    [
      '10.0.0.0',
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.0"]: failed to allocate IP 10.0.0.0: the provided network does not match the current range',
      undefined,
    ],
    [
      '10.0.0.255',
      '422 Service "b" is invalid: spec.clusterIPs: Invalid value: ["10.0.0.255"]: failed to allocate IP 10.0.0.255: the provided network does not match the current range',
      undefined,
    ],
    ['no-address', 'allowed', 'allowed'], // validation will say so
    ['None', 'allowed', 'allowed'],
  ])('asked for as %s', (clusterIP, real, dry) => {
    const { create } = cluster();
    create('a', { clusterIP: '10.0.0.5' });
    if (dry) expect(message(() => create('b', { clusterIP }, true))).toBe(dry);
    expect(message(() => create('b', { clusterIP }))).toBe(real);
  });

  test('are free again when the service is deleted or needs none any more, and kept while it does', () => {
    const { create, update, remove } = cluster();
    create('a', { clusterIP: '10.0.0.5' });
    expect(update('a', (spec) => (spec.clusterIP = spec.clusterIPs = undefined)).spec.clusterIP).toBe('10.0.0.5');
    expect(
      update('a', (spec) => Object.assign(spec, { type: 'ExternalName', externalName: 'x.org' })).spec,
    ).not.toHaveProperty('clusterIP');
    create('b', { clusterIP: '10.0.0.5' });
    remove('b');
    create('c', { clusterIP: '10.0.0.5' });
    expect(
      update('a', (spec) => Object.assign(spec, { type: 'ClusterIP', externalName: undefined })).spec.clusterIP,
    ).toMatch(/^10\.0\.0\./);
  });

  test('promised to a write under way are nobody else’s, until it fails', () => {
    const { admit, draft, create } = cluster();
    const undo = admit('CREATE', draft('a', { clusterIP: '10.0.0.5', ports: [{ port: 80 }] }));
    expect(message(() => create('b', { clusterIP: '10.0.0.5' }))).toMatch('already allocated');
    void (undo as Undo)();
    expect(message(() => create('b', { clusterIP: '10.0.0.5' }))).toBe('allowed');
  });

  test('of a dry run are nobody’s', () => {
    const { create } = cluster({ serviceRange: '10.0.0.0/30' });
    for (let i = 0; i < 5; i++) create('dry', {}, true);
    expect([create('a', {}), create('b', {})].map(({ spec }) => spec.clusterIP).sort()).toEqual([
      '10.0.0.1',
      '10.0.0.2',
    ]);
  });
});

describe('node ports', () => {
  const nodePorts = { first: 30000, last: 32767 };
  const claim = (nodePort: number, port = 80, protocol = 'TCP') => ({
    name: `p${port}${protocol}`.toLowerCase(),
    port,
    protocol,
    nodePort,
  });

  test.each([
    [
      [claim(30071)],
      '422 Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30071: provided port is already allocated',
    ],
    [
      [claim(80)],
      '422 Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
    [
      [claim(40000)],
      '422 Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 40000: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
    [
      [claim(30072), claim(30072, 81)],
      '422 Service "b" is invalid: spec.ports[1].nodePort: Invalid value: 30072: provided port is already allocated',
    ],
    [[claim(30072, 53), claim(30072, 53, 'UDP')], 'allowed'],
    [[claim(30072)], 'allowed'],
  ])('asked for as %j', (ports, result) => {
    const { create } = cluster({ nodePorts });
    create('a', { type: 'NodePort', ports: [claim(30071)] });
    expect(message(() => create('b', { type: 'NodePort', ports }))).toBe(result);
  });

  test('are one for each port, and one for TCP and UDP of the same', () => {
    const { create } = cluster();
    const { spec } = create('dns', {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 53 },
        { name: 'b', port: 53, protocol: 'UDP' },
        { name: 'c', port: 80 },
      ],
    });
    const [tcp, udp, http] = spec.ports!.map(({ nodePort }) => nodePort!);
    expect(tcp).toBe(udp);
    expect(http).not.toBe(tcp);
    for (const port of [tcp!, http!]) expect(port >= 30000 && port <= 32767).toBe(true);
  });

  test('follow the type, and stay with their ports', () => {
    const { create, update } = cluster();
    create('a', {});
    const given = update('a', (spec) => (spec.type = 'NodePort')).spec.ports![0]!.nodePort;
    expect(given).toBeGreaterThan(29999);
    expect(update('a', (spec) => (spec.type = 'LoadBalancer')).spec.ports![0]!.nodePort).toBe(given);
    expect(update('a', (spec) => (spec.ports = [{ port: 81 }])).spec.ports![0]!.nodePort).toBe(given);
    const two = update(
      'a',
      (spec) =>
        (spec.ports = [
          { name: 'x', port: 53, nodePort: given },
          { name: 'y', port: 53, protocol: 'UDP' },
        ]),
    );
    expect(two.spec.ports!.map(({ nodePort }) => nodePort! > 29999)).toEqual([true, true]);
    expect(update('a', (spec) => (spec.type = 'ClusterIP')).spec.ports![0]).not.toHaveProperty('nodePort');
    create('b', { type: 'NodePort', ports: [claim(given!)] });
  });

  test('of a load balancer may be declined, and its health check has one of its own', () => {
    const { create, update } = cluster();
    expect(
      create('a', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }).spec.ports![0]!.nodePort,
    ).toBeUndefined();
    const { spec } = update('a', (spec) => (spec.externalTrafficPolicy = 'Local'));
    expect(spec.healthCheckNodePort).toBeGreaterThan(29999);
    expect(
      message(() =>
        create('b', {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          healthCheckNodePort: spec.healthCheckNodePort,
        }),
      ),
    ).toBe(
      `500 Internal error occurred: failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: provided port is already allocated`,
    );
  });
});
