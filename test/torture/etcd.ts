/** Two API servers over one etcd, and everything bad that can happen to the three. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './engine.js';
import { answers, Program } from './processes.js';
import type { Dice } from './random.js';
import { sleep } from './wire.js';

export interface EtcdOptions {
  readonly root: string;
  readonly folder: string;
  /** Two for the API servers, two for etcd. */
  readonly ports: readonly number[];
}

export class EtcdEngine implements Engine {
  readonly urls: readonly string[];
  readonly skipped: readonly string[] = [];
  readonly counts: Record<string, number> = {
    'kill -9 of an API server': 0,
    'kill -9 of etcd': 0,
    'stops of an API server': 0,
    'stops of etcd': 0,
    restarts: 0,
  };
  readonly #etcd: Program;
  readonly #servers: readonly Program[];

  constructor({ root, folder, ports }: EtcdOptions) {
    const [one, two, client, peer] = ports;
    const clientUrl = `http://127.0.0.1:${client}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const data = join(folder, 'etcd');
    mkdirSync(data, { mode: 0o700 });
    this.#etcd = new Program({
      name: 'etcd',
      command: 'etcd',
      args: [
        `--data-dir=${data}`,
        '--name=one',
        `--listen-client-urls=${clientUrl}`,
        `--advertise-client-urls=${clientUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=one=${peerUrl}`,
        '--logger=zap',
      ],
      log: join(folder, 'etcd.log'),
      isReady: () => answers(`${clientUrl}/health`),
    });
    this.urls = [one, two].map((port) => `http://127.0.0.1:${port}`);
    this.#servers = this.urls.map(
      (url, i) =>
        new Program({
          name: `API server ${i}`,
          command: process.execPath,
          args: [
            join(root, 'bin/kubebook.mjs'),
            'apiserver',
            `--data=${join(folder, `data-${i}`)}`,
            `--etcd=${clientUrl}`,
            `--port=${new URL(url).port}`,
            '--secure-port=0',
          ],
          env: { KUBEBOOK_NO_SETUP: '1' },
          log: join(folder, `apiserver-${i}.log`),
          isReady: () => answers(`${url}/readyz`),
        }),
    );
  }

  async start(): Promise<void> {
    await this.#etcd.start();
    // One after the other: the first one makes what both need.
    for (const server of this.#servers) await server.start();
  }

  async hurt(dice: Dice): Promise<void> {
    const server = dice.pick(this.#servers);
    switch (dice.weighted({ killServer: 30, killEtcd: 20, stopServer: 15, stopEtcd: 20, restart: 10, killBoth: 5 })) {
      case 'killServer':
        this.#count('kill -9 of an API server');
        await server.end('SIGKILL');
        return server.start();
      case 'killEtcd':
        this.#count('kill -9 of etcd');
        await this.#etcd.end('SIGKILL');
        await sleep(dice.between(0, 2000));
        return this.#all();
      case 'stopServer':
        this.#count('stops of an API server');
        return this.#stop(server, dice);
      case 'stopEtcd':
        this.#count('stops of etcd');
        return this.#stop(this.#etcd, dice);
      case 'restart':
        this.#count('restarts');
        await server.end('SIGTERM');
        return server.start();
      case 'killBoth':
        this.#count('kill -9 of an API server');
        this.#count('kill -9 of etcd');
        await Promise.all([server.end('SIGKILL'), this.#etcd.end('SIGKILL')]);
        return this.#all();
    }
  }

  async finalBlow(): Promise<void> {
    for (const program of [this.#etcd, ...this.#servers]) await program.end('SIGKILL');
    this.#count('kill -9 of etcd');
    this.#count('kill -9 of an API server', 2);
    await this.#all();
  }

  async stop(): Promise<void> {
    for (const program of [...this.#servers, this.#etcd]) await program.end('SIGKILL');
  }

  #count(what: string, by = 1): void {
    this.counts[what]! += by;
  }

  async #stop(program: Program, dice: Dice): Promise<void> {
    program.freeze(true);
    await sleep(dice.between(100, 3000));
    program.freeze(false);
    await this.#all();
  }

  /** Everything runs, and answers. */
  async #all(): Promise<void> {
    for (const program of [this.#etcd, ...this.#servers]) await (program.isRunning ? program.ready() : program.start());
  }
}
