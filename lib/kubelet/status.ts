/**
 * The status of a pod, made from what the runtime holds: phase, conditions and the state of every container. Pure: what
 * the pod's own status said before only lends what the runtime has forgotten, and the times of transitions.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kubelet_pods.go getPhase, generateAPIPodStatus
 */
import type {
  Container,
  ContainerState,
  ContainerStatus,
  DeepReadonly,
  Pod,
  PodCondition,
  PodStatus,
} from '../api/types.js';
import { timestamp } from '../util/index.js';
import type { PodView } from './pod-view.js';
import { isSidecar, qosClass } from './resources.js';
import type { RuntimeContainer } from './runtime/runtime.js';

export interface StatusInput {
  readonly pod: DeepReadonly<Pod>;
  readonly view: PodView;
  /** The status as last written, or as the API server has it. */
  readonly old: DeepReadonly<PodStatus>;
  readonly nowMs: number;
  readonly hostIP: string;
  /** Why a container is not there yet, by name: `{ reason: 'ErrImagePull', message: '…' }`. */
  readonly waiting: ReadonlyMap<string, { readonly reason: string; readonly message?: string }>;
  /** What the probes say of a running container. */
  ready(container: RuntimeContainer): boolean;
  started(container: RuntimeContainer): boolean;
  /** Its containers will not be started again: it is being deleted, or was ended by the node. */
  readonly ending: boolean;
  /** The node has decided: `{ phase: 'Failed', reason: 'DeadlineExceeded', message: '…' }`. */
  readonly verdict?: { readonly phase: 'Failed'; readonly reason: string; readonly message: string };
}

export type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** A status without what the kubelet does not own: `nominatedNodeName`, conditions of others. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, view, old, nowMs, hostIP, verdict } = input;
  const { initContainers = [], containers } = pod.spec;
  const before = wasInitialized(old);
  const initStatuses = initContainers.map((spec) => containerStatus(spec, input, old.initContainerStatuses));
  const initDone = isInitialized(initContainers, initStatuses) || view.containers.some(isOneOf(containers));
  const statuses = containers.map((spec) => containerStatus(spec, input, old.containerStatuses, initDone));
  const phase = verdict?.phase ?? stickyPhase(old, podPhase(pod, initStatuses, statuses, input.ending, before));
  const ip = pod.spec.hostNetwork ? (view.sandbox || old.podIP ? hostIP : undefined) : (view.sandbox?.ip ?? old.podIP);

  const bare: Omit<PodCondition, 'lastTransitionTime'>[] = [
    view.sandbox
      ? { type: 'PodReadyToStartContainers', status: 'True' }
      : { type: 'PodReadyToStartContainers', status: 'False' },
    initializedCondition(initContainers, initStatuses, phase, initDone),
    ...readyConditions(pod, old, [...initStatuses.filter((_, i) => isSidecar(initContainers[i]!)), ...statuses], phase),
    { type: 'PodScheduled', status: 'True' },
  ];
  const generation = pod.metadata.generation;
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    conditions: mergeConditions(old.conditions ?? [], bare, generation, nowMs),
    ...(verdict && { reason: verdict.reason, message: verdict.message }),
    ...(hostIP && { hostIP, hostIPs: [{ ip: hostIP }] }),
    ...(ip && { podIP: ip, podIPs: [{ ip }] }),
    startTime: old.startTime ?? timestamp(nowMs),
    ...(initStatuses.length > 0 && { initContainerStatuses: initStatuses }),
    containerStatuses: statuses,
    qosClass: qosClass(pod),
  } as PodStatus;
}

/**
 * | init containers            | containers                          | phase                                    |
 * | -------------------------- | ----------------------------------- | ---------------------------------------- |
 * | one failed, policy Never   | any                                 | Failed                                   |
 * | some not done              | any                                 | Pending                                  |
 * | done                       | one waits that has never run        | Pending                                  |
 * | done                       | one runs, all are known             | Running                                  |
 * | done                       | all ended and none will be restarted| Succeeded if all with 0, otherwise Failed|
 * | done                       | all ended, to be restarted          | Running                                  |
 */
