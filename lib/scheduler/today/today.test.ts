/** Each part of `today` by itself: what it refuses, in upstream's words, and what it prefers. */
import type { KubernetesObject, Node, Pod } from '../../api/types.js';
import { aNode, aPod, aService, bound } from '../testing/builders.js';
import { Trial } from '../testing/decide.js';
import { todayProvider } from './provider.js';

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const place = (pod: Pod, ...objects: KubernetesObject[]): string => new Trial(todayProvider, objects).place(pod);
const scores = (priority: string, pod: Pod, ...objects: KubernetesObject[]) =>
  new Trial(todayProvider, objects).scores(pod, priority);
const one = aNode('node-1');
const labelled = (name: string, labels: Record<string, string>, spec: Partial<Pod['spec']> = {}): Pod =>
  aPod(name, {}, spec, { labels });

describe('taints', () => {
  const taint = (effect: string): Node => aNode('node-1', {}, { taints: [{ key: 'k', value: 'v', effect }] });

  test.each(['NoSchedule', 'NoExecute'])('%s keeps away who does not tolerate it', (effect) => {
    expect(place(aPod('p'), taint(effect))).toBe('1 node(s) had untolerated taint(s).');
    const tolerations = [{ key: 'k', operator: 'Equal', value: 'v' }];
    expect(place(aPod('p', {}, { tolerations }), taint(effect))).toBe('node-1');
  });

  test('PreferNoSchedule is avoided where possible', () => {
    expect(scores('TaintToleration', aPod('p'), taint('PreferNoSchedule'), aNode('node-2'))).toEqual({
      'node-1': 0,
      'node-2': 100,
    });
  });

  test('a cordoned node says so', () => {
    expect(place(aPod('p'), aNode('node-1', {}, { unschedulable: true }))).toBe('1 node(s) were unschedulable.');
  });
});

describe('node affinity', () => {
  test('a Pod that names its nodes is refused elsewhere without further reason', () => {
    const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }];
    const required = { nodeSelectorTerms: [{ matchFields }] };
    const pod = aPod(
      'p',
      {},
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } },
    );
    expect(place(pod, one)).toBe("1 node(s) didn't satisfy plugin(s) [NodeAffinity].");
    expect(place(pod, one, aNode('node-2'))).toBe('node-2');
  });

  test('a Pod that names two nodes at once finds none, whatever the nodes', () => {
    const named = (name: string) => ({ key: 'metadata.name', operator: 'In', values: [name] });
    const required = { nodeSelectorTerms: [{ matchFields: [named('node-1'), named('node-2')] }] };
    const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: required };
    const pod = aPod('p', {}, { affinity: { nodeAffinity } });
    expect(place(pod, one, aNode('node-2'))).toBe('pod affinity terms conflict.');
  });

  test('1.2’s annotation is a note like any other', () => {
    const required = { nodeSelectorTerms: [] };
    const preferred = [{ weight: 1, preference: { matchExpressions: [{ key: host, operator: 'Exists' }] } }];
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: required,
      preferredDuringSchedulingIgnoredDuringExecution: preferred,
    };
    const annotations = { 'scheduler.alpha.kubernetes.io/affinity': JSON.stringify({ nodeAffinity }) };
    const pod = aPod('p', {}, { nodeSelector: { [host]: 'node-1' } }, { annotations });
    expect(place(pod, one)).toBe('node-1');
    expect(scores('NodeAffinity', pod, one)).toEqual({ 'node-1': 0 });
  });

  test('a preference may be for a node by its name', () => {
    const preference = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['node-2'] }] };
    const nodeAffinity = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 3, preference }] };
    expect(scores('NodeAffinity', aPod('p', {}, { affinity: { nodeAffinity } }), one, aNode('node-2'))).toEqual({
      'node-1': 0,
      'node-2': 100,
    });
  });

  test('reasons are counted', () => {
    const pod = aPod('p', { cpu: '8' }, { nodeSelector: { disk: 'ssd' } });
    const ssd = (name: string) => aNode(name, {}, { labels: { disk: 'ssd' } });
    expect(place(pod, one, ssd('node-2'), ssd('node-3'))).toBe(
      "1 node(s) didn't match Pod's node affinity/selector, 2 Insufficient cpu.",
    );
  });
});

