import { admit } from './admission.js';
import { podRequests, qosClass } from './resources.js';
import { aContainer, aPod } from '../../test/support/kubelet-builders.js';

const node = {
  metadata: { name: 'node-1', labels: { disk: 'ssd' } },
  status: { allocatable: { cpu: '1', memory: '1Gi', pods: '2' } },
};
const asking = (cpu: string, more: object = {}) =>
  aPod({ containers: [aContainer('a', { resources: { requests: { cpu } }, ...more })] });

test('a pod that fits is taken', () => {
  expect(admit(asking('500m'), node, [asking('500m')])).toBeUndefined();
});

test("one that asks for more than is left is refused, in upstream's words", () => {
  expect(admit(asking('600m'), node, [asking('500m')])).toEqual({
    reason: 'OutOfcpu',
    message: "Node didn't have enough resource: cpu, requested: 600, used: 500, capacity: 1000",
  });
});

test('a full node takes no further pod', () => {
  expect(admit(aPod(), node, [aPod(), aPod()])).toEqual({
    reason: 'OutOfpods',
    message: "Node didn't have enough resource: pods, requested: 1, used: 2, capacity: 2",
  });
});

test.each([
  [{ hostPort: 80 }, { hostPort: 80 }, true],
  [{ hostPort: 80 }, { hostPort: 81 }, false],
  [{ hostPort: 80, protocol: 'UDP' }, { hostPort: 80 }, false],
  [{ hostPort: 80, hostIP: '127.0.0.1' }, { hostPort: 80, hostIP: '127.0.0.2' }, false],
  [{ hostPort: 80, hostIP: '127.0.0.1' }, { hostPort: 80 }, true],
])('ports %j and %j clash: %s', (one, other, clash) => {
  const withPort = (port: object) =>
    aPod({ containers: [aContainer('a', { ports: [{ containerPort: 80, ...port }] })] });
  expect(admit(withPort(one), node, [withPort(other)])?.reason).toBe(clash ? 'NodePorts' : undefined);
});

test('a pod that was bound to the wrong node by hand is refused', () => {
  expect(admit(aPod({ nodeSelector: { disk: 'hdd' } }), node, [])?.reason).toBe('NodeAffinity');
  expect(admit(aPod({ nodeSelector: { disk: 'ssd' } }), node, [])).toBeUndefined();
});

test('init containers count by the largest, sidecars with all', () => {
  const cpu = (amount: string, more: object = {}) => ({ resources: { requests: { cpu: amount } }, ...more });
  const pod = aPod({
    initContainers: [
      aContainer('i', cpu('3')),
      aContainer('s', cpu('500m', { restartPolicy: 'Always' })),
      aContainer('j', cpu('2')),
    ],
    containers: [aContainer('a', cpu('1')), aContainer('b', cpu('1'))],
  });
  expect(podRequests(pod)).toEqual({ cpu: 3000 });
});

test.each([
  [{}, 'BestEffort'],
  [{ requests: { cpu: '1' } }, 'Burstable'],
  [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1000m', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }, 'Burstable'],
  [{ limits: { cpu: '1' } }, 'Burstable'],
])('%j is of class %s', (resources, expected) => {
  expect(qosClass(aPod({ containers: [aContainer('a', { resources })] }))).toBe(expected);
});
