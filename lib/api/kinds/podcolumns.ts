/**
 * What `kubectl get pods` shows. STATUS is not a field: it is the most telling of the phase, the pod's reason, and its
 * containers' states, worked out here.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go
 */
import type { ContainerStatus, DeepReadonly, Pod } from '../types.js';
import { age, ageColumn, column, nameColumn, wideColumn } from './columns.js';
import type { Column } from './kind.js';

type P = DeepReadonly<Pod>;

const none = '<none>';

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  column('Ready', 'The aggregate readiness state of this pod for accepting traffic.', (pod: P) => {
    const { ready, total } = summaryOf(pod);
    return `${ready}/${total}`;
  }),
  column('Status', 'The aggregate status of the containers in this pod.', (pod: P) => summaryOf(pod).status),
  column(
    'Restarts',
    'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    (pod: P, nowMs) => {
      const { restarts, lastRestart } = summaryOf(pod);
      return restarts > 0 && lastRestart ? `${restarts} (${age(lastRestart, nowMs)} ago)` : String(restarts);
    },
  ),
  ageColumn,
  wideColumn(
    'IP',
    'podIP address allocated to the pod. Routable at least within the cluster. Empty if not yet allocated.',
    ({ status }: P) => status?.podIPs?.[0]?.ip || none,
  ),
  wideColumn(
    'Node',
    'NodeName indicates in which node this pod is scheduled. If empty, this pod is a candidate for scheduling by the scheduler defined in schedulerName. Once this field is set, the kubelet for this node becomes responsible for the lifecycle of this pod. This field should not be used to express a desire for the pod to be scheduled on a specific node. https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename',
    ({ spec }: P) => spec?.nodeName || none,
  ),
  wideColumn(
    'Nominated Node',
    'nominatedNodeName is set only when this pod preempts other pods on the node, but it cannot be scheduled right away as preemption victims receive their graceful termination periods. This field does not guarantee that the pod will be scheduled on this node. Scheduler may decide to place the pod elsewhere if other nodes become available sooner. Scheduler may also decide to give the resources on this node to a higher priority pod that is created after preemption. As a result, this field may be different than PodSpec.nodeName when the pod is scheduled.',
    ({ status }: P) => status?.nominatedNodeName || none,
  ),
  wideColumn(
    'Readiness Gates',
    'If specified, all readiness gates will be evaluated for pod readiness. A pod is ready when all its containers are ready AND all conditions specified in the readiness gates have status equal to "True" More info: https://git.k8s.io/enhancements/keps/sig-network/580-pod-readiness-gates',
    ({ spec, status }: P) => {
      const gates = spec?.readinessGates ?? [];
      if (gates.length === 0) return none;
      const isOpen = ({ conditionType }: { readonly conditionType: string }) =>
        status?.conditions?.find(({ type }) => type === conditionType)?.status === 'True';
      return `${gates.filter(isOpen).length}/${gates.length}`;
    },
  ),
];

export interface PodSummary {
  /** `Running`, `CrashLoopBackOff`, `Init:1/2`, `Terminating` … */
  readonly status: string;
  readonly ready: number;
  /** Sidecars count as containers. */
  readonly total: number;
  readonly restarts: number;
  /** When the container that restarted last had ended (RFC 3339). */
  readonly lastRestart: string | undefined;
}

const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

/** A pod in one line. */
export function summaryOf({ metadata, spec, status = {} }: P): PodSummary {
  const { phase = '', conditions = [], initContainerStatuses = [], containerStatuses = [] } = status;
  const sidecars = new Set(
    (spec?.initContainers ?? []).filter((each) => each.restartPolicy === 'Always').map(({ name }) => name),
  );
  const gated = conditions.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  let state = gated ? 'SchedulingGated' : status.reason || phase;
  let ready = 0;
  let counted: readonly DeepReadonly<ContainerStatus>[] = [];
  let initializing = false;

  for (const [index, container] of initContainerStatuses.entries()) {
    const sidecar = sidecars.has(container.name);
    counted = initContainerStatuses.slice(0, index + 1);
    const { terminated, waiting } = container.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecar && container.started) {
      if (container.ready) ready++;
      continue;
    }
    initializing = true;
    if (terminated) state = `Init:${endOf(terminated)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') state = `Init:${waiting.reason}`;
    else state = `Init:${index}/${spec?.initContainers?.length ?? 0}`;
    break;
  }

  if (!initializing || isTrue(conditions, 'Initialized')) {
    // Init containers that have done their work are history; sidecars are not.
    counted = [...counted.filter(({ name }) => sidecars.has(name)), ...containerStatuses];
    let running = false;
    let failure = '';
    for (const container of [...containerStatuses].reverse()) {
      const { waiting, terminated, running: runs } = container.state ?? {};
      if (waiting?.reason) state = waiting.reason;
      else if (terminated) {
        state = endOf(terminated);
        if (terminated.exitCode !== 0) failure = state;
      } else if (container.ready && runs) {
        running = true;
        ready++;
      }
    }
    // One container may have completed while others still run.
    if (state === 'Completed') {
      if (running && isTrue(conditions, 'Ready')) state = 'Running';
      else if (failure) state = failure;
      else if (running) state = 'NotReady';
    }
  }

  if (metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') state = 'Unknown';
    else if (!isTerminal(phase)) state = 'Terminating';
  }
  return {
    status: state,
    ready,
    total: (spec?.containers?.length ?? 0) + sidecars.size,
    restarts: counted.reduce((sum, { restartCount }) => sum + (restartCount ?? 0), 0),
    lastRestart: counted
      .map(({ lastState }) => lastState?.terminated?.finishedAt)
      .reduce((latest, at) => (at && (!latest || at > latest) ? at : latest), undefined),
  };
}

const isTrue = (conditions: NonNullable<P['status']['conditions']>, type: string): boolean =>
  conditions.some((each) => each.type === type && each.status === 'True');

/** Why a container ended: in words, by a signal, by a code. */
const endOf = ({ reason, signal, exitCode }: { reason?: string; signal?: number; exitCode?: number }): string =>
  reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode ?? 0}`);