describe('host ports', () => {
  const wants = (name: string, protocol: string, hostIP?: string): Pod =>
    aPod(
      name,
      {},
      { containers: [{ name: 'a', image: 'i', ports: [{ containerPort: 1, hostPort: 80, protocol, hostIP }] }] },
    );
  const taken = "1 node(s) didn't have free ports for the requested pod ports.";

  test.each<[string, string | undefined, string, string | undefined, string]>([
    ['TCP', undefined, 'TCP', undefined, taken],
    ['TCP', undefined, 'UDP', undefined, 'node-1'],
    ['TCP', '127.0.0.1', 'TCP', '127.0.0.2', 'node-1'],
    ['TCP', '127.0.0.1', 'TCP', '127.0.0.1', taken],
    ['TCP', '0.0.0.0', 'TCP', '127.0.0.1', taken],
    ['TCP', '127.0.0.1', 'TCP', undefined, taken],
  ])('%s on %s taken, %s on %s wanted: %s', (protocol, ip, wanted, wantedIP, outcome) => {
    expect(place(wants('b', wanted, wantedIP), one, bound(wants('a', protocol, ip), 'node-1'))).toBe(outcome);
  });
});

describe('resources', () => {
  const container = (name: string, cpu: string, more = {}) => ({
    name,
    image: 'i',
    resources: { requests: { cpu } },
    ...more,
  });

  test.each<[string, Partial<Pod['spec']>, boolean]>([
    [
      'an init container asks for as much as all that follow',
      { initContainers: [container('i', '4')], containers: [container('a', '1')] },
      true,
    ],
    [
      'an init container asks for more',
      { initContainers: [container('i', '5')], containers: [container('a', '1')] },
      false,
    ],
    [
      'a sidecar runs beside what follows it',
      {
        initContainers: [container('s', '2', { restartPolicy: 'Always' }), container('i', '3')],
        containers: [container('a', '1')],
      },
      false,
    ],
    ['overhead counts too', { overhead: { cpu: '2' }, containers: [container('a', '3')] }, false],
    [
      'what the Pod requests as a whole goes before its containers',
      { resources: { requests: { cpu: '5' } }, containers: [container('a', '1')] } as Partial<Pod['spec']>,
      false,
    ],
  ])('%s', (_, spec, fits) => {
    expect(place(aPod('p', {}, spec), one)).toBe(fits ? 'node-1' : '1 Insufficient cpu.');
  });

  test('a resource of which none is wanted may be used up', () => {
    const full = bound(aPod('full', { cpu: '4' }), 'node-1');
    const grown = aNode('node-1', { cpu: '2' });
    expect(place(aPod('p', { memory: '1Gi' }), grown, full)).toBe('node-1');
  });

  test('every shortage is told', () => {
    const full = bound(aPod('full'), 'node-1');
    expect(place(aPod('p', { cpu: '9', 'example.com/gadget': '1' }), aNode('node-1', { pods: '1' }), full)).toBe(
      '1 Insufficient cpu, 1 Insufficient example.com/gadget, 1 Too many pods.',
    );
  });

  test('the emptier node is preferred; who requests nothing is taken to request a little', () => {
    const busy = bound(aPod('busy', { cpu: '2', memory: '4Gi' }), 'node-1');
    expect(scores('NodeResourcesFit', aPod('p', { cpu: '1', memory: '2Gi' }), one, aNode('node-2'), busy)).toEqual({
      'node-1': 25,
      'node-2': 75,
    });
    // 100 m of 4 are 97 %, 200 MiB of 8 GiB are 97 %.
    expect(scores('NodeResourcesFit', aPod('p'), one)).toEqual({ 'node-1': 97 });
  });

  test('Pods that are small beside their nodes gather, since the first one on an empty node tips its balance', () => {
    const small = (name: string) => aPod(name, { cpu: '1m', memory: '4Mi' });
    const nodes = [one, aNode('node-2'), bound(small('q'), 'node-2')];
    const balance = scores('NodeResourcesBalancedAllocation', small('p'), ...nodes);
    expect(balance).toEqual({ 'node-1': 74, 'node-2': 75 });
    expect(scores('NodeResourcesFit', small('p'), ...nodes)).toEqual({ 'node-1': 99, 'node-2': 99 });
    expect(place(small('p'), ...nodes)).toBe('node-2');
  });

  test('a node is preferred for what the Pod does to its balance', () => {
    const nodes = [one, aNode('node-2')];
    const lopsided = bound(aPod('a', { cpu: '2' }), 'node-1');
    // node-1: from 75 to 100; node-2: from 100 to 75.
    expect(scores('NodeResourcesBalancedAllocation', aPod('p', { memory: '4Gi' }), ...nodes, lopsided)).toEqual({
      'node-1': 87,
      'node-2': 62,
    });
    expect(scores('NodeResourcesBalancedAllocation', aPod('p'), ...nodes)).toEqual({ 'node-1': 0, 'node-2': 0 });
  });
});

