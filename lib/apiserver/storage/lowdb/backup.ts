/**
 * Copies a store's folder, also while it is in use. (A plain copy may catch it in the middle of a fold, when what the old
 * snapshot lacks is already gone from the journal.)
 */
import { copyFileSync, existsSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from '../../../util/index.js';
import { readState } from './adapter.js';
import { snapshotName } from './fold.js';
import { FolderError } from './format.js';
import { assertStore, settled } from './inspect.js';
import { segmentsOf, syncFile, syncFolder } from './journal.js';

export interface Backup {
  readonly revision: number;
  readonly objects: number;
}

/**
 * Makes `to` a store's folder with everything that was acknowledged before the call, and its history. What was copied has
 * been verified, and would survive a crash.
 *
 * @throws {FolderError} `from` is damaged, or `to` is not empty
 */
export function backupFolder(from: string, to: string): Backup {
  assertStore(from);
  makeFolder(to, 0o700);
  if (readdirSync(to).length > 0) throw new FolderError(`${to} is not empty: a backup goes into a folder of its own`);
  return settled(from, () => {
    for (const name of readdirSync(to)) rmSync(join(to, name));
    // A segment that is begun meanwhile is left out: what is in those before it stands for itself.
    const segments = segmentsOf(from);
    if (existsSync(join(from, snapshotName))) copyFileSync(join(from, snapshotName), join(to, snapshotName));
    for (const file of segments) copyFileSync(file, join(to, basename(file)));
    const { state, segments: copied } = readState(to);
    const last = copied.at(-1);
    if (last && last.torn > 0) truncateSync(last.file, last.end);
    for (const name of readdirSync(to)) syncFile(join(to, name));
    syncFolder(to);
    return { revision: state.revision, objects: state.entries.count('', '') };
  });
}
