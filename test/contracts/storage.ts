/**
 * What any {@link Storage} must do, whichever engine is below it:
 *
 * ```ts
 * describeStorage('MemoryStorage', async () => new MemoryStorage());
 * ```
 */
import fc from 'fast-check';
import { MemoryStorage } from '../../lib/apiserver/storage/memory.js';
import {
  CompactedError,
  type Entry,
  FutureRevisionError,
  maxValueBytes,
  RevisionMismatchError,
  type Storage,
  type StoreEvent,
  TooLargeError,
} from '../../lib/apiserver/storage/storage.js';

/**
 * Runs the suite over a store that `open` makes anew, and empty, for each test; the suite disposes of it.
 *
 * @param options.runs how many sequences of operations are tried: fewer where a store takes long to open
 */
export function describeStorage(engine: string, open: () => Promise<Storage>, { runs = 50 } = {}): void {
  describe(`${engine} keeps the store's promises`, () => {
    let storage: Storage;
    beforeEach(async () => void (storage = await open()));
    afterEach(() => storage[Symbol.asyncDispose]());

    const put = (key: string, value = key, expected?: number): Promise<Entry> =>
      storage.put(key, Buffer.from(value), { expected });

    describe('revisions', () => {
      test('an empty store is at revision 1', async () => {
        expect(await storage.revision()).toBe(1);
        expect(await storage.list('')).toEqual({ entries: [], revision: 1, remaining: 0 });
      });

      test('every write makes exactly one, those of a refused or empty write none', async () => {
        const first = await put('/a');
        const second = await put('/b');
        expect(await storage.delete('/missing')).toBeUndefined();
        await expect(put('/a', 'x', 0)).rejects.toThrow(RevisionMismatchError);
        const removal = await storage.delete('/a');
        expect([first.modRevision, second.modRevision, removal, await storage.revision()]).toEqual([2, 3, 4, 4]);
      });

      test('an entry knows the one that made it exist and the one that last wrote it', async () => {
        await put('/a', 'one');
        expect(text(await put('/a', 'two'))).toEqual({ key: '/a', value: 'two', createRevision: 2, modRevision: 3 });
        await storage.delete('/a');
        expect(text(await put('/a', 'three'))).toMatchObject({ createRevision: 5, modRevision: 5 });
      });

      test('a write of what is there already is a write', async () => {
        await put('/a', 'same');
        expect((await put('/a', 'same')).modRevision).toBe(3);
      });
    });

    describe('compare-and-swap', () => {
      test.each<[string, (revision: number) => number, boolean]>([
        ['the present revision', (revision) => revision, true],
        ['an earlier revision', (revision) => revision - 1, false],
        ['a later revision', (revision) => revision + 1, false],
        ['"does not exist"', () => 0, false],
      ])('of a key that exists, against %s', async (_, expected, succeeds) => {
        await put('/a', 'one');
        const current = await put('/a', 'two');
        const attempts = [
          () => put('/a', 'three', expected(current.modRevision)),
          () => storage.delete('/a', { expected: expected(current.modRevision) }),
        ];
        for (const attempt of succeeds ? attempts.slice(0, 1) : attempts) {
          if (succeeds) await attempt();
          else await expect(attempt()).rejects.toMatchObject({ current });
        }
        expect(text(await storage.get('/a'))?.value).toBe(succeeds ? 'three' : 'two');
      });

      test('of a key that does not exist, against a revision, is refused', async () => {
        await expect(put('/a', 'x', 7)).rejects.toThrow(RevisionMismatchError);
        await expect(put('/a', 'x', 7)).rejects.toMatchObject({ key: '/a', expected: 7, current: undefined });
        await expect(storage.delete('/a', { expected: 7 })).rejects.toThrow(RevisionMismatchError);
      });

      test('of a key that was deleted, against "does not exist", makes it anew', async () => {
        await put('/a');
        await storage.delete('/a');
        expect((await put('/a', 'again', 0)).createRevision).toBe(4);
      });

      test('lets exactly one of many racing writers through, each time', async () => {
        let current = 0;
        for (let round = 0; round < 5; round++) {
          const results = await Promise.allSettled(
            Array.from({ length: 20 }, (_, i) => put('/counter', `${round}/${i}`, current)),
          );
          const won = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
          expect(won).toHaveLength(1);
          current = won[0]!.modRevision;
        }
        expect(await storage.revision()).toBe(6);
      });

      test('of a write and a deletion that race, one wins, and is what happened', async () => {
        const { modRevision } = await put('/a', 'one');
        const [write, deletion] = await Promise.allSettled([
          put('/a', 'two', modRevision),
          storage.delete('/a', { expected: modRevision }),
        ]);
        expect([write.status, deletion.status].sort()).toEqual(['fulfilled', 'rejected']);
        expect(text(await storage.get('/a'))?.value).toBe(write.status === 'fulfilled' ? 'two' : undefined);
      });
    });

    describe('lists', () => {
      const keys = ['/r/pods/a/x', '/r/pods/a/y', '/r/pods/b/x', '/r/podsets/a/x', '/r/services/a/x'];
      beforeEach(async () => {
        for (const key of [...keys].reverse()) await put(key);
      });

      test.each<[string, string[]]>([
        ['', keys],
        ['/r/pods/', keys.slice(0, 3)],
        ['/r/pods', keys.slice(0, 4)],
        ['/r/pods/a/', keys.slice(0, 2)],
        ['/r/pods/a/x', keys.slice(0, 1)],
        ['/r/nodes/', []],
        ['/s', []],
      ])('of the prefix %j hold its keys in order, and nothing else', async (prefix, wanted) => {
        const { entries, revision, remaining } = await storage.list(prefix);
        expect(entries.map(({ key }) => key)).toEqual(wanted);
        expect(entries.map(({ value }) => String(value))).toEqual(wanted);
        expect({ revision, remaining }).toEqual({ revision: 6, remaining: 0 });
      });

      test('are paged by the last key of the page before', async () => {
        expect(keysOf(await storage.list('/r/', { limit: 2 }))).toEqual([keys.slice(0, 2), 3]);
        expect(keysOf(await storage.list('/r/', { limit: 2, after: keys[1] }))).toEqual([keys.slice(2, 4), 1]);
        expect(keysOf(await storage.list('/r/', { limit: 2, after: keys[3] }))).toEqual([keys.slice(4), 0]);
        expect(keysOf(await storage.list('/r/', { limit: 2, after: keys[4] }))).toEqual([[], 0]);
        expect(keysOf(await storage.list('/r/pods/', { limit: 1, after: '/r/pods/a/xx' }))).toEqual([[keys[1]], 1]);
        expect(keysOf(await storage.list('/r/pods/', { after: '/a' }))).toEqual([keys.slice(0, 3), 0]);
      });

      test('at an earlier revision show that revision, page by page, whatever was written since', async () => {
        const { revision } = await storage.list('/r/', { limit: 1 });
        await storage.delete(keys[1]!);
        await put(keys[2]!, 'changed');
        await put('/r/pods/a/z');
        const pages = [
          await storage.list('/r/pods/', { limit: 2, revision }),
          await storage.list('/r/pods/', { limit: 2, revision, after: keys[1] }),
        ];
        expect(pages.map(keysOf)).toEqual([
          [keys.slice(0, 2), 1],
          [keys.slice(2, 3), 0],
        ]);
        expect(pages[1]!.entries.map(({ value }) => String(value))).toEqual([keys[2]]);
        expect(pages.map((page) => page.revision)).toEqual([6, 6]);
        expect(keysOf(await storage.list('/r/pods/'))).toEqual([
          ['/r/pods/a/x', '/r/pods/b/x', '/r/pods/a/z'].sort(),
          0,
        ]);
      });

      test('are ordered by the bytes of the keys', async () => {
        const strange = ['/s/A', '/s/a', '/s/a-b', '/s/a.b', '/s/a/b', '/s/é', '/s/\ufffd', '/s/😀'];
        for (const key of strange.toReversed()) await put(key);
        expect(keysOf(await storage.list('/s/'))).toEqual([strange, 0]);
        expect(keysOf(await storage.list('/s/', { after: '/s/\ufffd' }))).toEqual([['/s/😀'], 0]);
      });
    });

    describe('history', () => {
      test('a key is read as it was', async () => {
        await put('/a', 'one');
        await put('/b');
        await put('/a', 'two');
        await storage.delete('/a');
        await put('/a', 'three');
        const history = await Promise.all([1, 2, 3, 4, 5, 6].map((revision) => storage.get('/a', { revision })));
        expect(history.map((entry) => entry && `${entry.value} ${entry.createRevision} ${entry.modRevision}`)).toEqual([
          undefined,
          'one 2 2',
          'one 2 2',
          'two 2 4',
          undefined,
          'three 6 6',
        ]);
      });

      test('the future cannot be read', async () => {
        await expect(storage.get('/a', { revision: 2 })).rejects.toMatchObject({ requested: 2, current: 1 });
        await expect(storage.list('/', { revision: 9 })).rejects.toThrow(FutureRevisionError);
        await expect(storage.compact(9)).rejects.toThrow(FutureRevisionError);
      });

      test('compaction forgets what came before, and nothing else', async () => {
        for (const value of ['one', 'two', 'three']) await put('/a', value);
        await put('/gone');
        await storage.delete('/gone');
        await storage.compact(3);
        await expect(storage.get('/a', { revision: 2 })).rejects.toMatchObject({ requested: 2, compacted: 3 });
        await expect(storage.list('/', { revision: 1 })).rejects.toThrow(CompactedError);
        expect(text(await storage.get('/a', { revision: 3 }))?.value).toBe('two');
        expect(keysOf(await storage.list('/', { revision: 5 }))).toEqual([['/a', '/gone'], 0]);
        await storage.compact(await storage.revision());
        expect(text(await storage.get('/a'))).toEqual({ key: '/a', value: 'three', createRevision: 2, modRevision: 4 });
        expect(keysOf(await storage.list('/'))).toEqual([['/a'], 0]);
        expect(await storage.get('/gone')).toBeUndefined();
      });

      test('compacting what is compacted already changes nothing', async () => {
        for (const value of ['one', 'two', 'three']) await put('/a', value);
        await storage.compact(3);
        await storage.compact(3);
        await storage.compact(2);
        expect(text(await storage.get('/a', { revision: 3 }))?.value).toBe('two');
      });
    });

    describe('watches', () => {
      test('show what is written after their revision, with what was there before', async () => {
        await put('/r/a', 'zero');
        using watch = follow(storage, '/r/', 2);
        await put('/r/b', 'one');
        await put('/r/b', 'two');
        await put('/other');
        await storage.delete('/r/b');
        expect(await watch.take(3)).toEqual(['put /r/b 3 one', 'put /r/b 4 two (one)', 'delete /r/b 6 (two)']);
      });

      test('begin in the past, and go on from there without a gap', async () => {
        for (const value of ['one', 'two', 'three']) await put('/a', value);
        using watch = follow(storage, '/', 2);
        expect(await watch.take(2)).toEqual(['put /a 3 two (one)', 'put /a 4 three (two)']);
        await put('/a', 'four');
        expect(await watch.take(1)).toEqual(['put /a 5 four (three)']);
      });

      test('begin in the future, and stay silent until then', async () => {
        using watch = follow(storage, '/', 3);
        for (const key of ['/a', '/b', '/c']) await put(key);
        expect(await watch.take(1)).toEqual(['put /c 4 /c']);
      });

      test('that begin together and late see the same', async () => {
        using early = follow(storage, '/', 1);
        await Promise.all(Array.from({ length: 50 }, (_, i) => put(`/k${i % 7}`, String(i))));
        using late = follow(storage, '/', 1);
        const seen = await early.take(50);
        expect(await late.take(50)).toEqual(seen);
        expect(new Set(seen).size).toBe(50);
      });

      test('show a write at the latest when a list shows it', async () => {
        using watch = follow(storage, '/', 1);
        const writes = Array.from({ length: 20 }, (_, i) => put(`/k${i}`));
        const { entries, revision } = await storage.list('/');
        await Promise.all(writes);
        expect((await watch.take(20)).slice(0, entries.length)).toEqual(
          entries
            .toSorted((a, b) => a.modRevision - b.modRevision)
            .map((e) => `put ${e.key} ${e.modRevision} ${e.key}`),
        );
        expect(revision).toBe(entries.length + 1);
      });

      test('of compacted history are refused', async () => {
        for (const value of ['one', 'two', 'three']) await put('/a', value);
        await storage.compact(3);
        using refused = follow(storage, '/', 2);
        await expect(refused.take(1)).rejects.toMatchObject({ requested: 2, compacted: 3 });
        using allowed = follow(storage, '/', 3);
        expect(await allowed.take(1)).toEqual(['put /a 4 three (two)']);
      });

      test('that have seen everything outlive a compaction', async () => {
        using watch = follow(storage, '/', 1);
        await put('/a', 'one');
        expect(await watch.take(1)).toHaveLength(1);
        await storage.compact(2);
        await put('/a', 'two');
        expect(await watch.take(1)).toEqual(['put /a 3 two (one)']);
      });

      test('say how far they have got, where what was written does not concern them', async () => {
        const abort = new AbortController();
        const seen: string[] = [];
        const told = new Promise<void>((resolve) => {
          const onProgress = (revision: number): void => {
            seen.push(`up to ${revision}`);
            if (revision === 4) resolve();
          };
          void (async () => {
            for await (const events of storage.watch('/r/', { after: 1, onProgress }, abort.signal))
              seen.push(...events.map(describeEvent));
          })();
        });
        await put('/r/a', 'one');
        await put('/other');
        await storage.delete('/other');
        await told;
        abort.abort();
        expect(seen.filter((each) => each !== 'up to 3')).toEqual(['put /r/a 2 one', 'up to 4']);
      });

      test('end when their signal aborts, waiting or not', async () => {
        const abort = new AbortController();
        const ended = (async () => {
          let events = 0;
          for await (const batch of storage.watch('/', { after: 1 }, abort.signal)) events += batch.length;
          return events;
        })();
        await put('/a');
        using watch = follow(storage, '/', 1);
        await watch.take(1);
        abort.abort();
        await put('/b');
        expect(await ended).toBeLessThanOrEqual(1);
        for await (const _ of storage.watch('/', { after: 1 }, abort.signal)) throw new Error('an aborted watch began');
      });
    });

    describe('limits', () => {
      test('the largest value is kept whole', async () => {
        const value = Buffer.alloc(maxValueBytes - 1024, 'x'); // etcd counts the request around it too
        await storage.put('/a', value);
        expect((await storage.get('/a'))!.value.equals(value)).toBe(true);
      });

      test('a larger one is refused, and nothing is written', async () => {
        await expect(storage.put('/a', Buffer.alloc(maxValueBytes + 1, 'x'))).rejects.toThrow(TooLargeError);
        expect(await storage.revision()).toBe(1);
      });
    });

    test('any sequence of operations has the results that the model has', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 60 }), async (operations) => {
          await using model = new MemoryStorage();
          await using real = await open();
          using modelWatch = follow(model, '/', 1);
          using realWatch = follow(real, '/', 1);
          for (const operate of operations) expect(await outcome(operate(real))).toEqual(await outcome(operate(model)));
          // A last write marks the end of what both watches will have shown, unless history was compacted under them.
          await Promise.all([model, real].map((store) => store.put('/end', Buffer.from('end'))));
          const [wanted, seen] = await Promise.all(
            [modelWatch, realWatch].map((watch) => outcome(watch.until('/end'))),
          );
          if (![wanted, seen].some((end) => end instanceof CompactedError)) expect(seen).toEqual(wanted);
        }),
        { numRuns: runs },
      );
    }, 60_000);
  });
}