describe('image locality', () => {
  const megabyte = 1024 * 1024;
  const having = (name: string, sizeBytes: number): Node => {
    const node = aNode(name);
    return { ...node, status: { ...node.status, images: [{ names: ['i:latest'], sizeBytes }] } };
  };

  test('an image counts by its size and by how many nodes have it; without a tag it is the latest', () => {
    const nodes = [having('node-1', 1000 * megabyte), aNode('node-2')];
    // Half of the nodes have it: (500 - 23) of (1000 - 23).
    expect(scores('ImageLocality', aPod('p'), ...nodes)).toEqual({ 'node-1': 48, 'node-2': 0 });
    expect(scores('ImageLocality', aPod('p'), having('node-1', 22 * megabyte))).toEqual({ 'node-1': 0 });
  });
});

describe('inter-pod affinity', () => {
  const term = (app: string, topologyKey = host, more = {}) => ({
    topologyKey,
    labelSelector: { matchLabels: { app } },
    ...more,
  });
  const required = (...terms: object[]) => ({ requiredDuringSchedulingIgnoredDuringExecution: terms }) as never;
  const inZone = (name: string, value: string) => aNode(name, {}, { labels: { [zone]: value } });

  test('near is the same value of the label', () => {
    const nodes = [inZone('node-1', 'x'), inZone('node-2', 'x'), inZone('node-3', 'y')];
    const cache = bound(labelled('cache', { app: 'cache' }), 'node-3');
    const near = aPod('p', {}, { affinity: { podAffinity: required(term('cache', zone)) } });
    expect(place(near, ...nodes, cache)).toBe('node-3');
    const far = aPod('p', {}, { affinity: { podAntiAffinity: required(term('cache', zone)) } });
    expect(place(far, ...nodes, cache)).not.toBe('node-3');
  });

  test('each of the three rules has words of its own', () => {
    const web = labelled('web', { app: 'web' });
    const alone = labelled('b', { app: 'b' }, { affinity: { podAntiAffinity: required(term('web')) } });
    const nobody = aPod('p', {}, { affinity: { podAffinity: required(term('nobody')) } });
    expect(place(nobody, one)).toBe("1 node(s) didn't match pod affinity rules.");
    expect(place(alone, one, bound(web, 'node-1'))).toBe("1 node(s) didn't match pod anti-affinity rules.");
    expect(place(web, one, bound(alone, 'node-1'))).toBe("1 node(s) didn't satisfy existing pods anti-affinity rules.");
  });

  test('the first of a series that wants to be near itself may start', () => {
    const series = labelled('a', { app: 'a' }, { affinity: { podAffinity: required(term('a')) } });
    expect(place(series, one, aNode('node-2'))).toMatch(/^node-/);
    expect(
      place({ ...series, metadata: { ...series.metadata, name: 'b' } }, one, aNode('node-2'), bound(series, 'node-1')),
    ).toBe('node-1');
  });

  test('a term speaks of its own namespace, unless it names others', () => {
    const other = bound(aPod('web', {}, {}, { labels: { app: 'web' }, namespace: 'shop' }), 'node-1');
    const shop = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { team: 'a' } } };
    const far = (more: object) => aPod('p', {}, { affinity: { podAntiAffinity: required(term('web', host, more)) } });
    const refused = "1 node(s) didn't match pod anti-affinity rules.";
    expect(place(far({}), one, other, shop)).toBe('node-1');
    expect(place(far({ namespaces: ['shop'] }), one, other, shop)).toBe(refused);
    expect(place(far({ namespaceSelector: { matchLabels: { team: 'a' } } }), one, other, shop)).toBe(refused);
    expect(place(far({ namespaceSelector: { matchLabels: { team: 'b' } } }), one, other, shop)).toBe('node-1');
    expect(place(far({ namespaceSelector: {} }), one, other)).toBe(refused);
  });

  test('matchLabelKeys mean the values of the Pod itself, mismatchLabelKeys all others', () => {
    const old = bound(labelled('old', { app: 'web', version: '1' }), 'node-1');
    const rolled = (keys: object) =>
      labelled(
        'new',
        { app: 'web', version: '2' },
        { affinity: { podAntiAffinity: required(term('web', host, keys)) } },
      );
    expect(place(rolled({ matchLabelKeys: ['version'] }), one, old)).toBe('node-1');
    expect(place(rolled({ mismatchLabelKeys: ['version'] }), one, old)).toBe(
      "1 node(s) didn't match pod anti-affinity rules.",
    );
  });

  test('preferences of both sides are added up; what a running Pod requires counts 1', () => {
    const prefers = (weight: number, app: string) =>
      ({ preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term(app) }] }) as never;
    const nodes = [one, aNode('node-2'), aNode('node-3')];
    const fan = bound(labelled('fan', {}, { affinity: { podAffinity: prefers(30, 'web') } }), 'node-1');
    const needy = bound(labelled('needy', {}, { affinity: { podAffinity: required(term('web')) } }), 'node-2');
    const web = labelled('web', { app: 'web' });
    // 30, 1 and 0.
    expect(scores('InterPodAffinity', web, ...nodes, fan, needy)).toEqual({ 'node-1': 100, 'node-2': 3, 'node-3': 0 });
    const shy = labelled('p', {}, { affinity: { podAntiAffinity: prefers(10, 'web') } });
    expect(scores('InterPodAffinity', shy, ...nodes, bound(web, 'node-2'))).toEqual({
      'node-1': 100,
      'node-2': 0,
      'node-3': 100,
    });
  });
});

