import { persistentVolumeClaims, persistentVolumes } from '../../api/resources.js';
import type { Node, Pod } from '../../api/types.js';
import { SchedulerCache } from '../cache.js';
import { PodInfo } from '../pod-info.js';
import { aNode, aPod, aService, bound } from '../testing/builders.js';
import { checkNodeCondition } from './check-node-condition.js';
import { checkNodeLabelPresence } from './check-node-label-presence.js';
import { checkNodeUnschedulable } from './check-node-unschedulable.js';
import { checkServiceAffinity } from './check-service-affinity.js';
import { matchNodeSelector } from './match-node-selector.js';
import { ebs, gcePd, maxVolumeCount } from './max-volume-count.js';
import { noDiskConflict } from './no-disk-conflict.js';
import { noVolumeZoneConflict } from './no-volume-zone-conflict.js';
import { podFitsHost } from './pod-fits-host.js';
import { podFitsHostPorts } from './pod-fits-host-ports.js';
import { podFitsResources } from './pod-fits-resources.js';
import { podToleratesNodeTaints } from './pod-tolerates-node-taints.js';
import type { FitPredicate, Unfit } from './predicate.js';

/** The verdict on a node that runs `others`: `fits`, or the reasons. */
function verdict(predicate: FitPredicate, pod: Pod, node: Node, others: Pod[] = [], cache = new SchedulerCache()) {
  cache.setNode(node);
  for (const other of others) cache.setPod(bound(other, node.metadata.name));
  const result = predicate(new PodInfo(pod), cache.nodeNamed(node.metadata.name)!);
  return result === true ? 'fits' : (result as Unfit).reasons.join(', ');
}

const requests = (cpu: string, memory: string) => ({ cpu, memory });

describe('PodFitsResources', () => {
  const node = aNode('n', { cpu: '10', memory: '20', pods: '32' });
  test.each([
    // The Pod asks for, others ask for, verdict
    [{}, [requests('10', '20')], 'fits'], // asking for nothing always fits
    [requests('1', '1'), [requests('10', '20')], 'Insufficient cpu, Insufficient memory'],
    [requests('1', '1'), [requests('5', '5')], 'fits'],
    [requests('1', '2'), [requests('5', '19')], 'Insufficient memory'],
    [requests('5', '1'), [requests('5', '19')], 'fits'], // filled to the brim
    [requests('5001m', '1'), [requests('5', '19')], 'Insufficient cpu'],
    [requests('0', '1'), [requests('11', '1')], 'Insufficient cpu'], // 1.2: who asks for memory is held against cpu too
    [{ 'example.com/other': '1' }, [], 'fits'], // 1.2 looked at no other resource
  ])('asked for %j beside %j: %s', (wanted, others, expected) => {
    const running = others.map((requested, i) => aPod(`other-${i}`, requested as Record<string, string>));
    expect(verdict(podFitsResources, aPod('p', wanted as Record<string, string>), node, running)).toBe(expected);
  });

  test('counts Pods, also those that ask for nothing', () => {
    const small = aNode('n', { pods: '1' });
    expect(verdict(podFitsResources, aPod('p'), small)).toBe('fits');
    expect(verdict(podFitsResources, aPod('p'), small, [aPod('q')])).toBe('Too many pods');
  });

  test('adds up containers, and nothing that came after 1.2: no init containers, no overhead, no requests of the Pod itself', () => {
    const container = (cpu: string, memory = '1') => ({ name: 'c', resources: { requests: { cpu, memory } } });
    const later = (cpu: string) => ({
      containers: [container(cpu)],
      initContainers: [container('10', '20')],
      overhead: { cpu: '5' },
      resources: { requests: { cpu: '9' } },
    });
    const others = [aPod('q', {}, later('3')), aPod('r', requests('2', '1'))];
    expect(verdict(podFitsResources, aPod('p', {}, later('5')), node, others)).toBe('fits');
    expect(verdict(podFitsResources, aPod('p', {}, later('6')), node, others)).toBe('Insufficient cpu');
  });

  test('says in 1.2’s words what is short', () => {
    const cache = new SchedulerCache();
    cache.setNode(aNode('n', { cpu: '1' }));
    const result = podFitsResources(new PodInfo(aPod('p', { cpu: '2' })), cache.nodeNamed('n')!) as Unfit;
    expect(result.reason12).toBe("Node didn't have enough resource: CPU, requested: 2000, used: 0, capacity: 1000");
    expect(result.resolvable).toBe(false); // not even an empty node would do
  });
});