/** One call of a store, with few keys and revisions, so that they meet often. */
const operation: fc.Arbitrary<(storage: Storage) => Promise<unknown>> = (() => {
  const key = fc.constantFrom('/a', '/a/b', '/a/c', '/ab', '/b', '/é');
  const prefix = fc.constantFrom('', '/', '/a', '/a/', '/b', '/é');
  const revision = fc.integer({ min: 1, max: 40 });
  const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined });
  const expected = maybe(fc.oneof(fc.constant(0), revision));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ key, value: fc.string(), expected }).map(
        ({ key, value, expected }) =>
          (storage: Storage) =>
            storage.put(key, Buffer.from(value), { expected }),
      ),
    },
    {
      weight: 3,
      arbitrary: fc.record({ key, expected }).map(
        ({ key, expected }) =>
          (storage: Storage) =>
            storage.delete(key, { expected }),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.record({ key, revision: maybe(revision) }).map(
        ({ key, revision }) =>
          (storage: Storage) =>
            storage.get(key, { revision }),
      ),
    },
    {
      weight: 3,
      arbitrary: fc
        .record({ prefix, revision: maybe(revision), after: maybe(key), limit: maybe(fc.integer({ min: 1, max: 4 })) })
        .map(
          ({ prefix, ...options }) =>
            (storage: Storage) =>
              storage.list(prefix, options),
        ),
    },
    { weight: 1, arbitrary: revision.map((revision) => (storage: Storage) => storage.compact(revision)) },
    { weight: 1, arbitrary: fc.constant((storage: Storage) => storage.revision()) },
  );
})();

