/**
 * One SPDY/3.1 connection: many streams over one pair of byte streams (a socket after its HTTP upgrade, or a WebSocket
 * that carries the bytes). Each {@link SpdyStream} is a Node `Duplex` that may be closed in one direction.
 *
 * ```ts
 * const session = new SpdySession(socket, { role: 'client' });
 * const stdin = await session.open({ streamtype: 'stdin' });
 * stdin.end('hello');
 * ```
 *
 * *Flow control.* Who announces a window (SETTINGS) is held to it and gets WINDOW_UPDATEs as data is read; we always
 * announce one. Go's spdystream, in every kubectl and kubelet, knows no windows: to it we write as fast as the connection
 * takes it, and when it sends more than we can place, we stop reading the connection until the slow stream has drained.
 */
import { Duplex } from 'node:stream';
import {
  encodeFrame,
  FrameError,
  FrameReader,
  initialWindowSize,
  resetStatus,
  type Frame,
  type SpdyHeaders,
} from './frames.js';
import { decodeHeaders, encodeHeaders, HeaderDeflater, HeaderInflater } from './headers.js';

/** Bytes that a stream may hold unread, and that a peer with flow control may send ahead. */
const windowBytes = 1 << 18;
/** The largest piece of data in one frame: small enough that no stream keeps the others waiting. */
const maxDataBytes = 1 << 15;
/** More streams than this at once is an attack, or a leak. */
const maxStreams = 10_000;

export interface SpdySessionOptions {
  /** A client opens odd streams, a server even ones. */
  readonly role: 'client' | 'server';
  /**
   * A stream that the peer opened. It has been accepted by the time this is called unless this throws: then it is reset.
   * Left out, all are refused.
   */
  readonly onStream?: (stream: SpdyStream) => void;
}

export class SpdySession implements Disposable {
  readonly #connection: Duplex;
  readonly #options: SpdySessionOptions;
  readonly #reader = new FrameReader();
  readonly #inflater = new HeaderInflater();
  readonly #deflater = new HeaderDeflater();
  /** Not yet closed in both directions. */
  readonly #streams = new Map<number, SpdyStream>();
  /** Streams that have more unread than {@link windowBytes}: while there are any, the connection is not read. */
  readonly #full = new Set<SpdyStream>();
  #nextId: number;
  #lastPeerId = 0;
  /** Set once GOAWAY was sent or received: no new streams. */
  #goingAway = false;
  #wake: (() => void) | undefined;
  /** The window that the peer has announced, in bytes; undefined for one that knows no flow control. */
  #peerWindow: number | undefined;

  /** Resolves when the connection is gone, for whatever reason; never rejects. */
  readonly closed: Promise<void>;

  constructor(connection: Duplex, options: SpdySessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#nextId = options.role === 'client' ? 1 : 2;
    connection.on('error', () => {}); // told to the streams by #run
    this.#send({ type: 'SETTINGS', settings: new Map([[initialWindowSize, windowBytes]]) });
    this.closed = this.#run();
  }

