import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { compile } from '../../../../test/contracts/compiled.js';
import { describeStorage, follow } from '../../../../test/contracts/storage.js';
import { type Clock, type Log, silent, SteppedClock } from '../../../util/index.js';
import { CompactedError, UnavailableError } from '../storage.js';
import { backupFolder } from './backup.js';
import { inspectFolder } from './inspect.js';
import type { OpenFile } from './journal.js';
import { LowdbStorage, type LowdbStorageOptions } from './lowdb.js';

const root = mkdtempSync(join(tmpdir(), 'kubebook-store-'));
afterAll(() => rmSync(root, { recursive: true }));

let stores = 0;
const newFolder = (): string => join(root, `store-${stores++}`);
const openStore = (options: Partial<LowdbStorageOptions> = {}): Promise<LowdbStorage> =>
  LowdbStorage.open({ folder: newFolder(), clock: new SteppedClock(), log: silent, ...options });

describeStorage('LowdbStorage', () => openStore());
// The same with folds so frequent that they happen between any two writes.
describeStorage('LowdbStorage, folding all the time,', () => openStore({ foldBytes: 256 }));

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const segments = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('journal-'))
    .sort();
const contentOf = async (storage: LowdbStorage) => {
  const { entries, revision } = await storage.list('');
  return { revision, entries: entries.map((entry) => ({ ...entry, value: String(entry.value) })) };
};

