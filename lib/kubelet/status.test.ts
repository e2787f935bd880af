import type { PodStatus } from '../api/types.js';
import { viewOf } from './pod-view.js';
import { podStatus, type StatusInput } from './status.js';
import { aContainer, aPod, aView } from '../../test/support/kubelet-builders.js';

const nowMs = Date.parse('2016-06-01T12:00:00Z');
const statusOf = (pod: ReturnType<typeof aPod>, view: ReturnType<typeof aView>, more: Partial<StatusInput> = {}) =>
  podStatus({
    pod,
    view,
    old: pod.status,
    nowMs,
    hostIP: '127.0.0.1',
    waiting: new Map(),
    ready: () => true,
    started: () => true,
    ending: false,
    ...more,
  }) as PodStatus & { conditions: { type: string; status: string; reason?: string; message?: string }[] };

const condition = (status: PodStatus, type: string) => status.conditions!.find((each) => each.type === type)!;

describe('the phase', () => {
  const two = [aContainer('a'), aContainer('b')];
  const init = [aContainer('i')];
  test.each([
    // policy, containers, init containers, what the runtime holds, ending?, phase
    ['Always', two, [], [], false, 'Pending'],
    ['Always', two, [], ['a running'], false, 'Pending'],
    ['Always', two, [], ['a running', 'b running'], false, 'Running'],
    ['Always', two, [], ['a running', 'b exited 0'], false, 'Running'],
    ['Always', two, [], ['a exited 0', 'b exited 0'], false, 'Running'],
    ['Always', two, [], ['a exited 0', 'b exited 1'], true, 'Failed'],
    ['Always', two, [], ['a exited 0', 'b exited 0'], true, 'Succeeded'],
    ['OnFailure', two, [], ['a exited 0', 'b exited 0'], false, 'Succeeded'],
    ['OnFailure', two, [], ['a exited 0', 'b exited 1'], false, 'Running'],
    ['Never', two, [], ['a exited 0', 'b exited 1'], false, 'Failed'],
    ['Never', two, [], ['a exited 0', 'b running'], false, 'Running'],
    ['Always', two, init, ['i running'], false, 'Pending'],
    ['Always', two, init, ['i exited 1'], false, 'Pending'],
    ['Never', two, init, ['i exited 1'], false, 'Failed'],
    ['Always', two, init, ['i exited 0', 'a running', 'b running'], false, 'Running'],
  ])('%s: %#', (restartPolicy, containers, initContainers, held, ending, phase) => {
    const pod = aPod({ restartPolicy, containers, initContainers });
    expect(statusOf(pod, aView(...held), { ending }).phase).toBe(phase);
  });

  test('a pod that is over stays over', () => {
    const pod = aPod({ restartPolicy: 'Never' }, { status: { phase: 'Succeeded' } });
    expect(statusOf(pod, viewOf([])).phase).toBe('Succeeded');
  });

  test('is Failed, with the reason, when the node says so', () => {
    const verdict = { phase: 'Failed', reason: 'DeadlineExceeded', message: 'too long' } as const;
    expect(statusOf(aPod(), aView('main running'), { verdict })).toMatchObject(verdict);
  });
});

