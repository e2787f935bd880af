/**
 * `npm run torture`: rounds of a minute. In each, clients work and watch while the store is hurt; then everything stands
 * still, and the checker goes through what was recorded.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { check, type Verdict } from './checker.js';
import type { ClientOptions, Message, Report } from './client.js';
import type { Engine } from './engine.js';
import { EtcdEngine } from './etcd.js';
import type { HistoryRecord, List } from './history.js';
import { LowdbEngine } from './lowdb.js';
import { Dice } from './random.js';
import { namespaces, nowUs, Recorder, Server, sleep } from './wire.js';
import { Worker } from './worker.js';

export interface TortureOptions {
  /** The clone. */
  readonly root: string;
  readonly engine: 'lowdb' | 'etcd';
  readonly minutes: number;
  readonly seed: number;
  readonly clients: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface Summary {
  readonly engine: string;
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly hurt: Readonly<Record<string, number>>;
  readonly checked: Readonly<Record<string, number>>;
  readonly faults: Verdict['faults'];
  readonly skipped: readonly string[];
  /** Where everything was kept, after a failure. */
  readonly folder?: string;
}

const roundMs = 60_000;

/** So much time passes between two blows, in milliseconds. */
const restMs = [300, 4000] as const;

export async function torture(options: TortureOptions): Promise<Summary> {
  const { engine: name, minutes, seed, signal, say } = options;
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-torture-'));
  const beganMs = Date.now();
  const checked: Record<string, number> = {};
  let rounds = 0;
  let faults: Verdict['faults'] = [];
  let failed = true;
  const engine = await makeEngine(options, folder);
  try {
    await engine.start();
    await createNamespaces(new Server(engine.urls[0]!));
    while (faults.length === 0 && rounds * roundMs < minutes * 60_000 && !signal.aborted) {
      const round = new Round({
        ...options,
        engine,
        folder,
        seed: seed + rounds,
        ms: Math.min(roundMs, minutes * 60_000 - rounds * roundMs),
      });
      const verdict = await round.run();
      rounds++;
      for (const [what, count] of Object.entries(verdict.checked)) checked[what] = (checked[what] ?? 0) + count;
      faults = verdict.faults;
      say(
        `round ${rounds}: ${faults.length === 0 ? 'no fault' : `${faults.length} faults`}; ${words(verdict.checked)}`,
      );
    }
    failed = faults.length > 0;
  } finally {
    await engine.stop({ keep: failed });
    if (!failed) rmSync(folder, { recursive: true, force: true });
    else
      say(
        `kept: ${folder} (histories and logs); again: npm run torture -- --engine ${name} --seed ${seed + Math.max(0, rounds - 1)}`,
      );
  }
  const { counts: hurt, skipped } = engine;
  const seconds = Math.round((Date.now() - beganMs) / 1000);
  return { engine: name, seed, rounds, seconds, hurt, checked, faults, skipped, ...(failed && { folder }) };
}

const words = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');

async function makeEngine({ root, engine, say }: TortureOptions, folder: string): Promise<Engine> {
  const ports = await freePorts(4);
  return engine === 'etcd'
    ? new EtcdEngine({ root, folder, ports })
    : new LowdbEngine({ root, folder, port: ports[0]!, say });
}

async function createNamespaces(server: Server): Promise<void> {
  for (const name of namespaces) {
    const { status } = await server.call('POST', '/api/v1/namespaces', { metadata: { name } });
    if (status !== 201 && status !== 409) throw new Error(`the namespace ${name} cannot be created: HTTP ${status}`);
  }
  server.close();
}

interface RoundOptions extends Omit<TortureOptions, 'engine'> {
  readonly engine: Engine;
  readonly folder: string;
  readonly ms: number;
}

class Round {
  readonly #options: RoundOptions;
  readonly #histories: string;
  readonly #clients: ChildProcess[] = [];
  readonly #records: number[] = [];
  #stopped = 0;
  #ended = 0;
  #failure: Error | undefined;

  constructor(options: RoundOptions) {
    this.#options = options;
    this.#histories = mkdtempSync(join(options.folder, 'round-'));
  }

