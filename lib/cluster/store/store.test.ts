import fc from 'fast-check';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithEtcd, Etcd } from '../../../test/support/etcd.js';
import { LowdbStorage, MemoryStorage, openStorage, type Storage } from '../../apiserver/storage/index.js';
import { realClock as clock, silent as log, SteppedClock } from '../../util/index.js';
import { main } from '../cli.js';
import { changedLines, diff } from './diff.js';
import { keyOf, resourceOfKey } from './keys.js';
import { exportLines, importInto, readExport } from './transfer.js';

import.meta.jest.setTimeout(60_000);

const root = mkdtempSync(join(tmpdir(), 'kubebook-store-cli-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = (): string => join(root, `data-${folders++}`);

const pod = (phase: string) =>
  Buffer.from(JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web-0' }, status: { phase } }));
const podKey = '/registry/pods/default/web-0';

/** A data folder in which a pod has a history. */
async function filled(): Promise<string> {
  const data = newFolder();
  await using storage = await LowdbStorage.open({ folder: join(data, 'store'), clock: new SteppedClock(), log });
  await fill(storage);
  return data;
}

async function fill(storage: Storage): Promise<void> {
  await storage.put(podKey, pod('Pending'));
  await storage.put('/registry/services/specs/default/web', Buffer.from('{"kind":"Service"}'));
  await storage.put(podKey, pod('Running'));
  await storage.delete(podKey);
  await storage.put(podKey, pod('Pending'));
}

/** Runs `kubebook ARGS`; what it printed, and how it ended. */
async function kubebook(...args: string[]) {
  const printed = { out: '', err: '' };
  const outs = import.meta.jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => Boolean((printed.out += text)));
  const errs = import.meta.jest
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((printed.err += text)));
  const errors = import.meta.jest
    .spyOn(console, 'error')
    .mockImplementation((text) => void (printed.err += `${text}\n`));
  process.exitCode = 0;
  await main(args);
  const code = process.exitCode;
  process.exitCode = 0;
  for (const spy of [outs, errs, errors]) spy.mockRestore();
  return { ...printed, code };
}

test('check says of a sound folder what is in it, and of a damaged one what is wrong where', async () => {
  const data = await filled();
  expect(await kubebook('store', 'check', '--data', data)).toEqual({
    code: 0,
    err: '',
    out: expect.stringMatching(
      /store\n {2}journal-0{15}2\.log {2}format 2 {2}5 records {2}revisions 2–6 {2}\d+ bytes\nsound: 2 objects at revision 6\n$/,
    ),
  });
  const file = join(data, 'store', 'journal-0000000000000002.log');
  const content = readFileSync(file);
  content[60]! ^= 1;
  writeFileSync(file, content);
  expect(await kubebook('store', 'check', '--data', data)).toEqual({
    code: 1,
    err: '',
    out: expect.stringContaining(`${file}, byte 19: a wrong checksum\ndamaged: 1 problem;`),
  });
  expect(readFileSync(file)).toEqual(content);
});

test('check, show and stats tell programs the same', async () => {
  const data = await filled();
  const told = async (...args: string[]): Promise<unknown> => {
    const { out, code } = await kubebook('store', ...args, '--data', data, '-o', 'json');
    expect(code).toBe(0);
    return JSON.parse(out);
  };
  const file = { name: 'journal-0000000000000002.log', bytes: expect.any(Number), version: 2, records: 5 };
  expect(await told('check')).toEqual({
    folder: join(data, 'store'),
    files: [{ ...file, from: 2, to: 6, torn: 0 }],
    problems: [],
    revision: 6,
    objects: 2,
  });
  const object = (phase: string): unknown => JSON.parse(String(pod(phase)));
  expect(await told('show', 'pod/web-0')).toEqual({
    key: podKey,
    revisions: [
      { revision: 2, change: 'created', object: object('Pending') },
      { revision: 4, change: 'changed', object: object('Running') },
      { revision: 5, change: 'deleted' },
      { revision: 6, change: 'created', object: object('Pending') },
    ],
  });
  expect(await told('stats')).toMatchObject({
    where: join(data, 'store'),
    revision: 6,
    oldest: 1,
    objects: 2,
    resources: [
      { name: 'pods', objects: 1 },
      { name: 'services', objects: 1, bytes: 54 },
    ],
    disk: { snapshot: 0 },
  });
});

test('a folder without a store is refused in one sentence, and stays as it was', async () => {
  for (const args of [['check'], ['stats'], ['show', 'pod/a'], ['export'], ['compact'], ['backup', newFolder()]]) {
    const data = newFolder();
    const { code, err } = await kubebook('store', ...args, '--data', data);
    expect([code, err]).toEqual([
      1,
      `kubebook: ${data}/store holds no store: choose the data folder of a cluster with --data\n`,
    ]);
    expect(() => readdirSync(data)).toThrow('ENOENT');
  }
});

const story = [
  podKey,
  '',
  'revision 2: created',
  '  kind: Pod',
  '  apiVersion: v1',
  '  metadata:',
  '    name: web-0',
  '  status:',
  '    phase: Pending',
  '',
  'revision 4: changed',
  '…',
  '    name: web-0',
  '  status:',
  '-   phase: Pending',
  '+   phase: Running',
  '',
  'revision 5: deleted',
  '',
  'revision 6: created again',
  '  kind: Pod',
  '  apiVersion: v1',
  '  metadata:',
  '    name: web-0',
  '  status:',
  '    phase: Pending',
  '',
].join('\n');

test('show tells the story of one object, by what users call it or by its key', async () => {
  const data = await filled();
  for (const what of ['pod/web-0', 'po/web-0', 'Pods/web-0', podKey])
    expect(await kubebook('store', 'show', what, '--data', data)).toEqual({ code: 0, err: '', out: story });
  expect((await kubebook('store', 'show', 'svc/web', '--data', data)).out).toContain(
    'revision 3: created\n  kind: Service\n',
  );
  expect((await kubebook('store', 'show', 'pod/web-0', '-n', 'other', '--data', data)).err).toBe(
    'kubebook: there is no /registry/pods/other/web-0, nor was there, as far back as the store remembers\n',
  );
  expect((await kubebook('store', 'show', 'unicorn/x', '--data', data)).err).toBe(
    'kubebook: there is no kind "unicorn"\n',
  );
});

test('stats counts by kind, and says what a live byte costs', async () => {
  const data = await filled();
  const { out } = await kubebook('store', 'stats', '--data', data);
  expect(out).toMatch(
    /KIND +OBJECTS +BYTES\npods +1 +\d+\nservices +1 +\d+\nall +2 +\d+\n\nrevision 6; history from revision 1 on/,
  );
  expect(out).toMatch(/journal: \d+ bytes\nbytes on disk per live byte: \d+\.\d\d\n$/);
});

test('compact forgets history and folds the journal; a folder in use is refused by the name of its holder', async () => {
  const data = await filled();
  {
    await using _ = await LowdbStorage.open({ folder: join(data, 'store'), clock: new SteppedClock(), log });
    expect((await kubebook('store', 'compact', '--data', data)).err).toMatch(/is in use by process \d+ \(this one\)/);
    // What only reads does not mind.
    expect((await kubebook('store', 'check', '--data', data)).code).toBe(0);
    expect((await kubebook('store', 'show', 'pod/web-0', '--data', data)).out).toBe(story);
  }
  expect((await kubebook('store', 'compact', '--data', data)).err).toBe('history begins at revision 6\n');
  expect(readdirSync(join(data, 'store')).sort()).toEqual(['journal-0000000000000007.log', 'snapshot.json']);
  expect((await kubebook('store', 'show', 'pod/web-0', '--data', data)).out).toContain('revision 6: as it was');
});

test('what was exported is imported into an empty store, and into no other', async () => {
  const data = await filled();
  const file = join(root, 'export.jsonl');
  expect((await kubebook('store', 'export', file, '--data', data)).err).toBe('2 objects at revision 6\n');
  expect((await kubebook('store', 'export', file, '--data', data)).err).toContain('EEXIST');
  expect((await kubebook('store', 'export', '--data', data)).out).toBe(readFileSync(file, 'utf8'));
  const other = newFolder();
  expect((await kubebook('store', 'import', file, '--data', other)).err).toBe(
    '2 objects; the store is at revision 3\n',
  );
  const copy = (await kubebook('store', 'export', '--data', other)).out;
  const values = (text: string) => [...readExport(text, 'it').entries].map(({ key, value }) => [key, String(value)]);
  expect(values(copy)).toEqual(values(readFileSync(file, 'utf8')));
  expect((await kubebook('store', 'import', file, '--data', other)).err).toBe(
    'kubebook: the store holds 2 objects: an import goes into an empty one. Nothing was changed\n',
  );
});

test('a backup is a data folder', async () => {
  const data = await filled();
  const to = newFolder();
  expect((await kubebook('store', 'backup', to, '--data', data)).err).toContain('2 objects at revision 6');
  expect((await kubebook('store', 'show', 'pod/web-0', '--data', to)).out).toBe(story);
  expect((await kubebook('store', 'backup', to, '--data', data)).err).toContain('is not empty');
});

describe('an export', () => {
  const entries = fc.uniqueArray(
    fc.record({
      key: fc.string({ unit: 'grapheme' }).map((name) => `/registry/${name}`),
      value: fc.oneof(
        fc.json().map((text) => Buffer.from(text)),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ),
    }),
    { selector: ({ key }) => key },
  );

  test('brings everything over, whatever keys and values hold', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (entries) => {
        const from = new MemoryStorage();
        for (const { key, value } of entries) await from.put(key, value);
        const listing = await from.list('/registry/');
        const text = [...exportLines(listing)].join('');
        const read = readExport(text, 'it');
        expect(read).toEqual({ revision: listing.revision, entries: listing.entries });
        const to = new MemoryStorage();
        await importInto(to, read);
        const without = (list: typeof listing) => list.entries.map(({ key, value }) => [key, value]);
        expect(without(await to.list('/registry/'))).toEqual(without(listing));
      }),
      { numRuns: 50, examples: [[[{ key: '/registry/\u2028', value: Buffer.from('"\u2029"') }]]] },
    );
  });

  const whole = (): string => {
    const entry = { key: '/registry/a', value: Buffer.from('{"a":1}'), createRevision: 2, modRevision: 2 };
    return [...exportLines({ revision: 2, entries: [entry, { ...entry, key: '/registry/b' }] })].join('');
  };
  test.each([
    ['that is none', 'hello', 'it is not an export of a store'],
    [
      'of a newer version',
      whole().replace('"version":1', '"version":2'),
      'it was written by a newer version of kubebook (export format 2; this one knows 1): import it with that version',
    ],
    ['with another value', whole().replace('{"a":1}', '{"a":2}'), 'line 2 of it is damaged: nothing was imported'],
    [
      'that was cut',
      whole().slice(0, whole().indexOf('\n', 100) + 1),
      'it is cut short after 1 of 2 objects: nothing was imported',
    ],
  ])('%s is refused in one sentence', (_, text, message) => {
    expect(() => readExport(text, 'it')).toThrow(message);
  });
});

