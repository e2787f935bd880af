/**
 * Loaded into a server that is measured (`NODE_OPTIONS=--import=…`): notes how long its event loop stood still, apart for
 * the times while the store folds its journal, and what lies on the disk. It tells its process id in the file that
 * `BENCH_PAUSES` names, and answers `SIGUSR2` by writing what it has noted there.
 */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** So often the longest pause is looked up, in milliseconds. */
const periodMs = 20;

const data = process.argv.find((argument) => argument.startsWith('--data='))?.slice('--data='.length);
if (isMainThread && data) {
  const store = join(data, 'store');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const longest = { folding: 0, otherwise: 0 };
  let folds = 0;
  let wasFolding = false;
  const journals = () => readdirSync(store).filter((name) => name.startsWith('journal-'));
  setInterval(() => {
    if (!existsSync(store)) return;
    // A fold begins with a second segment of the journal, and ends with its removal.
    const isFolding = journals().length > 1;
    if (isFolding && !wasFolding) folds++;
    const now = isFolding || wasFolding ? 'folding' : 'otherwise';
    longest[now] = Math.max(longest[now], delay.max / 1e6);
    delay.reset();
    wasFolding = isFolding;
  }, periodMs).unref();
  writeFileSync(process.env.BENCH_PAUSES, JSON.stringify({ pid: process.pid }));
  process.on('SIGUSR2', () => {
    const bytes = (names) =>
      names.reduce((sum, name) => sum + (statSync(join(store, name), { throwIfNoEntry: false })?.size ?? 0), 0);
    const report = { longest, folds, journalBytes: bytes(journals()), snapshotBytes: bytes(['snapshot.json']) };
    writeFileSync(process.env.BENCH_PAUSES, JSON.stringify(report));
    longest.folding = longest.otherwise = folds = 0;
  });
}
