/**
 * Loaded into the API server before anything else (`node --import`): a disk that takes its time, and remembers what it was
 * asked to keep. `kill -9` alone loses nothing that was written, as the kernel still has it; a power cut does. So each
 * `fdatasync` of a file is written down, when it is over and before its caller learns of it; what a file holds beyond that
 * may be lost, and the torture loses it.
 *
 * (The disk under test may be memory, whose sync takes no time; so each takes some milliseconds more, at random.)
 */
import { fstatSync, openSync, readFileSync, readlinkSync, writeSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** The longest delay of a sync, in milliseconds. */
const slowestSyncMs = 12;

/** What was made durable of each file, in bytes. Reading it is for the parent. */
export function durable(ledger: string): ReadonlyMap<string, number> {
  const lines = readFileSync(ledger, 'utf8').split('\n').slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line) as [string, number]));
}

const ledger = process.env.KUBEBOOK_TORTURE_LEDGER;
if (ledger) await install(openSync(ledger, 'a'));

async function install(ledgerFile: number): Promise<void> {
  const probe = await open('/dev/null');
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const { datasync } = prototype;
  prototype.datasync = async function (this: FileHandle) {
    const { size } = fstatSync(this.fd);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * slowestSyncMs));
    await datasync.call(this);
    writeSync(ledgerFile, JSON.stringify([readlinkSync(`/proc/self/fd/${this.fd}`), size]) + '\n');
  };
}
