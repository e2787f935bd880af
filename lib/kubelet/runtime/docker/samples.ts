/**
 * The sample images of `images/`, built into an engine at first use, from nothing but this machine: a base of its Node.js,
 * the libraries that `ldd` names and, where there is one, busybox; then one thin image for each folder. A label holds a
 * fingerprint of everything that went in, so that a changed program is built again.
 *
 * Elsewhere than on Linux the base is `node:20-alpine` instead, which needs a registry once.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { ImageError } from '../runtime.js';
import { engineMessage, unless } from './engine.js';
import { pauseProgram } from './pause.js';
import { tar, type TarEntry } from './tar.js';

const run = promisify(execFile);

/** Part of every fingerprint: to be raised when the way of building changes. */
const recipe = 1;
const fingerprintLabel = 'kubebook.fingerprint';
const baseName = 'kubebook/base';
const elsewhere = 'node:20-alpine';

interface ImageFile {
  readonly name: string;
  readonly tags?: readonly string[];
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
}

interface Sample extends ImageFile {
  readonly folder: string;
  /** `kubebook/web:1`, `kubebook/web:latest` */
  readonly references: readonly string[];
}

export class SampleImages {
  readonly #docker: Docker;
  readonly #folder: string;
  #samples: Promise<Sample[]> | undefined;
  /** By image: the building that goes on, or has been done in this process. */
  readonly #built = new Map<string, Promise<string>>();

  /** @param folder `images/` */
  constructor(docker: Docker, folder: string) {
    this.#docker = docker;
    this.#folder = folder;
  }

