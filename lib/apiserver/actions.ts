/**
 * Acting subresources: those that do something, or open something, instead of reading or changing part of an object.
 * The table of kinds only names them; {@link Actions} says what they do, by `resource/subresource`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Kind } from '../api/kinds/kind.js';
import type { DeepReadonly, KubernetesObject, Node, Pod } from '../api/types.js';
import type { User } from './authentication/authentication.js';

/** How the API server shows itself to kubelets. PEM. */
export interface KubeletCredentials {
  readonly cert: string;
  readonly key: string;
  /** What signed the kubelets' serving certificates; unchecked if left out, as upstream. */
  readonly ca?: string;
}

/** A request for a stream: everything that was found out before it is handed over. */
export interface StreamRequest {
  readonly request: IncomingMessage;
  /** The decoded query: `url.searchParams.getAll('command')`. */
  readonly url: URL;
  /** `log`, `exec`, `attach`, `portforward`, `proxy`. */
  readonly subresource: string;
  /** What follows the subresource in the path, for `proxy`: `/metrics`; empty otherwise. */
  readonly rest: string;
  /** The object of the path. */
  readonly kind: Kind;
  readonly object: DeepReadonly<KubernetesObject>;
  /** `object` for a pod's subresources. */
  readonly pod: DeepReadonly<Pod> | undefined;
  /** The Node the pod is bound to, or the Node of the path; undefined if unbound or gone. */
  readonly node: DeepReadonly<Node> | undefined;
  readonly user: User;
  readonly kubelet: KubeletCredentials | undefined;
  /** Aborts when the client has gone or the server ends. */
  readonly signal: AbortSignal;
}

/**
 * Answers a stream's request: on `response`, or on the raw `socket` where the client asked for an upgrade (`head` is what
 * it had already sent).
 *
 * @throws StatusError before anything was written: the API server answers with it (on a socket too)
 */
export interface StreamHandler {
  respond(stream: StreamRequest, response: ServerResponse): Promise<void>;
  upgrade(stream: StreamRequest, socket: Duplex, head: Buffer): Promise<void>;
}

/** `{ 'pods/log': …, 'pods/exec': … }`; a subresource of the table without an entry here answers 501. */
export type StreamHandlers = Readonly<Record<string, StreamHandler>>;