  /** Opens a stream; resolves when the peer has accepted it. @throws {Error} it was refused, or the connection is gone */
  async open(headers: SpdyHeaders): Promise<SpdyStream> {
    if (this.#goingAway || this.#connection.destroyed) throw new Error('the connection is closed');
    const stream = this.#add(this.#nextId, headers);
    this.#nextId += 2;
    this.#send({
      type: 'SYN_STREAM',
      streamId: stream.id,
      block: this.#block(headers),
      fin: false,
      unidirectional: false,
    });
    // Go's spdystream drops data that comes before its reply.
    await stream.accepted;
    return stream;
  }

  /** Says goodbye and closes once what was written has gone out. Streams still open see their end as an error. */
  close(): void {
    if (!this.#goingAway) this.#send({ type: 'GOAWAY', lastStreamId: this.#lastPeerId, status: 0 });
    this.#goingAway = true;
    if (!this.#connection.writableEnded) this.#connection.end();
    this.#wake?.();
  }

  /** Cuts the connection off. */
  [Symbol.dispose](): void {
    this.#connection.destroy();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    let failure: Error = new Error('the connection was closed');
    try {
      // What is still to be written must go out even when the peer has said its end.
      for await (const chunk of this.#connection.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        for (const frame of this.#reader.push(chunk)) await this.#receive(frame);
        while (this.#full.size > 0 && !this.#connection.destroyed)
          await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      if (error instanceof FrameError) this.#send({ type: 'GOAWAY', lastStreamId: this.#lastPeerId, status: 1 });
    } finally {
      this.#goingAway = true;
      this.#inflater[Symbol.dispose]();
      this.#connection.end(() => this.#connection.destroy());
      for (const stream of [...this.#streams.values()]) stream.lose(failure);
    }
  }

  async #receive(frame: Frame): Promise<void> {
    switch (frame.type) {
      case 'SYN_STREAM':
        return this.#accept(frame, decodeHeaders(await this.#inflater.push(frame.block)));
      case 'SYN_REPLY':
      case 'HEADERS': {
        await this.#inflater.push(frame.block); // whatever it says: the next block builds on it
        const stream = this.#streams.get(frame.streamId);
        stream?.acceptedByPeer();
        if (frame.fin) stream?.receiveEnd();
        return;
      }
      case 'DATA': {
        const stream = this.#streams.get(frame.streamId);
        if (!stream) return; // it was reset here while this was on its way
        if (frame.data.length > 0) stream.receive(frame.data);
        if (frame.fin) stream.receiveEnd();
        return;
      }
      case 'RST_STREAM':
        return this.#streams.get(frame.streamId)?.resetByPeer(frame.status);
      case 'SETTINGS': {
        const window = frame.settings.get(initialWindowSize);
        if (window === undefined) return;
        for (const stream of this.#streams.values()) stream.grant(window - (this.#peerWindow ?? 0));
        this.#peerWindow = window;
        return;
      }
      case 'WINDOW_UPDATE':
        return this.#streams.get(frame.streamId)?.grant(frame.delta);
      case 'PING': {
        const ours = (frame.id % 2 === 1) === (this.#options.role === 'client');
        if (!ours) this.#send(frame);
        return;
      }
      case 'GOAWAY':
        this.#goingAway = true;
    }
  }

  #accept({ streamId, fin, unidirectional }: Frame & { type: 'SYN_STREAM' }, headers: SpdyHeaders): void {
    const theirs = (streamId % 2 === 1) === (this.#options.role === 'server');
    if (!theirs || streamId <= this.#lastPeerId)
      return this.#send({ type: 'RST_STREAM', streamId, status: resetStatus.protocolError });
    if (!this.#options.onStream || this.#goingAway || this.#streams.size >= maxStreams)
      return this.#send({ type: 'RST_STREAM', streamId, status: resetStatus.refusedStream });
    this.#lastPeerId = streamId;
    const stream = this.#add(streamId, headers);
    if (fin) stream.receiveEnd();
    this.#send({ type: 'SYN_REPLY', streamId, block: this.#block({}), fin: unidirectional });
    stream.acceptedByPeer();
    if (unidirectional) stream.end();
    try {
      this.#options.onStream(stream);
    } catch {
      stream.destroy();
    }
  }

  #add(id: number, headers: SpdyHeaders): SpdyStream {
    const stream = new SpdyStream(id, headers, this.#peerWindow, {
      send: (frame) => this.#send(frame),
      drained: () => new Promise((resolve) => this.#whenDrained(resolve)),
      full: (isFull) => {
        if (isFull) this.#full.add(stream);
        else if (this.#full.delete(stream) && this.#full.size === 0) this.#wake?.();
      },
      closed: () => this.#streams.delete(id),
    });
    this.#streams.set(id, stream);
    return stream;
  }

  #block = (headers: SpdyHeaders): Buffer => this.#deflater.push(encodeHeaders(headers));

  #send(frame: Frame): void {
    if (!this.#connection.writable) return; // the streams learn it from #run
    this.#connection.cork();
    for (const bytes of encodeFrame(frame)) this.#connection.write(bytes);
    this.#connection.uncork();
  }

  #whenDrained(then: () => void): void {
    if (!this.#connection.writableNeedDrain || this.#connection.destroyed) return then();
    const done = (): void => {
      this.#connection.off('drain', done).off('close', done);
      then();
    };
    this.#connection.on('drain', done).on('close', done);
  }
}

/** What a stream asks of its session. */
interface StreamOwner {
  send(frame: Frame): void;
  /** Resolves when the connection takes more. */
  drained(): Promise<void>;
  /** The stream holds more than it should, or no longer does. */
  full(isFull: boolean): void;
  closed(): void;
}

/**
 * One stream. `end()` closes our direction and leaves the other open; `destroy()` resets both.
 * The methods below `headers` are the session's.
 */
export class SpdyStream extends Duplex {
  readonly id: number;
  readonly headers: SpdyHeaders;
  /** Resolves when the peer has accepted the stream. @internal */
  readonly accepted: Promise<void>;
  readonly #owner: StreamOwner;
  #accept!: () => void;
  #refuse!: (error: Error) => void;
  /** Received and not yet taken by the reader. */
  readonly #inbox: (Buffer | null)[] = [];
  #inboxBytes = 0;
  /** Whether the reader has asked for more than it got. */
  #wanted = false;
  /** Read since the last WINDOW_UPDATE. */
  #unreported = 0;
  /** Bytes we may send; undefined without flow control. */
  #credit: number | undefined;
  #onCredit: (() => void) | undefined;
  #sentEnd = false;
  #gotEnd = false;

  /** @internal */
  constructor(id: number, headers: SpdyHeaders, credit: number | undefined, owner: StreamOwner) {
    super({ allowHalfOpen: true, readableHighWaterMark: 1 << 16, writableHighWaterMark: 1 << 16 });
    this.id = id;
    this.headers = headers;
    this.#credit = credit;
    this.#owner = owner;
    this.accepted = new Promise((resolve, reject) => {
      this.#accept = resolve;
      this.#refuse = reject;
    });
    this.accepted.catch(() => {});
    this.on('error', () => {}); // a stream nobody looks at must not end the process
  }

  /** @internal */
  acceptedByPeer(): void {
    this.#accept();
  }

  /** @internal */
  receive(data: Buffer): void {
    if (this.#gotEnd || this.destroyed) return;
    this.#inbox.push(data);
    this.#inboxBytes += data.length;
    this.#deliver();
    if (this.#inboxBytes > windowBytes) this.#owner.full(true);
  }

  /** @internal */
  receiveEnd(): void {
    if (this.#gotEnd) return;
    this.#gotEnd = true;
    this.#inbox.push(null);
    this.#deliver();
    this.#forgetIfClosed();
  }

  /** @internal A reset after both have said their end, which Go's spdystream sends, is no error. */
  resetByPeer(status: number): void {
    if (status === resetStatus.refusedStream) this.#refuse(new Error('the stream was refused'));
    this.lose(new Error(`the stream was reset (status ${status})`));
  }

  /** @internal Ends without a reset of our own: the other side knows. What has been received can still be read. */
  lose(error: Error): void {
    this.#refuse(error);
    this.#owner.closed();
    this.#sentEnd = true;
    this.#onCredit?.();
    if (!this.writableEnded) this.end();
    if (this.#gotEnd) return;
    this.#gotEnd = true;
    this.#inbox.push(null);
    this.#deliver();
  }

  /** @internal */
  grant(bytes: number): void {
    this.#credit = (this.#credit ?? 0) + bytes;
    this.#onCredit?.();
  }

  override _read(): void {
    this.#wanted = true;
    this.#deliver();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#sendData(chunk).then(() => done(), done);
  }

  override _final(done: () => void): void {
    if (!this.#sentEnd) this.#owner.send({ type: 'DATA', streamId: this.id, data: Buffer.alloc(0), fin: true });
    this.#sentEnd = true;
    this.#forgetIfClosed();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#sentEnd || !this.#gotEnd)
      this.#owner.send({ type: 'RST_STREAM', streamId: this.id, status: resetStatus.cancel });
    this.#refuse(error ?? new Error('the stream was closed'));
    this.#sentEnd = this.#gotEnd = true;
    this.#onCredit?.();
    this.#owner.full(false);
    this.#owner.closed();
    done(error);
  }

  async #sendData(chunk: Buffer): Promise<void> {
    await this.accepted;
    for (let at = 0; at < chunk.length;) {
      while (this.#credit !== undefined && this.#credit <= 0 && !this.#sentEnd)
        await new Promise<void>((resolve) => (this.#onCredit = resolve));
      if (this.#sentEnd) throw new Error('write after the end of the stream');
      const data = chunk.subarray(at, at + Math.min(maxDataBytes, this.#credit ?? maxDataBytes));
      this.#owner.send({ type: 'DATA', streamId: this.id, data, fin: false });
      if (this.#credit !== undefined) this.#credit -= data.length;
      at += data.length;
      await this.#owner.drained();
    }
  }

  /** Hands the reader what it wants; tells the peer, in large steps, that there is room again. */
  #deliver(): void {
    while (this.#wanted && this.#inbox.length > 0) {
      const data = this.#inbox.shift()!;
      if (data) {
        this.#inboxBytes -= data.length;
        this.#unreported += data.length;
      }
      this.#wanted = this.push(data) && data !== null;
    }
    if (this.#unreported >= windowBytes / 2 && !this.#gotEnd) {
      this.#owner.send({ type: 'WINDOW_UPDATE', streamId: this.id, delta: this.#unreported });
      this.#unreported = 0;
    }
    if (this.#inboxBytes <= windowBytes / 2) this.#owner.full(false);
  }

  #forgetIfClosed(): void {
    if (this.#sentEnd && this.#gotEnd) this.#owner.closed();
  }
}
