/**
 * `pods/portforward`: SPDY and the old WebSocket channels go through to the kubelet as they are; the SPDY that kubectl
 * wraps into a WebSocket is unwrapped here, as kubelets know only the bare one.
 */
import type { Duplex } from 'node:stream';
import { badRequest } from '../../api/status.js';
import {
  acceptWebSocket,
  offeredProtocols,
  streamProtocolHeader,
  tunnel,
  upgradeOf,
} from '../../util/streams/index.js';
import type { StreamRequest } from '../actions.js';
import { callKubelet, kubeletOf, type Backend } from './kubelet.js';
import { echo, joined, passOn, upgradeHeaders } from './passing.js';

const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';

/** @throws StatusError the pod is not bound, its Node is gone */
export function portForwardTarget(stream: StreamRequest): { readonly kubelet: Backend; readonly path: string } {
  const { name, namespace } = stream.pod!.metadata;
  const { nodeName } = stream.pod!.spec;
  if (!nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const ports = stream.url.searchParams.getAll('ports').flatMap((text) => text.split(','));
  const query =
    ports.length > 0 ? `?${new URLSearchParams(ports.map((port): [string, string] => ['port', port])).toString()}` : '';
  return {
    kubelet: kubeletOf(stream, nodeName),
    path: `/portForward/${encodeURIComponent(namespace!)}/${encodeURIComponent(name)}${query}`,
  };
}

/** @throws StatusError before the upgrade */
export async function upgradePortForward(stream: StreamRequest, socket: Duplex, head: Buffer): Promise<void> {
  const { request, signal } = stream;
  const { kubelet, path } = portForwardTarget(stream);
  const upgrade = upgradeOf(request);
  if (!upgrade) throw badRequest('Upgrade request required');
  if (upgrade !== 'websocket' || !offeredProtocols(request).includes(tunnelProtocol)) {
    const headers = upgradeHeaders(request.headers);
    const answer = await callKubelet(kubelet, { method: request.method ?? 'GET', path, headers }, signal);
    return passOn(answer, socket, head, signal);
  }
  const headers = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', [streamProtocolHeader]: 'portforward.k8s.io' };
  const answer = await callKubelet(kubelet, { method: 'POST', path, headers }, signal);
  if (!answer.upgraded) return echo(answer, socket);
  const accepted = await acceptWebSocket(request, socket, head, [tunnelProtocol]);
  if (!accepted) return void answer.socket.destroy();
  if (answer.head.length > 0) answer.socket.unshift(answer.head);
  await joined(tunnel(accepted.webSocket), answer.socket, signal);
}