describe('PodFitsHostPorts', () => {
  const withPorts = (name: string, ...hostPorts: number[]) =>
    aPod(
      name,
      {},
      { containers: [{ name: 'a', ports: hostPorts.map((hostPort) => ({ containerPort: 1, hostPort })) }] },
    );
  test.each([
    [[], [8080], 'fits'],
    [[8080], [], 'fits'],
    [[8080], [8081], 'fits'],
    [[8080], [8080], "node(s) didn't have free ports for the requested pod ports"],
    [[1, 8080], [2, 8080], "node(s) didn't have free ports for the requested pod ports"],
    [[0], [0], 'fits'], // 0 is no port
  ])('wants %j where %j are taken: %s', (wanted, taken, expected) => {
    expect(verdict(podFitsHostPorts, withPorts('p', ...wanted), aNode('n'), [withPorts('q', ...taken)])).toBe(expected);
  });
});

test.each([
  [undefined, 'fits'],
  ['n', 'fits'],
  ['m', "node(s) didn't match the requested node name"],
])('HostName: a Pod for %s on n: %s', (nodeName, expected) => {
  expect(verdict(podFitsHost, aPod('p', {}, { nodeName }), aNode('n'))).toBe(expected);
});

describe('MatchNodeSelector', () => {
  const node = aNode('n', {}, { labels: { disk: 'ssd', cores: '16' } });
  const no = "node(s) didn't match Pod's node affinity/selector";
  test.each([
    [{ disk: 'ssd' }, 'fits'],
    [{ disk: 'ssd', cores: '16' }, 'fits'],
    [{ disk: 'hdd' }, no],
    [{ gpu: 'yes' }, no],
    [{ constructor: 'x' }, no],
  ])('a nodeSelector %j: %s', (nodeSelector, expected) => {
    expect(verdict(matchNodeSelector, aPod('p', {}, { nodeSelector: nodeSelector as never }), node)).toBe(expected);
  });

  const expression = (key: string, operator: string, ...values: string[]) => ({
    key,
    operator,
    ...(values.length > 0 && { values }),
  });
  const term = (...matchExpressions: object[]) => ({ matchExpressions });
  const terms: [string, object[] | null, string][] = [
    ['no terms', [], no],
    ['null instead of terms', null, no],
    ['an empty term', [{}], no],
    ['In', [term(expression('disk', 'In', 'hdd', 'ssd'))], 'fits'],
    ['In, another value', [term(expression('disk', 'In', 'hdd'))], no],
    ['NotIn, and the label is missing', [term(expression('gpu', 'NotIn', 'yes'))], 'fits'],
    ['NotIn', [term(expression('disk', 'NotIn', 'ssd'))], no],
    ['Exists', [term(expression('disk', 'Exists'))], 'fits'],
    ['DoesNotExist', [term(expression('disk', 'DoesNotExist'))], no],
    ['Gt', [term(expression('cores', 'Gt', '8'))], 'fits'],
    ['Gt of the same', [term(expression('cores', 'Gt', '16'))], no],
    ['Lt', [term(expression('cores', 'Lt', '17'))], 'fits'],
    ['Gt of a label that is no number', [term(expression('disk', 'Gt', '1'))], no],
    ['two expressions, one holds', [term(expression('disk', 'Exists'), expression('gpu', 'Exists'))], no],
    ['two terms, one holds', [term(expression('gpu', 'Exists')), term(expression('disk', 'Exists'))], 'fits'],
    ['nonsense before a term that holds', [term(expression('disk', 'Likes')), term(expression('disk', 'Exists'))], no],
    [
      'nonsense after a term that holds',
      [term(expression('disk', 'Exists')), term(expression('disk', 'Likes'))],
      'fits',
    ],
  ];
  test.each(terms)('a required node affinity: %s', (_what, nodeSelectorTerms, expected) => {
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } };
    expect(verdict(matchNodeSelector, aPod('p', {}, { affinity: { nodeAffinity } as never }), node)).toBe(expected);
    const annotations = { 'scheduler.alpha.kubernetes.io/affinity': JSON.stringify({ nodeAffinity }) };
    expect(verdict(matchNodeSelector, aPod('p', {}, {}, { annotations }), node)).toBe(expected);
  });

  test('asks for a field of the node', () => {
    const named = (name: string) => ({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchFields: [expression('metadata.name', 'In', name)] }],
        },
      },
    });
    expect(verdict(matchNodeSelector, aPod('p', {}, { affinity: named('n') as never }), node)).toBe('fits');
    expect(verdict(matchNodeSelector, aPod('p', {}, { affinity: named('m') as never }), node)).toBe(no);
  });

  const required = (required: unknown) =>
    JSON.stringify({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } });
  const first = (matchExpression: unknown) =>
    required({ nodeSelectorTerms: [{ matchExpressions: [matchExpression] }, term(expression('disk', 'Exists'))] });
  test.each([
    ['{', no],
    ['5', no],
    ['{"nodeAffinity": 5}', no],
    [required(5), no],
    [required({ nodeSelectorTerms: 'x' }), no],
    [required({ nodeSelectorTerms: [null] }), no],
    [first(null), no],
    [first({ key: 'disk', operator: 'In', values: 'ssd' }), no],
    [first({ key: 'no key', operator: 'DoesNotExist' }), no],
    [first({ key: 'disk', operator: 'NotIn', values: ['no value'] }), no],
    ['{"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": 5}}', no],
    ['{"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1}, null]}}', 'fits'],
    [required(null), 'fits'],
    ['null', 'fits'],
    ['{}', 'fits'],
    ['', 'fits'],
  ])('an annotation that cannot be read matches nothing, an empty one everything: %s', (text, expected) => {
    const annotations = { 'scheduler.alpha.kubernetes.io/affinity': text };
    expect(verdict(matchNodeSelector, aPod('p', {}, {}, { annotations }), node)).toBe(expected);
  });

  test('the annotation compares decimal numbers, the spec whole ones', () => {
    const half = aNode('n', {}, { labels: { cores: '8.5' } });
    const affinity = { nodeSelectorTerms: [term(expression('cores', 'Gt', '8'))] };
    const annotations = { 'scheduler.alpha.kubernetes.io/affinity': required(affinity) };
    expect(verdict(matchNodeSelector, aPod('p', {}, {}, { annotations }), half)).toBe('fits');
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: affinity };
    expect(verdict(matchNodeSelector, aPod('p', {}, { affinity: { nodeAffinity } as never }), half)).toBe(no);
  });
});

