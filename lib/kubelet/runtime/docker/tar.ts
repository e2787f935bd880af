/** Writes tar archives: what an engine takes as the context of a build. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';

export type TarEntry = {
  /** `root/bin/busybox`; up to 255 bytes. */
  readonly name: string;
  /** 0o644 if left out; folders 0o755. */
  readonly mode?: number;
} & (
  | { readonly content: Buffer | string }
  /** A file of the host, of `size` bytes. */
  | { readonly file: string; readonly size: number }
  | { readonly link: string }
  | { readonly folder: true }
);

/** The archive, made as it is read. @see https://www.gnu.org/software/tar/manual/html_node/Standard.html (ustar) */
export const tar = (entries: Iterable<TarEntry>): Readable => Readable.from(pieces(entries), { objectMode: false });

async function* pieces(entries: Iterable<TarEntry>): AsyncGenerator<Buffer, void> {
  for (const entry of entries) {
    if ('file' in entry) {
      yield header(entry, entry.size);
      for await (const chunk of createReadStream(entry.file) as AsyncIterable<Buffer>) yield chunk;
      yield padding(entry.size);
    } else if ('content' in entry) {
      const content = Buffer.from(entry.content);
      yield Buffer.concat([header(entry, content.length), content, padding(content.length)]);
    } else yield header(entry, 0);
  }
  yield Buffer.alloc(1024); // two empty blocks are the end
}

const padding = (size: number): Buffer => Buffer.alloc((512 - (size % 512)) % 512);

function header(entry: TarEntry, size: number): Buffer {
  const isFolder = 'folder' in entry;
  const block = Buffer.alloc(512);
  const octal = (value: number, at: number, length: number): void =>
    void block.write(value.toString(8).padStart(length - 1, '0'), at, length - 1);
  const [name, prefix] = split(isFolder ? `${entry.name}/` : entry.name);
  block.write(name, 0);
  octal(entry.mode ?? (isFolder ? 0o755 : 0o644), 100, 8);
  octal(0, 108, 8); // owner and group: root
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12); // the beginning of time: the same sources make the same archive
  block.write('link' in entry ? '2' : isFolder ? '5' : '0', 156);
  if ('link' in entry) block.write(entry.link, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  block.write(prefix, 345);
  block.fill(' ', 148, 156); // the checksum counts itself as spaces
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A name of more than 100 bytes is cut at a slash: its beginning goes into the prefix. */
function split(name: string): [string, string] {
  if (Buffer.byteLength(name) <= 100) return [name, ''];
  const cut = name.indexOf('/', name.length - 101);
  if (cut < 0 || cut > 155) throw new Error(`the name is too long for an archive: ${name}`);
  return [name.slice(cut + 1), name.slice(0, cut)];
}
