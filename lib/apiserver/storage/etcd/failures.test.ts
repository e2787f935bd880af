/** What a user or an operator may do to an etcd, and what the store says to it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithEtcd, Etcd, EtcdCluster } from '../../../../test/support/etcd.js';
import { Pki } from '../../../cluster/pki.js';
import { realClock as clock, type Log, Scope, silent as log, sleep } from '../../../util/index.js';
import {
  CompactedError,
  FutureRevisionError,
  maxValueBytes,
  type Storage,
  TooLargeError,
  UnavailableError,
} from '../storage.js';
import { oldestRevision } from '../revisions.js';
import { EtcdStorage, type EtcdStorageOptions } from './etcd.js';
import { EtcdError } from './place.js';

import.meta.jest.setTimeout(60_000);

const open = (etcd: Etcd, options: Partial<EtcdStorageOptions> = {}): Promise<EtcdStorage> =>
  EtcdStorage.open({ endpoints: [etcd.endpoint], clock, log, ...options });

const put = (storage: Storage, key: string, value = '{}', expected?: number) =>
  storage.put(key, Buffer.from(value), { expected });

describeWithEtcd('an etcd that fails', () => {
  test('for a moment, is waited for by reads', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd);
    await put(storage, '/registry/a');
    await etcd.kill();
    const reading = storage.get('/registry/a');
    await etcd.restart();
    expect((await reading)?.modRevision).toBe(2);
    expect((await put(storage, '/registry/a')).modRevision).toBe(3);
  });

  test('for longer, makes every read and write fail in time', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd, { timeoutMs: 1000 });
    await put(storage, '/registry/a');
    await etcd.kill();
    const beganMs = clock.now();
    const failures = await Promise.all(
      [
        storage.get('/registry/a'),
        storage.list('/registry/'),
        storage.revision(),
        put(storage, '/registry/b'),
        storage.delete('/registry/a'),
      ].map((each) => each.catch((error: unknown) => error)),
    );
    expect(clock.now() - beganMs).toBeLessThan(9000);
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(UnavailableError);
      expect((failure as Error).message).toContain(etcd.endpoint);
    }
  });

  test('by falling silent, is not waited for without end, and is used again when it comes back', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd, { timeoutMs: 1000 });
    etcd.stop();
    const failures = await Promise.all(
      [storage.revision(), put(storage, '/registry/a')].map((each) => each.catch((error: unknown) => error)),
    );
    expect(failures).toMatchObject([{ reason: 'timeout' }, { reason: 'timeout' }]);
    etcd.continue();
    // What was sent may have been done meanwhile.
    const revision = await storage.revision();
    expect((await put(storage, '/registry/b')).modRevision).toBe(revision + 1);
  });

  test.each([
    ['gone', (etcd: Etcd) => etcd.kill()],
    ['silent', (etcd: Etcd) => etcd.stop()],
  ])('and is %s holds up nobody who wants to end', async (_, fail) => {
    await using etcd = await Etcd.start();
    const storage = await open(etcd);
    const abort = new AbortController();
    const watching = storage.watch('/registry/', { after: 1 }, abort.signal).next();
    await put(storage, '/registry/a');
    expect((await watching).value).toHaveLength(1);
    await fail(etcd);
    const next = storage.watch('/registry/', { after: 2 }, abort.signal).next();
    const calls = Promise.allSettled([storage.get('/registry/a'), put(storage, '/registry/b')]);
    await sleep(clock, 300);
    const beganMs = clock.now();
    abort.abort();
    expect((await next).done).toBe(true);
    await storage[Symbol.asyncDispose]();
    for (const { status } of await calls) expect(status).toBe('rejected');
    expect(clock.now() - beganMs).toBeLessThan(1000);
  });

  test('and comes back, finds every watch where it was, without a gap', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd);
    await using other = await open(etcd);
    const abort = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const events of storage.watch('/registry/', { after: 1 }, abort.signal))
        for (const event of events) if (event.type === 'put') seen.push(event.entry.modRevision);
    })();
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 5; i++) await put(storage, `/registry/${i}`);
      await etcd.kill();
      await etcd.restart();
      for (let i = 0; i < 5; i++) await put(other, `/registry/${i}`);
    }
    while (seen.length < 40) await sleep(clock, 20);
    abort.abort();
    await watching;
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i + 2));
  });

  test('and comes back compacted beyond what a watch has seen, ends the watch', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd);
    await using other = await open(etcd);
    const events = storage.watch('/registry/', { after: 1 }, new AbortController().signal);
    const first = events.next();
    await put(other, '/registry/a');
    expect((await first).value).toHaveLength(1);
    await etcd.kill();
    await etcd.restart();
    for (let i = 0; i < 3; i++) await put(other, '/registry/a');
    await other.compact(5);
    // It had not come back for more when the connection broke.
    await expect(events.next()).rejects.toMatchObject({ requested: 2, compacted: 5 });
  });

  test('by losing its data, is not believed', async () => {
    await using etcd = await Etcd.start();
    await using storage = await open(etcd);
    for (let i = 0; i < 5; i++) await put(storage, '/registry/a');
    await etcd.kill();
    etcd.wipe();
    await etcd.restart();
    for (const call of [
      () => storage.get('/registry/a'),
      () => storage.revision(),
      () => put(storage, '/registry/b'),
    ]) {
      await expect(call()).rejects.toThrow('it has lost data, or was restored from a copy');
    }
  });
});

describeWithEtcd('an etcd of three members', () => {
  test('serves while two of them are there, and refuses when one is alone', async () => {
    await using etcd = await EtcdCluster.start(3);
    await using storage = await EtcdStorage.open({ endpoints: etcd.endpoints, clock, log, timeoutMs: 5000 });
    const abort = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const events of storage.watch('/registry/', { after: 1 }, abort.signal))
        for (const event of events) if (event.type === 'put') seen.push(event.entry.modRevision);
    })();
    /** As a client would: what may or may not have happened is looked up. */
    const write = async (name: string): Promise<void> => {
      while (!(await storage.get(`/registry/${name}`).catch(() => undefined)))
        await put(storage, `/registry/${name}`, '{}', 0).catch(() => {});
    };
    await write('all');
    for (const [index, member] of etcd.members.entries()) {
      await member.kill();
      await write(`without-${index}`);
      await member.restart();
      await write(`with-${index}`);
    }
    const [one, two] = etcd.members;
    await Promise.all([one!.kill(), two!.kill()]);
    await expect(storage.get('/registry/all')).rejects.toThrow(UnavailableError);
    await expect(put(storage, '/registry/alone')).rejects.toThrow(UnavailableError);
    await Promise.all([one!.restart(), two!.restart()]);
    await write('again');

    const { entries, revision } = await storage.list('/registry/');
    expect(entries.map(({ key }) => key).filter((key) => !key.endsWith('alone'))).toHaveLength(8);
    while (seen.at(-1) !== revision) await sleep(clock, 20);
    abort.abort();
    await watching;
    expect(seen).toEqual(Array.from({ length: revision - 1 }, (_, i) => i + 2));
  });
});