describe('NoDiskConflict', () => {
  const withVolume = (name: string, volume: object) => aPod(name, {}, { volumes: [{ name: 'v', ...volume }] });
  const gce = (pdName: string, readOnly?: boolean) => ({ gcePersistentDisk: { pdName, readOnly } });
  const aws = (volumeID: string, readOnly?: boolean) => ({ awsElasticBlockStore: { volumeID, readOnly } });
  const rbd = (monitors: string[], image: string, pool?: string) => ({ rbd: { monitors, image, pool } });
  test.each([
    [gce('a'), gce('b'), true],
    [gce('a'), gce('a'), false],
    [gce('a', true), gce('a', true), true],
    [gce('a', true), gce('a'), false],
    [aws('a'), aws('b'), true],
    [aws('a', true), aws('a', true), false],
    [rbd(['m', 'n'], 'i'), rbd(['n', 'o'], 'i'), false],
    [rbd(['m'], 'i'), rbd(['n'], 'i'), true],
    [rbd(['m'], 'i', 'p'), rbd(['m'], 'i', 'q'), true],
    [rbd(['m'], 'i'), rbd(['m'], 'j'), true],
    [gce('a'), aws('a'), true],
    [{ emptyDir: {} }, { emptyDir: {} }, true],
  ])('%j beside %j', (ours, theirs, fits) => {
    const result = verdict(noDiskConflict, withVolume('p', ours), aNode('n'), [withVolume('q', theirs)]);
    expect(result).toBe(fits ? 'fits' : 'node(s) had no available disk');
  });
});

