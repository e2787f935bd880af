/**
 * Folds closed segments of the journal into the snapshot. It works from the files alone, so that a worker thread can do it
 * while the store goes on; nothing but file names passes between them.
 */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { compareKeys } from '../order.js';
import {
  damaged,
  decodeSnapshot,
  encodeEntry,
  formatVersion,
  type SnapshotEntry,
  snapshotHead,
  snapshotTail,
} from './format.js';
import { readSegments, type Segment, segmentsOf, syncFolder } from './journal.js';

export const snapshotName = 'snapshot.json';
/** The snapshot while it is being written. A crash leaves it behind; the next start removes it. */
export const unfinishedName = 'snapshot.json.new';

/** Written in pieces of so many bytes, each synced: one great sync at the end would hold up those of the journal. */
const pieceSize = 4 * 1024 * 1024;

/** @throws {FolderError} it is damaged, or of a newer version */
export function readSnapshot(folder: string): { version: number; revision: number; entries: SnapshotEntry[] } {
  const file = join(folder, snapshotName);
  return existsSync(file)
    ? decodeSnapshot(readFileSync(file), file)
    : { version: formatVersion, revision: 1, entries: [] };
}

/**
 * The segment after a snapshot is begun before the snapshot is: where there is none, it is lost, and what stood in it.
 *
 * @throws {FolderError}
 */
export function assertJournal(folder: string): void {
  const file = join(folder, snapshotName);
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size > 0 && segmentsOf(folder).length === 0)
    throw damaged(file, size, 'the journal that goes on from it is missing');
}

/** Brings the snapshot of `folder` up to the end of `segments`, durably, and removes them. Returns its size in bytes. */
export function fold({ folder, segments }: { readonly folder: string; readonly segments: readonly string[] }): number {
  const { revision, entries } = readSnapshot(folder);
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  const read = readSegments(segments, revision, { closed: true });
  for (const segment of read) apply(byKey, segment);
  const reached = Math.max(revision, ...read.map(lastRevision));
  const sorted = [...byKey.values()].sort((a, b) => compareKeys(a.key, b.key));
  const bytes = writeSnapshot(folder, reached, sorted);
  for (const file of segments) rmSync(file);
  return bytes;
}

function apply(byKey: Map<string, SnapshotEntry>, { records }: Segment): void {
  for (const record of records) {
    if (record.type === 'delete') byKey.delete(record.key);
    if (record.type !== 'put') continue;
    const { key, value, revision: modRevision } = record;
    byKey.set(key, { key, value, createRevision: byKey.get(key)?.createRevision ?? modRevision, modRevision });
  }
}

const lastRevision = ({ records }: Segment): number =>
  records.findLast(({ type }) => type !== 'compact')?.revision ?? 0;

function writeSnapshot(folder: string, revision: number, entries: readonly SnapshotEntry[]): number {
  const unfinished = join(folder, unfinishedName);
  const file = openSync(unfinished, 'w');
  let bytes = 0;
  try {
    let piece: Buffer[] = [Buffer.from(snapshotHead(revision, entries.length))];
    let pieceBytes = piece[0]!.length;
    const flush = (): void => {
      const all = Buffer.concat(piece);
      for (let done = 0; done < all.length;) done += writeSync(file, all, done);
      fdatasyncSync(file);
      bytes += all.length;
      [piece, pieceBytes] = [[], 0];
    };
    for (const [index, entry] of entries.entries()) {
      const line = encodeEntry(entry);
      piece.push(line, Buffer.from(index + 1 < entries.length ? ',\n' : '\n'));
      if ((pieceBytes += line.length) >= pieceSize) flush();
    }
    piece.push(Buffer.from(snapshotTail));
    flush();
    fsyncSync(file);
  } catch (error) {
    rmSync(unfinished, { force: true }); // the likely reason is a full disk
    throw error;
  } finally {
    closeSync(file);
  }
  // From here on the new snapshot is the one that counts; until the segments are gone they are only superfluous.
  renameSync(unfinished, join(folder, snapshotName));
  syncFolder(folder);
  return bytes;
}
