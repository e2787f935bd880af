/** What the kubelet's port needs from the kubelet. */
import type { DeepReadonly, Pod } from '../../api/types.js';
import type { ContainerRuntime, RuntimeContainer, Sandbox } from '../runtime/runtime.js';

export interface KubeletHost {
  readonly nodeName: string;
  readonly runtime: ContainerRuntime;
  /** Every pod bound to this node, with its status as the kubelet knows it now. */
  pods(): readonly DeepReadonly<Pod>[];
  pod(namespace: string, name: string): DeepReadonly<Pod> | undefined;
}

/** An answer in plain text: a kubelet's port speaks no Status. */
export class PlainError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The pod's sandbox that is ready. @throws {PlainError} 404 no such pod; 500 it has none */
export async function findSandbox(host: KubeletHost, namespace: string, name: string): Promise<Sandbox> {
  const pod = host.pod(namespace, name);
  if (!pod) throw new PlainError(404, 'pod does not exist');
  const sandboxes = await host.runtime.list();
  const sandbox = sandboxes.find(({ podUID, state }) => podUID === pod.metadata.uid && state === 'ready');
  if (!sandbox) throw new PlainError(500, `pod not found ("${name}_${namespace}")`);
  return sandbox;
}

/** The running container of that name. @throws {PlainError} 404 no such pod; 500 it does not run */
export async function findContainer(
  host: KubeletHost,
  namespace: string,
  name: string,
  container: string,
): Promise<RuntimeContainer> {
  const pod = host.pod(namespace, name);
  if (!pod) throw new PlainError(404, 'pod does not exist');
  const sandboxes = await host.runtime.list();
  const found = sandboxes
    .filter(({ podUID }) => podUID === pod.metadata.uid)
    .flatMap(({ containers }) => containers)
    .find((each) => each.name === container && each.state === 'running');
  if (!found) throw new PlainError(500, `container not found (${JSON.stringify(container)})`);
  return found;
}

/** The answer for what went wrong: its own if it brings one. */
export const plain = (error: unknown): PlainError =>
  error instanceof PlainError ? error : new PlainError(500, error instanceof Error ? error.message : String(error));
