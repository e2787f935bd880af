/**
 * What is to be done for a pod, now: the decision apart from the deed.
 *
 * ```
 * sandbox? ── no ──> create it ──> init containers, one after the other ──> all other containers
 *    │ yes                              (a sidecar, once started, lets the next begin)
 *    └─> stop what is unhealthy or of an old definition; start what is missing or has ended and shall run again
 * ```
 *
 * The whole of it is computed anew at each sync, from what the runtime holds: no step is remembered, so none is lost when
 * the kubelet is restarted between two of them.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/kuberuntime_manager.go computePodActions
 */
import type { Container, DeepReadonly, Pod } from '../api/types.js';
import type { PodView } from './pod-view.js';
import { isSidecar } from './resources.js';
import type { RuntimeContainer } from './runtime/runtime.js';

export interface ContainerVerdicts {
  /** The reason why this container must go: it failed its liveness or startup probe. */
  unhealthy(container: RuntimeContainer): 'liveness' | 'startup' | undefined;
  /** Whether it has started: its startup probe, if it has one, succeeded once, and so did its postStart hook. */
  started(container: RuntimeContainer): boolean;
}

export interface PodActions {
  /** Old sandboxes go, with what is in them, and a new one comes. */
  readonly createSandbox: boolean;
  readonly stop: readonly { readonly container: RuntimeContainer; readonly message: string }[];
  /** In this order. */
  readonly start: readonly DeepReadonly<Container>[];
}

const nothing: PodActions = { createSandbox: false, stop: [], start: [] };

export function podActions(pod: DeepReadonly<Pod>, view: PodView, verdicts: ContainerVerdicts): PodActions {
  const { containers, initContainers = [] } = pod.spec;
  if (!view.sandbox) {
    // A pod whose containers have all ended for good needs no new sandbox to be over.
    const over = view.containers.length > 0 && !containers.some((each) => wanted(pod, each, view.newest(each.name)));
    return over ? nothing : { createSandbox: true, stop: [], start: firstToStart(pod) };
  }
  const stop: { container: RuntimeContainer; message: string }[] = [];
  const start: DeepReadonly<Container>[] = [];

  /** One container that should be up by now. */
  const keepUp = (spec: DeepReadonly<Container>): void => {
    const container = current(view, spec.name);
    if (container?.state !== 'running') {
      if (wanted(pod, spec, container)) start.push(spec);
      return;
    }
    const unhealthy = verdicts.unhealthy(container);
    if (!sameImage(container.image, spec.image ?? ''))
      stop.push({ container, message: `Container ${spec.name} definition changed, will be restarted` });
    else if (unhealthy)
      stop.push({ container, message: `Container ${spec.name} failed ${unhealthy} probe, will be restarted` });
    else return;
    if (pod.spec.restartPolicy !== 'Never' || unhealthy === undefined || isSidecar(spec)) start.push(spec);
  };

  const begun = containers.some(({ name }) => current(view, name) !== undefined);
  const over = begun && containers.every((each) => isOver(pod, each, current(view, each.name)));
  if (over) return { createSandbox: false, stop: initContainers.filter(isSidecar).flatMap(stopping(view)), start: [] };
  for (const spec of initContainers) {
    if (isSidecar(spec)) {
      keepUp(spec);
      const container = current(view, spec.name);
      const up = container?.state === 'running' && !start.includes(spec) && verdicts.started(container);
      if (!begun && !up) return { createSandbox: false, stop, start };
      continue;
    }
    // Once a container has run, the initialization is over, whatever has become of its remains.
    if (begun) continue;
    const container = current(view, spec.name);
    if (container?.state === 'exited' && container.exitCode === 0) continue;
    // Running: wait. Failed: once more, or never. Not there: now it is its turn. The next one waits in each case.
    if (container?.state !== 'running' && (!container || wanted(pod, spec, container))) start.push(spec);
    return { createSandbox: false, stop, start };
  }
  containers.forEach(keepUp);
  return { createSandbox: false, stop, start };
}

/** Whether a container that does not run shall run (again), by its pod's restart policy. */
export function wanted(
  pod: DeepReadonly<Pod>,
  spec: DeepReadonly<Container>,
  container: RuntimeContainer | undefined,
): boolean {
  if (!container || container.state === 'created') return true; // one that was created and not started died with its kubelet
  if (isSidecar(spec)) return true;
  const isInit = pod.spec.initContainers?.includes(spec);
  switch (pod.spec.restartPolicy) {
    case 'Never':
      return false;
    case 'OnFailure':
      return container.exitCode !== 0;
    default:
      return !isInit || container.exitCode !== 0;
  }
}

/** Ended, for good. */
const isOver = (pod: DeepReadonly<Pod>, spec: DeepReadonly<Container>, container: RuntimeContainer | undefined) =>
  container?.state === 'exited' && !wanted(pod, spec, container);

/** Sidecars serve the others; when these have ended, they are stopped. */
const stopping =
  (view: PodView) =>
  ({ name }: DeepReadonly<Container>) => {
    const container = current(view, name);
    return container?.state === 'running' ? [{ container, message: `Stopping container ${name}` }] : [];
  };

/** `web` and `docker.io/library/web:latest` are one image. */
export const sameImage = (a: string, b: string): boolean => canonical(a) === canonical(b);

const canonical = (image: string): string => {
  const short = image.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
};

const current = (view: PodView, name: string): RuntimeContainer | undefined => {
  const newest = view.newest(name);
  return view.isCurrent(newest) ? newest : undefined;
};

const firstToStart = ({ spec }: DeepReadonly<Pod>): readonly DeepReadonly<Container>[] =>
  spec.initContainers?.length ? spec.initContainers.slice(0, 1) : spec.containers;
