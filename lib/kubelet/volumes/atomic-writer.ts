/**
 * Writes the files of a volume so that a reader sees all of the old content or all of the new, never a mixture:
 *
 * ```
 * token          -> ..data/token        made once, never touched again
 * ..data         -> ..2026_11_25_…      a link, renamed over the old one: the moment of change
 * ..2026_11_25_… /token
 * ```
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go
 */
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface FileContent {
  readonly data: Buffer;
  /** Permission bits: 0o644. */
  readonly mode: number;
}

/** By path within the volume: `token`, `tls/ca.crt`. */
export type Payload = ReadonlyMap<string, FileContent>;

/** Makes `folder` show exactly `payload`. @returns whether anything had to change */
export async function writeAtomically(folder: string, payload: Payload): Promise<boolean> {
  for (const path of payload.keys()) assertInside(path);
  await mkdir(folder, { recursive: true });
  const current = await readlink(join(folder, '..data')).catch(() => undefined);
  if (current !== undefined && (await shows(join(folder, current), payload))) return false;

  const fresh = await mkdtemp(join(folder, `..${new Date().toISOString().slice(0, 19).replace(/[-T:]/g, '_')}.`));
  await chmod(fresh, 0o755);
  for (const [path, { data, mode }] of payload) {
    const file = join(fresh, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data);
    await chmod(file, mode); // not at writing: the process's umask shall not narrow it
  }
  const link = join(folder, '..data_tmp');
  await rm(link, { force: true });
  await symlink(fresh.slice(folder.length + 1), link);
  await rename(link, join(folder, '..data')); // from here on, readers see the new content

  const tops = new Set([...payload.keys()].map((path) => path.split('/')[0]!));
  for (const top of tops) {
    const visible = join(folder, top);
    if (await lstat(visible).catch(() => undefined)) continue;
    await symlink(join('..data', top), visible);
  }
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isSymbolicLink() && !entry.name.startsWith('..') && !tops.has(entry.name))
      await unlink(join(folder, entry.name));
  if (current !== undefined) await rm(join(folder, current), { recursive: true, force: true });
  return true;
}

async function shows(folder: string, payload: Payload): Promise<boolean> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (files?.filter((entry) => entry.isFile()).length !== payload.size) return false;
  for (const [path, { data, mode }] of payload) {
    const file = join(folder, path);
    const there = await lstat(file).catch(() => undefined);
    if (!there?.isFile() || (there.mode & 0o777) !== mode || !data.equals(await readFile(file))) return false;
  }
  return true;
}

/** The API server validates paths, but what writes files as root looks for itself. */
function assertInside(path: string): void {
  if (path === '' || path.startsWith('/') || path.split('/').some((part) => part === '..' || part === ''))
    throw new Error(`invalid path ${JSON.stringify(path)} in a volume`);
}
