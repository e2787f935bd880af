/**
 * `GET /containerLogs/{namespace}/{pod}/{container}`: what a container has written, as it was written, in one stream.
 * Which container that is (the running one, or the one before) is read from the pod's status.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kubelet_pods.go (validateContainerLogStatus)
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ContainerStatus, DeepReadonly, Pod } from '../../api/types.js';
import type { Clock } from '../../util/clock.js';
import { PlainError, type KubeletHost } from './host.js';

export interface ContainerLogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceSeconds?: number;
  readonly sinceTimeMs?: number;
  readonly stream: 'All' | 'Stdout' | 'Stderr';
}

/** @throws {PlainError} 400 a value cannot be read; 422 it makes no sense */
export function parseLogOptions(query: URLSearchParams): ContainerLogOptions {
  const number = (name: string, min: number): number | undefined => {
    const text = query.get(name);
    if (text === null || (name === 'tailLines' && text === 'all')) return undefined;
    if (!/^-?\d+$/.test(text)) throw new PlainError(400, '{"message": "Unable to decode query."}');
    if (Number(text) < min) throw new PlainError(422, '{"message": "Invalid request."}');
    return Number(text);
  };
  if (query.has('tail')) query.set('tailLines', query.get('tail')!); // as the parameter was called in 1.0
  const tailLines = number('tailLines', 0);
  const limitBytes = number('limitBytes', 1);
  const sinceSeconds = number('sinceSeconds', 1);
  const sinceTime = query.get('sinceTime');
  const sinceTimeMs = sinceTime ? Date.parse(sinceTime) : undefined;
  if (Number.isNaN(sinceTimeMs)) throw new PlainError(400, '{"message": "Unable to decode query."}');
  const stream = query.get('stream') ?? 'All';
  if (
    (sinceSeconds !== undefined && sinceTimeMs !== undefined) ||
    (stream !== 'All' && stream !== 'Stdout' && stream !== 'Stderr') ||
    (stream !== 'All' && tailLines !== undefined)
  )
    throw new PlainError(422, '{"message": "Invalid request."}');
  return {
    follow: isTrue(query.get('follow')),
    previous: isTrue(query.get('previous')),
    timestamps: isTrue(query.get('timestamps')),
    ...(tailLines !== undefined && { tailLines }),
    ...(limitBytes !== undefined && { limitBytes }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(sinceTimeMs !== undefined && { sinceTimeMs }),
    stream,
  };
}

/**
 * Whose log it is: the id of a container.
 * @throws {PlainError} 400 there is none yet, or no longer, with the reason
 */
export function containerToRead(pod: DeepReadonly<Pod>, container: string, previous: boolean): string {
  const status = statusOf(pod, container);
  const named = `container "${container}" in pod "${pod.metadata.name}"`;
  if (!status) throw new PlainError(400, `${named} is not available`);
  const { waiting, running, terminated } = status.state ?? {};
  const last = status.lastState?.terminated;
  if (previous) {
    if (!last?.containerID) throw new PlainError(400, `previous terminated ${named} not found`);
    return last.containerID;
  }
  if (running) return status.containerID ?? '';
  // A container that could not be started has no id of its own: its predecessor's log is the newest there is.
  const ended = terminated?.containerID ? terminated : last;
  if (ended?.containerID) return ended.containerID;
  if (terminated ?? last) throw new PlainError(400, `${named} is terminated`);
  switch (waiting?.reason) {
    case undefined:
      throw new PlainError(400, `${named} is waiting to start - no logs yet`);
    case 'ErrImagePull':
      throw new PlainError(400, `${named} is waiting to start: image can't be pulled`);
    case 'ImagePullBackOff':
      throw new PlainError(400, `${named} is waiting to start: trying and failing to pull image`);
    default:
      throw new PlainError(400, `${named} is waiting to start: ${waiting!.reason}`);
  }
}

/** Writes the log to `response` until it ends, its limit is reached, or `signal` aborts. @throws {PlainError} before the first byte */
export async function serveLogs(
  { host, clock }: { readonly host: KubeletHost; readonly clock: Clock },
  { namespace, pod: name, container }: { readonly namespace: string; readonly pod: string; readonly container: string },
  query: URLSearchParams,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const options = parseLogOptions(query);
  const pod = host.pod(namespace, name);
  if (!pod) throw new PlainError(404, `pod "${name}" does not exist`);
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec;
  if (![...containers, ...initContainers, ...ephemeralContainers].some((each) => each.name === container))
    throw new PlainError(404, `container "${container}" not found in pod "${name}"`);
  const id = containerToRead(pod, container, options.previous);

  const { follow, tailLines, sinceSeconds, sinceTimeMs } = options;
  const sinceMs = sinceTimeMs ?? (sinceSeconds === undefined ? undefined : clock.now() - sinceSeconds * 1000);
  const lines = host.runtime.logs(
    id,
    { follow, ...(tailLines !== undefined && { tailLines }), ...(sinceMs !== undefined && { sinceMs }) },
    signal,
  );
  let left = options.limitBytes ?? Infinity;
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.flushHeaders(); // a log that is followed may have nothing to say for long
  };
  if (follow) begin();
  try {
    for await (const { time, stream, text } of lines) {
      if (options.stream !== 'All' && options.stream.toLowerCase() !== stream) continue;
      begin();
      const bytes = options.timestamps ? Buffer.concat([Buffer.from(`${time} `), text]) : text;
      if (!response.write(bytes.subarray(0, left))) await once(response, 'drain', { signal }).catch(() => {});
      left -= bytes.length;
      if (left <= 0 || signal.aborted) break;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!response.headersSent) throw new PlainError(400, (error as Error).message);
    // Too late for an error code: the client sees the stream break off.
    return void response.destroy();
  }
  begin();
  response.end();
}

function statusOf(pod: DeepReadonly<Pod>, name: string): DeepReadonly<ContainerStatus> | undefined {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status;
  return [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
    (each) => each.name === name,
  );
}

const isTrue = (value: string | null): boolean => value === 'true' || value === '1' || value === '';
