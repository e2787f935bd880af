/**
 * `pods/proxy`, `services/proxy`, `nodes/proxy`: plain HTTP through the API server, to a pod's port, to one of a
 * service's endpoints, or to a kubelet (with the API server's own certificate). Names may carry a scheme and a port:
 * `https:web-0:8443`.
 *
 * Left out compared with upstream: links in HTML pages are not rewritten; redirects are.
 *
 * @see https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls
 */
import { randomInt } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endpoints as endpointsResource } from '../../api/resources.js';
import { badRequest, serviceUnavailable } from '../../api/status.js';
import type { DeepReadonly, Pod, Service } from '../../api/types.js';
import type { StreamRequest } from '../actions.js';
import type { Reader } from '../reader.js';
import { parseResourcePath } from '../request-info.js';
import { callBackend, DialError, kubeletOf, type Backend, type BackendAnswer } from './kubelet.js';
import { passOn, upgradeHeaders } from './passing.js';

/** `https:web-0:8443` → `{ scheme: 'https', name: 'web-0', port: '8443' }`; undefined if it is no such name. */
export function splitSchemeNamePort(
  text: string,
): { readonly scheme: string; readonly name: string; readonly port: string } | undefined {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: '', name: parts[0]!, port: '' };
  if (parts.length === 2) return { scheme: '', name: parts[0]!, port: parts[1]! };
  const [scheme, name, port] = parts;
  return parts.length === 3 && ['', 'http', 'https'].includes(scheme!) && name
    ? { scheme: scheme!, name, port: port! }
    : undefined;
}

/** @throws StatusError there is nothing to reach, or it does not answer */
export async function respondProxy(reader: Reader, stream: StreamRequest, response: ServerResponse): Promise<void> {
  const { request, rest, url, signal } = stream;
  // A page's relative links would miss the last step of a path without a slash.
  if (rest === '' && !url.pathname.endsWith('/') && (request.method === 'GET' || request.method === 'HEAD'))
    return void response.writeHead(301, { Location: `${url.pathname}/${url.search}` }).end();
  const backend = backendOf(reader, stream);
  const answer = await call(backend, stream, signal);
  const headers = { ...answer.response.headers };
  for (const name of hopByHop) delete headers[name];
  for (const name of Object.keys(headers)) if (name.startsWith('access-control-allow-')) delete headers[name];
  if (headers.location) headers.location = relocated(headers.location, backend, stream);
  response.writeHead(answer.response.statusCode ?? 502, headers);
  response.flushHeaders();
  await pipeline(answer.response, response, { signal }).catch(() => response.destroy());
}

/** An upgrade, passed on like anything else. @throws as {@link respondProxy} */
export async function upgradeProxy(reader: Reader, stream: StreamRequest, socket: Duplex, head: Buffer): Promise<void> {
  await passOn(await call(backendOf(reader, stream), stream, stream.signal), socket, head, stream.signal);
}

async function call(
  backend: Backend,
  { request, rest, url }: StreamRequest,
  signal: AbortSignal,
): Promise<BackendAnswer> {
  try {
    return await callBackend(
      backend,
      {
        method: request.method ?? 'GET',
        path: (rest || '/') + url.search,
        headers: forwarded(request.headers, request.socket.remoteAddress),
        ...(!request.headers.upgrade && { body: request }),
      },
      signal,
    );
  } catch (error) {
    if (error instanceof DialError) throw serviceUnavailable(`error trying to reach service: ${error.message}`);
    throw error;
  }
}

/** Headers that speak of one connection only. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];

/** What the backend sees: not the credentials with which the client came in here. */
function forwarded(headers: IncomingHttpHeaders, client = ''): IncomingHttpHeaders {
  const passed: IncomingHttpHeaders = { ...headers };
  for (const name of [...hopByHop, 'authorization', 'host']) delete passed[name];
  const before = headers['x-forwarded-for'];
  passed['x-forwarded-for'] = [before, client].filter(Boolean).join(', ');
  // Without a length, Node sends a body in chunks by itself.
  return headers.upgrade ? { ...passed, ...upgradeHeaders(headers) } : passed;
}

function backendOf(reader: Reader, stream: StreamRequest): Backend {
  const { name } = parseResourcePath(stream.request.url!.split('?')[0]!)!; // as it was written: a URL has no `..`
  const target = splitSchemeNamePort(name);
  if (!target) throw badRequest(`invalid ${stream.kind.resource.slice(0, -1)} request ${JSON.stringify(name)}`);
  const protocol = target.scheme === 'https' ? 'https:' : 'http:';
  const tls = protocol === 'https:' ? { tls: { rejectUnauthorized: false } } : {};
  switch (stream.kind.resource) {
    case 'nodes': {
      const kubelet = kubeletOf(stream, target.name);
      if (target.port === '' || Number(target.port) === kubelet.port) return kubelet;
      return { protocol, host: kubelet.host, port: portNumber(target.port), ...tls };
    }
    case 'services':
      return { protocol, ...endpointOf(reader, stream.object as DeepReadonly<Service>, target.port), ...tls };
    default: {
      const pod = stream.object as DeepReadonly<Pod>;
      if (!pod.status.podIP) throw badRequest('address not allowed');
      const declared = pod.spec.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
      return {
        protocol,
        host: pod.status.podIP,
        port: target.port === '' ? (declared ?? 80) : portNumber(target.port),
        ...tls,
      };
    }
  }
}

/** One of the addresses behind a port of a service, by chance. @throws ServiceUnavailable */
function endpointOf(
  reader: Reader,
  service: DeepReadonly<Service>,
  port: string,
): { readonly host: string; readonly port: number } {
  const { name, namespace } = service.metadata;
  let portName = port;
  if (/^\d+$/.test(port)) {
    const found = service.spec.ports?.find((each) => each.port === Number(port));
    if (!found) throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(name)}`);
    portName = found.name ?? '';
  }
  const { subsets = [] } = reader.get(endpointsResource, namespace!, name) ?? {};
  const candidates = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports
      .filter((each) => (each.name ?? '') === portName)
      .flatMap((each) => addresses.map(({ ip }) => ({ host: ip, port: each.port }))),
  );
  if (candidates.length === 0) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  return candidates[randomInt(candidates.length)]!;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65536) return port;
  throw serviceUnavailable(`error trying to reach service: dial tcp: lookup tcp/${text}: unknown port`);
}

/** A redirect within the backend leads through the proxy again. */
function relocated(location: string, { protocol, host, port }: Backend, { url, rest }: StreamRequest): string {
  const origin = `${protocol}//${host}:${port}`;
  const path = location.startsWith(origin) ? location.slice(origin.length) : location;
  if (!path.startsWith('/')) return location;
  return (rest === '' ? url.pathname.replace(/\/$/, '') : url.pathname.slice(0, -rest.length)) + path;
}