describe('volumes behind claims', () => {
  const cacheWith = (volume: object, labels: Record<string, string> = {}) => {
    const cache = new SchedulerCache();
    cache.set(persistentVolumeClaims, {
      metadata: { namespace: 'default', name: 'data' },
      spec: { volumeName: 'pv' },
    } as never);
    cache.set(persistentVolumes, { metadata: { name: 'pv', labels }, spec: volume } as never);
    return cache;
  };
  const claiming = (name = 'p') =>
    aPod(name, {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] });
  const direct = (name: string, ...ids: string[]) =>
    aPod(name, {}, { volumes: ids.map((volumeID) => ({ name: volumeID, awsElasticBlockStore: { volumeID } })) });

  test.each([
    ['a node without zones', {}, 'fits'],
    ['the same zone', { 'failure-domain.beta.kubernetes.io/zone': 'a' }, 'fits'],
    ['another zone', { 'failure-domain.beta.kubernetes.io/zone': 'b' }, 'node(s) had no available volume zone'],
  ])('NoVolumeZoneConflict: %s', (_what, labels, expected) => {
    const cache = cacheWith({}, { 'failure-domain.beta.kubernetes.io/zone': 'a' });
    expect(verdict(noVolumeZoneConflict(cache), claiming(), aNode('n', {}, { labels }), [], cache)).toBe(expected);
  });

  test.each([
    ['none of its own on a full node', aPod('p'), ['a', 'b'], 'fits'],
    ['one more', direct('p', 'b'), ['a'], 'fits'],
    ['one too many', direct('p', 'c'), ['a', 'b'], 'node(s) exceed max volume count'],
    ['one that is there already', direct('p', 'a'), ['a', 'b'], 'fits'],
    ['one behind a claim', claiming(), ['a', 'b'], 'node(s) exceed max volume count'],
  ])('MaxEBSVolumeCount, limit 2: %s', (_what, pod, there, expected) => {
    const cache = cacheWith({ awsElasticBlockStore: { volumeID: 'behind' } });
    const predicate = maxVolumeCount({ ...ebs, limit: 2 }, cache);
    expect(verdict(predicate, pod, aNode('n'), [direct('q', ...there)], cache)).toBe(expected);
  });

  test('1.2’s limits', () => expect([ebs.limit, gcePd.limit]).toEqual([39, 16]));
});

test.each([
  [['retiring'], false, {}, true],
  [['retiring'], false, { retiring: '2016-06-01' }, false],
  [['region', 'zone'], true, { region: 'r' }, false],
  [['region', 'zone'], true, { region: 'r', zone: '' }, true],
])('CheckNodeLabelPresence of %j, presence %s, on %j: %s', (labels, presence, has, fits) => {
  const result = verdict(checkNodeLabelPresence(labels, presence), aPod('p'), aNode('n', {}, { labels: has as never }));
  expect(result === 'fits').toBe(fits);
});