  /**
   * The id of a sample image, built now if the engine does not have it as it should be; undefined for other images.
   * @throws {ImageError} it could not be built
   */
  async ensure(reference: string): Promise<string | undefined> {
    const short = reference.replace(/^docker\.io\//, '').replace(/@sha256:.*$/, '');
    const wanted = /:[^/]+$/.test(short) ? short : `${short}:latest`;
    const sample = (await (this.#samples ??= this.#read())).find(({ references }) => references.includes(wanted));
    return sample && this.#once(sample.name, () => this.#build(sample));
  }

  /** The image of pause containers. */
  async pause(): Promise<string> {
    return (await this.ensure('kubebook/pause:1'))!;
  }

  #once(name: string, build: () => Promise<string>): Promise<string> {
    let building = this.#built.get(name);
    if (!building) {
      building = build();
      this.#built.set(name, building);
      building.catch(() => this.#built.delete(name)); // the next caller tries again
    }
    return building;
  }

  async #read(): Promise<Sample[]> {
    const samples: Sample[] = [];
    for (const name of (await readdir(this.#folder)).sort()) {
      const file = join(this.#folder, name, 'image.json');
      if (!existsSync(file)) continue;
      const image = JSON.parse(await readFile(file, 'utf8')) as ImageFile;
      const references = (image.tags ?? ['latest']).map((tag) => `${image.name}:${tag}`);
      samples.push({ ...image, folder: join(this.#folder, name), references });
    }
    return samples;
  }

  async #build(sample: Sample): Promise<string> {
    try {
      const { Architecture } = (await this.#docker.info()) as { Architecture?: string };
      const program = sample.name === 'kubebook/pause' ? pauseProgram(archOf(Architecture)) : undefined;
      if (program)
        return await this.#make(sample.references, [
          { name: 'pause', mode: 0o755, content: program },
          {
            name: 'Dockerfile',
            content: 'FROM scratch\nCOPY pause /pause\nSTOPSIGNAL SIGKILL\nENTRYPOINT ["/pause"]\n',
          },
        ]);
      const base = await this.#once(baseName, () => this.#buildBase());
      const files = (await readdir(sample.folder)).filter((name) => name !== 'image.json');
      const resolve = (word: string): string => (files.includes(word) ? `/app/${word}` : word);
      const { command = [], args = [], env = {}, workingDir } = sample;
      return await this.#make(sample.references, [
        ...(await Promise.all(
          files.map(async (name) => ({
            name: `app/${name}`,
            mode: 0o755,
            content: await readFile(join(sample.folder, name)),
          })),
        )),
        {
          name: 'Dockerfile',
          content: [
            `FROM ${base}`,
            ...(files.length > 0 ? ['COPY app/ /app/'] : []),
            ...Object.entries(env).map(([name, value]) => `ENV ${name}=${JSON.stringify(value)}`),
            ...(workingDir ? [`WORKDIR ${workingDir}`] : []),
            `ENTRYPOINT ${JSON.stringify(command.map(resolve))}`,
            `CMD ${JSON.stringify(args.map(resolve))}`,
          ].join('\n'),
        },
      ]);
    } catch (error) {
      if (error instanceof ImageError) throw error;
      throw new ImageError('ErrImagePull', `building ${sample.references[0]} failed: ${engineMessage(error)}`, {
        cause: error,
      });
    }
  }

  async #buildBase(): Promise<string> {
    if (process.platform !== 'linux') return elsewhere;
    const busybox = await findBusybox();
    const programs = [process.execPath, ...(busybox ? [busybox] : [])];
    const libraries = [...new Set((await Promise.all(programs.map(librariesOf))).flat())];
    const copied = async (file: string, name: string): Promise<TarEntry> => {
      const real = await realpath(file);
      return { name, mode: 0o755, file: real, size: (await stat(real)).size };
    };
    const applets = busybox
      ? (await run(busybox, ['--list'])).stdout.split('\n').filter((name) => name && name !== 'busybox')
      : [];
    return this.#make(
      [`${baseName}:1`],
      [
        { name: 'root', folder: true },
        { name: 'root/tmp', folder: true, mode: 0o1777 },
        { name: 'root/root', folder: true, mode: 0o700 },
        { name: 'root/etc', folder: true },
        {
          name: 'root/etc/passwd',
          content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
        },
        { name: 'root/etc/group', content: 'root:x:0:\nnogroup:x:65534:\n' },
        { name: 'root/bin', folder: true },
        await copied(process.execPath, 'root/usr/bin/node'),
        ...(await Promise.all(libraries.map((library) => copied(library, `root${library}`)))),
        ...(busybox ? [await copied(busybox, 'root/bin/busybox')] : []),
        ...applets.map((applet): TarEntry => ({ name: `root/bin/${applet}`, link: 'busybox' })),
        {
          name: 'Dockerfile',
          content:
            'FROM scratch\nCOPY root/ /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nWORKDIR /\n',
        },
      ],
    );
  }

  /** The image made of `context`, unless the engine has it; tagged with every reference. Resolves with its id. */
  async #make(references: readonly string[], context: readonly TarEntry[]): Promise<string> {
    const fingerprint = await fingerprintOf(context);
    const [first, ...others] = references as [string, ...string[]];
    const present = await Promise.all(
      references.map(async (reference) => await unless([404], this.#docker.getImage(reference).inspect())),
    );
    if (present.every((image) => image?.Config.Labels?.[fingerprintLabel] === fingerprint)) return present[0]!.Id;
    const stream = await this.#docker.buildImage(tar(context), {
      t: first,
      labels: { [fingerprintLabel]: fingerprint },
      networkmode: 'none',
      rm: true,
    } as Docker.ImageBuildOptions);
    await new Promise<void>((resolve, reject) => {
      this.#docker.modem.followProgress(stream, (error: Error | null, output: { error?: string }[] = []) => {
        const failure = output.find((line) => line.error)?.error;
        if (error ?? failure) reject(error ?? new Error(failure));
        else resolve();
      });
    });
    const image = this.#docker.getImage(first);
    for (const other of others) {
      const [repo, tag] = other.split(':') as [string, string];
      await image.tag({ repo, tag });
    }
    return (await image.inspect()).Id;
  }
}

/** Over names and contents; of large files of the host, path, size and time of change stand for the content. */
async function fingerprintOf(context: readonly TarEntry[]): Promise<string> {
  const digest = createHash('sha256').update(String(recipe));
  for (const entry of context) {
    digest.update(`\0${entry.name} ${entry.mode ?? ''} `);
    if ('content' in entry) digest.update(entry.content);
    else if ('file' in entry) digest.update(`${entry.file} ${entry.size} ${(await stat(entry.file)).mtimeMs}`);
    else if ('link' in entry) digest.update(entry.link);
  }
  return digest.digest('hex');
}

async function findBusybox(): Promise<string | undefined> {
  return ['/bin/busybox', '/usr/bin/busybox', '/usr/local/bin/busybox'].find(existsSync);
}

/** The shared libraries of a program: the paths that `ldd` prints. None for a static one, of which it says so and fails. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path]) => path!);
}

/** An engine's word for its processor, as Node.js calls it. */
const archOf = (architecture = ''): string => ({ x86_64: 'x64', aarch64: 'arm64' })[architecture] ?? architecture;