describe('reopened', () => {
  test('a store is as it was, with the history that the journal still holds', async () => {
    const folder = newFolder();
    let before;
    {
      await using storage = await openStore({ folder });
      for (let i = 0; i < 20; i++) await storage.put(`/k${i % 5}`, json({ i }));
      await storage.delete('/k3');
      before = await contentOf(storage);
    }
    await using storage = await openStore({ folder });
    expect(await contentOf(storage)).toEqual(before);
    using watch = follow(storage, '/k3', 15);
    expect(await watch.take(2)).toEqual(['put /k3 20 {"i":18} ({"i":13})', 'delete /k3 22 ({"i":18})']);
    expect(String((await storage.get('/k3', { revision: 21 }))?.value)).toBe('{"i":18}');
    expect((await storage.put('/k3', json('again'))).modRevision).toBe(23);
  });

  test('a folded store is as it was, and history begins where it was folded', async () => {
    const folder = newFolder();
    let before;
    {
      await using storage = await openStore({ folder });
      for (let i = 0; i < 20; i++) await storage.put(`/k${i % 5}`, i % 2 ? json({ i }) : Buffer.from(`no JSON\n${i}`));
      await storage.fold();
      await storage.delete('/k3');
      await storage.put('/k4', json('after'));
      before = await contentOf(storage);
      expect(segments(folder)).toEqual(['journal-0000000000000022.log']);
    }
    const snapshot = JSON.parse(readFileSync(join(folder, 'snapshot.json'), 'utf8'));
    expect(snapshot).toMatchObject({
      version: 2,
      revision: 21,
      count: 5,
      objects: { '/k4': { modRevision: 21, value: { i: 19 } } },
    });
    await using storage = await openStore({ folder });
    expect(await contentOf(storage)).toEqual(before);
    await expect(storage.get('/k3', { revision: 20 })).rejects.toThrow(CompactedError);
    expect((await storage.list('/', { revision: 21 })).entries).toHaveLength(5);
  });

  test('what was compacted stays forgotten', async () => {
    const folder = newFolder();
    {
      await using storage = await openStore({ folder });
      for (let i = 0; i < 5; i++) await storage.put('/a', json(i));
      await storage.compact(4);
    }
    await using storage = await openStore({ folder });
    await expect(storage.get('/a', { revision: 3 })).rejects.toMatchObject({ compacted: 4 });
    expect(String((await storage.get('/a', { revision: 4 }))?.value)).toBe('2');
  });

  test('after a crash in the middle of a fold, at any of its steps, nothing is lost or doubled', async () => {
    const folder = newFolder();
    let before;
    {
      await using storage = await openStore({ folder });
      for (let i = 0; i < 9; i++) await storage.put(`/k${i % 4}`, json(i));
      before = await contentOf(storage);
    }
    const journal = readFileSync(join(folder, segments(folder)[0]!));
    {
      await using storage = await openStore({ folder });
      await storage.fold();
    }
    // The snapshot was half written; it was renamed, but the segment that it holds had not been removed yet.
    writeFileSync(join(folder, 'snapshot.json.new'), '{"format":"kubebook st');
    writeFileSync(join(folder, 'journal-0000000000000002.log'), journal);
    for (let start = 0; start < 2; start++) {
      await using storage = await openStore({ folder });
      expect(await contentOf(storage)).toEqual(before);
      expect(readdirSync(folder).sort()).toEqual(['journal-0000000000000011.log', 'lock', 'snapshot.json']);
    }
  });

  test('a group that was written, but not known to be durable, is made so before anybody sees it', async () => {
    const folder = newFolder();
    {
      await using storage = await openStore({ folder });
      await storage.put('/a', json(1));
    }
    const synced: string[] = [];
    const openFile: OpenFile = async (path, flags) => {
      const handle = await open(path, flags);
      const sync = handle.datasync.bind(handle);
      return Object.assign(handle, { datasync: () => (synced.push(path), sync()) });
    };
    await using storage = await openStore({ folder, openFile });
    expect(synced).toEqual([join(folder, segments(folder)[0]!)]);
    expect(await storage.get('/a')).toBeDefined();
  });

  test('a store of an older format is written anew in the present one, with a message', async () => {
    const folder = newFolder();
    let before;
    {
      await using storage = await openStore({ folder });
      for (let i = 0; i < 5; i++) await storage.put(`/k${i % 3}`, json(i));
      await storage.fold();
      for (let i = 0; i < 5; i++) await storage.put(`/k${i}`, json(i));
      before = await contentOf(storage);
    }
    const asWritten = (name: string, edit: (text: string) => string): void =>
      writeFileSync(join(folder, name), edit(readFileSync(join(folder, name), 'utf8')));
    asWritten('snapshot.json', (text) =>
      text.replace('"version":2', '"version":1').replace(/"crc32":"\w+","obj/, '"obj'),
    );
    asWritten('journal-0000000000000007.log', (text) => text.replace('kubebook journal 2', 'kubebook journal 1'));
    const warnings: unknown[] = [];
    const log: Log = { ...silent, warn: (message, fields) => void warnings.push({ message, ...fields }) };
    for (let start = 0; start < 2; start++) {
      await using storage = await openStore({ folder, log });
      expect(await contentOf(storage)).toEqual(before);
      expect(readFileSync(join(folder, 'snapshot.json'), 'utf8')).toMatch(
        /^\{"format":"kubebook store","version":2,"revision":11,/,
      );
      expect(segments(folder)).toEqual(['journal-0000000000000012.log']);
    }
    expect(warnings).toEqual([{ message: expect.stringContaining('older format'), folder, from: 1, to: 2 }]);
  });

  test('a clock that jumps back changes nothing: what orders writes is the revision', async () => {
    const folder = newFolder();
    const now = { ms: Date.parse('2016-06-01T12:00:00Z') };
    const clock: Clock = { now: () => now.ms, after: () => ({ [Symbol.dispose]() {} }) };
    for (let start = 0; start < 3; start++) {
      await using storage = await openStore({ folder, clock });
      expect((await storage.put('/a', json(start))).modRevision).toBe(2 + 2 * start);
      now.ms -= 3_600_000;
      expect((await storage.put('/a', json('later'))).modRevision).toBe(3 + 2 * start);
      using watch = follow(storage, '/', 1 + 2 * start);
      expect(await watch.take(2)).toHaveLength(2);
    }
  });

  test('a torn end is cut off with a warning that names file and byte', async () => {
    const folder = newFolder();
    {
      await using storage = await openStore({ folder });
      await storage.put('/a', json('acknowledged'));
    }
    const file = join(folder, segments(folder)[0]!);
    const { size } = statSync(file);
    appendFileSync(file, '> 99 0123abcd put 3 "/b" {"half":');
    const warnings: unknown[] = [];
    const log: Log = { ...silent, warn: (message, fields) => void warnings.push({ message, ...fields }) };
    {
      await using storage = await openStore({ folder, log });
      expect(warnings).toEqual([{ message: expect.stringContaining('torn'), file, offset: size, bytes: 33 }]);
      expect((await storage.put('/b', json('next'))).modRevision).toBe(3);
    }
    await using storage = await openStore({ folder, log });
    expect(warnings).toHaveLength(1);
    expect((await contentOf(storage)).entries.map(({ value }) => value)).toEqual(['"acknowledged"', '"next"']);
  });
});

describe('a folder is refused in one sentence, and nothing in it is changed,', () => {
  const filled = async (): Promise<string> => {
    const folder = newFolder();
    await using storage = await openStore({ folder });
    for (let i = 0; i < 5; i++) await storage.put(`/k${i}`, json({ text: 'x'.repeat(50) }));
    await storage.fold();
    for (let i = 0; i < 5; i++) await storage.put(`/k${i}`, json({ text: 'y'.repeat(50) }));
    return folder;
  };
  const change = (name: string, edit: (content: Buffer) => Buffer | string) => (folder: string) => {
    const file = join(folder, name);
    writeFileSync(file, edit(readFileSync(file)));
  };
  const journal = 'journal-0000000000000007.log';
  const flip = (at: number) => (content: Buffer) => {
    content[at]! ^= 4;
    return content;
  };

  test.each<[string, (folder: string) => void, RegExp]>([
    [
      'with a flipped bit in the journal',
      change(journal, flip(150)),
      /journal-0000000000000007\.log is damaged at byte 107 \(a wrong checksum\)/,
    ],
    [
      'with a flipped bit in the snapshot',
      change('snapshot.json', flip(400)),
      /snapshot\.json is damaged at byte 359 \(a wrong checksum\)/,
    ],
    [
      'with another revision in the first line of the snapshot',
      change('snapshot.json', (content) => String(content).replace('"revision":6', '"revision":5')),
      /snapshot\.json is damaged at byte 0 \(a wrong checksum\)/,
    ],
    [
      'with an empty snapshot',
      change('snapshot.json', () => ''),
      /snapshot\.json is damaged at byte 0 \(it is empty\)/,
    ],
    [
      'with half a snapshot',
      change('snapshot.json', (content) => content.subarray(0, 300)),
      /snapshot\.json is damaged at byte \d+ \(cut short after 1 of 5 objects\)/,
    ],
    [
      'with a snapshot of a newer version',
      change('snapshot.json', (content) => String(content).replace('"version":2', '"version":3')),
      /snapshot\.json was written by a newer version of kubebook \(store format 3; this one knows 2\)/,
    ],
    [
      'with a journal of a newer version',
      change(journal, (content) => String(content).replace('journal 2', 'journal 3')),
      /was written by a newer version of kubebook \(store format 3/,
    ],
    [
      'without the snapshot that the journal goes on from',
      (folder) => rmSync(join(folder, 'snapshot.json')),
      /goes on at revision 7, but 2 is missing/,
    ],
    [
      'without any journal that goes on from the snapshot',
      (folder) => rmSync(join(folder, journal)),
      /snapshot\.json is damaged at byte \d+ \(the journal that goes on from it is missing\)/,
    ],
    [
      'with nothing left of the journal but its last segment, which is empty',
      (folder) => {
        rmSync(join(folder, journal));
        writeFileSync(join(folder, 'journal-0000000000000012.log'), 'kubebook journal 2\n');
      },
      /goes on at revision 12, but 7 is missing/,
    ],
    [
      'with a header that is not ours',
      change(journal, () => 'something else\n'),
      /damaged at byte 0 \(not the beginning of a journal\)/,
    ],
  ])('%s', async (_, damage, message) => {
    const folder = await filled();
    damage(folder);
    const content = () =>
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'latin1')]);
    const before = content();
    await expect(openStore({ folder })).rejects.toThrow(message);
    // A look into the folder finds the same, and goes on.
    const found = (): string => {
      try {
        const { problems } = inspectFolder(folder);
        return problems.map(({ file, offset, text }) => `${file} is damaged at byte ${offset} (${text})`).join('\n');
      } catch (error) {
        return String(error);
      }
    };
    expect(found()).toMatch(message);
    expect(content()).toEqual(before);
  });

  test('and all that is wrong is found, beyond the first of it', async () => {
    const folder = await filled();
    change('snapshot.json', flip(400))(folder);
    change(journal, flip(150))(folder);
    change(journal, flip(300))(folder);
    const { problems, files } = inspectFolder(folder);
    expect(problems.map(({ file, offset, text }) => [file.slice(folder.length + 1), offset, text])).toEqual([
      ['snapshot.json', 359, 'a wrong checksum'],
      [journal, 107, 'a wrong checksum'],
      [journal, expect.any(Number), 'a wrong checksum'],
    ]);
    expect(files).toMatchObject([
      { name: 'snapshot.json', records: 5, to: 6 },
      { name: journal, records: 3, to: 11 },
    ]);
  });

  test('holding files of somebody else', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis.doc'), '');
    await expect(openStore({ folder })).rejects.toThrow(/holds files that are not a store's \(thesis\.doc\)/);
    expect(readdirSync(folder)).toEqual(['thesis.doc']);
  });

  test('that is a file, or lies below one', async () => {
    const file = newFolder();
    writeFileSync(file, '');
    await expect(openStore({ folder: file })).rejects.toThrow('cannot be used as data folder: it is not a folder');
    await expect(openStore({ folder: join(file, 'below') })).rejects.toThrow('it is not a folder');
  });

  test('that cannot be written', async () => {
    // Of these not even root may.
    await expect(openStore({ folder: '/sys/kubebook' })).rejects.toThrow(
      /^\/sys\/kubebook cannot be used as data folder: (permission denied|the file system is read-only)$/,
    );
  });

  test('that another store has open, in this process too', async () => {
    const folder = newFolder();
    await using _ = await openStore({ folder });
    await expect(openStore({ folder })).rejects.toThrow(`${folder} is in use by process ${process.pid} (this one)`);
  });

  test.each([
    ['a process that is gone', () => ({ pid: 2 ** 22 + 1, started: '1' })],
    ['another process that had the same pid', () => ({ pid: process.pid, started: '1' })],
  ])('but the lock of %s is taken over', async (_, holder) => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'lock'), JSON.stringify(holder()));
    await using storage = await openStore({ folder });
    await storage.put('/a', json(1));
    expect(readdirSync(folder).sort()).toEqual(['journal-0000000000000002.log', 'lock']);
  });
});

