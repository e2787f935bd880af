/** One client process: some workers and some watches, a history in a file. Its parent tells it when to stop. */
import type { Scope } from './history.js';
import { Dice } from './random.js';
import { Watcher } from './watcher.js';
import { Recorder, Server } from './wire.js';
import { scopes, Worker } from './worker.js';

export interface ClientOptions {
  readonly name: string;
  readonly urls: readonly string[];
  readonly seed: number;
  readonly file: string;
  readonly workers: number;
  /** The revision from before the first write: one watch follows everything from there. */
  readonly after: number;
}

/** What its parent says: first that the workers are to stop, then where the round ends. */
export type Message = { readonly stop: true } | { readonly ends: Readonly<Record<string, number>> };

/** What it says: how far it is, and that its workers have stopped. (Its end says that it is done.) */
export type Report = { readonly records: number; readonly stopped?: true };

const { name, urls, seed, file, workers, after } = JSON.parse(process.argv[2]!) as ClientOptions;
const servers = urls.map((url) => new Server(url));
const recorder = new Recorder(file);
const stop = new AbortController();
const report = (more = {}): void => void process.send!({ records: recorder.count, ...more } satisfies Report);
const progress = setInterval(report, 1000);

const working = Array.from({ length: workers }, (_, i) =>
  new Worker({ name: `${name}w${i}`, servers, recorder, dice: new Dice(seed + i) }).run(stop.signal),
);
const watchers = [
  { scope: {}, restless: false, after },
  { scope: {}, restless: true },
  { scope: new Dice(seed).pick(scopes.slice(1)), restless: true },
].map(({ scope, restless, after }: { scope: Scope; restless: boolean; after?: number }, i) => {
  const dice = new Dice(seed + 1000 + i);
  const worker = new Worker({ name: `${name}l${i}`, servers, recorder, dice });
  return new Watcher({ name: `${name}.${i}`, scope, restless, after, servers, recorder, dice, worker });
});

process.on('message', (message: Message) => {
  if ('stop' in message) {
    stop.abort();
    void Promise.all(working).then(() => report({ stopped: true }));
  } else for (const watcher of watchers) watcher.finish(message.ends);
});
process.on('SIGINT', () => {}); // The parent decides.
process.on('disconnect', () => process.exit(1));

await Promise.all(watchers.map((watcher) => watcher.run()));
clearInterval(progress);
await recorder.close();
for (const server of servers) server.close();
process.exit(0);
