/**
 * The volumes of a node's pods: folders under `<data>/pods/<uid>/volumes`, made before the first container starts and kept
 * in step with the objects they show.
 *
 * Served: emptyDir (also in memory, where the kernel lets us mount), hostPath, configMap, secret, downwardAPI, projected.
 * Refused with a reason: everything that needs a volume plugin, persistentVolumeClaim among them.
 */
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import type { Container, DeepReadonly, Pod, Volume } from '../../api/types.js';
import { expand } from '../environment.js';
import { ConfigError } from '../fields.js';
import { quantity } from '../resources.js';
import type { Mount } from '../runtime/runtime.js';
import { writeAtomically } from './atomic-writer.js';
import { payloadOf, type PayloadSources } from './payload.js';

const run = promisify(execFile);

/** What went wrong, by volume: each becomes an event of the pod. */
export class VolumeError extends Error {
  constructor(readonly failures: readonly { readonly volume: string; readonly message: string }[]) {
    super(failures.map(({ message }) => message).join('; '));
  }
}

export interface Volumes {
  /** Makes, or brings up to date, all volumes of the pod. @throws {VolumeError} when some cannot be made */
  mount(pod: DeepReadonly<Pod>): Promise<void>;
  /** Where the container shall see them. @throws {ConfigError} for a subPath that cannot be */
  mounts(
    pod: DeepReadonly<Pod>,
    container: DeepReadonly<Container>,
    env: Readonly<Record<string, string>>,
  ): Promise<Mount[]>;
  /** A file for the container's last words. */
  terminationLog(podUID: string, container: string, attempt: number): Promise<string | undefined>;
  /** What a container that has ended left there; at most 4 KiB. */
  lastWords(podUID: string, container: string, attempt: number): Promise<string>;
  /** Removes everything of the pod. Harmless when there is nothing. */
  remove(podUID: string): Promise<void>;
  /** The pods of which something is left. */
  pods(): Promise<string[]>;
}

/** On a hollow node nobody would read them. */
export const noVolumes: Volumes = {
  mount: async () => {},
  mounts: async () => [],
  terminationLog: async () => undefined,
  lastWords: async () => '',
  remove: async () => {},
  pods: async () => [],
};

/** As upstream's limit for one container. */
const maxLastWordsBytes = 4096;

export class HostVolumes implements Volumes {
  readonly #folder: string;
  readonly #sources: PayloadSources;

  constructor({ folder, sources }: { readonly folder: string; readonly sources: PayloadSources }) {
    this.#folder = join(folder, 'pods');
    this.#sources = sources;
  }

  async mount(pod: DeepReadonly<Pod>): Promise<void> {
    const failures: { volume: string; message: string }[] = [];
    for (const volume of pod.spec.volumes ?? []) {
      try {
        await this.#setUp(pod, volume);
      } catch (error) {
        failures.push({
          volume: volume.name,
          message: `MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`,
        });
      }
    }
    if (failures.length > 0) throw new VolumeError(failures);
  }

  async mounts(
    pod: DeepReadonly<Pod>,
    container: DeepReadonly<Container>,
    env: Readonly<Record<string, string>>,
  ): Promise<Mount[]> {
    const mounts: Mount[] = [];
    for (const mount of container.volumeMounts ?? []) {
      const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
      if (!volume)
        throw new ConfigError(`cannot find volume "${mount.name}" to mount into container "${container.name}"`);
      const folder = this.#pathOf(pod.metadata.uid!, volume);
      const subPath = mount.subPathExpr ? expand(mount.subPathExpr, env) : mount.subPath;
      mounts.push({
        hostPath: subPath ? await subPathOf(folder, subPath) : folder,
        containerPath: normalize(join('/', mount.mountPath)),
        readOnly: mount.readOnly === true || isMadeFromObjects(volume),
      });
    }
    return mounts;
  }

  async terminationLog(podUID: string, container: string, attempt: number): Promise<string> {
    const file = this.#lastWordsFile(podUID, container, attempt);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '');
    await chmod(file, 0o666); // whoever the container runs as may write it
    return file;
  }