describeWithEtcd('an etcd that is not ours alone', () => {
  test('keeps what others have in it', async () => {
    await using etcd = await Etcd.start();
    etcd.ctl(['put', '/registry/pods/default/theirs', 'theirs']);
    etcd.ctl(['put', '/others/key', 'others']);
    await using storage = await open(etcd, { prefix: '/mine/' });
    expect((await storage.list('/registry/')).entries).toEqual([]);
    await put(storage, '/registry/pods/default/web-0', '{"mine":1}');
    expect((await storage.list('/registry/')).entries.map(({ key }) => key)).toEqual(['/registry/pods/default/web-0']);
    expect(etcd.ctl(['get', '/mine/pods/default/web-0', '--print-value-only'])).toBe('{"mine":1}\n');
    expect(await oldestRevision(storage)).toBe(1);
    await storage.delete('/registry/pods/default/web-0');
    expect(etcd.ctl(['get', '', '--prefix', '--keys-only']).trim().split(/\n+/)).toEqual([
      '/others/key',
      '/registry/pods/default/theirs',
    ]);
  });

  test('shows a watch of one prefix nothing of the other', async () => {
    await using etcd = await Etcd.start();
    await using mine = await open(etcd, { prefix: '/mine' });
    await using theirs = await open(etcd, { prefix: '/theirs' });
    const abort = new AbortController();
    let first!: Promise<IteratorResult<unknown>>;
    const told = new Promise<number>((onProgress) => {
      first = mine.watch('/registry/', { after: 1, onProgress }, abort.signal).next();
    });
    await put(theirs, '/registry/a');
    expect(await told).toBe(2);
    await put(mine, '/registry/b');
    expect((await first).value).toMatchObject([{ type: 'put', entry: { key: '/registry/b', modRevision: 3 } }]);
    abort.abort();
  });
});