test('a diff leads from the one to the other, and is no longer than it must be', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const result = diff(before, after);
      const side = (mark: string) => result.filter((line) => line.mark !== mark).map(({ text }) => text);
      expect(side('+')).toEqual(before);
      expect(side('-')).toEqual(after);
      const common = (a: readonly string[], b: readonly string[]): number =>
        a.length === 0 || b.length === 0
          ? 0
          : a[0] === b[0]
            ? 1 + common(a.slice(1), b.slice(1))
            : Math.max(common(a.slice(1), b), common(a, b.slice(1)));
      if (before.length + after.length < 14)
        expect(result.filter(({ mark }) => mark === ' ')).toHaveLength(common(before, after));
    }),
  );
  expect(changedLines(diff([...'abcdefgh'], [...'abcdXfgh']), 1)).toEqual(['…', '  d', '- e', '+ X', '  f', '…']);
});

test.each([
  ['pod/web-0', '/registry/pods/default/web-0', 'pods'],
  ['svc/web', '/registry/services/specs/default/web', 'services'],
  ['node/n1', '/registry/minions/n1', 'nodes'],
  ['endpointslices.discovery.k8s.io/web', '/registry/endpointslices/default/web', 'endpointslices'],
])('%s lies at %s', (what, key, resource) => {
  expect(keyOf(what, 'default')).toBe(key);
  expect(resourceOfKey(key)).toBe(resource);
});