  async lastWords(podUID: string, container: string, attempt: number): Promise<string> {
    const words = await readFile(this.#lastWordsFile(podUID, container, attempt)).catch(() => Buffer.alloc(0));
    return words.subarray(0, maxLastWordsBytes).toString();
  }

  async remove(podUID: string): Promise<void> {
    const folder = join(this.#folder, podUID);
    const inMemory = join(folder, 'volumes', 'kubernetes.io~empty-dir');
    for (const name of await readdir(inMemory).catch(() => []))
      if (await isMountPoint(join(inMemory, name))) await run('umount', [join(inMemory, name)]);
    await rm(folder, { recursive: true, force: true });
  }

  async pods(): Promise<string[]> {
    return readdir(this.#folder).catch(() => []);
  }

  #lastWordsFile(podUID: string, container: string, attempt: number): string {
    return join(this.#folder, podUID, 'containers', container, String(attempt));
  }

  #pathOf(podUID: string, volume: DeepReadonly<Volume>): string {
    if (volume.hostPath) return volume.hostPath.path;
    return join(this.#folder, podUID, 'volumes', `kubernetes.io~${pluginOf(volume)}`, volume.name);
  }

  async #setUp(pod: DeepReadonly<Pod>, volume: DeepReadonly<Volume>): Promise<void> {
    if (volume.hostPath) return checkHostPath(volume.hostPath.path, volume.hostPath.type ?? '');
    const folder = this.#pathOf(pod.metadata.uid!, volume);
    if (volume.emptyDir) {
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o777);
      if (volume.emptyDir.medium === 'Memory') await mountInMemory(folder, volume.emptyDir.sizeLimit);
      return;
    }
    const payload = await payloadOf(pod, volume, this.#sources);
    if (payload) await writeAtomically(folder, payload);
    else if (volume.persistentVolumeClaim)
      throw new Error(
        `persistent volume claims are not supported by this node: "${volume.persistentVolumeClaim.claimName}"`,
      );
    else throw new Error(`no volume plugin matched: ${pluginOf(volume)}`);
  }
}

const isMadeFromObjects = ({ configMap, secret, downwardAPI, projected }: DeepReadonly<Volume>): boolean =>
  (configMap ?? secret ?? downwardAPI ?? projected) !== undefined;

/** `configmap`, `empty-dir`: upstream's names of the plugins, as they stand in the paths. */
function pluginOf(volume: DeepReadonly<Volume>): string {
  const type = Object.keys(volume).find((key) => key !== 'name') ?? 'empty-dir';
  return type === 'emptyDir' ? 'empty-dir' : type === 'downwardAPI' ? 'downward-api' : type.toLowerCase();
}

/** A file or folder within a volume; one that is not there becomes an empty folder, as upstream's. */
async function subPathOf(folder: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw new ConfigError(
      `failed to prepare subPath for volumeMount: subPath must be relative, without '..': ${subPath}`,
    );
  const path = join(folder, subPath);
  if (!(await lstat(path).catch(() => undefined))) await mkdir(path, { recursive: true, mode: 0o755 });
  return path;
}

/** Whether the path is what its type promises; makes it where the type says so. */
async function checkHostPath(path: string, type: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  switch (type) {
    case '':
      return;
    case 'DirectoryOrCreate':
      if (!found) await mkdir(path, { recursive: true, mode: 0o755 });
      else if (!found.isDirectory()) throw new Error(`hostPath type check failed: ${path} is not a directory`);
      return;
    case 'FileOrCreate':
      if (!found) await writeFile(path, '', { mode: 0o644 });
      else if (!found.isFile()) throw new Error(`hostPath type check failed: ${path} is not a file`);
      return;
    default: {
      const is = {
        Directory: ['a directory', found?.isDirectory()],
        File: ['a file', found?.isFile()],
        Socket: ['a socket file', found?.isSocket()],
        CharDevice: ['a character device', found?.isCharacterDevice()],
        BlockDevice: ['a block device', found?.isBlockDevice()],
      }[type];
      if (!is?.[1]) throw new Error(`hostPath type check failed: ${path} is not ${is?.[0] ?? type}`);
    }
  }
}

/** A tmpfs, where we may mount one; otherwise the folder on disk has to do, which only costs speed. */
async function mountInMemory(folder: string, sizeLimit: string | undefined): Promise<void> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux' || (await isMountPoint(folder))) return;
  const size = sizeLimit === undefined ? [] : ['-o', `size=${Math.ceil(quantity(sizeLimit))}`];
  await run('mount', ['-t', 'tmpfs', ...size, 'tmpfs', folder]).catch(() => undefined);
}

async function isMountPoint(folder: string): Promise<boolean> {
  const [self, parent] = await Promise.all([stat(folder), stat(dirname(folder))]);
  return self.dev !== parent.dev;
}
