import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeSnapshot,
  encodeEntry,
  encodeGroup,
  journalHeader,
  type JournalRecord,
  snapshotHead,
  snapshotTail,
} from './format.js';
import { readSegment, segmentName } from './journal.js';

const folder = mkdtempSync(join(tmpdir(), 'kubebook-journal-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, segmentName(2));

/** Groups of writes, numbered from revision 2 on. */
const groups = fc
  .array(
    fc.array(
      fc.record({
        key: fc.string({ unit: 'grapheme' }),
        value: fc.option(
          fc.oneof(
            fc.json().map(Buffer.from),
            fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          ),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((groups) => {
    let revision = 1;
    return groups.map((group) =>
      group.map(({ key, value }): JournalRecord =>
        value ? { type: 'put', revision: ++revision, key, value } : { type: 'delete', revision: ++revision, key },
      ),
    );
  });

const write = (...parts: Buffer[]): void => writeFileSync(file, Buffer.concat([journalHeader, ...parts]));

test('what was written is read back, whatever keys and values hold', () => {
  fc.assert(
    fc.property(groups, (groups) => {
      write(...groups.map(encodeGroup));
      expect(readSegment(file, true)).toMatchObject({ records: groups.flat(), torn: 0 });
      expect(readSegment(file, false).records).toEqual(groups.flat());
    }),
  );
});

test('every record is one line', () => {
  fc.assert(
    fc.property(groups, (groups) => {
      const lines = Buffer.concat(groups.map(encodeGroup)).toString('latin1').split('\n');
      expect(lines.length - 1).toBe(groups.flat().length);
    }),
  );
});

test('cut at any byte, every record that was whole is there, and the rest is torn', () => {
  fc.assert(
    fc.property(groups, fc.nat(), (groups, where) => {
      const whole = Buffer.concat(groups.map(encodeGroup));
      const cut = where % (whole.length + 1);
      write(whole.subarray(0, cut));
      const { records, end, torn } = readSegment(file, true);
      expect(records).toEqual(groups.flat().slice(0, records.length));
      // The records before the cut: as many as there are ends of lines.
      expect(records.length).toBe(whole.subarray(0, cut).toString('latin1').split('\n').length - 1);
      expect(end + torn).toBe(journalHeader.length + cut);
    }),
    { numRuns: 200 },
  );
});

test('cut within the header, nothing was written yet', () => {
  for (let length = 0; length < journalHeader.length; length++) {
    writeFileSync(file, journalHeader.subarray(0, length));
    expect(readSegment(file, true)).toMatchObject({ file, records: [], end: 0, torn: length });
  }
});

test('a flipped bit before the last group is refused, with the file and the byte where the record begins', () => {
  fc.assert(
    fc.property(groups, fc.nat(), fc.nat(7), (groups, where, bit) => {
      const sound = Buffer.concat(groups.slice(0, -1).map(encodeGroup));
      fc.pre(sound.length > 0);
      const at = where % sound.length;
      const broken = Buffer.from(sound);
      broken[at]! ^= 1 << bit;
      write(broken, encodeGroup(groups.at(-1)!));
      const begin = journalHeader.length + sound.lastIndexOf('\n', at - 1) + 1;
      const names = at === 0 ? journalHeader.length : begin;
      expect(() => readSegment(file, true)).toThrow(`${file} is damaged at byte ${names} (`);
    }),
    { numRuns: 200 },
  );
});

test('a flipped bit in the last group, which is whole, is refused too: it may have been acknowledged', () => {
  fc.assert(
    fc.property(groups, fc.nat(), fc.nat(7), (groups, where, bit) => {
      const parts = groups.map(encodeGroup);
      const last = Buffer.from(parts.at(-1)!);
      last[where % (last.length - 1)]! ^= 1 << bit; // not the final line feed: without it the group is not whole
      write(...parts.slice(0, -1), last);
      expect(() => readSegment(file, true)).toThrow(/is damaged at byte \d+/);
    }),
    { numRuns: 200 },
  );
});

test('a last group with blocks that were never written is torn', () => {
  const put = (revision: number): JournalRecord => ({
    type: 'put',
    revision,
    key: '/a',
    value: Buffer.alloc(3000, 'x'),
  });
  const last = encodeGroup([put(4), put(5)]);
  last.fill(0, 1000, 2600);
  const before = encodeGroup([put(2), put(3)]);
  write(before, last);
  expect(readSegment(file, true)).toMatchObject({ records: [put(2), put(3)], torn: last.length });
  expect(() => readSegment(file, false)).toThrow('is damaged'); // it was closed: all of it was durable
  write(before, last, encodeGroup([put(6)]));
  expect(() => readSegment(file, true)).toThrow('is damaged'); // a later group vouches for it
});

test('a snapshot is JSON, one object a line, and is read back', () => {
  const key = fc.string({ unit: 'grapheme' });
  const value = fc.oneof(
    fc.json().map(Buffer.from),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ key, value, createRevision: fc.nat(), modRevision: fc.nat() }), {
        selector: ({ key }) => key,
      }),
      (entries) => {
        const lines = entries.map(
          (entry, i) => `${encodeEntry(entry).toString('latin1')}${i + 1 < entries.length ? ',' : ''}\n`,
        );
        const snapshot = Buffer.from(snapshotHead(9, entries.length) + lines.join('') + snapshotTail, 'latin1');
        expect(Object.keys(JSON.parse(String(snapshot)).objects).length).toBe(entries.length);
        const { revision, entries: read } = decodeSnapshot(snapshot, 'snapshot.json');
        expect(revision).toBe(9);
        expect(read.map(({ json: _, ...entry }) => entry)).toEqual(entries);
        for (let length = 0; length < snapshot.length; length += 7)
          expect(() => decodeSnapshot(snapshot.subarray(0, length), 'snapshot.json')).toThrow(
            'snapshot.json is damaged at byte',
          );
      },
    ),
  );
});

test('the lines look as the documentation says', () => {
  write(
    encodeGroup([
      { type: 'put', revision: 8, key: '/registry/pods/default/web-1', value: Buffer.from('{"kind":"Pod"}') },
      { type: 'delete', revision: 9, key: '/registry/pods/default/web-0' },
    ]),
    encodeGroup([{ type: 'compact', revision: 9 }]),
  );
  expect(readFileSync(file, 'utf8').replace(/\b[0-9a-f]{8}\b/g, 'CRC')).toBe(
    [
      'kubebook journal 2',
      '> 51 CRC put 8 "/registry/pods/default/web-1" {"kind":"Pod"}',
      '+ 39 CRC delete 9 "/registry/pods/default/web-0"',
      '> 9 CRC compact 9',
      '',
    ].join('\n'),
  );
});
