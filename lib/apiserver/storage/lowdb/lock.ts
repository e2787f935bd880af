/**
 * One process at a time: the file `lock` names the process that has the folder open, and is taken over when that process is
 * gone. Linking a finished file into place is what makes taking it one step, for two that come together too.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderError } from './format.js';

interface Holder {
  readonly pid: number;
  /** When the process began, as the kernel counts: a pid alone may have passed to somebody else after a reboot. */
  readonly started: string | undefined;
}

/** Takes the folder until disposed. @throws {FolderError} another process has it */
export function lockFolder(folder: string): Disposable {
  const lock = join(folder, 'lock');
  const own = join(folder, `lock.${process.pid}.${String(Math.random()).slice(2)}`);
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) } satisfies Holder) + '\n');
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        linkSync(own, lock);
        return { [Symbol.dispose]: () => rmSync(lock, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const text = readText(lock);
      if (text === undefined) continue; // let go of meanwhile
      const holder = parse(text);
      if (holder && isAlive(holder))
        throw new FolderError(
          `${folder} is in use by process ${holder.pid}${holder.pid === process.pid ? ' (this one)' : ''}: ` +
            'stop that one first, or choose another data folder',
        );
      // Moved aside, not deleted: if another process took the lock in between, what was moved is its lock, and goes back.
      const aside = `${own}.stale`;
      renameIfThere(lock, aside);
      if (readText(aside) !== text) renameIfThere(aside, lock);
      rmSync(aside, { force: true });
    }
    throw new FolderError(`${folder} is being opened by several processes at once: try again`);
  } finally {
    rmSync(own, { force: true });
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' && startOf(pid) === started;
  }
  return startOf(pid) === started;
}

/** From `/proc/<pid>/stat`, where there is such a file: the 22nd field. (The 2nd, a name, may hold spaces and brackets.) */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === 'Z' ? 'has ended' : fields[18]; // killed, and not yet waited for by its parent
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, started } = JSON.parse(text) as Holder;
    return Number.isInteger(pid) && pid > 0 ? { pid, started } : undefined;
  } catch {
    return undefined; // not a lock of ours: cut short by a full disk, perhaps
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