/** The result, or the error as a value (errors compare by their class, message and fields). */
const outcome = (result: Promise<unknown>): Promise<unknown> => result.catch((error: unknown) => error);

/** Reads a watch in the background: `take` waits for so many events, `until` for one of a key; both give them as texts. */
export function follow(storage: Storage, prefix: string, after: number) {
  const abort = new AbortController();
  const events = (async function* () {
    for await (const batch of storage.watch(prefix, { after }, abort.signal)) yield* batch;
  })();
  return {
    async take(count: number): Promise<string[]> {
      const seen: string[] = [];
      while (seen.length < count) seen.push(describeEvent((await events.next()).value!));
      return seen;
    },
    async until(key: string): Promise<string[]> {
      const seen: string[] = [];
      while (!seen.at(-1)?.startsWith(`put ${key} `)) seen.push(describeEvent((await events.next()).value!));
      return seen;
    },
    [Symbol.dispose]: () => abort.abort(),
  };
}

/** `put /a 4 new (old)`, `delete /a 5 (old)` */
function describeEvent(event: StoreEvent): string {
  const before = event.previous ? ` (${event.previous.value})` : '';
  return event.type === 'put'
    ? `put ${event.entry.key} ${event.entry.modRevision} ${event.entry.value}${before}`
    : `delete ${event.previous.key} ${event.revision}${before}`;
}

const text = (entry: Entry | undefined) => entry && { ...entry, value: String(entry.value) };

const keysOf = ({ entries, remaining }: { readonly entries: readonly Entry[]; readonly remaining: number }) => [
  entries.map(({ key }) => key),
  remaining,
];