export function podPhase(
  { spec }: DeepReadonly<Pick<Pod, 'spec'>>,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  ending: boolean,
  wasInitialized: boolean,
): Phase {
  let pendingInit = 0;
  let failedInit = 0;
  let pendingSidecars = 0;
  let running = 0;
  let waiting = 0;
  let stopped = 0;
  let succeeded = 0;
  (spec.initContainers ?? []).forEach((container, i) => {
    const { state = {}, lastState, started } = initStatuses[i]!;
    if (isSidecar(container)) {
      if (state.running) {
        running++;
        if (!started) pendingSidecars++;
      } else if (!state.terminated && !lastState?.terminated) {
        pendingSidecars++;
        waiting++;
      }
    } else if (state.terminated) failedInit += state.terminated.exitCode === 0 ? 0 : 1;
    else if (state.waiting && lastState?.terminated) failedInit += lastState.terminated.exitCode === 0 ? 0 : 1;
    else pendingInit++;
  });
  for (const { state = {}, lastState } of statuses) {
    if (state.running) running++;
    else if (state.terminated) {
      stopped++;
      if (state.terminated.exitCode === 0) succeeded++;
    } else if (lastState?.terminated) stopped++;
    else waiting++;
  }
  if (failedInit > 0 && spec.restartPolicy === 'Never') return 'Failed';
  if (pendingInit > 0 || (!wasInitialized && pendingSidecars > 0) || waiting > 0) return 'Pending';
  if (running > 0) return 'Running';
  if (stopped === 0) return 'Pending';
  const final = stopped === succeeded ? 'Succeeded' : 'Failed';
  if (ending) return final;
  if (spec.restartPolicy === 'Always' || spec.restartPolicy === undefined) return 'Running';
  if (final === 'Succeeded' || spec.restartPolicy === 'Never') return final;
  return 'Running';
}

/** A pod that is over stays over. */
const stickyPhase = (old: DeepReadonly<PodStatus>, phase: Phase): Phase =>
  old.phase === 'Succeeded' || old.phase === 'Failed' ? old.phase : phase;

