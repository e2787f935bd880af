/** The API server on its own store, and everything bad that can happen to it. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { durable } from './disk.js';
import type { Engine } from './engine.js';
import { answers, Program } from './processes.js';
import type { Dice } from './random.js';
import { sleep } from './wire.js';

/** Enough for two journals and two snapshots; small, so that it is quickly full. */
const diskBytes = 128 * 1024 * 1024;

const sectorSize = 512;

export interface LowdbOptions {
  readonly root: string;
  readonly folder: string;
  readonly port: number;
  readonly say: (line: string) => void;
}

export class LowdbEngine implements Engine {
  readonly urls: readonly string[];
  readonly #server: Program;
  readonly #disk: string;
  readonly #store: string;
  readonly #ledger: string;
  readonly #mounted: boolean;
  readonly counts: Record<string, number> = {
    'kill -9': 0,
    'power cuts': 0,
    'bytes cut off': 0,
    stops: 0,
    restarts: 0,
    'full disks': 0,
  };
  readonly skipped: string[] = [];

  constructor({ root, folder, port, say }: LowdbOptions) {
    this.urls = [`http://127.0.0.1:${port}`];
    this.#disk = join(folder, 'disk');
    this.#store = join(this.#disk, 'data', 'store');
    this.#ledger = join(folder, 'ledger');
    mkdirSync(this.#disk);
    writeFileSync(this.#ledger, '');
    this.#mounted = mount(this.#disk);
    if (!this.#mounted) {
      this.skipped.push('a full disk (only root may mount a small one)');
      say('skipped: a full disk, as only root may mount a small one');
    }
    this.#server = new Program({
      name: 'the API server',
      command: process.execPath,
      args: [
        '--import',
        join(import.meta.dirname, 'disk.js'),
        join(root, 'bin/kubebook.mjs'),
        'apiserver',
        `--data=${join(this.#disk, 'data')}`,
        `--port=${port}`,
        '--secure-port=0',
      ],
      env: { KUBEBOOK_NO_SETUP: '1', KUBEBOOK_TORTURE_LEDGER: this.#ledger },
      log: join(folder, 'apiserver.log'),
      isReady: () => answers(`${this.urls[0]}/readyz`),
    });
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  async hurt(dice: Dice): Promise<void> {
    const fault = dice.weighted({ kill: 50, stop: 20, restart: 8, full: this.#mounted ? 22 : 0 });
    if (fault === 'stop') {
      this.#count('stops');
      this.#server.freeze(true);
      await sleep(dice.between(100, 3000));
      this.#server.freeze(false);
    } else if (fault === 'restart') {
      this.#count('restarts');
      await this.#server.end('SIGTERM');
      await this.#server.start();
    } else if (fault === 'full') {
      await this.#fullDisk(dice);
    } else {
      await this.#kill(dice);
      await this.#server.start();
    }
  }

  async finalBlow(dice: Dice): Promise<void> {
    await this.#kill(dice);
    await this.#server.start();
  }

  async stop({ keep }: { readonly keep: boolean }): Promise<void> {
    await this.#server.end('SIGKILL');
    if (keep && this.#mounted) cpSync(this.#store, join(this.#disk, '..', 'store'), { recursive: true });
    if (this.#mounted) execFileSync('umount', [this.#disk]);
  }

  #count(what: string, by = 1): void {
    this.counts[what]! += by;
  }

  async #kill(dice: Dice): Promise<void> {
    this.#count('kill -9');
    await this.#server.end('SIGKILL');
    if (dice.chance(0.7)) this.#powerCut(dice);
  }

  /** What the disk was not yet asked to keep is lost: from some byte on, or in some of its blocks. */
  #powerCut(dice: Dice): void {
    this.#count('power cuts');
    const kept = durable(this.#ledger);
    for (const name of readdirSync(this.#store).filter((name) => name.startsWith('journal-'))) {
      const path = join(this.#store, name);
      const { size } = statSync(path);
      const safe = kept.get(path) ?? 0;
      if (safe >= size) continue;
      const file = openSync(path, 'r+');
      if (dice.chance(0.7)) {
        const end = dice.between(safe, size);
        ftruncateSync(file, end);
        this.#count('bytes cut off', size - end);
      } else {
        for (let at = safe; at < size; at = (Math.floor(at / sectorSize) + 1) * sectorSize) {
          const end = Math.min(size, (Math.floor(at / sectorSize) + 1) * sectorSize);
          if (dice.chance(0.5)) this.#count('bytes cut off', writeSync(file, Buffer.alloc(end - at), 0, end - at, at));
        }
      }
      closeSync(file);
    }
  }

  async #fullDisk(dice: Dice): Promise<void> {
    this.#count('full disks');
    const filler = join(this.#disk, 'filler');
    const file = openSync(filler, 'w');
    try {
      for (let size = 1 << 20; size >= 1; size >>= 1) {
        try {
          for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
      }
      await sleep(dice.between(200, 2500));
      if (dice.chance(0.5)) {
        await this.#kill(dice);
        // It may refuse to start, as long as it cannot write.
        this.#server.launch();
        await sleep(dice.between(500, 2500));
      }
    } finally {
      closeSync(file);
      rmSync(filler);
    }
    if (!this.#server.isRunning) this.#server.launch();
    // One that was refused may be about to end.
    await this.#server.ready().catch(() => this.#server.start());
  }
}

function mount(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'kubebook-torture', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
