/** The controllers, looked at through a real API server: what is wished, and what comes of it. */
import {
  configMaps,
  endpoints,
  endpointSlices,
  events,
  groupVersion,
  leases,
  namespaces,
  nodes,
  pods,
  replicaSets,
  replicationControllers,
  serviceAccounts,
  services,
  type Resource,
} from '../api/resources.js';
import { isNotFound } from '../api/status.js';
import type { Node, Pod, ReplicaSet, Replicated, ReplicationController, Service } from '../api/types.js';
import { microTimestamp, silent, timestamp } from '../util/index.js';
import { World } from '../../test/support/world.js';
import { runControllers, type ControllerName } from './run.js';

let world: World;
beforeEach(async () => (world = await World.start()));
afterEach(() => world[Symbol.asyncDispose]());

const run = (...controllers: ControllerName[]): void => {
  const { client, clock } = world;
  world.run((signal) => runControllers({ client, clock, log: silent, rootCA: 'CA', controllers }, signal));
};
const template = (labels: Record<string, string>) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', image: 'web', ports: [{ name: 'http', containerPort: 8080 }] }] },
});
const anRc = (name: string, replicas: number, more = {}): ReplicationController =>
  ({ metadata: { name, namespace: 'default' }, spec: { replicas, selector: { app: name }, template: template({ app: name }), ...more } }) as unknown as ReplicationController; // prettier-ignore
const aReplicaSet = (name: string, replicas: number, more = {}): ReplicaSet =>
  ({ metadata: { name, namespace: 'default' }, spec: { replicas, selector: { matchLabels: { app: name } }, template: template({ app: name }), ...more } }) as unknown as ReplicaSet; // prettier-ignore
const aPod = (name: string, labels = {}, more = {}): Pod =>
  ({ metadata: { name, namespace: 'default', labels, ...more }, spec: template({}).spec }) as unknown as Pod;
const podsOf = async (labelSelector: string): Promise<Pod[]> =>
  (await world.client.list(pods, { namespace: 'default', labelSelector })).items;
