/**
 * The sample images, as the process runtime sees them: folders with an `image.json` and programs that the host can run.
 * See `images/README.md` in the repository for their form.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkImageName } from '../image-name.js';
import { ImageError, type RuntimeImage } from '../runtime.js';

export interface ProcessImage {
  /** `kubebook/web@sha256:…` over all files of the folder. */
  readonly id: string;
  readonly names: readonly string[];
  /** Where its programs lie; undefined for a command of the host. */
  readonly folder?: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly sizeBytes: number;
}

/** A command of the host: it brings nothing with it, so that the container must say what to run. */
const host = (image: string): ProcessImage => ({
  id: `host/${image}`,
  names: [image],
  command: [],
  args: [],
  env: {},
  sizeBytes: 0,
});

export class ImageStore {
  readonly #folder: string;
  readonly #allowHostCommands: boolean;
  #images: Promise<ProcessImage[]> | undefined;

  constructor({
    folder = sampleImages(),
    allowHostCommands = false,
  }: {
    folder?: string;
    allowHostCommands?: boolean;
  }) {
    this.#folder = folder;
    this.#allowHostCommands = allowHostCommands;
  }

  /** @throws {ImageError} for a name that is none, or that nobody has */
  async find(image: string): Promise<ProcessImage> {
    checkImageName(image);
    const images = await this.all();
    const short = image.replace(/^docker\.io\//, '').replace(/@sha256:.*$/, '');
    const found = images.find(({ names }) => names.includes(short));
    if (found) return found;
    if (this.#allowHostCommands) return host(image);
    const names = images.map(({ names: [first] }) => first).join(', ');
    throw new ImageError(
      'ErrImagePull',
      `image "${image}" is not here, and this node runs processes of the host, not images from a registry: ` +
        `it has ${names || 'no images'}. Use one of these, a node with Docker, or allow host commands`,
    );
  }

  all(): Promise<ProcessImage[]> {
    return (this.#images ??= this.#load());
  }

  async list(): Promise<RuntimeImage[]> {
    return (await this.all()).map(({ names, sizeBytes }) => ({ names: names.slice(1), sizeBytes }));
  }

  async #load(): Promise<ProcessImage[]> {
    const folders = await readdir(this.#folder).catch(() => []);
    const images = await Promise.all(folders.sort().map((name) => load(join(this.#folder, name))));
    return images.filter((image) => image !== undefined);
  }
}

async function load(folder: string): Promise<ProcessImage | undefined> {
  const text = await readFile(join(folder, 'image.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { name, tags = ['latest'], command = [], args = [], env = {}, workingDir } = JSON.parse(text) as ImageFile;
  const digest = createHash('sha256');
  let sizeBytes = 0;
  for (const file of (await readdir(folder)).sort()) {
    const path = join(folder, file);
    if (!(await stat(path)).isFile()) continue;
    const bytes = await readFile(path);
    digest.update(file).update(bytes);
    sizeBytes += bytes.length;
  }
  return {
    id: `${name}@sha256:${digest.digest('hex')}`,
    names: [name, ...tags.map((tag) => `${name}:${tag}`)],
    folder,
    command,
    args,
    env,
    ...(workingDir && { workingDir }),
    sizeBytes,
  };
}

interface ImageFile {
  readonly name: string;
  readonly tags?: readonly string[];
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
}

/** `images/` of the package that this file belongs to, built or not. */
function sampleImages(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return join(folder, 'images');
}

/** A word that names a file of the image's folder stands for that file; `node` is the Node.js we run on. */
export const resolveWord = (word: string, { folder }: ProcessImage): string => {
  if (word === 'node') return process.execPath;
  if (folder === undefined || word.includes('/') || !existsSync(join(folder, word))) return word;
  return join(folder, word);
};