function containerStatus(
  spec: DeepReadonly<Container>,
  input: StatusInput,
  oldStatuses: readonly DeepReadonly<ContainerStatus>[] = [],
  initDone = true,
): ContainerStatus {
  const { view, pod, waiting, ending, nowMs } = input;
  const isInit = pod.spec.initContainers?.includes(spec) === true;
  const old = oldStatuses.find(({ name }) => name === spec.name);
  const container = view.newest(spec.name);
  const why = ending ? undefined : waiting.get(spec.name);
  const defaultWaiting = {
    reason: pod.spec.initContainers?.length && (isInit || !initDone) ? 'PodInitializing' : 'ContainerCreating',
  };
  const status: Writable<ContainerStatus> = {
    name: spec.name,
    state: { waiting: why ? strip(why) : defaultWaiting },
    lastState: {},
    ready: false,
    restartCount: 0,
    image: spec.image ?? '',
    imageID: '',
    started: false,
  };
  if (!container) {
    if (!old) return status;
    // The runtime may have lost a container that had ended: what was written of it stands.
    if (old.state?.terminated && (ending || isInit)) return old as ContainerStatus;
    status.restartCount = old.restartCount;
    if (old.lastState) status.lastState = old.lastState as ContainerState;
    if (old.state?.terminated) status.lastState = { terminated: old.state.terminated };
    if (!old.state?.running) return status;
    const lost = {
      exitCode: 137,
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when the pod was deleted.  The container used to be Running',
      startedAt: old.state.running.startedAt ?? timestamp(nowMs),
      finishedAt: timestamp(nowMs),
      ...(old.containerID && { containerID: old.containerID }),
    };
    if (ending) return { ...status, state: { terminated: lost } };
    return { ...status, lastState: { terminated: lost }, restartCount: old.restartCount + 1 };
  }
  status.restartCount = container.attempt;
  status.image = container.image;
  status.imageID = container.imageID;
  status.containerID = container.id;
  const previous = view.previous(spec.name);
  if (previous?.state === 'exited') status.lastState = { terminated: terminated(previous) };
  else if (container.attempt > 0 && old?.lastState) status.lastState = old.lastState as ContainerState;

  if (container.state === 'running') {
    status.state = { running: { startedAt: timestamp(container.startedAtMs ?? container.createdAtMs) } };
    status.started = isInit && !isSidecar(spec) ? false : input.started(container);
    status.ready = status.started && input.ready(container);
  } else if (container.state === 'exited') {
    if (why) status.lastState = { terminated: terminated(container) };
    else status.state = { terminated: terminated(container) };
    status.ready = isInit && !isSidecar(spec) && container.exitCode === 0;
  }
  return status;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const strip = ({ reason, message }: { readonly reason: string; readonly message?: string }) => ({
  reason,
  ...(message && { message }),
});

const terminated = (container: RuntimeContainer) => ({
  exitCode: container.exitCode ?? 137,
  ...(container.signal && { signal: container.signal }),
  reason: container.reason ?? (container.exitCode === 0 ? 'Completed' : 'Error'),
  ...(container.message && { message: container.message }),
  startedAt: timestamp(container.startedAtMs ?? container.createdAtMs),
  finishedAt: timestamp(container.finishedAtMs ?? container.createdAtMs),
  containerID: container.id,
});

const isOneOf =
  (specs: readonly DeepReadonly<Container>[]) =>
  ({ name }: { readonly name: string }): boolean =>
    specs.some((spec) => spec.name === name);

const isInitialized = (
  specs: readonly DeepReadonly<Container>[],
  statuses: readonly DeepReadonly<ContainerStatus>[],
): boolean =>
  statuses.every((status, i) => (isSidecar(specs[i]!) ? status.started === true || status.ready : status.ready));

const wasInitialized = ({ conditions = [] }: DeepReadonly<PodStatus>): boolean =>
  conditions.some(({ type, status }) => type === 'Initialized' && status === 'True');

type BareCondition = Omit<PodCondition, 'lastTransitionTime'>;

function initializedCondition(
  specs: readonly DeepReadonly<Container>[],
  statuses: readonly ContainerStatus[],
  phase: Phase,
  done: boolean,
): BareCondition {
  if (specs.length === 0 || done)
    return phase === 'Succeeded'
      ? { type: 'Initialized', status: 'True', reason: 'PodCompleted' }
      : { type: 'Initialized', status: 'True' };
  const incomplete = statuses
    .filter((status, i) => (isSidecar(specs[i]!) ? !status.started : !status.ready))
    .map(({ name }) => name);
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

/** `Ready`, which also waits for the pod's readiness gates, and `ContainersReady`, which does not. */
function readyConditions(
  pod: DeepReadonly<Pod>,
  old: DeepReadonly<PodStatus>,
  statuses: readonly ContainerStatus[],
  phase: Phase,
): BareCondition[] {
  const containers = containersReady(statuses, phase);
  if (containers.status !== 'True') return [{ ...containers, type: 'Ready' }, containers];
  const unmet = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = old.conditions?.find(({ type }) => type === conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status !== 'True')
      return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
    return [];
  });
  const ready: BareCondition =
    unmet.length === 0
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: unmet.join(', ') };
  return [ready, containers];
}

function containersReady(statuses: readonly ContainerStatus[], phase: Phase): BareCondition {
  const type = 'ContainersReady';
  if (phase === 'Succeeded') return { type, status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { type, status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { type, status: 'True' };
  const message = `containers with unready status: [${unready.join(' ')}]`;
  return { type, status: 'False', reason: 'ContainersNotReady', message };
}

/** Ours in our order, with the old transition time where the status is the same; those of others as they are. */
function mergeConditions(
  old: readonly DeepReadonly<PodCondition>[],
  ours: readonly BareCondition[],
  generation: number | undefined,
  nowMs: number,
): PodCondition[] {
  const merged = ours.map((condition) => {
    const before = old.find(({ type }) => type === condition.type);
    return {
      ...condition,
      ...(generation !== undefined && { observedGeneration: generation }),
      lastTransitionTime:
        before?.status === condition.status && before.lastTransitionTime ? before.lastTransitionTime : timestamp(nowMs),
    };
  });
  const others = old.filter(({ type }) => !ours.some((condition) => condition.type === type));
  return [...merged, ...(others as PodCondition[])];
}
