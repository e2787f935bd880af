/** A program that is started, stopped, killed and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { sleep } from './wire.js';

export interface ProgramOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Everything it prints. */
  readonly log: string;
  readonly isReady: () => Promise<boolean>;
}

/** How long a start may take, in milliseconds. */
const startTimeoutMs = 60_000;

export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;
  #stopped = false;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it, without waiting for it. */
  launch(): void {
    const { command, args, env, log } = this.#options;
    // In a group of its own: Ctrl-C is for us, and we end it in our order.
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      detached: true,
    });
    for (const output of [child.stdout, child.stderr]) output.on('data', (text: Buffer) => appendFileSync(log, text));
    child.once('error', (error) => appendFileSync(log, `${error.message}\n`));
    this.#child = child;
  }

  /** Resolves when it answers. @throws if it ends instead */
  async ready(): Promise<void> {
    const { name, log, isReady } = this.#options;
    for (const endMs = Date.now() + startTimeoutMs; !(await isReady()); await sleep(50)) {
      if (!this.isRunning) throw new Error(`${name} has ended by itself, and said: ${lastLine(log)}`);
      if (Date.now() > endMs) throw new Error(`${name} does not get ready; it said last: ${lastLine(log)}`);
    }
  }

  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Ends it, and resolves when it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (!child || !this.isRunning) return;
    if (this.#stopped) this.freeze(false);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  /** Stops its time, or lets it go on. */
  freeze(stop: boolean): void {
    this.#stopped = stop;
    if (this.isRunning) this.#child!.kill(stop ? 'SIGSTOP' : 'SIGCONT');
  }
}

const lastLine = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)!;

export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
