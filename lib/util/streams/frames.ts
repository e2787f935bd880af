/**
 * SPDY/3.1 on the wire: what a frame looks like, as bytes and as an object. A frame begins with eight bytes. *Control*
 * frames have the first bit set, *data* frames name their stream:
 *
 * ```
 * control  1 version:15 | type:16 | flags:8 length:24 | …       SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING,
 * data     0 streamId:31          | flags:8 length:24 | bytes   GOAWAY, HEADERS, WINDOW_UPDATE
 * ```
 *
 * HTTP/2 grew out of this protocol; `kubectl exec` and `kubectl port-forward` still speak it.
 *
 * @see https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/
 */

/** Header names in lower case; a name that occurred several times has several values. */
export type SpdyHeaders = Readonly<Record<string, string>>;

/** A frame; header blocks are still compressed ({@link HeaderInflater}). `fin`: the sender sends no more on this stream. */
export type Frame =
  | {
      readonly type: 'SYN_STREAM';
      readonly streamId: number;
      readonly block: Buffer;
      readonly fin: boolean;
      readonly unidirectional: boolean;
    }
  | { readonly type: 'SYN_REPLY' | 'HEADERS'; readonly streamId: number; readonly block: Buffer; readonly fin: boolean }
  | { readonly type: 'DATA'; readonly streamId: number; readonly data: Buffer; readonly fin: boolean }
  | { readonly type: 'RST_STREAM'; readonly streamId: number; readonly status: number }
  | { readonly type: 'SETTINGS'; readonly settings: ReadonlyMap<number, number> }
  | { readonly type: 'PING'; readonly id: number }
  | { readonly type: 'GOAWAY'; readonly lastStreamId: number; readonly status: number }
  | { readonly type: 'WINDOW_UPDATE'; readonly streamId: number; readonly delta: number };

/** Reasons of a RST_STREAM. */
export const resetStatus = { protocolError: 1, refusedStream: 3, cancel: 5, flowControlError: 7 } as const;

/** The setting that says how many bytes a stream may be sent before a WINDOW_UPDATE. */
export const initialWindowSize = 7;

const version = 3;
const codes = {
  SYN_STREAM: 1,
  SYN_REPLY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  HEADERS: 8,
  WINDOW_UPDATE: 9,
} as const;
const FIN = 1;
const UNIDIRECTIONAL = 2;

/** Both ends may refuse more; nothing that Kubernetes sends comes near. */
const maxControlLength = 1 << 16;
const maxLength = (1 << 24) - 1;

/** What came was not SPDY/3.1. */
export class FrameError extends Error {}

/** The bytes of `frame`. @throws {FrameError} it is longer than a frame can be */
export function encodeFrame(frame: Frame): Buffer[] {
  switch (frame.type) {
    case 'DATA': {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(frame.streamId, 0);
      writeLength(head, frame.fin ? FIN : 0, frame.data.length);
      return [head, frame.data];
    }
    case 'SYN_STREAM': // the associated stream and the priority, both zero, lie between id and headers
      return control(
        codes.SYN_STREAM,
        (frame.fin ? FIN : 0) | (frame.unidirectional ? UNIDIRECTIONAL : 0),
        Buffer.concat([words(frame.streamId, 0), Buffer.alloc(2), frame.block]),
      );
    case 'SYN_REPLY':
    case 'HEADERS':
      return control(codes[frame.type], frame.fin ? FIN : 0, Buffer.concat([words(frame.streamId), frame.block]));
    case 'RST_STREAM':
      return control(codes.RST_STREAM, 0, words(frame.streamId, frame.status));
    case 'SETTINGS':
      return control(codes.SETTINGS, 0, words(frame.settings.size, ...[...frame.settings].flat()));
    case 'PING':
      return control(codes.PING, 0, words(frame.id));
    case 'GOAWAY':
      return control(codes.GOAWAY, 0, words(frame.lastStreamId, frame.status));
    case 'WINDOW_UPDATE':
      return control(codes.WINDOW_UPDATE, 0, words(frame.streamId, frame.delta));
  }
}

/** Cuts a byte stream into frames, wherever the chunks begin and end. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /**
   * The frames that `chunk` completes. Frames of an unknown type are skipped, as the protocol asks.
   * @throws {FrameError} when the bytes are of another protocol or version, or a frame is malformed
   */
  *push(chunk: Buffer): Generator<Frame, void> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8) {
      const isControl = (this.#rest[0]! & 0x80) !== 0;
      const length = this.#rest.readUIntBE(5, 3);
      if (isControl && (this.#rest.readUInt16BE(0) & 0x7fff) !== version)
        throw new FrameError(`not SPDY/3.1: version ${this.#rest.readUInt16BE(0) & 0x7fff}`);
      if (isControl && length > maxControlLength) throw new FrameError(`control frame of ${length} bytes`);
      if (this.#rest.length < 8 + length) return;
      const frame = isControl ? decodeControl(this.#rest, length) : decodeData(this.#rest, length);
      this.#rest = this.#rest.subarray(8 + length);
      if (frame) yield frame;
    }
  }
}

function decodeData(bytes: Buffer, length: number): Frame {
  return {
    type: 'DATA',
    streamId: bytes.readUInt32BE(0),
    fin: (bytes[4]! & FIN) !== 0,
    data: bytes.subarray(8, 8 + length),
  };
}

function decodeControl(bytes: Buffer, length: number): Frame | undefined {
  const code = bytes.readUInt16BE(2);
  const flags = bytes[4]!;
  const body = bytes.subarray(8, 8 + length);
  const word = (index: number): number => {
    if (body.length < index * 4 + 4) throw new FrameError(`control frame of type ${code} is too short`);
    return body.readUInt32BE(index * 4);
  };
  const id = (index: number): number => word(index) & 0x7fffffff;
  const fin = (flags & FIN) !== 0;
  switch (code) {
    case codes.SYN_STREAM:
      return {
        type: 'SYN_STREAM',
        streamId: id(0),
        fin,
        unidirectional: (flags & UNIDIRECTIONAL) !== 0,
        block: body.subarray(10),
      };
    case codes.SYN_REPLY:
      return { type: 'SYN_REPLY', streamId: id(0), fin, block: body.subarray(4) };
    case codes.HEADERS:
      return { type: 'HEADERS', streamId: id(0), fin, block: body.subarray(4) };
    case codes.RST_STREAM:
      return { type: 'RST_STREAM', streamId: id(0), status: word(1) };
    case codes.SETTINGS: {
      const settings = new Map<number, number>();
      // The first byte of each entry's first word holds flags.
      for (let index = 0; index < word(0); index++) settings.set(word(1 + index * 2) & 0xffffff, word(2 + index * 2));
      return { type: 'SETTINGS', settings };
    }
    case codes.PING:
      return { type: 'PING', id: word(0) };
    case codes.GOAWAY:
      return { type: 'GOAWAY', lastStreamId: id(0), status: body.length >= 8 ? word(1) : 0 };
    case codes.WINDOW_UPDATE:
      return { type: 'WINDOW_UPDATE', streamId: id(0), delta: id(1) };
    default:
      return undefined;
  }
}

function control(code: number, flags: number, body: Buffer): Buffer[] {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(code, 2);
  writeLength(head, flags, body.length);
  return [head, body];
}

function writeLength(head: Buffer, flags: number, length: number): void {
  if (length > maxLength) throw new FrameError(`frame of ${length} bytes`);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(length, 5, 3);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, index * 4));
  return bytes;
}