describe('groups', () => {
  /** Counts syncs, and holds them until told. */
  const slowDisk = () => {
    let syncs = 0;
    let release: (() => void) | undefined;
    let hold = false;
    const openFile: OpenFile = async (path, flags) => {
      const handle = await open(path, flags);
      const sync = handle.datasync.bind(handle);
      handle.datasync = async () => {
        syncs++;
        if (hold) await new Promise<void>((resolve) => (release = resolve));
        return sync();
      };
      return handle;
    };
    return {
      openFile,
      get syncs() {
        return syncs;
      },
      hold: () => void (hold = true),
      release: () => {
        hold = false;
        release?.();
      },
    };
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  test('writers that come together share one sync, and a watch sees them in one array', async () => {
    const disk = slowDisk();
    await using storage = await openStore({ openFile: disk.openFile });
    const abort = new AbortController();
    const batches: number[] = [];
    const watching = (async () => {
      for await (const batch of storage.watch('/', { after: 1 }, abort.signal)) batches.push(batch.length);
    })();
    const before = disk.syncs;
    await Promise.all(Array.from({ length: 64 }, (_, i) => storage.put(`/k${i}`, json(i))));
    expect(disk.syncs - before).toBe(1);
    await turn();
    abort.abort();
    await watching;
    expect(batches).toEqual([64]);
  });

  test('nobody sees a write before it is durable, and those that come meanwhile form the next group', async () => {
    const disk = slowDisk();
    await using storage = await openStore({ openFile: disk.openFile });
    using watch = follow(storage, '/', 1);
    const seen = watch.take(1);
    let told = 0;
    void seen.then(() => told++);
    const before = disk.syncs;
    disk.hold();
    const first = storage.put('/a', json('first')).finally(() => told++);
    while (disk.syncs === before) await turn();
    const refused = storage.put('/a', json('second'), { expected: 0 }).catch((error: unknown) => error);
    const others = [storage.put('/b', json(1)), storage.put('/c', json(1))];
    for (let i = 0; i < 20; i++) await turn();
    expect([told, await storage.get('/a'), await storage.revision(), (await storage.list('/')).entries]).toEqual([
      0,
      undefined,
      1,
      [],
    ]);
    disk.release();
    expect((await first).modRevision).toBe(2);
    expect(await seen).toHaveLength(1);
    expect(await refused).toMatchObject({ current: { modRevision: 2 } });
    await Promise.all(others);
    expect(disk.syncs - before).toBe(2);
  });

  test('what is kept of a write is its bytes, not those that lay beside them', async () => {
    await using storage = await openStore();
    const beside = Buffer.alloc(1024 * 1024, '{} ');
    const { value } = await storage.put('/a', beside.subarray(0, 2));
    expect(String(value)).toBe('{}');
    expect(value.buffer.byteLength).toBeLessThan(100_000);
  });

  test('a store that is closed finishes what it was given, then refuses', async () => {
    const folder = newFolder();
    const storage = await openStore({ folder });
    const writes = Array.from({ length: 10 }, (_, i) => storage.put(`/k${i}`, json(i)));
    using watch = follow(storage, '/', 100);
    const watching = watch.take(1).catch((error: unknown) => error);
    await storage[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await expect(Promise.all(writes)).resolves.toHaveLength(10);
    for (const late of [() => storage.put('/late', json(1)), () => storage.get('/k1'), () => storage.revision()])
      await expect(late()).rejects.toThrow(UnavailableError);
    expect(await watching).toBeInstanceOf(UnavailableError);
    await using again = await openStore({ folder });
    expect((await again.list('/k')).entries).toHaveLength(10);
  });
});

describe('a full disk', () => {
  /** A disk with so many bytes left; a write that does not fit is made as far as it goes. */
  const smallDisk = (bytes: number) => {
    const disk = {
      left: bytes,
      openFile: (async (path, flags) => {
        const handle = await open(path, flags);
        const write = handle.write.bind(handle) as (
          ...args: unknown[]
        ) => Promise<{ bytesWritten: number; buffer: Buffer }>;
        return Object.assign(handle, {
          write: async (buffer: Buffer, offset: number, length: number, position: number) => {
            if (disk.left <= 0)
              throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
            const result = await write(buffer, offset, Math.min(length, disk.left), position);
            disk.left -= result.bytesWritten;
            return result;
          },
        });
      }) as OpenFile,
    };
    return disk;
  };

  test('fails writes, changes nothing, and is over when there is space again', async () => {
    const folder = newFolder();
    const disk = smallDisk(1000);
    const acknowledged: string[] = [];
    {
      await using storage = await openStore({ folder, openFile: disk.openFile });
      const attempts = await Promise.allSettled(
        Array.from({ length: 5 }, (_, i) => storage.put(`/a${i}`, json({ i }))),
      );
      expect(attempts.every(({ status }) => status === 'fulfilled')).toBe(true);
      acknowledged.push(...Array.from({ length: 5 }, (_, i) => `/a${i}`));
      for (let i = 0; i < 3; i++)
        await expect(storage.put('/big', json('x'.repeat(2000)))).rejects.toMatchObject({
          constructor: UnavailableError,
          message: 'the store cannot be written: ENOSPC: no space left on device, write',
        });
      expect((await storage.list('/')).entries.map(({ key }) => key)).toEqual(acknowledged);
      expect(await storage.revision()).toBe(6);
      disk.left = Infinity;
      expect((await storage.put('/big', json('x'.repeat(2000)))).modRevision).toBe(7);
    }
    await using storage = await openStore({ folder });
    expect((await storage.list('/')).entries.map(({ key }) => key)).toEqual([...acknowledged, '/big']);
  });

  test('met while the journal changes segments leaves one that can be read', async () => {
    const folder = newFolder();
    const disk = smallDisk(1000);
    {
      await using storage = await openStore({ folder, openFile: disk.openFile });
      await storage.put('/a', json(1));
      disk.left = 5; // not enough for the header of a segment
      await expect(storage.fold()).rejects.toThrow('ENOSPC');
      disk.left = 1000;
      await storage.put('/b', json(2));
    }
    await using storage = await openStore({ folder });
    expect((await storage.list('/')).entries.map(({ key }) => key)).toEqual(['/a', '/b']);
  });
});

describe('history', () => {
  test('is kept for one to two periods', async () => {
    const clock = new SteppedClock();
    await using storage = await openStore({ clock, historyMs: 60_000 });
    await storage.put('/a', json('old')); // 2
    await clock.advance(60_000);
    await storage.put('/a', json('young')); // 3
    await clock.advance(59_000);
    expect(String((await storage.get('/a', { revision: 2 }))?.value)).toBe('"old"');
    await clock.advance(61_000);
    await storage.put('/a', json('new'));
    await expect(storage.get('/a', { revision: 2 })).rejects.toMatchObject({ compacted: 3 });
    expect(String((await storage.get('/a', { revision: 3 }))?.value)).toBe('"young"');
  });

  test('is bounded in length, after a restart too; a watch that fell behind is told', async () => {
    const folder = newFolder();
    {
      await using storage = await openStore({ folder, historyRevisions: 100 });
      using slow = follow(storage, '/', 1);
      await storage.put('/a', json(0));
      await slow.take(1);
      for (let round = 0; round < 30; round++)
        await Promise.all(Array.from({ length: 10 }, (_, i) => storage.put(`/k${i}`, json(round))));
      await expect(slow.take(10)).rejects.toThrow(CompactedError);
      const { revision } = await storage.list('/', { limit: 1 });
      await expect(storage.list('/', { revision: revision - 111 })).rejects.toThrow(CompactedError);
      expect((await storage.list('/', { revision: revision - 100 })).entries).toHaveLength(11);
    }
    await using storage = await openStore({ folder, historyRevisions: 50 });
    await expect(storage.list('/', { revision: 251 })).rejects.toMatchObject({ compacted: 252 });
    expect((await storage.list('/', { revision: 252 })).entries).toHaveLength(11);
  });

  test('stops its timer with the store', async () => {
    const clock = new SteppedClock();
    await (await openStore({ clock }))[Symbol.asyncDispose]();
    expect(clock.waiting).toBe(0);
  });
});

describe('as a process of its own', () => {
  const build = join(root, 'build');
  beforeAll(() => compile(['util', 'apiserver/storage'], build));

  /** Writes for ever, 16 at a time, and prints each key that was acknowledged; folds all the while. */
  const writer = `
    import { LowdbStorage } from ${JSON.stringify(join(build, 'apiserver/storage/index.js'))};
    import { realClock, silent } from ${JSON.stringify(join(build, 'util/index.js'))};
    const storage = await LowdbStorage.open({ folder: process.argv[1], clock: realClock, log: silent, foldBytes: 200_000 });
    const { revision } = await storage.list('/', { limit: 1 });
    await Promise.all(Array.from({ length: 16 }, async (_, client) => {
      for (let i = 0; ; i++) {
        const entry = await storage.put('/' + revision + '/' + client + '/' + i, Buffer.from(JSON.stringify({ i, text: 'x'.repeat(1000) })));
        process.stdout.write(entry.key + ' ' + entry.modRevision + '\\n');
      }
    }));`;

  test('killed at any moment, it has lost nothing that it had acknowledged', async () => {
    const folder = newFolder();
    const acknowledged = new Map<string, number>();
    for (const lines of [1, 300, 700, 1500, 40]) {
      const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let seen = 0;
      for await (const line of createInterface(child.stdout)) {
        const [key, revision] = line.split(' ');
        acknowledged.set(key!, Number(revision));
        seen++;
        // One of them lives until it has folded.
        if (seen >= lines && (lines !== 1500 || seen > 100_000 || existsSync(join(folder, 'snapshot.json'))))
          child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(child.signalCode).toBe('SIGKILL');

      await using storage = await openStore({ folder }); // takes over the lock of the dead
      const found = new Map((await storage.list('/')).entries.map(({ key, modRevision }) => [key, modRevision]));
      expect([...acknowledged].filter(([key, revision]) => found.get(key) !== revision)).toEqual([]);
      expect(await storage.revision()).toBeGreaterThanOrEqual(found.size);
    }
    expect(acknowledged.size).toBeGreaterThan(2500);
    expect(existsSync(join(folder, 'snapshot.json'))).toBe(true);
  }, 60_000);

  test('a backup made while it writes and folds is a store, with all that had been acknowledged', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acknowledged = new Map<string, number>();
    const reading = (async () => {
      for await (const line of createInterface(child.stdout)) {
        const [key, revision] = line.split(' ');
        acknowledged.set(key!, Number(revision));
      }
    })();
    const snapshots = new Set<string>();
    for (let i = 0; i < 100 && (i < 10 || snapshots.size < 3); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (acknowledged.size === 0) continue;
      const before = new Map(acknowledged);
      const copy = newFolder();
      const { revision, objects } = backupFolder(folder, copy);
      expect(inspectFolder(copy)).toMatchObject({ problems: [], revision, objects });
      await using storage = await openStore({ folder: copy });
      const found = new Map((await storage.list('/')).entries.map(({ key, modRevision }) => [key, modRevision]));
      expect([...before].filter(([key, revision]) => found.get(key) !== revision)).toEqual([]);
      if (existsSync(join(copy, 'snapshot.json')))
        snapshots.add(readFileSync(join(copy, 'snapshot.json'), 'utf8').slice(0, 80));
    }
    child.kill('SIGKILL');
    await reading;
    expect(snapshots.size).toBeGreaterThanOrEqual(3);
    expect(() => backupFolder(folder, folder)).toThrow('is not empty');
    expect(() => backupFolder(newFolder(), newFolder())).toThrow('holds no store');
  }, 60_000);

  test('it refuses a second process, and says who holds the folder', async () => {
    const folder = newFolder();
    const child = spawn(process.execPath, ['--input-type=module', '--eval', writer, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await expect(openStore({ folder })).rejects.toThrow(
      `${folder} is in use by process ${child.pid}: stop that one first`,
    );
    child.stdout.resume();
    child.kill('SIGKILL');
    await once(child, 'exit');
    truncateSync(join(folder, 'lock')); // as a full disk might have left it
    await using storage = await openStore({ folder });
    expect(await storage.revision()).toBeGreaterThan(1);
  }, 60_000);
});