  async run(): Promise<Verdict> {
    const { engine, seed, signal } = this.#options;
    const recorder = new Recorder(join(this.#histories, 'referee.jsonl'));
    const servers = engine.urls.map((url) => new Server(url));
    const referee = new Worker({ name: 'referee', servers, recorder, dice: new Dice(seed) });
    const end = (namespace: string): string => `${namespace}/end-${seed}`;
    try {
      const initial = await referee.list({});
      this.#startClients(initial.pages[0]!.revision);
      await this.#hurt();
      this.#tell({ stop: true });
      await this.#until(() => this.#stopped === this.#clients.length, 'the workers do not stop');
      const ends: Record<string, number> = {};
      for (const namespace of namespaces) ends[namespace] = await this.#mark(referee, end(namespace));
      this.#tell({ ends });
      await this.#until(() => this.#ended === this.#clients.length, 'the watches do not end');
      await engine.finalBlow(new Dice(seed));
      await referee.list({});
      for (const namespace of namespaces) await referee.delete(end(namespace));
      await recorder.close();
      return this.#judge(initial, Math.max(...Object.values(ends)));
    } finally {
      for (const client of this.#clients) if (client.exitCode === null) client.kill('SIGKILL');
      for (const server of servers) server.close();
      if (signal.aborted) await recorder.close();
    }
  }

  /** The last write in a namespace; resolves with its revision. */
  async #mark(referee: Worker, key: string): Promise<number> {
    for (let attempt = 1; attempt <= 20; attempt++) {
      await referee.create(key, { id: `${key}.${attempt}`, color: 'red', counts: {} });
      const { pages } = await referee.list({});
      const mark = pages[0]?.items.find((item) => item.key === key);
      if (mark) return mark.revision;
      await sleep(500);
    }
    throw new Error(`${key} cannot be created, though everything runs`);
  }

  #startClients(after: number): void {
    const { engine, clients, workers, seed } = this.#options;
    for (let i = 0; i < clients; i++) {
      const options: ClientOptions = {
        name: `c${i}`,
        urls: engine.urls,
        seed: seed * 100_000 + i * 100,
        file: join(this.#histories, `client-${i}.jsonl`),
        workers,
        after,
      };
      const client = fork(join(import.meta.dirname, 'client.js'), [JSON.stringify(options)]);
      this.#clients.push(client);
      client.on('message', ({ records, stopped }: Report) => {
        this.#records[i] = records;
        if (stopped) this.#stopped++;
      });
      client.once('exit', (code) => {
        this.#ended++;
        if (code !== 0) this.#failure ??= new Error(`client ${i} has ended with code ${code}`);
      });
    }
  }

  async #hurt(): Promise<void> {
    const { engine, seed, ms, signal, say } = this.#options;
    const dice = new Dice(seed);
    const beganUs = nowUs();
    const elapsed = (): number => (nowUs() - beganUs) / 1000;
    const progress = setInterval(() => {
      const records = this.#records.reduce((sum, count) => sum + count, 0);
      say(`${Math.round(elapsed() / 1000)} s: ${records} records; ${words(engine.counts)}`);
    }, 10_000);
    try {
      while (elapsed() < ms && !signal.aborted && !this.#failure) {
        await sleep(dice.between(...restMs));
        await engine.hurt(dice);
      }
    } finally {
      clearInterval(progress);
    }
  }

  #tell(message: Message): void {
    for (const client of this.#clients) if (client.connected) client.send(message);
  }

  async #until(done: () => boolean, otherwise: string): Promise<void> {
    for (const endMs = Date.now() + 120_000; !done(); await sleep(50)) {
      if (this.#failure) throw this.#failure;
      if (Date.now() > endMs) throw new Error(otherwise);
    }
  }

  async #judge(initial: List, end: number): Promise<Verdict> {
    const records: HistoryRecord[] = [];
    for (const name of readdirSync(this.#histories))
      for await (const line of createInterface(createReadStream(join(this.#histories, name)))) {
        const record = JSON.parse(line) as HistoryRecord;
        // The referee takes its marks away when everything is over.
        if (record.type !== 'delete' || record.client !== 'referee') records.push(record);
      }
    const verdict = check({ initial, records, end });
    if (verdict.faults.length === 0) rmSync(this.#histories, { recursive: true });
    else writeFileSync(join(this.#histories, 'faults.json'), JSON.stringify(verdict, null, 2));
    return verdict;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      if (!server.listening) await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
