/**
 * The log of a container: two files, into which the program writes by itself, so that nothing is lost while no kubelet
 * runs; and a third, `times`, in which the kubelet notes how far they had grown when:
 *
 * ```
 * 1464782400123 120 0        at that millisecond, 120 bytes of stdout and none of stderr were there
 * ```
 *
 * So a line's time is that at which the kubelet saw it, milliseconds after it was written (if a kubelet was running); and
 * the order between the two streams is known only between two notes.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { appendFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../util/index.js';
import type { LogLine, LogOptions } from '../runtime.js';

/** How often a note is made at most, in milliseconds. */
const noteMs = 20;

/** Notes the growth of a container's log until disposed; calls `onEvent` at every change of the folder. */
export function watchFolder(folder: string, clock: Clock, onEvent: () => void): Disposable {
  let last = '';
  let timer: Disposable | undefined;
  const note = (): void => {
    timer = undefined;
    const sizes = `${sizeOf(join(folder, 'stdout'))} ${sizeOf(join(folder, 'stderr'))}`;
    if (sizes === last) return;
    last = sizes;
    try {
      appendFileSync(join(folder, 'times'), `${clock.now()} ${sizes}\n`);
    } catch {
      // The container has just been removed, with its log.
    }
  };
  note();
  const watcher = watch(folder, { persistent: false }, (_type, file) => {
    if (file === 'times') return;
    if (file === 'stdout' || file === 'stderr') timer ??= clock.after(noteMs, note);
    onEvent();
  });
  watcher.on('error', () => {}); // the folder is gone
  return {
    [Symbol.dispose]() {
      watcher.close();
      timer?.[Symbol.dispose]();
      note();
    },
  };
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** @param ended whether nothing more will be written; asked whenever all has been read */
export async function* readLog(
  folder: string,
  { follow, tailLines, sinceMs = 0 }: LogOptions,
  clock: Clock,
  ended: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void> {
  await stat(join(folder, 'stdout')); // throws when there is no such log
  const cursor = new Cursor(folder, clock);
  const woken = new Wakeup(folder, follow, signal);
  try {
    let isOver = ended() || !follow;
    let lines = (await cursor.read(isOver)).filter(({ timeMs }) => timeMs >= sinceMs);
    if (tailLines !== undefined) lines = tailLines === 0 ? [] : lines.slice(-tailLines);
    for (;;) {
      yield* lines;
      if (isOver || signal.aborted) return;
      await woken.next();
      if (signal.aborted) return;
      isOver = ended();
      lines = await cursor.read(isOver);
    }
  } finally {
    woken.close();
  }
}

/** How far a reader has come in both files. */
class Cursor {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #at = { stdout: 0, stderr: 0 };
  readonly #rest = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** The lines that have become whole since the last call; with `all`, also one that has no end yet. */
  async read(all: boolean): Promise<LogLine[]> {
    const [out, err, notes] = await Promise.all([
      this.#more('stdout'),
      this.#more('stderr'),
      readFile(join(this.#folder, 'times'), 'utf8').catch(() => ''),
    ]);
    const marks = notes
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ').map(Number) as [timeMs: number, stdout: number, stderr: number]);
    const lines = [...this.#lines('stdout', out, marks, 1, all), ...this.#lines('stderr', err, marks, 2, all)];
    return lines.sort((a, b) => a.timeMs - b.timeMs); // stable: of one moment, stdout comes first
  }

  async #more(stream: 'stdout' | 'stderr'): Promise<Buffer> {
    const file = await open(join(this.#folder, stream)).catch(() => undefined);
    if (!file) return Buffer.alloc(0);
    try {
      const { size } = await file.stat();
      const length = Math.max(0, size - this.#at[stream]);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = length === 0 ? { bytesRead: 0 } : await file.read(buffer, 0, length, this.#at[stream]);
      this.#at[stream] += bytesRead;
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  *#lines(
    stream: 'stdout' | 'stderr',
    more: Buffer,
    marks: readonly (readonly [number, number, number])[],
    column: 1 | 2,
    all: boolean,
  ): Generator<LogLine> {
    const bytes = Buffer.concat([this.#rest[stream], more]);
    const offset = this.#at[stream] - bytes.length;
    let begin = 0;
    let mark = 0;
    while (begin < bytes.length) {
      const newline = bytes.indexOf(10, begin);
      if (newline < 0 && !all) break;
      const end = newline < 0 ? bytes.length : newline + 1;
      while (mark < marks.length && marks[mark]![column] < offset + end) mark++;
      const timeMs = marks[mark]?.[0] ?? this.#clock.now();
      const time = new Date(timeMs).toISOString().replace('Z', '000000Z');
      yield { timeMs, time, stream, text: bytes.subarray(begin, end) };
      begin = end;
    }
    this.#rest[stream] = bytes.subarray(begin);
  }
}

/** Wakes a follower when its log may have grown. */
class Wakeup {
  readonly #watcher;
  readonly #signal: AbortSignal;
  #pending = false;
  #wake: (() => void) | undefined;
  readonly #onEvent = (): void => {
    this.#pending = true;
    this.#wake?.();
  };

  constructor(folder: string, follow: boolean, signal: AbortSignal) {
    this.#signal = signal;
    this.#watcher = follow ? watch(folder, { persistent: false }, this.#onEvent) : undefined;
    this.#watcher?.on('error', this.#onEvent);
    signal.addEventListener('abort', this.#onEvent, { once: true });
  }

  async next(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#pending = false;
    this.#wake = undefined;
  }

  close(): void {
    this.#watcher?.close();
    this.#signal.removeEventListener('abort', this.#onEvent);
  }
}
