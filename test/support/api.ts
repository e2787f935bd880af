/** A real API server over a store in memory, spoken to over HTTP, with a clock that is moved by hand. */
import type { Kind } from '../../lib/api/kinds/kind.js';
import type { Status } from '../../lib/api/status.js';
import { ApiServer, type ApiServerOptions } from '../../lib/apiserver/index.js';
import { MemoryStorage } from '../../lib/apiserver/storage/memory.js';
import { Scope, SteppedClock, silent } from '../../lib/util/index.js';

export interface Answer {
  readonly code: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly body: any;
}

export class TestApi implements AsyncDisposable {
  readonly clock: SteppedClock;
  readonly storage: MemoryStorage;
  readonly server: ApiServer;
  readonly #scope: Scope;

  private constructor(parts: { clock: SteppedClock; storage: MemoryStorage; server: ApiServer }, scope: Scope) {
    this.clock = parts.clock;
    this.storage = parts.storage;
    this.server = parts.server;
    this.#scope = scope;
  }

  static async start(options: Partial<ApiServerOptions> & { kinds?: readonly Kind[] } = {}): Promise<TestApi> {
    await using scope = new Scope();
    const clock = new SteppedClock();
    const storage = scope.use(new MemoryStorage());
    const server = scope.use(await ApiServer.start({ storage, clock, log: silent, port: 0, ...options }));
    return new TestApi({ clock, storage, server }, scope.move());
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const isJson =
      type.startsWith('application/json') && text.trimStart().startsWith('{') && !text.trim().includes('\n{');
    return {
      code: response.status,
      type,
      headers: response.headers,
      text,
      body: isJson ? JSON.parse(text) : undefined,
    };
  }

  get(path: string, headers?: Record<string, string>): Promise<Answer> {
    return this.request('GET', path, undefined, headers);
  }

  post(path: string, body: unknown): Promise<Answer> {
    return this.request('POST', path, body);
  }

  merge(path: string, body: unknown): Promise<Answer> {
    return this.request('PATCH', path, body, { 'content-type': 'application/merge-patch+json' });
  }

  /** Opens a watch, and reads its events as they come. */
  async watch(path: string, headers: Record<string, string> = {}): Promise<TestWatch> {
    const controller = new AbortController();
    const response = await fetch(this.server.url + path, { headers, signal: controller.signal });
    return new TestWatch(response, controller);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}

/** `{ type: 'ADDED', object: { … } }` */
export interface TestEvent {
  readonly type: string;
  readonly object: any;
}

export class TestWatch implements Disposable {
  readonly #controller: AbortController;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';

  constructor({ body }: Response, controller: AbortController) {
    this.#controller = controller;
    this.#reader = body!.getReader();
  }

  /** The next event; undefined when the server has ended the watch. */
  async next(): Promise<TestEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line) as TestEvent;
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += Buffer.from(value).toString();
    }
  }

  /** The next `count` events, as `TYPE name`. */
  async told(count: number): Promise<string[]> {
    const told: string[] = [];
    for (let event = await this.next(); event; event = await this.next()) {
      told.push(`${event.type} ${event.object.metadata?.name ?? ''}`.trim());
      if (told.length === count) break;
    }
    return told;
  }

  [Symbol.dispose](): void {
    this.#controller.abort();
  }
}

export const reasonOf = ({ body }: Answer): Status['reason'] => body?.reason;
