/**
 * Calling the kubelet of a Node: where it listens stands in the Node's status, who we are in a client certificate.
 *
 * The address is the first of InternalIP, ExternalIP, InternalDNS, Hostname; upstream tries the host name first, but the
 * names of nodes that share one machine mean nothing to a resolver.
 */
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Duplex, Readable } from 'node:stream';
import { nodes } from '../../api/resources.js';
import { badRequest, notFound, unclassified } from '../../api/status.js';
import { dialError } from '../../util/streams/index.js';
import type { StreamRequest } from '../actions.js';

/** Where a request is passed on to. */
export interface Backend {
  readonly protocol: 'http:' | 'https:';
  readonly host: string;
  readonly port: number;
  /** Certificates, where they are needed. */
  readonly tls?: Pick<RequestOptions, 'cert' | 'key' | 'ca' | 'rejectUnauthorized' | 'checkServerIdentity'>;
}

const addressTypes = ['InternalIP', 'ExternalIP', 'InternalDNS', 'Hostname'];
const defaultPort = 10250;

/**
 * The kubelet of the request's Node.
 * @param nodeName what the pod says it is bound to: for the error
 * @throws NotFound the Node is gone; BadRequest it tells no address
 */
export function kubeletOf({ node, kubelet }: StreamRequest, nodeName: string): Backend {
  if (!node) throw notFound(nodes, nodeName);
  const { addresses = [], daemonEndpoints } = node.status;
  const address = addressTypes.map((type) => addresses.find((each) => each.type === type)).find(Boolean)?.address;
  if (!address)
    throw badRequest(`no preferred addresses found; known addresses: [${addresses.map(({ type }) => type).join(' ')}]`);
  return {
    protocol: 'https:',
    host: address,
    port: daemonEndpoints?.kubeletEndpoint?.Port || defaultPort,
    tls: {
      ...(kubelet && { cert: kubelet.cert, key: kubelet.key }),
      // Like upstream without --kubelet-certificate-authority: who answers is then not checked.
      ...(kubelet?.ca ? { ca: kubelet.ca } : { rejectUnauthorized: false }),
    },
  };
}

export interface BackendRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Readable;
}

/** What came of a request: an answer, or a connection that has left HTTP with a 101. */
export type BackendAnswer =
  | { readonly upgraded: false; readonly response: IncomingMessage }
  | { readonly upgraded: true; readonly response: IncomingMessage; readonly socket: Duplex; readonly head: Buffer };

/** @throws {DialError} nothing answers there */
export function callBackend(
  backend: Backend,
  { method, path, headers, body }: BackendRequest,
  signal: AbortSignal,
): Promise<BackendAnswer> {
  const { protocol, host, port, tls } = backend;
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { host, port, method, path, headers, signal, agent: false, ...tls };
    const request = protocol === 'https:' ? httpsRequest(options) : httpRequest(options);
    request.on('response', (response) => resolve({ upgraded: false, response }));
    request.on('upgrade', (response, socket, head) => {
      socket.on('error', () => {}); // its `close` follows
      resolve({ upgraded: true, response, socket, head });
    });
    request.on('error', (error) => reject(new DialError(dialError(error, `${host}:${port}`), { cause: error })));
    if (body) body.pipe(request);
    else request.end();
  });
}

/** `dial tcp 127.0.0.1:10250: connect: connection refused` */
export class DialError extends Error {}

/** As {@link callBackend}, for a kubelet: that it cannot be reached is answered with 500, as upstream. */
export async function callKubelet(
  backend: Backend,
  request: BackendRequest,
  signal: AbortSignal,
): Promise<BackendAnswer> {
  try {
    return await callBackend(backend, request, signal);
  } catch (error) {
    throw unclassified(`error dialing backend: ${(error as Error).message}`);
  }
}

/** The container that is meant. @throws BadRequest the pod has several and none was named, or none of that name */
export function containerOf({ pod, url }: StreamRequest): string {
  const { containers, initContainers = [], ephemeralContainers = [] } = pod!.spec;
  const { name } = pod!.metadata;
  const named = url.searchParams.get('container');
  if (named) {
    if ([...containers, ...initContainers, ...ephemeralContainers].some((each) => each.name === named)) return named;
    throw badRequest(`container ${named} is not valid for pod ${name}`);
  }
  if (containers.length === 1) return containers[0]!.name;
  const list = (of: readonly { readonly name: string }[]): string => `[${of.map((each) => each.name).join(' ')}]`;
  const init = initContainers.length > 0 ? ` or one of the init containers: ${list(initContainers)}` : '';
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: ${list(containers)}${init}`);
}

/** Whether a parameter of the query is set: anything but `false` and `0` sets it. */
export const isSet = (query: URLSearchParams, name: string): boolean => {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
};