describe('conditions', () => {
  test('of a running pod are all true, in the order that kubectl shows', () => {
    const status = statusOf(aPod(), aView('main running'));
    expect(status.conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ]);
    expect(status.conditions.every((each) => (each as { observedGeneration?: number }).observedGeneration === 1)).toBe(
      true,
    );
  });

  test('name the containers that are not ready', () => {
    const pod = aPod({ containers: [aContainer('a'), aContainer('b')] });
    const status = statusOf(pod, aView('a running', 'b running'), { ready: ({ name }) => name === 'a' });
    const why = { status: 'False', reason: 'ContainersNotReady', message: 'containers with unready status: [b]' };
    expect(condition(status, 'Ready')).toMatchObject(why);
    expect(condition(status, 'ContainersReady')).toMatchObject(why);
  });

  test('name the init containers that are not done', () => {
    const pod = aPod({ initContainers: [aContainer('i1'), aContainer('i2')] });
    expect(condition(statusOf(pod, aView('i1 exited 0', 'i2 running')), 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [i2]',
    });
  });

  test.each([
    ['exited 0', 'PodCompleted'],
    ['exited 1', 'PodFailed'],
  ])('of a pod whose container %s say %s', (state, reason) => {
    const status = statusOf(aPod({ restartPolicy: 'Never' }), aView(`main ${state}`));
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason });
  });

  test('keep the time of their last transition, and what others have written', () => {
    const old = {
      conditions: [
        { type: 'Ready', status: 'True', lastTransitionTime: '2016-06-01T11:00:00Z' },
        { type: 'Initialized', status: 'False', lastTransitionTime: '2016-06-01T11:00:00Z' },
        { type: 'example.com/gate', status: 'False' },
      ],
    };
    const status = statusOf(aPod({}, { status: old }), aView('main running'));
    expect(condition(status, 'Ready').lastTransitionTime).toBe('2016-06-01T11:00:00Z');
    expect(condition(status, 'Initialized').lastTransitionTime).toBe('2016-06-01T12:00:00Z');
    expect(condition(status, 'example.com/gate').status).toBe('False');
  });

  test('wait for readiness gates', () => {
    const pod = aPod({ readinessGates: [{ conditionType: 'example.com/gate' }] });
    expect(condition(statusOf(pod, aView('main running')), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message: 'corresponding condition of pod readiness gate "example.com/gate" does not exist.',
    });
    expect(condition(statusOf(pod, aView('main running')), 'ContainersReady').status).toBe('True');
  });
});

describe('a container', () => {
  const only = (status: PodStatus) => status.containerStatuses![0]!;

  test('that has not been started waits', () => {
    expect(only(statusOf(aPod(), aView()))).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      ready: false,
      started: false,
      restartCount: 0,
      image: 'kubebook/web:1',
      imageID: '',
    });
    const withInit = aPod({ initContainers: [aContainer('i')] });
    expect(only(statusOf(withInit, aView()))).toMatchObject({ state: { waiting: { reason: 'PodInitializing' } } });
  });

  test('that crashed and waits shows the crash as its last state', () => {
    const waiting = new Map([['main', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
    expect(only(statusOf(aPod(), aView('main exited 3 @2'), { waiting }))).toMatchObject({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', containerID: 'process://main-2' } },
      restartCount: 2,
    });
  });

  test('that runs again tells of its former run', () => {
    expect(only(statusOf(aPod(), aView('main exited 3 @0', 'main running @1')))).toMatchObject({
      state: { running: { startedAt: '1970-01-01T00:00:01Z' } },
      lastState: { terminated: { exitCode: 3 } },
      restartCount: 1,
      ready: true,
      containerID: 'process://main-1',
    });
  });

  test('is not ready before it has started', () => {
    expect(only(statusOf(aPod(), aView('main running'), { started: () => false }))).toMatchObject({
      ready: false,
      started: false,
    });
  });

  test('that ran and is no longer to be found counts as restarted', () => {
    const old = {
      containerStatuses: [
        {
          ...only(statusOf(aPod(), aView('main running @4'))),
        },
      ],
    };
    expect(only(statusOf(aPod({}, { status: old }), aView()))).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } },
      restartCount: 5,
    });
  });
});

test('addresses, quality of service and start time', () => {
  expect(statusOf(aPod(), aView('main running'))).toMatchObject({
    podIP: '127.64.0.1',
    podIPs: [{ ip: '127.64.0.1' }],
    hostIP: '127.0.0.1',
    qosClass: 'BestEffort',
    startTime: '2016-06-01T12:00:00Z',
    observedGeneration: 1,
  });
  expect(statusOf(aPod({ hostNetwork: true }), aView('main running')).podIP).toBe('127.0.0.1');
});
