import { podActions, sameImage, type ContainerVerdicts } from './actions.js';
import { viewOf } from './pod-view.js';
import { aContainer, aPod, aRuntimeSandbox, aView } from '../../test/support/kubelet-builders.js';

const fine: ContainerVerdicts = { unhealthy: () => undefined, started: () => true };
const sidecar = aContainer('side', { restartPolicy: 'Always' });

/** `stop main; start init main` */
const told = (pod: ReturnType<typeof aPod>, view: ReturnType<typeof aView>, verdicts = fine): string => {
  const { createSandbox, stop, start } = podActions(pod, view, verdicts);
  return [
    createSandbox ? 'sandbox' : '',
    ...stop.map(({ container }) => `stop ${container.name}`),
    ...start.map(({ name }) => `start ${name}`),
  ]
    .filter(Boolean)
    .join(', ');
};

test('a pod without sandbox gets one, and its first container', () => {
  expect(told(aPod(), viewOf([]))).toBe('sandbox, start main');
  expect(told(aPod({ initContainers: [aContainer('i1'), aContainer('i2')] }), viewOf([]))).toBe('sandbox, start i1');
});

test('a pod whose sandbox died gets a new one, unless it is over', () => {
  const died = (...containers: string[]) => viewOf([aRuntimeSandbox(containers, { state: 'notready' })]);
  expect(told(aPod(), died('main exited 137'))).toBe('sandbox, start main');
  expect(told(aPod({ restartPolicy: 'Never' }), died('main exited 0'))).toBe('');
});

describe('containers', () => {
  test.each([
    // policy, what the runtime holds, what is done
    ['Always', ['main running'], ''],
    ['Always', ['main exited 0'], 'start main'],
    ['Always', ['main exited 1'], 'start main'],
    ['OnFailure', ['main exited 0'], ''],
    ['OnFailure', ['main exited 1'], 'start main'],
    ['Never', ['main exited 0'], ''],
    ['Never', ['main exited 1'], ''],
    ['Never', ['main created'], 'start main'],
    ['Always', ['main exited 1 @0', 'main running @1'], ''],
  ])('with restart policy %s and %j: "%s"', (restartPolicy, containers, done) => {
    expect(told(aPod({ restartPolicy }), aView(...containers))).toBe(done);
  });

  test.each([
    ['Always', 'liveness', 'stop main, start main'],
    ['Never', 'liveness', 'stop main'],
    ['Always', 'startup', 'stop main, start main'],
  ] as const)('with policy %s, one that failed its %s probe: "%s"', (restartPolicy, probe, done) => {
    const verdicts = { ...fine, unhealthy: () => probe };
    expect(told(aPod({ restartPolicy }), aView('main running'), verdicts)).toBe(done);
    expect(podActions(aPod(), aView('main running'), verdicts).stop[0]!.message).toBe(
      `Container main failed ${probe} probe, will be restarted`,
    );
  });

  test('one whose image was changed is replaced', () => {
    const pod = aPod({ containers: [aContainer('main', { image: 'kubebook/web:2' })] });
    expect(told(pod, aView('main running'))).toBe('stop main, start main');
  });
});

describe('init containers', () => {
  const pod = (more = {}) => aPod({ initContainers: [aContainer('i1'), aContainer('i2')], ...more });
  test.each([
    [[], 'start i1'],
    [['i1 running'], ''],
    [['i1 exited 0'], 'start i2'],
    [['i1 exited 1'], 'start i1'],
    [['i1 exited 0', 'i2 running'], ''],
    [['i1 exited 0', 'i2 exited 0'], 'start main'],
    [['i1 exited 0', 'i2 exited 0', 'main running'], ''],
    [['main running'], ''], // their remains were removed: initialization is not repeated
  ])('%j: "%s"', (containers, done) => {
    expect(told(pod(), aView(...containers))).toBe(done);
  });

  test('one that failed in a pod that never restarts is not tried again', () => {
    expect(told(pod({ restartPolicy: 'Never' }), aView('i1 exited 1'))).toBe('');
  });
});

describe('sidecars', () => {
  const pod = (more = {}) => aPod({ initContainers: [sidecar, aContainer('i2')], ...more });
  test.each([
    [[], 'start side'],
    [['side running'], 'start i2'],
    [['side running', 'i2 exited 0'], 'start main'],
    [['side exited 1', 'i2 exited 0', 'main running'], 'start side'],
  ])('%j: "%s"', (containers, done) => {
    expect(told(pod(), aView(...containers))).toBe(done);
  });

  test('the next waits until a sidecar has started', () => {
    expect(told(pod(), aView('side running'), { ...fine, started: () => false })).toBe('');
  });

  test('they are stopped when the others have ended for good', () => {
    const once = pod({ restartPolicy: 'Never' });
    expect(told(once, aView('side running', 'i2 exited 0', 'main exited 0'))).toBe('stop side');
    expect(told(once, aView('side exited 0', 'i2 exited 0', 'main exited 0'))).toBe('');
  });
});

test.each([
  ['web', 'web:latest', true],
  ['docker.io/library/web:1', 'web:1', true],
  ['web:1', 'web:2', false],
  ['localhost:5000/web', 'localhost:5000/web:latest', true],
])('%s and %s are the same image: %s', (a, b, same) => {
  expect(sameImage(a, b)).toBe(same);
});