const reasons = async (name: string): Promise<string[]> =>
  (await world.client.list(events, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` })).items.map(
    (e) => `${e.reason}: ${e.message}`,
  );
const is404 = async (promise: Promise<unknown>): Promise<void> =>
  expect(isNotFound(await promise.catch((e: unknown) => e))).toBe(true);

/** What a kubelet says: on this Node, with this address, ready or not. */
async function report(name: string, { node = 'node-1', ip = '10.1.0.1', ready = true } = {}): Promise<void> {
  const { client, clock } = world;
  const pod = await client.get(pods, { namespace: 'default', name });
  if (!pod.spec.nodeName)
    await client.createSubresource(pods, { namespace: 'default', name }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name },
      target: { kind: 'Node', name: node },
    });
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestamp(clock.now()) }];
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions };
  await client.patch(pods, { namespace: 'default', name }, { status }, { subresource: 'status' });
}

describe.each<
  [string, Resource<Replicated>, ControllerName, (name: string, replicas: number, more?: object) => object]
>([
  ['ReplicationController', replicationControllers, 'replicationcontroller-controller', anRc],
  ['ReplicaSet', replicaSets, 'replicaset-controller', aReplicaSet],
])('a %s', (kind, resource, controller, wish) => {
  const web = { namespace: 'default', name: 'web' };
  const create = (name: string, replicas: number, more?: object) =>
    world.client.create(resource, wish(name, replicas, more) as Replicated);
  const statusOfWeb = async () => (await world.client.get(resource, web)).status;

  test('has as many pods as are wanted, owned by it, and an event for each', async () => {
    run(controller);
    await create('web', 3);
    await world.until(async () => expect((await podsOf('app=web')).length).toBe(3));
    const [pod] = await podsOf('app=web');
    const apiVersion = groupVersion(resource);
    expect(pod!.metadata).toMatchObject({ generateName: 'web-', ownerReferences: [{ apiVersion, kind, name: 'web', controller: true, blockOwnerDeletion: true }] }); // prettier-ignore
    await world.until(async () => expect((await reasons('web')).length).toBe(3));
    expect((await reasons('web'))[0]).toMatch(/^SuccessfulCreate: Created pod: web-/);
    for (const { metadata } of await podsOf('app=web')) await report(metadata.name);
    await world.until(
      async () =>
      expect(await statusOfWeb()).toMatchObject({ replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 3, availableReplicas: 3, observedGeneration: 1 }), // prettier-ignore
    );
  });

  test('replaces a pod that fails or is deleted; of too many it deletes those without a node first', async () => {
    run(controller);
    await create('web', 2);
    const [first, second] = await world.until(async () => {
      const all = await podsOf('app=web');
      expect(all.length).toBe(2);
      return all;
    });
    await report(first!.metadata.name);
    await world.client.delete(pods, second!.metadata);
    await world.until(async () => expect((await podsOf('app=web')).length).toBe(2));
    await world.client.patch(resource, web, { spec: { replicas: 1 } });
    await world.until(async () =>
      expect((await podsOf('app=web')).map((p) => p.metadata.name)).toEqual([first!.metadata.name]),
    );
  });

  test('has 600 pods and not one too many, however late the cache hears of them', async () => {
    run(controller);
    await create('many', 600);
    await world.until(async () => expect((await podsOf('app=many')).length).toBe(600), { ms: 10_000 });
    await world.clock.advance(1000);
    expect((await podsOf('app=many')).length).toBe(600);
  }, 60_000);

  test('adopts an orphan that fits, releases and replaces a pod that is relabelled', async () => {
    run(controller);
    await world.client.create(pods, aPod('orphan', { app: 'web' }));
    await create('web', 1);
    await world.until(async () => {
      const orphan = await world.client.get(pods, { namespace: 'default', name: 'orphan' });
      expect(orphan.metadata.ownerReferences?.[0]).toMatchObject({ kind, name: 'web' });
    });
    expect((await podsOf('app=web')).length).toBe(1);
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'orphan' },
      { metadata: { labels: { app: 'other' } } },
    );
    await world.until(async () => {
      expect((await podsOf('app=other'))[0]!.metadata.ownerReferences).toBeUndefined();
      expect((await podsOf('app=web')).length).toBe(1);
    });
  });

  test('counts a pod as available when it has been ready for long enough, without any further event', async () => {
    run(controller);
    await create('web', 2, { minReadySeconds: 10 });
    const [first, second] = await world.until(async () => {
      expect((await podsOf('app=web')).length).toBe(2);
      return podsOf('app=web');
    });
    await report(first!.metadata.name); // the second stays unready, which must not keep the first from being counted
    await world.until(async () => expect(await statusOfWeb()).toMatchObject({ replicas: 2, readyReplicas: 1 }));
    expect(await statusOfWeb()).not.toHaveProperty('availableReplicas');
    await world.until(async () => expect(await statusOfWeb()).toMatchObject({ availableReplicas: 1 }), { ms: 11_000, stepMs: 500 }); // prettier-ignore
    await report(second!.metadata.name);
    await world.until(async () => expect(await statusOfWeb()).toMatchObject({ availableReplicas: 2 }), { ms: 12_000, stepMs: 500 }); // prettier-ignore
  });

  test('says why it cannot create pods, and takes it back when it can', async () => {
    run(controller);
    const { spec } = template({ app: 'web' });
    const broken = { metadata: { labels: { app: 'web' } }, spec: { ...spec, priorityClassName: 'none' } };
    await create('web', 1, { template: broken });
    await world.until(async () => {
      expect((await statusOfWeb())?.conditions).toEqual([expect.objectContaining({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' })]); // prettier-ignore
      expect((await reasons('web'))[0]).toMatch(/^FailedCreate: Error creating: pods "web-/);
    });
    await world.client.patch(resource, web, { spec: { template: { spec: { priorityClassName: null } } } });
    await world.until(async () => {
      expect((await podsOf('app=web')).length).toBe(1);
      expect(await statusOfWeb()).not.toHaveProperty('conditions');
    }, { ms: 60_000, stepMs: 200 }); // prettier-ignore
  });
});

describe('a ReplicaSet', () => {
  const web = { namespace: 'default', name: 'web' };

  test('of pods without labels says that there can be none', async () => {
    run('replicaset-controller');
    const selector = { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] };
    await world.client.create(replicaSets, aReplicaSet('web', 1, { selector, template: template({}) }));
    await world.until(
      async () =>
      expect((await world.client.get(replicaSets, web)).status.conditions).toEqual([expect.objectContaining({ reason: 'FailedCreate', message: 'unable to create pods, no labels' })]), // prettier-ignore
    );
    expect(await reasons('web')).toEqual([]);
  });

  test('does not complain that its namespace ends', async () => {
    await world.client.create(namespaces, { metadata: { name: 'ending' } });
    const ending = { ...web, namespace: 'ending' };
    await world.client.create(replicaSets, { ...aReplicaSet('web', 3), metadata: ending });
    await world.client.delete(namespaces, { name: 'ending' });
    run('replicaset-controller');
    await world.until(async () =>
      expect((await world.client.get(replicaSets, ending)).status).toMatchObject({
        replicas: 0,
        observedGeneration: 1,
      }),
    );
    expect((await world.client.get(replicaSets, ending)).status).not.toHaveProperty('conditions');
  });
});

describe('a ReplicaSet beside others', () => {
  const web = { namespace: 'default', name: 'web' };

  test('selects by expressions', async () => {
    run('replicaset-controller');
    for (const tier of ['a', 'b', 'c']) await world.client.create(pods, aPod(tier, { app: 'web', tier }));
    const selector = { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }; // prettier-ignore
    const spec = { replicas: 2, selector, template: template({ app: 'web', tier: 'a' }) };
    await world.client.create(replicaSets, { metadata: web, spec } as never);
    await world.until(
      async () =>
      expect((await podsOf('app=web')).map(({ metadata }) => [metadata.name, metadata.ownerReferences?.[0]?.name])).toEqual([['a', 'web'], ['b', 'web'], ['c', undefined]]), // prettier-ignore
    );
    await world.until(async () =>
      // One of them lacks a label of the template: it counts, but is not fully labelled.
      expect((await world.client.get(replicaSets, web)).status).toMatchObject({ replicas: 2, fullyLabeledReplicas: 1 }),
    );
  });

  test('leaves alone what a ReplicationController of the same name and selector manages', async () => {
    run('replicaset-controller', 'replicationcontroller-controller');
    await world.client.create(replicationControllers, anRc('web', 2));
    await world.until(async () => expect((await podsOf('app=web')).length).toBe(2));
    await world.client.create(replicaSets, aReplicaSet('web', 1));
    await world.until(async () => {
      const owners = (await podsOf('app=web')).map(({ metadata }) => metadata.ownerReferences?.[0]?.kind).sort();
      expect(owners).toEqual(['ReplicaSet', 'ReplicationController', 'ReplicationController']);
    });
  });

  test('tells how many of its pods are on their way to their end', async () => {
    run('replicaset-controller');
    await world.client.create(replicaSets, aReplicaSet('web', 1));
    const [pod] = await world.until(async () => {
      expect((await podsOf('app=web')).length).toBe(1);
      return podsOf('app=web');
    });
    await report(pod!.metadata.name);
    await world.client.delete(pods, pod!.metadata);
    await world.until(async () =>
      expect((await world.client.get(replicaSets, web)).status).toMatchObject({ replicas: 1, terminatingReplicas: 1 }),
    );
    await world.client.delete(pods, pod!.metadata, { gracePeriodSeconds: 0 });
    await world.until(async () =>
      expect((await world.client.get(replicaSets, web)).status).toMatchObject({ replicas: 1, terminatingReplicas: 0 }),
    );
  });

  test('is gone with its pods, unless they are to be orphaned', async () => {
    run('replicaset-controller', 'garbage-collector-controller');
    for (const name of ['web', 'left']) await world.client.create(replicaSets, aReplicaSet(name, 2));
    for (const name of ['web', 'left']) await world.until(async () => expect((await podsOf(`app=${name}`)).length).toBe(2)); // prettier-ignore
    await world.client.delete(replicaSets, web);
    await world.client.delete(replicaSets, { ...web, name: 'left' }, { propagationPolicy: 'Orphan' });
    await world.until(async () => expect(await podsOf('app=web')).toEqual([]));
    await world.until(() => is404(world.client.get(replicaSets, { ...web, name: 'left' })));
    expect((await podsOf('app=left')).map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined, undefined]);
  });
});

describe('endpoints', () => {
  const aService = (more = {}): Service =>
    ({ metadata: { name: 'web', namespace: 'default', labels: { of: 'web' } }, spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...more } }) as unknown as Service; // prettier-ignore

  test('ready and unready pods are told apart, in Endpoints and in slices, and both follow', async () => {
    run('endpoints-controller', 'endpointslice-controller');
    await world.client.create(nodes, { metadata: { name: 'node-1' } });
    await world.client.create(services, aService());
    for (const name of ['a', 'b']) await world.client.create(pods, aPod(name, { app: 'web' }));
    await report('a', { ip: '10.1.0.1' });
    await report('b', { ip: '10.1.0.2', ready: false });
    await world.until(async () => {
      const { subsets, metadata } = await world.client.get(endpoints, { namespace: 'default', name: 'web' });
      expect(subsets).toEqual([
        {
          addresses: [expect.objectContaining({ ip: '10.1.0.1', nodeName: 'node-1' })],
          notReadyAddresses: [expect.objectContaining({ ip: '10.1.0.2' })],
          ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
        },
      ]);
      expect(metadata.labels).toEqual({ of: 'web', 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
      const { items } = await world.client.list(endpointSlices, { labelSelector: 'kubernetes.io/service-name=web' });
      expect(
        items
          .flatMap((slice) => slice.endpoints)
          .map((e) => [e.addresses[0], e.conditions?.ready])
          .sort(),
      ).toEqual([
        ['10.1.0.1', true],
        ['10.1.0.2', false],
      ]);
    });
    await world.client.patch(pods, { namespace: 'default', name: 'a' }, { metadata: { labels: { app: 'else' } } });
    await report('b', { ip: '10.1.0.2' });
    await world.until(async () => {
      const { subsets } = await world.client.get(endpoints, { namespace: 'default', name: 'web' });
      expect(subsets?.flatMap((s) => s.addresses?.map((a) => a.ip))).toEqual(['10.1.0.2']);
    });
    await world.client.delete(services, { namespace: 'default', name: 'web' });
    await world.until(() => is404(world.client.get(endpoints, { namespace: 'default', name: 'web' })));
  });

  test('a headless Service that publishes unready pods says so', async () => {
    run('endpoints-controller');
    await world.client.create(services, aService({ clusterIP: 'None', publishNotReadyAddresses: true }));
    await world.client.create(pods, aPod('a', { app: 'web' }));
    await report('a', { ready: false });
    await world.until(async () => {
      const { subsets, metadata } = await world.client.get(endpoints, { namespace: 'default', name: 'web' });
      expect(subsets?.[0]?.addresses?.[0]?.ip).toBe('10.1.0.1');
      expect(metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '');
    });
  });
});

test('Endpoints written by hand are mirrored into slices, and a node is told how long its copies are good', async () => {
  run('endpoints-controller', 'endpointslice-mirroring-controller', 'ttl-controller');
  const outside = { namespace: 'default', name: 'outside' };
  await world.client.create(nodes, { metadata: { name: 'node-1' } });
  await world.client.create(services, { metadata: outside, spec: { ports: [{ port: 80 }] } });
  const subsets = [{ addresses: [{ ip: '203.0.113.7' }, { ip: '203.0.113.8' }], ports: [{ port: 8000 }] }];
  await world.client.create(endpoints, { metadata: outside, subsets });
  await world.until(async () => {
    const { items } = await world.client.list(endpointSlices, { labelSelector: 'kubernetes.io/service-name=outside' });
    expect(items.map((slice) => [slice.ports, slice.endpoints.flatMap((e) => e.addresses)])).toEqual([
      [[{ name: '', port: 8000, protocol: 'TCP' }], ['203.0.113.7', '203.0.113.8']],
    ]);
    const { metadata } = await world.client.get(nodes, { name: 'node-1' });
    expect(metadata.annotations).toHaveProperty(['node.alpha.kubernetes.io/ttl'], '0');
  });
  expect((await world.client.get(endpoints, outside)).subsets?.[0]?.addresses?.length).toBe(2);
  await world.client.delete(endpoints, outside);
  await world.until(async () => expect((await world.client.list(endpointSlices)).items).toEqual([]));
});

describe('namespaces', () => {
  test('each has its service account and the certificate, and gets them back', async () => {
    run('serviceaccount-controller', 'root-ca-certificate-publisher-controller');
    await world.client.create(namespaces, { metadata: { name: 'mine' } });
    const account = { namespace: 'mine', name: 'default' };
    const { metadata } = await world.until(() => world.client.get(serviceAccounts, account));
    const certificate = { namespace: 'mine', name: 'kube-root-ca.crt' };
    await world.until(async () =>
      expect((await world.client.get(configMaps, certificate)).data).toEqual({ 'ca.crt': 'CA' }),
    );
    await world.client.delete(serviceAccounts, account);
    await world.client.patch(configMaps, certificate, { data: { 'ca.crt': 'other' } });
    await world.until(async () => {
      expect((await world.client.get(serviceAccounts, account)).metadata.uid).not.toBe(metadata.uid);
      expect((await world.client.get(configMaps, certificate)).data).toEqual({ 'ca.crt': 'CA' });
    });
  });

  test('a deleted one goes with everything in it, and waits for finalizers', async () => {
    run('namespace-controller');
    await world.client.create(namespaces, { metadata: { name: 'mine' } });
    await world.client.create(configMaps, { metadata: { namespace: 'mine', name: 'free' } });
    await world.client.create(configMaps, {
      metadata: { namespace: 'mine', name: 'held', finalizers: ['example.com/hold'] },
    });
    await world.client.delete(namespaces, { name: 'mine' });
    await world.until(async () => {
      const { status } = await world.client.get(namespaces, { name: 'mine' });
      expect(status.conditions?.find((c) => c.type === 'NamespaceFinalizersRemaining')).toMatchObject({ status: 'True', reason: 'SomeFinalizersRemain', message: 'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances' }); // prettier-ignore
    });
    expect((await world.client.list(configMaps, { namespace: 'mine' })).items.map((c) => c.metadata.name)).toEqual([
      'held',
    ]);
    await world.client.patch(
      configMaps,
      { namespace: 'mine', name: 'held' },
      { metadata: { finalizers: null } },
      { type: 'merge' },
    );
    await world.until(() => is404(world.client.get(namespaces, { name: 'mine' })), { ms: 60_000, stepMs: 200 });
  });
});

describe('nodes', () => {
  const ready = (status = 'True') => ({ type: 'Ready', status, reason: 'KubeletReady', message: 'ok', lastHeartbeatTime: timestamp(world.clock.now()), lastTransitionTime: timestamp(world.clock.now()) }); // prettier-ignore
  const aNode = (name: string): Node => ({ metadata: { name }, status: { conditions: [ready()] } }) as unknown as Node;
  const taints = async (name: string): Promise<string[]> =>
    ((await world.client.get(nodes, { name })).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
  /** Kubelets renew their leases while time passes. */
  const pass = async (seconds: number, ...alive: string[]): Promise<void> => {
    for (let s = 0; s < seconds; s += 5) {
      for (const name of alive) {
        const lease = { metadata: { namespace: 'kube-node-lease', name }, spec: { holderIdentity: name, renewTime: microTimestamp(world.clock.now()) } }; // prettier-ignore
        await world.client.update(leases, lease as never);
      }
      await world.clock.advance(5000);
      await world.client.get(nodes, { name: 'node-1' }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  };

  test('a silent node becomes unknown after 50 s, its pods unready, and those go when their toleration is used up', async () => {
    run('node-lifecycle-controller', 'taint-eviction-controller');
    await world.client.create(namespaces, { metadata: { name: 'kube-node-lease' } }).catch(() => {});
    for (const name of ['node-1', 'node-2']) await world.client.create(nodes, aNode(name));
    const tolerations = [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }]; // prettier-ignore
    const pod = aPod('web');
    await world.client.create(pods, { ...pod, spec: { ...pod.spec, tolerations } });
    await report('web');
    await pass(40, 'node-2');
    expect((await world.client.get(nodes, { name: 'node-1' })).status.conditions?.[0]?.status).toBe('True');
    await pass(30, 'node-2');
    const { status } = await world.client.get(nodes, { name: 'node-1' });
    expect(status.conditions?.find((c) => c.type === 'Ready')).toMatchObject({ status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }); // prettier-ignore
    expect(await taints('node-1')).toEqual(['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']); // prettier-ignore
    expect(await taints('node-2')).toEqual([]);
    const web = { namespace: 'default', name: 'web' };
    expect((await world.client.get(pods, web)).status.conditions?.find((c) => c.type === 'Ready')?.status).toBe(
      'False',
    );
    await pass(200, 'node-2');
    expect((await world.client.get(pods, web)).metadata.deletionTimestamp).toBeUndefined();
    await pass(120, 'node-2');
    expect((await world.client.get(pods, web)).metadata.deletionTimestamp).toBeDefined();
    expect(await reasons('web')).toContain('TaintManagerEviction: Marking for deletion Pod default/web');
  }, 60_000);

  test('a node that comes back loses its taints', async () => {
    run('node-lifecycle-controller');
    for (const name of ['node-1', 'node-2']) await world.client.create(nodes, aNode(name));
    await world.client.create(namespaces, { metadata: { name: 'kube-node-lease' } }).catch(() => {});
    await pass(70, 'node-2');
    expect(await taints('node-1')).toHaveLength(2);
    await world.client.patch(
      nodes,
      { name: 'node-1' },
      { status: { conditions: [ready()] } },
      { subresource: 'status' },
    );
    await world.until(async () => expect(await taints('node-1')).toEqual([]));
  }, 30_000);

  test('cordoning taints at once', async () => {
    run('node-lifecycle-controller');
    await world.client.create(nodes, aNode('node-1'));
    await world.client.patch(nodes, { name: 'node-1' }, { spec: { unschedulable: true } });
    await world.until(async () =>
      expect(await taints('node-1')).toEqual(['node.kubernetes.io/unschedulable:NoSchedule']),
    );
  });

  test('pods of a node that is gone are removed after a while', async () => {
    run('pod-garbage-collector-controller');
    await world.client.create(pods, aPod('lost'));
    await report('lost', { node: 'gone' });
    await world.until(() => is404(world.client.get(pods, { namespace: 'default', name: 'lost' })), {
      ms: 120_000,
      stepMs: 5000,
    });
  });
});

describe('garbage', () => {
  const owned = async (owner: string, name: string, more = {}): Promise<void> => {
    const { metadata } = await world.client.get(configMaps, { namespace: 'default', name: owner });
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid: metadata.uid!, blockOwnerDeletion: true },
    ];
    await world.client.create(configMaps, { metadata: { namespace: 'default', name, ownerReferences, ...more } });
  };
  const create = (name: string) => world.client.create(configMaps, { metadata: { namespace: 'default', name } });
  const named = (name: string) => ({ namespace: 'default', name });
  const left = async (): Promise<string[]> =>
    (await world.client.list(configMaps, { namespace: 'default' })).items.map((c) => c.metadata.name);

  beforeEach(async () => {
    run('garbage-collector-controller');
    await create('owner');
    for (const name of ['one', 'two']) await owned('owner', name);
    await owned('one', 'grandchild');
  });

  test('in the background: dependents follow their owner, and theirs follow them', async () => {
    await world.client.delete(configMaps, named('owner'), { propagationPolicy: 'Background' });
    await world.until(async () => expect(await left()).toEqual([]));
  });

  test('in the foreground: the owner waits for those who block it', async () => {
    await owned('owner', 'held', { finalizers: ['example.com/hold'] });
    await world.client.delete(configMaps, named('owner'), { propagationPolicy: 'Foreground' });
    await world.until(async () => expect(await left()).toEqual(['held', 'owner']));
    await world.client.patch(configMaps, named('held'), { metadata: { finalizers: null } }, { type: 'merge' });
    await world.until(async () => expect(await left()).toEqual([]));
  });

  test('orphaning: dependents forget their owner and stay', async () => {
    await world.client.delete(configMaps, named('owner'), { propagationPolicy: 'Orphan' });
    await world.until(async () => expect(await left()).toEqual(['grandchild', 'one', 'two']));
    expect((await world.client.get(configMaps, named('one'))).metadata.ownerReferences).toBeUndefined();
  });

  test('an object with an owner that never existed is deleted; one with another owner left only forgets the first', async () => {
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: '11111111-2222-3333-4444-555555555555' },
    ];
    await world.client.create(configMaps, { metadata: { ...named('lost'), ownerReferences } });
    await world.until(() => is404(world.client.get(configMaps, named('lost'))));
    const two = await world.client.get(configMaps, named('two'));
    const both = [...ownerReferences, { apiVersion: 'v1', kind: 'ConfigMap', name: 'two', uid: two.metadata.uid! }];
    await world.client.create(configMaps, { metadata: { ...named('both'), ownerReferences: both } });
    await world.until(async () => {
      const { metadata } = await world.client.get(configMaps, named('both'));
      expect(metadata.ownerReferences?.map(({ name }) => name)).toEqual(['two']);
    });
  });
});

test('a name that is no controller is refused with the names there are', async () => {
  const { client, clock } = world;
  const running = runControllers(
    { client, clock, log: silent, controllers: ['x' as ControllerName] },
    new AbortController().signal,
  );
  await expect(running).rejects.toThrow('there is no controller "x"; there are endpoints-controller');
});
