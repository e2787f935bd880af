/** Pods and containers for tests: `aPod({ restartPolicy: 'Never', containers: [aContainer('web')] })`. */
import type { Container, Pod, PodSpec, PodStatus } from '../../lib/api/types.js';
import type { RuntimeContainer, Sandbox } from '../../lib/kubelet/runtime/runtime.js';
import { viewOf, type PodView } from '../../lib/kubelet/pod-view.js';

export const aContainer = (name = 'main', more: object = {}): Container =>
  ({ name, image: 'kubebook/web:1', resources: {}, imagePullPolicy: 'IfNotPresent', ...more }) as Container;

export const aPod = (spec: Partial<PodSpec> = {}, more: { metadata?: object; status?: PodStatus } = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'uid-1', generation: 1, ...more.metadata },
  spec: { restartPolicy: 'Always', nodeName: 'node-1', ...spec, containers: spec.containers ?? [aContainer()] },
  status: more.status ?? { phase: 'Pending' },
});

/**
 * What a runtime holds, in short: `aView('main running', 'init exited 0', 'main exited 1 @1')`: name, state, exit code,
 * attempt. With `{ ready: false }` the sandbox has died.
 */
export const aView = (...containers: string[]): PodView => viewOf([aRuntimeSandbox(containers)]);

export const aRuntimeSandbox = (containers: readonly string[], more: Partial<Sandbox> = {}): Sandbox => ({
  id: 'sandbox-1',
  podUID: 'uid-1',
  namespace: 'default',
  name: 'web',
  ip: '127.64.0.1',
  state: 'ready',
  createdAtMs: 0,
  containers: containers.map(aRuntimeContainer),
  ...more,
});

const aRuntimeContainer = (text: string): RuntimeContainer => {
  const [, name, state, code, attempt = '0'] = /^(\S+) (\S+)(?: (\d+))?(?: @(\d+))?$/.exec(text)!;
  const exited = state === 'exited' && {
    exitCode: Number(code),
    reason: code === '0' ? 'Completed' : 'Error',
    finishedAtMs: 2000,
  };
  return {
    id: `process://${name}-${attempt}`,
    name: name!,
    attempt: Number(attempt),
    image: 'kubebook/web:1',
    imageID: 'kubebook/web@sha256:1',
    state: state as RuntimeContainer['state'],
    createdAtMs: 1000,
    ...(state !== 'created' && { startedAtMs: 1000 }),
    ...exited,
  };
};
