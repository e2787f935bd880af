/**
 * An API server of one resource, for tests: real HTTP, just enough list and watch, and ways to misbehave on purpose. It is
 * not the API server of this book; what the client promises about failures can only be seen against one that fails.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject, WatchEvent } from '../../lib/api/types.js';

type Answer = { readonly code?: number; readonly body?: unknown; readonly headers?: Record<string, string> };
type Handler = (request: IncomingMessage & { body: string }, response: ServerResponse) => Answer | undefined;

export class SmallServer implements AsyncDisposable {
  readonly objects = new Map<string, KubernetesObject>();
  /** `GET /api/v1/pods?limit=500`: every request, in order. */
  readonly requests: string[] = [];
  readonly bodies: string[] = [];
  /** Answers instead of the server, where it returns something; `undefined` leaves the request to it. */
  intercept: Handler = () => undefined;
  /** Watches from versions before this one are gone. */
  oldest = 0;
  version = 1;
  readonly #watchers = new Set<ServerResponse>();
  readonly #history: { readonly version: number; readonly line: string }[] = [];
  #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer(this.#handle);
  }

  static async start(): Promise<SmallServer> {
    const server = new SmallServer();
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watching(): number {
    return this.#watchers.size;
  }

  async listen(): Promise<void> {
    this.#server = createServer(this.#handle);
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Cuts every connection off and stops listening. What is stored stays. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#watchers.clear();
  }

  put(name: string, more: object = {}): void {
    const old = this.objects.get(name);
    const metadata = { name, namespace: 'default', uid: name, resourceVersion: String(++this.version) };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata, ...more };
    this.objects.set(name, object);
    this.send({ type: old ? 'MODIFIED' : 'ADDED', object });
  }

  remove(name: string): void {
    const old = this.objects.get(name)!;
    this.objects.delete(name);
    this.send({
      type: 'DELETED',
      object: { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.version) } },
    });
  }

  /** Writes one event to all watchers. */
  send(event: WatchEvent<KubernetesObject>): void {
    const line = JSON.stringify(event) + '\n';
    this.#history.push({ version: this.version, line });
    for (const watcher of this.#watchers) watcher.write(line);
  }

  /** Writes these bytes to all watchers, as they are. */
  write(bytes: string | Buffer): void {
    for (const watcher of this.#watchers) watcher.write(bytes);
  }

  /** Ends every watch, properly or by cutting it off. */
  endWatches(how: 'end' | 'destroy'): void {
    for (const watcher of this.#watchers) watcher[how]();
    this.#watchers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.close();
  }

  readonly #handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.requests.push(`${request.method} ${request.url}`);
    this.bodies.push(body);
    const answer = this.intercept(Object.assign(request, { body }), response) ?? this.#answer(request, response);
    if (!answer || response.headersSent || response.destroyed) return;
    response.writeHead(answer.code ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  };

  #answer(request: IncomingMessage, response: ServerResponse): Answer | undefined {
    const query = new URL(request.url!, this.url).searchParams;
    const gone = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', message: 'too old resource version', code: 410 } as const; // prettier-ignore
    if (!query.has('watch')) {
      const items = [...this.objects.values()];
      const limit = Number(query.get('limit') ?? items.length);
      const start = Number(query.get('continue') ?? 0);
      const more = start + limit < items.length ? { continue: String(start + limit) } : {};
      const metadata = { resourceVersion: String(this.version), ...more };
      return { body: { kind: 'PodList', apiVersion: 'v1', metadata, items: items.slice(start, start + limit) } };
    }
    const from = Number(query.get('resourceVersion'));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.oldest) {
      response.end(JSON.stringify({ type: 'ERROR', object: gone }) + '\n');
      return undefined;
    }
    for (const { version, line } of this.#history) if (version > from) response.write(line);
    this.#watchers.add(response);
    response.on('close', () => this.#watchers.delete(response));
    return undefined;
  }
}

/** Resolves when `condition` holds; for what happens on the other side of a socket. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
