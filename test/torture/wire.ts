/** Requests over HTTP as any client sends them, ConfigMaps as what they hold, and the file into which it is written. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { type Content, contentText, type HistoryRecord, type Scope, type Seen } from './history.js';

/** Microseconds of the monotonic clock of the machine: the same in every process. */
export const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing was sent: nobody listens there. */
export class NobodyThere extends Error {}

export interface Answer {
  readonly status: number;
  readonly body: any;
}

/** How long an answer may take, in milliseconds: longer than anybody is stopped. */
const answerTimeoutMs = 15_000;

export class Server {
  readonly #agent = new Agent({ keepAlive: true });

  /** @param url `http://127.0.0.1:18160` */
  constructor(readonly url: string) {}

  /** @throws {NobodyThere}; anything else: the answer did not come, and nobody knows */
  async call(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
    const answer = await this.#send(method, path, body, contentType);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) };
  }

  /** A GET whose answer goes on and on. @throws {NobodyThere} it did not begin */
  async open(path: string): Promise<IncomingMessage> {
    try {
      return await this.#send('GET', path);
    } catch (error) {
      throw new NobodyThere((error as Error).message);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, body?: unknown, contentType = ''): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = request(this.url + path, {
        method,
        agent: this.#agent,
        headers: {
          accept: 'application/json',
          ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
        },
      });
      const timer = setTimeout(() => sent.destroy(new Error('no answer in time')), answerTimeoutMs);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(error.code === 'ECONNREFUSED' ? new NobodyThere(error.message) : error);
      });
      sent.once('response', (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      sent.end(text);
    });
  }
}

/** Where the history goes, one record a line. */
export class Recorder {
  readonly #file: WriteStream;
  #count = 0;

  constructor(path: string) {
    this.#file = createWriteStream(path);
  }

  get count(): number {
    return this.#count;
  }

  write(record: HistoryRecord): void {
    this.#count++;
    this.#file.write(JSON.stringify(record) + '\n');
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#file.end(resolve));
  }
}

export const namespaces = ['t0', 't1'] as const;
export const colors = ['red', 'blue'] as const;

export const pathOf = (key: string): string => {
  const [namespace, name] = key.split('/');
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
};

export function collectionPath({ namespace, color }: Scope, query: Readonly<Record<string, string>> = {}): string {
  const path = namespace ? `/api/v1/namespaces/${namespace}/configmaps` : '/api/v1/configmaps';
  const search = new URLSearchParams({ ...query, ...(color !== undefined && { labelSelector: `color=${color}` }) });
  return `${path}?${search}`;
}

/** A ConfigMap with this content; `null` in the data of a patch would remove. */
export function configMap(key: string, { id, color, counts }: Content, resourceVersion?: number) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: key.split('/')[1],
      labels: { color },
      ...(resourceVersion !== undefined && { resourceVersion: String(resourceVersion) }),
    },
    data: {
      id,
      padding: paddingOf(id),
      ...Object.fromEntries(Object.entries(counts).map(([client, count]) => [`count.${client}`, String(count)])),
    },
  };
}

/** What a ConfigMap holds, and whether it is in one piece. */
export function seen({ metadata, data }: any): Seen {
  const { id, padding, ...rest } = data as Record<string, string>;
  const counts = Object.entries(rest).map(([name, count]) => [name.slice('count.'.length), Number(count)]);
  const whole = padding === paddingOf(id!);
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    uid: metadata.uid,
    revision: Number(metadata.resourceVersion),
    content: contentText({
      id: whole ? id! : `${id} with the padding of another`,
      color: metadata.labels.color,
      counts: Object.fromEntries(counts),
    }),
  };
}

/** Some kilobytes that belong to this id alone, so that a mixture of two writes shows. */
function paddingOf(id: string): string {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) >>> 0;
  return `${id} `.repeat((hash % 20_000) / (id.length + 1));
}
