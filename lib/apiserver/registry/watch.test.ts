import { configMap } from '../../api/kinds/configmap.js';
import { silent as log, SteppedClock } from '../../util/index.js';
import { Codec } from '../codec.js';
import { asItself } from '../forms.js';
import { MemoryStorage } from '../storage/memory.js';
import { WatchCache } from '../watch-cache/watch-cache.js';
import { Selection } from './selection.js';
import { pieceBytes, type Sink, Watch } from './watch.js';

const codec = new Codec(configMap);
const selection = new Selection(configMap, { namespace: '', labelSelector: '', fieldSelector: '' });

/** Objects of 10 kB each. */
async function fill(storage: MemoryStorage, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const metadata = { name: `c${i}`, namespace: 'default' };
    const value = codec.encode({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata,
      data: { x: 'x'.repeat(10_000) },
    } as never);
    await storage.put(`/registry/configmaps/default/c${i}`, value);
  }
}

/** Takes everything, or nothing until it is drained. */
class TestSink implements Sink {
  readonly chunks: Buffer[] = [];
  #drained = (): void => {};

  constructor(readonly stuck: boolean) {}

  write(chunk: Buffer): boolean {
    this.chunks.push(chunk);
    return !this.stuck;
  }

  onDrain(drained: () => void): void {
    this.#drained = drained;
  }

  drain(): void {
    this.#drained();
  }

  end(): void {}
  destroy(): void {}

  get lines(): string[] {
    return Buffer.concat(this.chunks).toString().trim().split('\n');
  }
}

test.each([
  ['what was there at the beginning', undefined],
  ['what has happened since', 1],
])('a client that does not take %s holds one piece of it, and loses nothing', async (_, after) => {
  await using storage = new MemoryStorage();
  await fill(storage, 500);
  const clock = new SteppedClock();
  await using cache = await WatchCache.start({ storage, kinds: [configMap], clock, log });
  const [stuck, reading] = [new TestSink(true), new TestSink(false)];
  const options = { cache, selection, form: asItself(configMap), clock, after };
  const watches = [stuck, reading].map(
    (sink) =>
      new Watch({ ...options, markInitialEvents: after === undefined, bookmarks: true, timeoutMs: 60_000 }, sink),
  );
  for (const watch of watches) watch.start();

  expect(stuck.chunks).toHaveLength(1);
  expect(stuck.chunks[0]!.length).toBeLessThan(pieceBytes + 11_000);
  expect(reading.lines).toHaveLength(after === undefined ? 501 : 500);
  await fill(storage, 3);
  await cache.reached(await storage.revision());
  expect(stuck.chunks).toHaveLength(1);
  for (let pieces = 0; pieces < stuck.chunks.length; pieces++) {
    stuck.drain();
    for (const chunk of stuck.chunks) expect(chunk.length).toBeLessThan(pieceBytes + 11_000);
  }
  expect(stuck.lines).toEqual(reading.lines);
  for (const watch of watches) watch[Symbol.dispose]();
  expect(clock.waiting).toBe(0);
});
