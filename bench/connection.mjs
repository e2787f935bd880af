/**
 * One keep-alive HTTP/1.1 connection, as little work as can be: the load generator shares the machine with what it
 * measures. Understands Content-Length and chunked answers; one request at a time.
 */
import { connect } from 'node:net';

export class Connection {
  #socket;
  #received = Buffer.alloc(0);
  #answer;
  #stream;

  static open(port) {
    const connection = new Connection();
    return new Promise((resolve, reject) => {
      connection.#socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(connection));
      connection.#socket.on('error', (error) =>
        connection.#answer ? connection.#answer.reject(error) : reject(error),
      );
      connection.#socket.on('data', (data) => connection.#read(data));
      connection.#socket.on('close', () => connection.#answer?.reject(new Error('the server closed the connection')));
    });
  }

  /** Resolves with `{ status, bytes, body() }` when the whole answer is here. */
  request(method, path, body, contentType = 'application/json') {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n` +
          (body ? `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}` : '\r\n'),
      );
    });
  }

  /** Sends a GET whose answer never ends; `onData` gets every byte of it, chunk frames included. */
  watch(path, onData) {
    this.#stream = onData;
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n`);
  }

  /** Reads no more. */
  pause() {
    this.#socket.pause();
  }

  close() {
    this.#answer = undefined;
    this.#socket.destroy();
  }

  #read(data) {
    if (this.#stream) return this.#stream(data);
    this.#received = this.#received.length === 0 ? data : this.#chunks(data);
    const parsed = this.#parse();
    if (!parsed) return;
    this.#received = Buffer.alloc(0);
    this.#pending = undefined;
    const { resolve } = this.#answer;
    this.#answer = undefined;
    resolve(parsed);
  }

  /** Large answers arrive in thousands of pieces: they are joined only when they can be complete. */
  #pending;
  #chunks(data) {
    this.#pending ??= { parts: [this.#received], length: this.#received.length };
    this.#pending.parts.push(data);
    this.#pending.length += data.length;
    if (this.#expected && this.#pending.length < this.#expected) return this.#received;
    if (!this.#expected && !data.subarray(-7).includes('0\r\n\r\n') && this.#pending.length > 1 << 16)
      return this.#received;
    const joined = Buffer.concat(this.#pending.parts);
    this.#pending = { parts: [joined], length: joined.length };
    return joined;
  }

  #expected;
  #parse() {
    const buffer = this.#received;
    const headEnd = buffer.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const head = buffer.latin1Slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    const length = /content-length: (\d+)/i.exec(head);
    if (length) {
      this.#expected = headEnd + 4 + Number(length[1]);
      if (buffer.length < this.#expected) return undefined;
      this.#expected = undefined;
      return { status, bytes: buffer.length, body: () => buffer.subarray(headEnd + 4) };
    }
    if (!buffer.subarray(-5).equals(Buffer.from('0\r\n\r\n'))) return undefined;
    return { status, bytes: buffer.length, body: () => unchunk(buffer.subarray(headEnd + 4)) };
  }
}

function unchunk(buffer) {
  const parts = [];
  for (let at = 0; ;) {
    const lineEnd = buffer.indexOf('\r\n', at);
    const size = parseInt(buffer.latin1Slice(at, lineEnd), 16);
    if (!size) return Buffer.concat(parts);
    parts.push(buffer.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}
