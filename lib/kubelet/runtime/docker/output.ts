/**
 * What comes out of containers: an engine sends both outputs over one connection, in pieces with a header of eight bytes
 * (`stream:8 0:24 length:32`), or as it is where the container has a terminal, which has one output.
 */
import type { Readable } from 'node:stream';
import type { LogLine } from '../runtime.js';

export interface Piece {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** The pieces of `source`, as they come. @param tty whether they come without headers */
export async function* pieces(source: Readable, tty: boolean): AsyncGenerator<Piece, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (tty) {
      yield { stream: 'stdout', data: chunk };
      continue;
    }
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 8 && rest.length >= 8 + rest.readUInt32BE(4)) {
      const end = 8 + rest.readUInt32BE(4);
      yield { stream: rest[0] === 2 ? 'stderr' : 'stdout', data: rest.subarray(8, end) };
      rest = rest.subarray(end);
    }
  }
}

/** Pieces of a log that was asked for with timestamps, as lines. A long line may come as several, each with its time. */
export async function* logLines(source: AsyncIterable<Piece>, tty: boolean): AsyncGenerator<LogLine, void> {
  let rest = Buffer.alloc(0);
  for await (const { stream, data } of source) {
    if (!tty) {
      const line = parseLine(stream, data);
      if (line) yield line;
      continue;
    }
    rest = Buffer.concat([rest, data]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = parseLine(stream, rest.subarray(0, end + 1));
      rest = rest.subarray(end + 1);
      if (line) yield line;
    }
  }
  const line = parseLine('stdout', rest);
  if (line) yield line;
}

function parseLine(stream: 'stdout' | 'stderr', bytes: Buffer): LogLine | undefined {
  const space = bytes.indexOf(32);
  if (space < 0) return undefined;
  const time = bytes.toString('latin1', 0, space);
  return { timeMs: Date.parse(time), time, stream, text: bytes.subarray(space + 1) };
}
