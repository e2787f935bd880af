/** The unmodified kubectl of this machine, against one cluster. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock, sleep } from '../../lib/util/index.js';

export class Kubectl {
  readonly #env: NodeJS.ProcessEnv;

  constructor(kubeconfig: string) {
    // A home of its own: kubectl caches discovery there.
    this.#env = { PATH: process.env.PATH, HOME: mkdtempSync(join(tmpdir(), 'kubebook-home-')), KUBECONFIG: kubeconfig };
  }

  /** Runs `kubectl ARGS`; resolves with what it printed. @throws Error with what it printed on standard error */
  async run(args: string, { stdin, env = {} }: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        'kubectl',
        words(args),
        { env: { ...this.#env, ...env }, timeout: 60_000 },
        (error, stdout, stderr) => {
          if (error) reject(new Error(`kubectl ${args}: ${stderr || error.message}`));
          else resolve(stdout);
        },
      );
      child.stdin!.end(stdin ?? '');
    });
  }

  /** `kubectl get … -o jsonpath=…`, split at spaces. */
  async get(what: string, jsonpath: string): Promise<string[]> {
    return (await this.run(`get ${what} -o jsonpath='${jsonpath}'`)).split(' ').filter((word) => word !== '');
  }

  /** A kubectl that runs until it is killed: `port-forward`, `logs -f`, `get -w`. */
  start(args: string): ChildProcess {
    return spawn('kubectl', words(args), { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

/** Splits like a shell, as far as the tests need: single quotes keep spaces together. */
const words = (text: string): string[] =>
  [...text.matchAll(/'([^']*)'|((?:[^\s']|'[^']*')+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain!.replaceAll("'", ''),
  );

/** Asks until `ask` answers with something; a failure while asking is an answer that has not come yet. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 60_000,
): Promise<T> {
  const endMs = realClock.now() + timeoutMs;
  let failure: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (realClock.now() > endMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: failure });
    await sleep(realClock, 100);
  }
}
