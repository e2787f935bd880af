/** `/proc`: which processes belong together, and what they use. */
import { readdir, readFile } from 'node:fs/promises';

/** Of nearly every Linux; 10 ms. */
const nanosPerTick = 10_000_000;
const pageBytes = 4096;

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly state: string;
  /** With that of its children that have ended, in nanoseconds. */
  readonly cpuNanos: number;
  readonly rssBytes: number;
  /** In ticks since the host started: with the pid, unique until the next start. */
  readonly startedAtTicks: number;
}

/** @returns undefined when there is no such process */
export async function readProcess(pid: number): Promise<ProcessEntry | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field is the program's name in brackets, which may hold anything, brackets too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index]);
  return {
    pid,
    state: fields[0]!,
    parent: number(1),
    session: number(3),
    cpuNanos: (number(11) + number(12) + number(13) + number(14)) * nanosPerTick,
    startedAtTicks: number(19),
    rssBytes: number(21) * pageBytes,
  };
}

export async function allProcesses(): Promise<ProcessEntry[]> {
  const names = await readdir('/proc').catch(() => []);
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((pid) => readProcess(Number(pid))));
  return entries.filter((entry) => entry !== undefined);
}

/** `root` and all that descends from it or shares its session. */
export function familyOf(root: number, all: readonly ProcessEntry[]): ProcessEntry[] {
  const members = new Set([root]);
  for (let size = 0; size < members.size;) {
    size = members.size;
    for (const { pid, parent, session } of all) if (members.has(parent) || session === root) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

/** Those that were started with `variable` in their environment: also the ones that have left family and session. */
export async function processesWith(variable: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const marked = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
        return environment.split('\0').includes(variable) ? Number(pid) : undefined;
      }),
  );
  return marked.filter((pid) => pid !== undefined);
}

/** Where file systems are mounted on the host, `/` left out. */
export async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text
    .split('\n')
    .map((line) => line.split(' ')[4])
    .filter((path) => path !== undefined && path !== '/') as string[];
}