describe('CheckServiceAffinity', () => {
  const labels = { app: 'web' };
  const region = (r: string) => ({ labels: { region: r } });
  test.each([
    ['without a Service every node fits', undefined, {}, 'b', true],
    ['the first Pod of a Service may go anywhere', { app: 'web' }, undefined, 'b', true],
    ['the next one follows it', { app: 'web' }, {}, 'b', false],
    ['into the same region', { app: 'web' }, {}, 'a', true],
    ['what the nodeSelector says comes first', { app: 'web' }, { region: 'b' }, 'b', true],
  ])('%s', (_what, selector, nodeSelector, where, fits) => {
    const cache = new SchedulerCache();
    cache.setNode(aNode('first', {}, region('a')));
    if (selector) cache.setService(aService('web', selector));
    if (nodeSelector) cache.setPod(bound(aPod('peer', {}, {}, { labels }), 'first'));
    const pod = aPod('p', {}, { nodeSelector: nodeSelector as never }, { labels });
    const result = verdict(checkServiceAffinity(['region'], cache), pod, aNode('n', {}, region(where)), [], cache);
    expect(result === 'fits').toBe(fits);
  });
});

describe('taints', () => {
  const taint = { key: 'only', value: 'gpu', effect: 'NoSchedule' };
  const no = 'node(s) had untolerated taint(s)';
  test.each([
    [taint, undefined, no],
    [{ ...taint, effect: 'NoExecute' }, undefined, no],
    [{ ...taint, effect: 'PreferNoSchedule' }, undefined, 'fits'],
    [taint, { key: 'only', value: 'gpu' }, 'fits'],
    [taint, { key: 'only', value: 'cpu' }, no],
    [taint, { key: 'only', operator: 'Exists' }, 'fits'],
    [taint, { operator: 'Exists' }, 'fits'],
    [taint, { key: 'only', operator: 'Exists', effect: 'NoExecute' }, no],
    [taint, { key: 'other', operator: 'Exists' }, no],
  ])('%j against %j: %s', (there, toleration, expected) => {
    const pod = aPod('p', {}, { tolerations: toleration ? [toleration] : [] });
    expect(verdict(podToleratesNodeTaints, pod, aNode('n', {}, { taints: [there] }))).toBe(expected);
  });

  test('a cordoned node takes only who tolerates that', () => {
    const cordoned = aNode('n', {}, { unschedulable: true });
    expect(verdict(checkNodeUnschedulable, aPod('p'), cordoned)).toBe('node(s) were unschedulable');
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
    expect(verdict(checkNodeUnschedulable, aPod('p', {}, { tolerations }), cordoned)).toBe('fits');
  });
});

describe('CheckNodeCondition', () => {
  const withCondition = (type: string, status: string): Node => {
    const node = aNode('n');
    node.status.conditions = [{ type, status }];
    return node;
  };
  test.each([
    ['without conditions', aNode('n'), 'fits'],
    ['that is Ready', withCondition('Ready', 'True'), 'fits'],
    ['that is not Ready', withCondition('Ready', 'False'), 'node(s) were not ready'],
    ['of which nothing is known', withCondition('Ready', 'Unknown'), 'node(s) were not ready'],
    ['whose disk is not full', withCondition('OutOfDisk', 'False'), 'fits'],
    ['whose disk is full', withCondition('OutOfDisk', 'True'), 'node(s) were out of disk'],
    ['whose disk may be full', withCondition('OutOfDisk', 'Unknown'), 'node(s) were out of disk'],
    ['that is short of memory, which 1.2 did not ask', withCondition('MemoryPressure', 'True'), 'fits'],
    ['that is cordoned', aNode('n', {}, { unschedulable: true }), 'node(s) were unschedulable'],
    ['with a taint, which 1.2 did not know', aNode('n', {}, { taints: [{ key: 'k', effect: 'NoSchedule' }] }), 'fits'],
  ])('a node %s: %s', (_what, node, expected) => {
    expect(verdict(checkNodeCondition, aPod('p', {}, { tolerations: [{ operator: 'Exists' }] }), node)).toBe(expected);
  });
});
