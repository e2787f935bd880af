/** `kubebook place` beside pencil and paper: one file, in which everything that 1.2 scored has its part. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placed } from './place.js';

const MiB = 1024 * 1024;

const cluster = `
kind: List
apiVersion: v1
items:
- apiVersion: v1
  kind: Node
  metadata: { name: a1, labels: { failure-domain.beta.kubernetes.io/zone: a, rack: r1, ssd: "" } }
  status:
    capacity: { cpu: "4", memory: 8000Mi, pods: "10" }
    images: [{ names: [big:1], sizeBytes: ${512 * MiB} }]
- apiVersion: v1
  kind: Node
  metadata: { name: a2, labels: { failure-domain.beta.kubernetes.io/zone: a, rack: r1 } }
  status: { allocatable: { cpu: "2", memory: 8000Mi, pods: "10" } }
- apiVersion: v1
  kind: Node
  metadata: { name: b1, labels: { failure-domain.beta.kubernetes.io/zone: b, rack: r2 } }
  status: { allocatable: { cpu: "8", memory: 4000Mi, pods: "10" } }
- apiVersion: v1
  kind: Node
  metadata: { name: cordoned }
  spec: { unschedulable: true }
  status: { allocatable: { cpu: "100", memory: 100Gi, pods: "10" } }
- apiVersion: v1
  kind: Node
  metadata: { name: down }
  status:
    allocatable: { cpu: "100", memory: 100Gi, pods: "10" }
    conditions: [{ type: Ready, status: "False" }]
- apiVersion: v1
  kind: Service
  metadata: { name: web }
  spec: { selector: { app: web } }
- apiVersion: v1
  kind: ReplicationController
  metadata: { name: web }
  spec: { selector: { app: web, tier: front } }
- apiVersion: v1
  kind: Pod
  metadata: { name: web-0, labels: { app: web, tier: front } }
  spec:
    nodeName: a1
    containers: [{ name: c, ports: [{ containerPort: 80, hostPort: 8080 }], resources: { requests: { cpu: "1", memory: 1000Mi } } }]
    volumes: [{ name: d, gcePersistentDisk: { pdName: data } }]
- apiVersion: v1
  kind: Pod
  metadata: { name: web-old, labels: { app: web, tier: front }, deletionTimestamp: "2016-06-01T12:00:00Z" }
  spec: { nodeName: b1, containers: [{ name: c, resources: { requests: { cpu: "1", memory: 1000Mi } } }] }
- apiVersion: v1
  kind: Pod
  metadata: { name: ended, labels: { app: web } }
  spec: { nodeName: a2, containers: [{ name: c, resources: { requests: { cpu: "2", memory: 8000Mi } } }] }
  status: { phase: Succeeded }
- apiVersion: v1
  kind: Pod
  metadata:
    name: web-1
    labels: { app: web, tier: front }
    annotations:
      scheduler.alpha.kubernetes.io/affinity: >
        {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
          {"weight": 2, "preference": {"matchExpressions": [{"key": "ssd", "operator": "Exists"}]}},
          {"weight": 5, "preference": {"matchExpressions": [{"key": "rack", "operator": "In", "values": ["r2"]}]}}]}}
  spec: { containers: [{ name: c, image: "big:1" }] }
- apiVersion: v1
  kind: Pod
  metadata: { name: disk-1 }
  spec:
    containers: [{ name: c, ports: [{ containerPort: 80, hostPort: 8080 }], resources: { limits: { cpu: "1500m" } } }]
    volumes: [{ name: d, gcePersistentDisk: { pdName: data } }]
- apiVersion: v1
  kind: Pod
  metadata: { name: huge }
  spec: { containers: [{ name: c, resources: { requests: { cpu: "5", memory: 9000Mi } } }] }
`;

async function place(flags: object = {}) {
  const all = { from: 'file', colour: false, algorithmProvider: 'DefaultProvider', schedulerName: 'default-scheduler' };
  const { placements } = JSON.parse(await placed(cluster, { ...all, output: 'json', ...flags }));
  const byName = (list: { name: string; score?: number; reason?: string }[]) =>
    Object.fromEntries(list.map(({ name, score, reason }) => [name, score ?? reason]));
  return Object.fromEntries(
    placements.map(({ pod, node, table }: any) => [
      pod.split('/')[1],
      {
        node,
        scores: Object.fromEntries(table.map((v: any) => [v.node, v.fits ? byName(v.priorities) : undefined])),
        refusals: Object.fromEntries(
          table.map((v: any) => [v.node, byName(v.predicates.filter(({ fits }: any) => !fits))]),
        ),
      },
    ]),
  );
}

test('DefaultProvider', async () => {
  const { 'web-1': web, 'disk-1': disk, huge } = await place();
  expect(web).toEqual({
    node: 'b1',
    scores: {
      // Asks for nothing: counts as 100m and 200 MiB.
      a1: {
        // cpu (4000 − 1100) · 10 / 4000 = 7.25, memory (8000 − 1200) · 10 / 8000 = 8.5; ⌊(7 + 8) / 2⌋
        LeastRequestedPriority: 7,
        BalancedResourceAllocation: 8, // ⌊10 − |0.275 − 0.15| · 10⌋
        SelectorSpreadPriority: 0, // it has the one peer, and so has its zone
        NodeAffinityPriority: 4, // ⌊10 · 2 / 5⌋
      },
      a2: {
        LeastRequestedPriority: 9, // 9.5 and 9.75: the ended pod takes no room
        BalancedResourceAllocation: 9, // ⌊10 − |0.05 − 0.025| · 10⌋
        SelectorSpreadPriority: 3, // 10 / 3 for the empty node, 0 for the full zone
        NodeAffinityPriority: 0,
      },
      b1: {
        LeastRequestedPriority: 7, // 8.625 and 7: a pod that is being deleted still takes room
        BalancedResourceAllocation: 8, // ⌊10 − |0.1375 − 0.3| · 10⌋
        SelectorSpreadPriority: 10, // and is no peer any more
        NodeAffinityPriority: 10,
      },
      cordoned: undefined,
      down: undefined,
    },
    refusals: {
      a1: {},
      a2: {},
      b1: {},
      cordoned: { CheckNodeCondition: 'node(s) were unschedulable' },
      down: { CheckNodeCondition: 'node(s) were not ready' },
    },
  });
  // Its limit is its request; b1 has web-1 by now: 1500 + 1000 + 100 of 8000, 200 + 1000 + 200 of 4000.
  expect(disk).toMatchObject({
    node: 'b1',
    scores: {
      a1: undefined,
      a2: {
        LeastRequestedPriority: 5,
        BalancedResourceAllocation: 2,
        SelectorSpreadPriority: 10,
        NodeAffinityPriority: 0,
      },
      b1: {
        LeastRequestedPriority: 6,
        BalancedResourceAllocation: 9,
        SelectorSpreadPriority: 10,
        NodeAffinityPriority: 0,
      },
    },
    refusals: { a1: { PodFitsHostPorts: 'PodFitsHostPorts', NoDiskConflict: 'NoDiskConflict' } },
  });
  expect(huge).toMatchObject({
    node: null,
    refusals: {
      a1: { PodFitsResources: "Node didn't have enough resource: CPU, requested: 5000, used: 1000, capacity: 4000" },
      b1: {
        PodFitsResources: `Node didn't have enough resource: Memory, requested: ${9000 * MiB}, used: ${1000 * MiB}, capacity: ${4000 * MiB}`,
      },
    },
  });
});

test('a policy file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-place-'));
  try {
    const policyConfigFile = join(folder, 'policy.json');
    const policy = {
      kind: 'Policy',
      apiVersion: 'v1',
      predicates: [
        { name: 'PodFitsResources' },
        { name: 'OnARack', argument: { labelsPresence: { labels: ['rack'], presence: true } } },
      ],
      priorities: [
        { name: 'RackSpread', weight: 3, argument: { serviceAntiAffinity: { label: 'rack' } } },
        { name: 'NoSsd', weight: 1, argument: { labelPreference: { label: 'ssd', presence: false } } },
        { name: 'ImageLocalityPriority', weight: 2 },
        { name: 'EqualPriority', weight: 1 },
      ],
    };
    writeFileSync(policyConfigFile, JSON.stringify(policy));
    const { 'web-1': web, huge } = await place({ policyConfigFile });
    expect(web).toMatchObject({
      node: 'a1', // 28, before a2 and b1 with 26
      scores: {
        // Of two peers (here the one that is being deleted counts) each rack has one. ⌊10 · (512 − 23) / 977⌋ + 1 = 6
        a1: { RackSpread: 5, NoSsd: 0, ImageLocalityPriority: 6, EqualPriority: 1 },
        a2: { RackSpread: 5, NoSsd: 10, ImageLocalityPriority: 0, EqualPriority: 1 },
        b1: { RackSpread: 5, NoSsd: 10, ImageLocalityPriority: 0, EqualPriority: 1 },
      },
    });
    // disk-1 went to a2: as good as b1, and it was its turn.
    expect(huge.refusals.a2).toEqual({
      PodFitsResources: "Node didn't have enough resource: CPU, requested: 5000, used: 1500, capacity: 2000",
    });
    expect(huge.refusals.down).toMatchObject({ OnARack: 'OnARack' });
    writeFileSync(policyConfigFile, '{ "kind": "Policy",\n "apiVersion": "v1", "predicates": [{ "name": "Nobody" }] }');
    await expect(place({ policyConfigFile })).rejects.toThrow(
      `${policyConfigFile}:2: Invalid configuration: Predicate type not found for Nobody`,
    );
    await expect(place({ policyConfigFile: join(folder, 'x') })).rejects.toThrow(
      `there is no file ${join(folder, 'x')}`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