describeWithEtcd('on an etcd', () => {
  test('one engine takes what the other has exported, and the story is told as it is there', async () => {
    await using etcd = await Etcd.start();
    const flags = ['--etcd', etcd.endpoint];
    const data = await filled();
    const file = join(root, 'to-etcd.jsonl');
    await kubebook('store', 'export', file, '--data', data);
    expect((await kubebook('store', 'import', file, ...flags)).err).toMatch(
      /^2 objects; the store is at revision \d+\n$/,
    );
    {
      await using storage = await openStorage({ etcd: { endpoints: [etcd.endpoint] } }, { clock, log });
      await storage.put(podKey, pod('Running'));
      await storage.delete(podKey);
    }
    const { out } = await kubebook('store', 'show', 'pod/web-0', ...flags);
    expect(out.replace(/revision \d+/g, 'revision N')).toBe(
      [
        podKey,
        '',
        'revision N: created',
        ...story.split('\n').slice(3, 9),
        '',
        'revision N: changed',
        ...story.split('\n').slice(11, 16),
        '',
        'revision N: deleted',
        '',
      ].join('\n'),
    );
    expect((await kubebook('store', 'stats', ...flags)).out).toMatch(/services +1 +\d+\nall +1 /);
    expect((await kubebook('store', 'compact', ...flags)).err).toMatch(/^history begins at revision \d+\n$/);
    const back = newFolder();
    const again = join(root, 'from-etcd.jsonl');
    await kubebook('store', 'export', again, ...flags);
    expect((await kubebook('store', 'import', again, '--data', back)).err).toBe(
      '1 objects; the store is at revision 2\n',
    );
  });
});
