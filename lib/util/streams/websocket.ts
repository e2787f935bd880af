/**
 * Two ways to carry streams over a WebSocket: *channels*, where the first byte of each message names one of a few
 * streams, and a *tunnel*, where the messages are simply pieces of one byte stream (of a {@link SpdySession}, say).
 *
 * ```
 * 0 stdin · 1 stdout · 2 stderr · 3 outcome · 4 size of the terminal           01 68 69 0a      stdout "hi\n"
 * in version 5, 255 ends the channel that follows                              ff 00            end of stdin
 * in base64, the channel is a digit and the rest text                          "1aGkK"          stdout "hi\n"
 * ```
 */
import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';

/** In version 5 of the protocol: the channel named by the second byte has ended. */
const closeSignal = 255;

export interface ChannelOptions {
  /** Text messages in base64 instead of binary ones. */
  readonly base64: boolean;
  /** Whether a single channel can be ended (version 5). */
  readonly halfClose: boolean;
}

/** A WebSocket divided into channels. Its own close and error end all of them. */
export class ChannelSocket {
  readonly #socket: WebSocket;
  readonly #options: ChannelOptions;
  readonly #channels = new Map<number, Channel>();
  /** Channels that hold more than they should: while there are any, the socket is not read. */
  readonly #full = new Set<Channel>();

  constructor(socket: WebSocket, options: ChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (data) => this.#receive(bytesOf(data)));
    socket.on('close', () => this.#end());
    socket.on('error', () => this.#end()); // `ws` closes it itself
  }

  /** The stream of channel `number`, from now on. Ending it tells the peer only where the protocol can say so. */
  channel(number: number): Duplex {
    const channel = new Channel({
      send: (data, done) => this.send(number, data, done),
      full: (isFull) => {
        if (isFull) this.#full.add(channel);
        else this.#full.delete(channel);
        if (this.#full.size > 0) this.#socket.pause();
        else this.#socket.resume();
      },
    });
    this.#channels.set(number, channel);
    return channel;
  }

  /** Sends one message on a channel; an empty one is a message too. `done` is called when the socket has taken it. */
  send(number: number, data: Buffer, done: (error?: Error | null) => void = () => {}): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return done(new Error('the WebSocket is closed'));
    if (this.#options.base64) this.#socket.send(`${number}${data.toString('base64')}`, (error) => done(error));
    else this.#socket.send(Buffer.concat([Buffer.from([number]), data]), (error) => done(error));
  }

  /** Sends the close frame, once everything before it has gone out. */
  close(code = 1000, reason = ''): void {
    this.#socket.resume(); // the peer's own close frame must be seen
    this.#socket.close(code, reason);
  }

  #receive(message: Buffer): void {
    if (message.length === 0) return;
    if (this.#options.halfClose && message[0] === closeSignal) {
      this.#channels.get(message[1] ?? closeSignal)?.push(null);
      return;
    }
    const { base64 } = this.#options;
    const channel = this.#channels.get(base64 ? message[0]! - 0x30 : message[0]!);
    const data = message.subarray(1);
    if (data.length > 0) channel?.receive(base64 ? Buffer.from(data.toString('latin1'), 'base64') : data);
  }

  #end(): void {
    for (const channel of this.#channels.values()) channel.push(null);
  }
}

/** The bytes of a WebSocket's binary messages as one stream. */
export function tunnel(socket: WebSocket): Duplex {
  const stream: Duplex = new Duplex({
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      if (socket.readyState !== socket.OPEN) done(new Error('the WebSocket is closed'));
      else socket.send(chunk, (error) => done(error));
    },
    final: (done) => {
      socket.close();
      done();
    },
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  socket.on('message', (data) => {
    if (!stream.readableEnded && !stream.push(bytesOf(data))) socket.pause();
  });
  socket.on('close', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  return stream;
}

interface ChannelOwner {
  send(data: Buffer, done: (error?: Error | null) => void): void;
  full(isFull: boolean): void;
}

class Channel extends Duplex {
  readonly #owner: ChannelOwner;
  #full = false;
  #ended = false;

  constructor(owner: ChannelOwner) {
    super({ allowHalfOpen: true, autoDestroy: false });
    this.#owner = owner;
    this.on('error', () => {}); // a channel nobody looks at must not end the process
  }

  receive(data: Buffer): void {
    if (this.#ended || this.destroyed || this.push(data)) return;
    this.#full = true;
    this.#owner.full(true);
  }

  override push(chunk: Buffer | null): boolean {
    if (this.#ended) return false;
    this.#ended = chunk === null;
    return super.push(chunk);
  }

  override _read(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#owner.full(false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#owner.send(chunk, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this._read(); // or the socket would stay paused for a channel that nobody reads
    done(error);
  }
}

const bytesOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
