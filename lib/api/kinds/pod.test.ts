import type { Pod } from '../types.js';
import { kindFor, type StatusSubresource } from './index.js';
import { qosClassOf } from './pod.js';
import { summaryOf } from './podcolumns.js';

const kind = kindFor('', 'v1', 'pods')!;

type Part = Record<string, unknown>;

/** A valid pod, as the registry would hold it. */
function aPod(spec: Part = {}, metadata: Part = {}): Pod {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'ns', resourceVersion: '1', ...metadata },
    spec: { containers: [{ name: 'c', image: 'web:1' }], ...spec },
  } as unknown as Pod;
  kind.default!(pod);
  return pod;
}

const container = (more: Part) => ({ containers: [{ name: 'c', image: 'web:1', ...more }] });
const wrong = (spec: Part, metadata?: Part) =>
  kind.validate(aPod(spec, metadata)).map(({ field, message }) => `${field}: ${message}`);

describe('defaults', () => {
  test.each([
    ['web', 'Always'],
    ['web:1', 'IfNotPresent'],
    ['web:latest', 'Always'],
    ['host:5000/web', 'Always'],
    ['host:5000/web:2', 'IfNotPresent'],
    [`web@sha256:${'a'.repeat(64)}`, 'IfNotPresent'],
    [`web:latest@sha256:${'a'.repeat(64)}`, 'Always'],
    ['Not An Image', 'IfNotPresent'],
  ])('an image %s is pulled %s', (image, policy) => {
    expect(aPod({ containers: [{ name: 'c', image }] }).spec.containers[0]!.imagePullPolicy).toBe(policy);
  });

  test('filling in twice is filling in once', () => {
    const pod = aPod({
      ...container({ livenessProbe: { httpGet: { port: 80 } }, ports: [{ containerPort: 80 }] }),
      hostNetwork: true,
      volumes: [{ name: 'v' }, { name: 'w', secret: { secretName: 's' } }],
    });
    const once = structuredClone(pod);
    kind.default!(pod);
    expect(pod).toEqual(once);
    expect(pod.spec.containers[0]!.ports).toEqual([{ containerPort: 80, hostPort: 80, protocol: 'TCP' }]);
    expect(pod.spec.volumes![0]).toEqual({ name: 'v', emptyDir: {} });
  });

  test('a limit without a request is also requested, in canonical form', () => {
    const { resources } = aPod(container({ resources: { limits: { cpu: '0.5', memory: '1024Mi' } } })).spec
      .containers[0]!;
    expect(resources).toEqual({ limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
  });
});

test.each([
  [{}, 'BestEffort'],
  [{ requests: { cpu: '1' } }, 'Burstable'],
  [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
  [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } }, 'Burstable'],
  [{ limits: { cpu: '1' } }, 'Burstable'],
  [{ requests: { cpu: '0' } }, 'BestEffort'],
  [{ limits: { 'example.com/gpu': '1' } }, 'BestEffort'],
])('a container with %j makes the pod %s', (resources, expected) => {
  expect(qosClassOf(aPod(container({ resources })).spec)).toBe(expected);
});

describe('a new pod', () => {
  test('begins pending, as generation 1, whatever its author wrote', () => {
    const pod = aPod({}, { generation: 7 });
    pod.status = { phase: 'Running' };
    kind.prepareForCreate!(pod);
    expect([pod.metadata.generation, pod.status]).toEqual([1, { phase: 'Pending', qosClass: 'BestEffort' }]);
  });

  test.each<[Part, string[]]>([
    [{}, []],
    [{ containers: [] }, ['spec.containers: Required value']],
    [
      container({
        ports: [
          { containerPort: 1, name: 'a' },
          { containerPort: 2, name: 'a' },
        ],
      }),
      ['spec.containers[0].ports[1].name: Duplicate value: "a"'],
    ],
    [
      container({ volumeMounts: [{ name: 'gone', mountPath: '/x' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "gone"'],
    ],
    [
      container({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } }),
      [
        'spec.containers[0].resources.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
      ],
    ],
    [
      container({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
      [
        'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
      ],
    ],
    [
      container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }] }),
      [
        'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      ],
    ],
    [
      { ephemeralContainers: [{ name: 'e', image: 'i' }] },
      ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
    ],
    [
      { initContainers: [{ name: 'i', image: 'i', startupProbe: { exec: { command: ['a'] } } }] },
      [
        'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      {
        initContainers: [
          { name: 'i', image: 'i', restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
        ],
      },
      [],
    ],
  ])('is checked (%#)', (spec, errors) => {
    expect(wrong(spec)).toEqual(errors);
  });

  test('errors come in the order of the fields', () => {
    expect(wrong({ restartPolicy: 'X', containers: [{ name: '', image: '' }] }, { labels: { 'a b': 'c' } })).toEqual([
      expect.stringMatching(/^metadata\.labels: /),
      'spec.containers[0].name: Required value',
      'spec.containers[0].image: Required value',
      expect.stringMatching(/^spec\.restartPolicy: /),
    ]);
  });
});

describe('a changed pod', () => {
  const change = (old: Part, now: Part) => kind.validateUpdate(aPod(now), aPod(old)).map(({ message }) => message);
  const mayNot = expect.stringContaining('pod updates may not change fields other than `spec.containers[*].image`');
  const toleration = { key: 'k', operator: 'Exists' };

  test.each<[string, Part, Part, unknown[]]>([
    ['another image', {}, container({ image: 'web:2' }), []],
    ['no image', {}, container({ image: '' }), ['Required value', 'Required value']],
    ['another command', {}, container({ command: ['x'] }), [mayNot]],
    ['a deadline', {}, { activeDeadlineSeconds: 5 }, []],
    [
      'a later deadline',
      { activeDeadlineSeconds: 5 },
      { activeDeadlineSeconds: 6 },
      [expect.stringContaining('less than')],
    ],
    ['a toleration more', {}, { tolerations: [toleration] }, []],
    ['a toleration less', { tolerations: [toleration] }, {}, [expect.stringContaining('existing toleration can not')]],
    ['a gate opened', { schedulingGates: [{ name: 'g' }] }, {}, []],
    ['a gate added', {}, { schedulingGates: [{ name: 'g' }] }, [expect.stringContaining('only deletion is allowed')]],
    [
      'a narrower node behind a gate',
      { schedulingGates: [{ name: 'g' }] },
      { schedulingGates: [{ name: 'g' }], nodeSelector: { a: 'b' } },
      [],
    ],
    ['a narrower node', {}, { nodeSelector: { a: 'b' } }, [mayNot]],
  ])('with %s', (_what, old, now, errors) => {
    expect(change(old, now)).toEqual(errors);
  });

  test('is a new generation only if its spec is another', () => {
    const old = aPod({}, { generation: 3 });
    const now = aPod(container({ image: 'web:2' }), { generation: 3, labels: { a: 'b' } });
    kind.prepareForUpdate!(now, old);
    expect(now.metadata.generation).toBe(4);
    const same = aPod({}, { generation: 3, labels: { a: 'b' } });
    kind.prepareForUpdate!(same, old);
    expect(same.metadata.generation).toBe(3);
  });

  test('through its status keeps its spec, its owners and its class', () => {
    const door = kind.subresources!.status as StatusSubresource<Pod>;
    const old = aPod();
    kind.prepareForCreate!(old);
    const now = aPod(container({ image: 'other' }), {
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }],
    });
    now.status = { phase: 'Running', podIP: '10.0.0.1' };
    kind.default!(now);
    door.prepareForUpdate(now, old);
    expect(now.spec).toEqual(old.spec);
    expect(now.metadata.ownerReferences).toBeUndefined();
    expect(now.status).toMatchObject({ phase: 'Running', qosClass: 'BestEffort', podIPs: [{ ip: '10.0.0.1' }] });
    expect(door.validateUpdate(now, old)).toEqual([]);
  });

  test('through its status cannot bring back what has ended for good', () => {
    const door = kind.subresources!.status as StatusSubresource<Pod>;
    const ended = (restartPolicy: string, exitCode: number) => {
      const old = aPod({ restartPolicy });
      old.status = { containerStatuses: [{ name: 'c', state: { terminated: { exitCode } } }] } as Pod['status'];
      const now = aPod({ restartPolicy });
      now.status = { containerStatuses: [{ name: 'c', state: { running: {} } }] } as Pod['status'];
      return door.validateUpdate(now, old).length;
    };
    expect([ended('Always', 0), ended('OnFailure', 1), ended('OnFailure', 0), ended('Never', 1)]).toEqual([0, 0, 1, 1]);
  });
});

describe('STATUS', () => {
  const running = { ready: true, restartCount: 0, state: { running: {} } };
  const done = (exitCode: number, reason?: string) => ({ state: { terminated: { exitCode, reason } } });
  const waiting = (reason: string) => ({ state: { waiting: { reason } } });

  test.each<[string, Part]>([
    ['Pending', { phase: 'Pending' }],
    ['Running', { phase: 'Running', containerStatuses: [running] }],
    ['CrashLoopBackOff', { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] }],
    ['Completed', { phase: 'Succeeded', containerStatuses: [done(0, 'Completed')] }],
    ['ExitCode:3', { phase: 'Failed', containerStatuses: [done(3)] }],
    ['Evicted', { phase: 'Failed', reason: 'Evicted' }],
    ['NotReady', { phase: 'Running', containerStatuses: [done(0, 'Completed'), running] }],
    ['Init:0/1', { phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] }],
    ['Init:Error', { phase: 'Pending', initContainerStatuses: [{ name: 'i', ...done(1, 'Error') }] }],
    [
      'Init:CrashLoopBackOff',
      { phase: 'Pending', initContainerStatuses: [{ name: 'i', ...waiting('CrashLoopBackOff') }] },
    ],
    ['SchedulingGated', { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] }],
  ])('is %s', (expected, status) => {
    const pod = aPod({ initContainers: [{ name: 'i', image: 'i' }] });
    pod.status = status as Pod['status'];
    expect(summaryOf(pod).status).toBe(expected);
  });

  test('of a pod that is being deleted is Terminating, unless it has ended', () => {
    const going = (phase: string) => {
      const pod = aPod({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
      pod.status = { phase };
      return summaryOf(pod).status;
    };
    expect([going('Running'), going('Succeeded')]).toEqual(['Terminating', 'Succeeded']);
  });

  test('restarts are counted, with the age of the last', () => {
    const pod = aPod();
    pod.status = {
      containerStatuses: [
        { restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:00:00Z' } } },
      ],
    } as Pod['status'];
    const cell = kind.columns.find(({ name }) => name === 'Restarts')!.cell;
    expect(cell(pod, Date.parse('2026-01-01T00:05:00Z'))).toBe('2 (5m ago)');
  });
});

test.each<[string, Part, number | undefined, number]>([
  ['unbound goes at once', { phase: 'Pending' }, 30, 0],
  ['finished goes at once', { phase: 'Failed', nodeName: 'n' }, 30, 0],
  ['running has its own time', { phase: 'Running', nodeName: 'n' }, undefined, 30],
  ['running has the time it is given', { phase: 'Running', nodeName: 'n' }, 5, 5],
  ['running goes in a second, asked for less than nothing', { phase: 'Running', nodeName: 'n' }, -5, 1],
])('a pod that is %s', (_what, { phase, nodeName }, requested, seconds) => {
  const pod = aPod({ nodeName });
  pod.status = { phase: phase as string };
  expect(kind.gracePeriodSeconds!(pod, requested)).toBe(seconds);
});

test('what is legal and probably not meant is warned of', () => {
  const pod = aPod(
    {
      ...container({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
        ports: [{ containerPort: 1 }, { containerPort: 1 }],
      }),
    },
    { name: 'a.b' },
  );
  expect(kind.warnings!(pod)).toEqual([
    "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
  ]);
});
