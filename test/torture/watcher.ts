/** A client that watches: lists, follows from there, loses its connection now and then, and goes on where it was. */
import type { IncomingMessage } from 'node:http';
import { inNamespace, type Scope, type Session, type WatchEvent } from './history.js';
import type { Dice } from './random.js';
import { collectionPath, namespaces, NobodyThere, nowUs, type Recorder, seen, type Server, sleep } from './wire.js';
import type { Worker } from './worker.js';

/** A watch waits so long for the last write of a round, in milliseconds; then it has missed it. */
const patienceMs = 60_000;

export interface WatcherOptions {
  readonly name: string;
  readonly scope: Scope;
  /** It drops its connection, comes back late, and ceases to read for a while. */
  readonly restless: boolean;
  /** Where it begins; left out: with a list. */
  readonly after?: number;
  readonly servers: readonly Server[];
  readonly recorder: Recorder;
  readonly dice: Dice;
  /** Lists for it. */
  readonly worker: Worker;
}

export class Watcher {
  readonly #options: WatcherOptions;
  /** By namespace: the revision of the round's last write there, once it is known. */
  #ends: Readonly<Record<string, number>> | undefined;
  #finishBy = Infinity;
  #after: number;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#after = options.after ?? 0;
  }

  /** The round is over at these revisions: go on until they have been seen. */
  finish(ends: Readonly<Record<string, number>>): void {
    this.#ends = ends;
    this.#finishBy = Date.now() + patienceMs;
  }

  async run(): Promise<void> {
    const { restless, dice } = this.#options;
    for (let mustList = true; ;) {
      try {
        if (mustList) this.#after = await this.#list();
        mustList = false;
        const { end } = await this.#session();
        if (end === 'finished') return;
        mustList = end === 'expired';
        if (restless && dice.chance(0.5)) await sleep(dice.between(0, this.#ends ? 100 : 2500));
      } catch (error) {
        if (!(error instanceof NobodyThere)) throw error;
        await sleep(dice.between(20, 200));
      }
    }
  }

  async #list(): Promise<number> {
    const { worker, scope, dice } = this.#options;
    for (;;) {
      const { pages, complete } = await worker.list(scope);
      if (complete) return pages[0]!.revision;
      await sleep(dice.between(20, 200));
    }
  }

  #hasSeenAll(reached: number): boolean {
    const { namespace } = this.#options.scope;
    return (
      this.#ends !== undefined &&
      namespaces.every((each) => (namespace ?? each) !== each || reached >= this.#ends![each]!)
    );
  }

  async #session(): Promise<Session> {
    const { name, scope, restless, servers, dice, recorder } = this.#options;
    const startUs = nowUs();
    const events: WatchEvent[] = [];
    let reached = this.#after;
    let end: Session['end'] = 'cut';
    const query = {
      watch: 'true',
      resourceVersion: String(this.#after),
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(dice.between(4, 12)),
    };
    const timers: NodeJS.Timeout[] = [];
    try {
      const answer = await dice.pick(servers).open(collectionPath(scope, query));
      const later = (ms: number, action: () => void): void => void timers.push(setTimeout(action, ms));
      if (restless && dice.chance(0.6)) {
        const drop = (): void => {
          end = 'dropped';
          answer.destroy();
        };
        later(dice.between(100, 5000), () => this.#ends ?? drop());
      }
      if (restless && dice.chance(0.3)) {
        const stuckAt = dice.between(0, 2000);
        later(stuckAt, () => answer.pause());
        later(stuckAt + dice.between(200, 3000), () => answer.resume());
      }
      const look = setInterval(() => {
        if (!this.#hasSeenAll(reached) && Date.now() < this.#finishBy) return;
        end = 'finished';
        answer.destroy();
      }, 200);
      timers.push(look);
      await follow(answer, (line) => {
        const { type, object } = JSON.parse(line);
        if (type === 'ERROR') {
          if (object.reason === 'Expired' || object.reason === 'Gone') end = 'expired';
          return;
        }
        if (type === 'BOOKMARK') {
          reached = Math.max(reached, Number(object.metadata.resourceVersion));
          return;
        }
        if (!namespaces.some((namespace) => inNamespace({ namespace }, `${object.metadata.namespace}/`))) return;
        const event = { type, atUs: nowUs(), seen: seen(object) };
        events.push(event);
        reached = Math.max(reached, event.seen.revision);
      });
    } finally {
      timers.forEach(clearTimeout);
    }
    const session: Session = {
      type: 'watch',
      client: name,
      name,
      scope,
      startUs,
      endUs: nowUs(),
      after: this.#after,
      events,
      reached,
      end,
    };
    recorder.write(session);
    this.#after = reached;
    return session;
  }
}

/** Every whole line of the answer, until it ends, however it ends. */
async function follow(answer: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
  });
  answer.on('error', () => {});
  await new Promise<void>((resolve) => answer.once('close', resolve));
}
