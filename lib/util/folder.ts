import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. (Node's own `recursive` finds no end below `/proc`, and says of a disk
 * that may not be written that something is not there.)
 *
 * @throws NodeJS.ErrnoException of the first one that cannot be made
 */
export function makeFolder(folder: string, mode = 0o777): void {
  const isFolder = (): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (!isFolder()) throw error; // somebody else has made it meanwhile
  }
}
