/** A client that works: one request after the other, at random, and every one of them goes into the history. */
import {
  type Content,
  type Get,
  inNamespace,
  type List,
  type Outcome,
  type Page,
  type Scope,
  type Seen,
  type Write,
} from './history.js';
import type { Dice } from './random.js';
import {
  type Answer,
  collectionPath,
  colors,
  configMap,
  namespaces,
  NobodyThere,
  nowUs,
  pathOf,
  type Recorder,
  seen,
  type Server,
  sleep,
} from './wire.js';

/** Few enough to be fought over, and enough for several pages. */
const hotKeys = namespaces.flatMap((namespace) => [0, 1, 2].map((i) => `${namespace}/hot-${i}`));
const coldKeys = namespaces.flatMap((namespace) => Array.from({ length: 40 }, (_, i) => `${namespace}/cold-${i}`));

export const scopes: readonly Scope[] = [
  {},
  ...namespaces.map((namespace) => ({ namespace })),
  ...colors.map((color) => ({ color })),
  { namespace: 't0', color: 'red' },
];

export interface WorkerOptions {
  readonly name: string;
  readonly servers: readonly Server[];
  readonly recorder: Recorder;
  readonly dice: Dice;
}

export class Worker {
  readonly #name: string;
  readonly #servers: readonly Server[];
  readonly #recorder: Recorder;
  readonly #dice: Dice;
  /** Numbers this worker's writes. */
  #writes = 0;
  /** What it saw last, possibly long ago. */
  readonly #remembered = new Map<string, Seen>();
  #lastRevision = 0;

  constructor({ name, servers, recorder, dice }: WorkerOptions) {
    this.#name = name;
    this.#servers = servers;
    this.#recorder = recorder;
    this.#dice = dice;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step();
        if (this.#dice.chance(0.5)) await sleep(this.#dice.between(0, 20));
      } catch (error) {
        if (!(error instanceof NobodyThere)) throw error;
        await sleep(this.#dice.between(20, 200));
      }
    }
  }

