/** What a list and a watch promise, over every engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestApi } from '../../../test/support/api.js';
import { describeWithEtcd, Etcd } from '../../../test/support/etcd.js';
import { configMap } from '../../api/kinds/configmap.js';
import { realClock as clock, Scope, silent as log } from '../../util/index.js';
import { Codec } from '../codec.js';
import { CompactedError, MemoryStorage, openStorage, type Storage, type WatchOptions } from '../storage/index.js';
import { WatchCache } from './watch-cache.js';

import.meta.jest.setTimeout(30_000);

describe('over lowdb', () =>
  describeCache(async (scope) => {
    const folder = mkdtempSync(join(tmpdir(), 'kubebook-store-'));
    scope.defer(() => rmSync(folder, { recursive: true }));
    return scope.use(await openStorage({ data: join(folder, 'store') }, { clock, log }));
  }));

describeWithEtcd('over etcd', () =>
  describeCache(async (scope) => {
    const etcd = scope.use(await Etcd.start());
    return scope.use(await openStorage({ etcd: { endpoints: [etcd.endpoint] } }, { clock, log }));
  }),
);

function describeCache(open: (scope: Scope) => Promise<Storage>): void {
  const maps = '/api/v1/namespaces/default/configmaps';
  let scope: Scope;
  let storage: Storage;
  let api: TestApi;
  beforeEach(async () => {
    scope = new Scope();
    storage = await open(scope);
    api = scope.use(await TestApi.start({ storage, clock }));
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  const create = async (name: string): Promise<number> =>
    Number((await api.post(maps, { metadata: { name }, data: {} })).body.metadata.resourceVersion);
  /** `200: a b`, or `410 Expired` */
  const listed = async (query: string): Promise<string> => {
    const { code, body } = await api.get(`${maps}?${query}`);
    return code === 200
      ? `200: ${body.items.map(({ metadata }: any) => metadata.name).join(' ')}`
      : `${code} ${body.reason}`;
  };

  test('a list shows the state that was asked for', async () => {
    const first = await create('a');
    const second = await create('b');
    await api.request('DELETE', `${maps}/a`);
    await create('c');
    for (const [query, result] of [
      ['', '200: b c'],
      ['resourceVersion=0', '200: b c'],
      [`resourceVersion=${first}`, '200: b c'],
      [`resourceVersion=${first}&resourceVersionMatch=NotOlderThan`, '200: b c'],
      [`resourceVersion=${first}&resourceVersionMatch=Exact`, '200: a'],
      [`resourceVersion=${second}&resourceVersionMatch=Exact`, '200: a b'],
      [`resourceVersion=${second}&limit=1`, '200: a'],
      ['limit=1', '200: b'],
      [`resourceVersion=${second + 1000}`, '504 Timeout'],
      ['resourceVersion=1&resourceVersionMatch=Exact', '200: '],
    ] as const)
      expect([query, await listed(query)]).toEqual([query, result]);
    await storage.compact(second);
    expect(await listed(`resourceVersion=${first}&resourceVersionMatch=Exact`)).toBe('410 Expired');
    expect(await listed(`resourceVersion=${second}&resourceVersionMatch=Exact`)).toBe('200: a b');
  });

  test('pages are of one state, and a page of a forgotten one says how to go on', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await create(name);
    const { body } = await api.get(`${maps}?limit=2`);
    await api.request('DELETE', `${maps}/c`);
    await create('e');
    const { continue: next } = body.metadata;
    expect(await listed(`limit=2&continue=${next}`)).toBe('200: c d');
    await storage.compact(await storage.revision());
    const expired = await api.get(`${maps}?limit=2&continue=${next}`);
    expect([expired.code, expired.body.reason]).toEqual([410, 'Expired']);
    expect(await listed(`continue=${expired.body.metadata.continue}`)).toBe('200: d e');
  });

  test('a watch goes on after any revision that is kept, without a gap', async () => {
    const revisions: number[] = [];
    for (let i = 0; i < 6; i++) revisions.push(await create(`c${i}`));
    for (const [index, after] of revisions.entries()) {
      using watch = await api.watch(`${maps}?watch=true&resourceVersion=${after}`);
      const rest = revisions.slice(index + 1).map((_, i) => `ADDED c${index + 1 + i}`);
      expect(rest.length === 0 ? [] : await watch.told(rest.length)).toEqual(rest);
    }
  });

  test('a watch survives what the store forgets meanwhile', async () => {
    const after = await create('a');
    using watch = await api.watch(`${maps}?watch=true&resourceVersion=${after}`);
    await create('b');
    await storage.compact(await storage.revision());
    await create('c');
    expect(await watch.told(2)).toEqual(['ADDED b', 'ADDED c']);
  });
}

describe('a cache that has fallen behind what its store keeps', () => {
  const codec = new Codec(configMap);
  const put = (storage: Storage, name: string) =>
    storage.put(
      `/registry/configmaps/default/${name}`,
      codec.encode({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } } as never),
    );

  test('is filled anew, and cuts its watches off', async () => {
    await using storage = new MemoryStorage();
    await put(storage, 'a');
    await put(storage, 'gone');
    const present = await storage.revision();
    // Once it has seen all that, the next thing it is told is that it comes too late.
    let breakOff!: () => void;
    const brokenOff = new Promise<void>((resolve) => (breakOff = resolve));
    let broken = false;
    const breaking: Storage = Object.assign(Object.create(storage) as Storage, {
      revision: () => storage.revision(),
      list: (...args: Parameters<Storage['list']>) => storage.list(...args),
      async *watch(prefix: string, options: WatchOptions, signal: AbortSignal) {
        if (broken) return yield* storage.watch(prefix, options, signal);
        let seen = options.after;
        for await (const events of storage.watch(prefix, options, signal)) {
          yield events;
          seen += events.length;
          if (seen === present) break;
        }
        await brokenOff;
        broken = true;
        throw new CompactedError(seen, await storage.revision());
      },
    });
    await using cache = await WatchCache.start({ storage: breaking, kinds: [configMap], clock, log });
    const { log: events } = cache.of(configMap);
    const place = events.end;
    await storage.delete('/registry/configmaps/default/gone');
    await put(storage, 'b');
    breakOff();
    expect(await cache.reached(await storage.revision(), 5000)).toBe(true);
    const keys = cache
      .of(configMap)
      .list('/registry/configmaps/')
      .map(({ key }) => key);
    expect(keys).toEqual(['/registry/configmaps/default/a', '/registry/configmaps/default/b']);
    expect(() => events.at(place)).toThrow(RangeError);
    expect(events.since).toBe(await storage.revision());
    await put(storage, 'c');
    expect(await cache.reached(await storage.revision(), 5000)).toBe(true);
    expect(events.at(events.end - 1)!.entry.object.metadata.name).toBe('c');
  });
});
