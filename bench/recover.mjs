/** A process of its own: opens the store in a folder, and says how long that took and what it cost in memory. */
import { readFileSync } from 'node:fs';
import { LowdbStorage } from '../dist/apiserver/storage/index.js';
import { realClock, silent } from '../dist/util/index.js';

const status = (name) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
const before = status('VmRSS');
const startMs = performance.now();
const storage = await LowdbStorage.open({ folder: process.argv[2], clock: realClock, log: silent });
const seconds = (performance.now() - startMs) / 1000;
const objects = (await storage.list('/registry/', { limit: 1 })).remaining + 1;
console.log(
  JSON.stringify({ seconds, objects, revision: await storage.revision(), peakBytes: status('VmHWM') - before }),
);
process.exit(0);