  async #step(): Promise<void> {
    const key = this.#dice.pick(this.#dice.chance(0.6) ? hotKeys : coldKeys);
    switch (
      this.#dice.weighted({
        create: 20,
        update: 8,
        conditionalUpdate: 22,
        patch: 20,
        conditionalPatch: 4,
        delete: 9,
        conditionalDelete: 3,
        get: 9,
        list: 5,
      })
    ) {
      case 'create':
        return this.create(key, this.#content());
      case 'update':
        return this.#update(key, this.#content());
      case 'conditionalUpdate': {
        const current = await this.#current(key);
        if (!current) return;
        const { counts } = JSON.parse(current.content) as Content;
        const content = this.#content();
        return this.#update(key, { ...content, counts: { ...counts, ...content.counts } }, current.revision);
      }
      case 'patch':
        return this.#patch(key, this.#content());
      case 'conditionalPatch': {
        const current = await this.#current(key);
        return current && this.#patch(key, this.#content(), current.revision);
      }
      case 'delete':
        return this.delete(key);
      case 'conditionalDelete': {
        const current = await this.#current(key);
        return current && this.delete(key, current.revision);
      }
      case 'get':
        return void (await this.#get(key));
      case 'list':
        return void (await this.list(this.#dice.pick(scopes), this.#listOptions()));
    }
  }

  /** What a conditional write builds upon: what is there, or what was there some time ago. */
  async #current(key: string): Promise<Seen | undefined> {
    const remembered = this.#remembered.get(key);
    return remembered && this.#dice.chance(0.4) ? remembered : this.#get(key);
  }

  #content(): Content {
    const count = ++this.#writes;
    return { id: `${this.#name}.${count}`, color: this.#dice.pick(colors), counts: { [this.#name]: count } };
  }

  create(key: string, content: Content): Promise<void> {
    const [namespace] = key.split('/');
    return this.#write({ type: 'create', key, content }, (server) =>
      server.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, configMap(key, content)),
    );
  }

  #update(key: string, content: Content, expected?: number): Promise<void> {
    return this.#write({ type: 'update', key, content, expected }, (server) =>
      server.call('PUT', pathOf(key), configMap(key, content, expected)),
    );
  }

  #patch(key: string, content: Content, expected?: number): Promise<void> {
    const { metadata, data } = configMap(key, content, expected);
    const type = this.#dice.pick(['application/merge-patch+json', 'application/strategic-merge-patch+json']);
    return this.#write({ type: 'patch', key, content, expected }, (server) =>
      server.call('PATCH', pathOf(key), { metadata, data }, type),
    );
  }

  delete(key: string, expected?: number): Promise<void> {
    const preconditions = expected === undefined ? undefined : { resourceVersion: String(expected) };
    return this.#write({ type: 'delete', key, expected }, (server) =>
      server.call('DELETE', pathOf(key), { kind: 'DeleteOptions', apiVersion: 'v1', preconditions }),
    );
  }

  async #write(
    write: Pick<Write, 'type' | 'key' | 'content' | 'expected'>,
    send: (server: Server) => Promise<Answer>,
  ): Promise<void> {
    const startUs = nowUs();
    const { outcome, reason, body } = await this.#send(send);
    const isDelete = write.type === 'delete';
    const answer = outcome !== 'ok' ? {} : isDelete ? { uid: body.details.uid as string } : { seen: this.#see(body) };
    this.#recorder.write({ ...write, client: this.#name, startUs, endUs: nowUs(), outcome, reason, ...answer });
  }

  async #get(key: string): Promise<Seen | undefined> {
    const startUs = nowUs();
    const { outcome, reason, body } = await this.#send((server) => server.call('GET', pathOf(key)));
    const found = outcome === 'ok' ? this.#see(body) : undefined;
    const get: Get = { type: 'get', client: this.#name, key, startUs, endUs: nowUs(), outcome, reason, seen: found };
    this.#recorder.write(get);
    return found;
  }

  #listOptions(): ListOptions {
    const limit = this.#dice.pick([undefined, 7, 25]);
    const revision = this.#lastRevision;
    if (revision === 0 || this.#dice.chance(0.7)) return { limit };
    return this.#dice.pick<ListOptions>([
      { limit, any: true },
      { limit, notOlderThan: revision },
      { limit, exactly: revision },
    ]);
  }

  /** All pages of it, or as many as came. */
  async list(scope: Scope, options: ListOptions = {}): Promise<List> {
    const { limit, exactly, notOlderThan, any } = options;
    const first: Record<string, string> = {
      ...(limit !== undefined && { limit: String(limit) }),
      ...(any && { resourceVersion: '0' }),
      ...(notOlderThan !== undefined && {
        resourceVersion: String(notOlderThan),
        resourceVersionMatch: 'NotOlderThan',
      }),
      ...(exactly !== undefined && { resourceVersion: String(exactly), resourceVersionMatch: 'Exact' }),
    };
    const startUs = nowUs();
    const pages: Page[] = [];
    let complete = false;
    let query = first;
    while (!complete) {
      const { outcome, body } = await this.#send((server) => server.call('GET', collectionPath(scope, query)));
      if (outcome !== 'ok') break; // too old, or cut off: what came before must still be right
      const items = (body.items as any[])
        .map(seen)
        .filter(({ key }) => namespaces.some((namespace) => inNamespace({ namespace }, key)));
      pages.push({ revision: this.#revision(body), items, remaining: body.metadata.remainingItemCount });
      const token = body.metadata.continue as string | undefined;
      complete = !token;
      query = { ...(limit !== undefined && { limit: String(limit) }), continue: token ?? '' };
      if (token && this.#dice.chance(0.3)) await sleep(this.#dice.between(0, 100));
    }
    const list: List = {
      type: 'list',
      client: this.#name,
      scope,
      exactly,
      notOlderThan,
      any,
      startUs,
      endUs: nowUs(),
      pages,
      complete,
    };
    this.#recorder.write(list);
    return list;
  }

  async #send(
    send: (server: Server) => Promise<Answer>,
  ): Promise<{ readonly outcome: Outcome; readonly reason?: string; readonly body?: any }> {
    try {
      const { status, body } = await send(this.#dice.pick(this.#servers));
      if (status < 300) return { outcome: 'ok', body };
      const reason = body.reason as string;
      // What a server says that has lost its store is that it does not know.
      return { outcome: status >= 500 || status === 429 ? 'unknown' : 'refused', reason };
    } catch (error) {
      if (error instanceof NobodyThere) throw error;
      return { outcome: 'unknown' };
    }
  }

  #see(body: any): Seen {
    const found = seen(body);
    this.#revision(body);
    this.#remembered.set(found.key, found);
    return found;
  }

  #revision({ metadata }: any): number {
    const revision = Number(metadata.resourceVersion);
    this.#lastRevision = Math.max(this.#lastRevision, revision);
    return revision;
  }
}

interface ListOptions {
  readonly limit?: number;
  readonly exactly?: number;
  readonly notOlderThan?: number;
  readonly any?: boolean;
}