describe('topology spread', () => {
  const spread = (more: object = {}) => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: zone,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: { app: 'a' } },
        ...more,
      },
    ],
  });
  const a = (name: string, more: object = {}) => labelled(name, { app: 'a' }, spread(more));
  const inZone = (name: string, value: string, more = {}) => aNode(name, {}, { labels: { [zone]: value }, ...more });
  const nodes = [inZone('node-1', 'x'), inZone('node-2', 'y')];

  test('the skew stays within maxSkew', () => {
    expect(place(a('p'), ...nodes, bound(a('q'), 'node-1'))).toBe('node-2');
    expect(
      place(a('p'), inZone('node-1', 'x'), inZone('node-2', 'y', { unschedulable: true }), bound(a('q'), 'node-1')),
    ).toBe("1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.");
  });

  test('a node without the label will not do', () => {
    expect(place(a('p'), one)).toBe("1 node(s) didn't match pod topology spread constraints (missing required label).");
  });

  test('with fewer domains than minDomains the fewest peers are 0', () => {
    const running = [bound(a('q'), 'node-1'), bound(a('r'), 'node-2')];
    expect(place(a('p'), ...nodes, ...running)).toMatch(/^node-/);
    expect(place(a('p', { minDomains: 3 }), ...nodes, ...running)).toBe(
      "2 node(s) didn't match pod topology spread constraints.",
    );
  });

  test('nodes that the Pod does not tolerate count only if the constraint ignores taints', () => {
    const tainted = inZone('node-2', 'y', { taints: [{ key: 'k', effect: 'NoSchedule' }] });
    const running = bound(a('q'), 'node-1');
    expect(place(a('p', { nodeTaintsPolicy: 'Honor' }), inZone('node-1', 'x'), tainted, running)).toBe('node-1');
    expect(place(a('p'), inZone('node-1', 'x'), tainted, running)).toMatch(/topology spread constraints/);
  });

  test('who names no constraint is spread together with the Pods of his Services', () => {
    const peer = bound(labelled('q', { app: 'a' }), 'node-1');
    const pod = labelled('p', { app: 'a' });
    // node-1 costs ln 4 + 2 for the host and ln 4 + 4 for the zone, rounded 9; node-2 costs 6.
    expect(scores('PodTopologySpread', pod, ...nodes, peer, aService('s', { app: 'a' }))).toEqual({
      'node-1': 66,
      'node-2': 100,
    });
    expect(scores('PodTopologySpread', pod, ...nodes, peer)).toEqual({ 'node-1': 0, 'node-2': 0 });
  });
});