describeWithEtcd('an etcd that is full', () => {
  test('says so to every write, and is read as before', async () => {
    await using etcd = await Etcd.start({ flags: ['--quota-backend-bytes', String(2 * 1024 * 1024)] });
    await using storage = await open(etcd);
    await put(storage, '/registry/first');
    let failure: unknown;
    for (let i = 0; i < 50 && !failure; i++)
      await put(storage, `/registry/${i}`, 'x'.repeat(200_000)).catch((error: unknown) => (failure = error));
    expect(failure).toMatchObject({ message: 'etcdserver: mvcc: database space exceeded', reason: 'refused' });
    await expect(put(storage, '/registry/first')).rejects.toThrow('database space exceeded');
    expect((await storage.get('/registry/first'))?.modRevision).toBe(2);
  });

  test('of requests smaller than an object refuses the object', async () => {
    await using etcd = await Etcd.start({ flags: ['--max-request-bytes', '100000'] });
    await using storage = await open(etcd);
    for (const bytes of [150_000, 1_000_000, maxValueBytes + 1]) {
      await expect(storage.put('/registry/a', Buffer.alloc(bytes, 'x'))).rejects.toThrow(TooLargeError);
    }
    expect(await storage.revision()).toBe(1);
  });
});

describeWithEtcd('a place where no etcd lets us in', () => {
  const refusal = (place: Partial<EtcdStorageOptions>): Promise<string> =>
    EtcdStorage.open({ endpoints: [], clock, log, ...place }).then(
      async (storage) => (await storage[Symbol.asyncDispose](), 'opened'),
      (error: Error) => `${error.constructor.name}: ${error.message}`,
    );

  test.each([
    [[], 'EtcdError: which etcd? Give at least one URL, such as http://127.0.0.1:2379.'],
    [
      ['ftp://x'],
      'EtcdError: "ftp://x" is no URL of an etcd: write it as http://127.0.0.1:2379, or https://host:2379.',
    ],
    [
      ['http://a/b'],
      'EtcdError: "http://a/b" is no URL of an etcd: write it as http://127.0.0.1:2379, or https://host:2379.',
    ],
    [['http://127.0.0.1:1'], 'EtcdError: no etcd answers at http://127.0.0.1:1: nothing listens there. Is it running?'],
    [
      ['http://no-such-host.invalid:2379'],
      'EtcdError: no etcd answers at http://no-such-host.invalid:2379: nobody knows a host of that name.',
    ],
  ])('%j is said in a sentence', async (endpoints, message) => {
    expect(await refusal({ endpoints })).toBe(message);
  });

  test('an empty prefix is none', async () => {
    expect(await refusal({ endpoints: ['http://127.0.0.1:1'], prefix: '/' })).toMatch(
      /^EtcdError: the prefix of the keys in etcd cannot be empty/,
    );
  });

  test('https in place of http, and what is no etcd at all', async () => {
    await using etcd = await Etcd.start();
    expect(await refusal({ endpoints: [etcd.endpoint.replace('http:', 'https:')] })).toMatch(
      /^EtcdError: the etcd at https:\S+ does not answer in TLS: if it speaks plain HTTP, write http:\/\/ in place of https:\/\/\.$/,
    );
    const { createServer } = await import('node:http');
    const server = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
    expect(await refusal({ endpoints: [endpoint] })).toMatch(/^EtcdError: \S+ does not answer as an etcd \(.+\)/);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test('the second of two is used where the first is not there', async () => {
    await using etcd = await Etcd.start();
    expect(await refusal({ endpoints: ['http://127.0.0.1:1', etcd.endpoint] })).toBe('opened');
  });
});

describeWithEtcd('an etcd with authentication on', () => {
  let scope: Scope;
  let etcd: Etcd;
  const users = {
    root: { name: 'root', password: 'se:cret' },
    /** May do everything below /registry/, and nothing else. */
    ours: { name: 'ours', password: 'one' },
    /** May read all keys. */
    reader: { name: 'reader', password: 'two' },
    nobody: { name: 'nobody', password: 'three' },
  };

  beforeEach(async () => {
    scope = new Scope();
    etcd = scope.use(await Etcd.start());
    for (const { name, password } of Object.values(users)) etcd.ctl(['user', 'add', `${name}:${password}`]);
    for (const role of ['root', 'ours', 'reader', 'nobody']) {
      if (role !== 'root') etcd.ctl(['role', 'add', role]);
      etcd.ctl(['user', 'grant-role', role, role]);
    }
    etcd.ctl(['role', 'grant-permission', 'ours', 'readwrite', '--prefix=true', '/registry/']);
    etcd.ctl(['role', 'grant-permission', 'reader', 'read', '--prefix=true', '']);
    etcd.ctl(['auth', 'enable']);
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  const as = async (user: keyof typeof users, options: Partial<EtcdStorageOptions> = {}): Promise<EtcdStorage> =>
    scope.use(await open(etcd, { user: users[user], ...options }));
  const ctl = (args: readonly string[]): string => etcd.ctl(['--user', 'root:se:cret', ...args]);

  test.each([
    ['without a name', undefined, 'etcdserver: user name is empty'],
    [
      'with a wrong password',
      { name: 'root', password: 'guessed' },
      'etcdserver: authentication failed, invalid user ID or password',
    ],
    ['as a user who may not', users.nobody, 'etcdserver: permission denied'],
  ])('is not used %s, and says what to do', async (_, user, why) => {
    const failure: unknown = await open(etcd, { user }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EtcdError);
    expect((failure as Error).message).toBe(
      `the etcd at ${etcd.endpoint} wants to know who asks (authentication is on), and does not let us in (${why}): name a user who may read and write all keys, or those below /registry/, with --etcd-user, or by a certificate with --etcd-certfile and --etcd-keyfile.`,
    );
  });

  test.each(['root', 'ours'] as const)('serves %s, also after it was started anew', async (user) => {
    const storage = await as(user);
    const abort = new AbortController();
    const seen: number[] = [];
    const watching = (async () => {
      for await (const events of storage.watch('/registry/', { after: 1 }, abort.signal))
        for (const event of events) if (event.type === 'put') seen.push(event.entry.modRevision);
    })();
    await put(storage, '/registry/a');
    await etcd.kill();
    await etcd.restart();
    // Of the tokens that it gave away it knows nothing any more.
    expect((await storage.list('/registry/')).entries).toHaveLength(1);
    expect((await put(storage, '/registry/b')).modRevision).toBe(3);
    while (seen.length < 2) await sleep(clock, 20);
    expect(seen).toEqual([2, 3]);
    abort.abort();
    await watching;
  });

  test('who sees only what is below the prefix, reads what is present though others write beside it', async () => {
    const one = await as('ours');
    const two = await as('ours');
    const abort = new AbortController();
    let seen = 1;
    const watching = (async () => {
      for await (const events of one.watch('/registry/', { after: 1 }, abort.signal))
        for (const event of events) seen = event.type === 'put' ? event.entry.modRevision : event.revision;
    })();
    /** As a cache does before it answers. */
    const current = async (): Promise<void> => {
      const revision = await one.revision();
      while (seen < revision) await sleep(clock, 5);
    };
    await current();
    for (let i = 0; i < 5; i++) {
      ctl(['put', '/beside', String(i)]);
      await current();
      const { modRevision } = await put(two, '/registry/a', `{"n":${i}}`);
      await current();
      expect(seen).toBeGreaterThanOrEqual(modRevision);
    }
    await two.delete('/registry/a');
    await current();
    // What nobody else has changed needs no mark.
    const revision = await one.revision();
    expect(await one.revision()).toBe(revision);
    abort.abort();
    await watching;
    expect((await one.list('/registry/')).entries.map(({ key }) => key)).toEqual(['/registry/kubebook/fence']);
    await expect(one.get('/registry/a', { revision: 1000 })).rejects.toThrow(FutureRevisionError);
    await one.compact(revision);
    await expect(one.get('/registry/a', { revision: 2 })).rejects.toMatchObject({ compacted: revision });
  });

  test('who may not write beside the prefix, forgets history all the same', async () => {
    const warnings: string[] = [];
    const told: Log = { ...log, warn: (message) => void warnings.push(message), with: () => told };
    const storage = await as('ours', { historyMs: 100, log: told });
    await put(storage, '/registry/a', '{"n":1}');
    await put(storage, '/registry/a', '{"n":2}');
    const old = (): Promise<unknown> => storage.get('/registry/a', { revision: 2 }).catch((error: unknown) => error);
    while (!((await old()) instanceof CompactedError)) await sleep(clock, 50);
    expect(warnings).toEqual([]);
    expect(JSON.parse(ctl(['get', '/registry/kubebook/compaction', '--print-value-only']))).toEqual({
      revision: expect.any(Number),
    });
  });

  test('tells a writer who may only read', async () => {
    const storage = await as('reader');
    await expect(put(storage, '/registry/a')).rejects.toMatchObject({
      message: 'etcdserver: permission denied',
      reason: 'refused',
    });
  });

  test('and off again, takes whoever comes with a name', async () => {
    ctl(['auth', 'disable']);
    const storage = await as('ours');
    expect((await put(storage, '/registry/a')).createRevision).toBe(2);
  });
});

describeWithEtcd('an etcd that speaks TLS', () => {
  let scope: Scope;
  let etcd: Etcd;
  let pki: Pki;
  let folder: string;
  beforeAll(async () => {
    scope = new Scope();
    folder = mkdtempSync(join(tmpdir(), 'kubebook-pki-'));
    scope.defer(() => rmSync(folder, { recursive: true }));
    pki = await Pki.open({ folder, clock });
    await pki.pair('etcd', { commonName: 'etcd', addresses: ['127.0.0.1'] });
    const file = (name: string): string => join(folder, name);
    const tls = { cert: file('etcd.crt'), key: file('etcd.key'), clientCA: file('ca.crt') };
    etcd = scope.use(await Etcd.start({ tls }));
  });
  afterAll(() => scope[Symbol.asyncDispose]());

  const refused = (options: Partial<EtcdStorageOptions>): Promise<string> =>
    open(etcd, options).then(
      () => 'opened',
      (error: Error) => error.message,
    );

  test('lets in who trusts it, and whom it trusts', async () => {
    const client = await pki.pair('client', { commonName: 'kube-apiserver-etcd-client' });
    await using storage = await open(etcd, { ca: pki.ca, ...client });
    expect((await put(storage, '/registry/a')).modRevision).toBe(2);
    expect((await storage.list('/registry/')).entries).toHaveLength(1);
  });

  test('is not spoken to without its authority, in plain words, or without a certificate', async () => {
    const client = await pki.pair('client', { commonName: 'kube-apiserver-etcd-client' });
    expect(await refused(client)).toMatch(
      /^the certificate of the etcd at https:\S+ is not trusted \(.+\): name who signed it with --etcd-cafile\.$/,
    );
    expect(await refused({ ca: pki.ca })).toMatch(
      /^the etcd at https:\S+ wants a certificate of us: give one with --etcd-certfile and --etcd-keyfile\.$/,
    );
    expect(await refused({ endpoints: [etcd.endpoint.replace('https:', 'http:')] })).toMatch(
      /^http:\S+ does not answer as an etcd \(.+\): is it one, and does it speak plain HTTP\?$/,
    );
    await pki.pair('elsewhere', { commonName: 'etcd', addresses: ['127.0.0.2'] });
    const [cert, key, clientCA] = ['elsewhere.crt', 'elsewhere.key', 'ca.crt'].map((name) => join(folder, name));
    await using elsewhere = await Etcd.start({ tls: { cert: cert!, key: key!, clientCA: clientCA! } });
    expect(await refused({ endpoints: [elsewhere.endpoint], ca: pki.ca, ...client })).toMatch(
      /^the certificate of the etcd at https:\S+ is not trusted \(.*127\.0\.0\.2.*\)/,
    );
    expect(await refused({ ca: 'no certificate', ...client })).toMatch(/is not trusted/);
    expect(await refused({ ca: pki.ca, cert: client.cert, key: 'no key' })).toMatch(/cannot be read/);
  });
});

describeWithEtcd('history in an etcd', () => {
  test('is forgotten after one to two periods, by one of the servers', async () => {
    await using etcd = await Etcd.start();
    const warnings: string[] = [];
    const told: Log = { ...log, warn: (message) => void warnings.push(message), with: () => told };
    await using one = await open(etcd, { historyMs: 300, log: told });
    await using two = await open(etcd, { historyMs: 300, log: told });
    await put(one, '/registry/a', '{"n":1}');
    await put(two, '/registry/a', '{"n":2}');
    const compacted = async (): Promise<boolean> =>
      one.get('/registry/a', { revision: 2 }).then(
        () => false,
        (error) => error instanceof CompactedError,
      );
    while (!(await compacted())) await sleep(clock, 50);
    expect(String((await two.get('/registry/a'))!.value)).toBe('{"n":2}');
    expect(warnings).toEqual([]);
    expect(etcd.ctl(['get', 'compact_rev_key', '--keys-only']).trim()).toBe('compact_rev_key');
  });
});
