/** What the runtime holds of one pod, sorted so that decisions can be read off. */
import type { Container, DeepReadonly, Pod } from '../api/types.js';
import type { RuntimeContainer, Sandbox } from './runtime/runtime.js';

export interface PodView {
  /** The newest one that is ready. */
  readonly sandbox: Sandbox | undefined;
  /** Those that are no longer of use, newest first. */
  readonly oldSandboxes: readonly Sandbox[];
  /** The newest container of that name; of old sandboxes too, so that a restart is counted. */
  newest(name: string): RuntimeContainer | undefined;
  /** The one before it: what `lastState` tells of, and `logs --previous`. */
  previous(name: string): RuntimeContainer | undefined;
  /** Whether `container` belongs to the sandbox of now: one of an old sandbox counts as ended. */
  isCurrent(container: RuntimeContainer | undefined): container is RuntimeContainer;
  readonly containers: readonly RuntimeContainer[];
}

export function viewOf(sandboxes: readonly Sandbox[]): PodView {
  const byAge = [...sandboxes].sort((a, b) => b.createdAtMs - a.createdAtMs);
  const sandbox = byAge.find(({ state }) => state === 'ready');
  const containers = byAge.flatMap((each) => each.containers).sort((a, b) => b.attempt - a.attempt);
  const ofName = (name: string): RuntimeContainer[] => containers.filter((container) => container.name === name);
  return {
    sandbox,
    oldSandboxes: byAge.filter((each) => each !== sandbox),
    newest: (name) => ofName(name)[0],
    previous: (name) => ofName(name)[1],
    isCurrent: (container): container is RuntimeContainer =>
      container !== undefined && sandbox !== undefined && sandbox.containers.some(({ id }) => id === container.id),
    containers,
  };
}

export const allContainers = (pod: DeepReadonly<Pod>): DeepReadonly<Container>[] => [
  ...(pod.spec.initContainers ?? []),
  ...pod.spec.containers,
];
