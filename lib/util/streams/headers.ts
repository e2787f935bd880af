/**
 * Header blocks of SPDY/3.1: a list of names and values, `count, (length, name, length, value)*`, in 32-bit lengths,
 * compressed by *one* zlib stream per direction for the life of the connection: each block ends with a sync flush, and
 * the next one goes on with the same window. Both start from a dictionary that the protocol prescribes.
 */
import { constants, createInflate, type Inflate, type ZlibOptions } from 'node:zlib';
import { FrameError, type SpdyHeaders } from './frames.js';

/** The block of `headers`, before compression. */
export function encodeHeaders(headers: SpdyHeaders): Buffer {
  const entries = Object.entries(headers);
  const text = (value: string): Buffer[] => {
    const bytes = Buffer.from(value);
    return [length(bytes.length), bytes];
  };
  return Buffer.concat([
    length(entries.length),
    ...entries.flatMap(([name, value]) => [...text(name.toLowerCase()), ...text(value)]),
  ]);
}

/** The way back; several values of one name, which the protocol separates by NUL, are joined by `, `. */
export function decodeHeaders(block: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new FrameError('header block is too short');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const end = number() + at;
    if (end > block.length) throw new FrameError('header block is too short');
    const value = block.toString('utf8', at, end);
    at = end;
    return value;
  };
  const headers = Object.create(null) as Record<string, string>;
  for (let left = number(); left > 0; left--) headers[text().toLowerCase()] = text().replaceAll('\0', ', ');
  return headers;
}

/** Packs header blocks for one direction of one connection. Every call's result must be sent, in order. */
export class HeaderDeflater {
  #begun = false;

  /**
   * As *stored* blocks: valid zlib that saves nothing; the few small headers that open a stream are not worth a
   * compressor. An empty one at the end is what a sync flush looks like: Go's reader hands out nothing before it.
   */
  push(block: Buffer): Buffer {
    const parts: Buffer[] = [];
    if (!this.#begun) {
      this.#begun = true;
      parts.push(zlibHead);
    }
    for (let at = 0; at < block.length; at += 0xffff) parts.push(...stored(block.subarray(at, at + 0xffff)));
    return Buffer.concat([...parts, ...stored(Buffer.alloc(0))]);
  }
}

function stored(piece: Buffer): Buffer[] {
  const head = Buffer.alloc(5); // the first byte: not the last block, stored
  head.writeUInt16LE(piece.length, 1);
  head.writeUInt16LE(~piece.length & 0xffff, 3);
  return [head, piece];
}

/** Unpacks header blocks of one direction of one connection, in the order in which they came. */
export class HeaderInflater implements Disposable {
  readonly #zlib: Inflate;

  constructor() {
    this.#zlib = createInflate({
      dictionary,
      finishFlush: constants.Z_SYNC_FLUSH,
      readableHighWaterMark: 1 << 20, // `write` calls back only while there is room for what it makes
    } as ZlibOptions);
  }

  /** One block at a time: await each before the next. @throws {FrameError} it is not what a compressor made */
  push(block: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      // A broken stream emits `error` and calls nobody back; a closed one does neither.
      const fail = (cause?: Error): void => reject(new FrameError('malformed header block', { cause }));
      if (this.#zlib.destroyed) return fail();
      this.#zlib.once('error', fail);
      this.#zlib.write(block, () => {
        this.#zlib.off('error', fail);
        resolve((this.#zlib.read() as Buffer | null) ?? Buffer.alloc(0));
      });
    });
  }

  [Symbol.dispose](): void {
    this.#zlib.destroy();
  }
}

const length = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** The names and values a header is likely to hold, each with its length before it where it is a name or a status. */
export const dictionary = Buffer.concat([
  ...(
    'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow ' +
    'authorization cache-control connection content-base content-encoding content-language content-length ' +
    'content-location content-md5 content-range content-type date etag expect expires from host if-match ' +
    'if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma ' +
    'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade ' +
    'user-agent vary via warning www-authenticate method get status'
  )
    .split(' ')
    .flatMap((name) => [length(name.length), Buffer.from(name)]),
  length(6),
  Buffer.from('200 OK'),
  ...['version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin'].flatMap((name) => [
    length(name.length),
    Buffer.from(name),
  ]),
  Buffer.from(
    '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
      '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized' +
      '403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
      'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
      'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,' +
      'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.',
  ),
]);

/** How the zlib stream begins: method and window, the bit that says "a dictionary is needed", and which one. */
export const zlibHead = (() => {
  const head = Buffer.from([0x78, 0x20, 0, 0, 0, 0]);
  head[1]! += 31 - (head.readUInt16BE(0) % 31);
  head.writeUInt32BE(adler32(dictionary), 2);
  return head;
})();

function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}
