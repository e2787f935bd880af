/**
 * Requests as bytes: what no HTTP client would send. A socket, what to write into it, and what came back, read as far as it
 * is HTTP.
 */
import { connect } from 'node:net';

/**
 * Writes `parts` one after the other and reads answers until `answers` of them are complete, the server closes, or the
 * time is over.
 *
 * @param bodyless the answers have no bodies, whatever their heads say: those to HEAD
 * @param halfClose says that nothing more will come, once everything is written
 * @param vanish destroys the socket after so many milliseconds: nobody waits for the answer
 * @returns `answers`: `{ status, headers, body, complete }` each; `closed`: the server has ended the connection; `ms`
 */
export function exchange(port, parts, options = {}) {
  const { answers: wanted = 1, timeoutMs = 10_000, bodyless = false, halfClose = false, vanish } = options;
  return new Promise((resolve) => {
    const startMs = performance.now();
    const chunks = [];
    let received = 0;
    let parsedAt = 0;
    let ended = false;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: false });
    const finish = (outcome) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      clearTimeout(pause);
      socket.destroy();
      const bytes = Buffer.concat(chunks);
      resolve({
        answers: parseAnswers(bytes, { partial: true, bodyless }),
        bytes,
        ms: performance.now() - startMs,
        closed: false,
        ...outcome,
      });
    };
    const timer = setTimeout(() => finish({ timedOut: true }), timeoutMs);
    if (vanish !== undefined) setTimeout(() => finish({ vanished: true }), vanish);
    let pause;
    const look = () => {
      if (parseAnswers(Buffer.concat(chunks), { bodyless }).length >= wanted) finish({});
      else if (received > 1 << 16) parsedAt = received * 1.2;
    };
    socket.on('connect', () => {
      for (const part of parts) socket.write(part);
      if (halfClose) socket.end();
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      received += chunk.length;
      // Large answers come in thousands of pieces: they are looked at now and then, and when nothing more comes.
      clearTimeout(pause);
      if (received < parsedAt) pause = setTimeout(look, 50);
      else look();
    });
    socket.on('close', () => finish({ closed: true }));
    socket.on('error', (error) => finish({ closed: true, error: error.code ?? error.message }));
  });
}

/** The answers that stand in `bytes`; with `partial` also a last one that is not whole. */
export function parseAnswers(bytes, { partial = false, bodyless = false } = {}) {
  const answers = [];
  for (let at = 0; at < bytes.length;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const [line, ...lines] = bytes.latin1Slice(at, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(line)?.[1]);
    if (!status) {
      if (partial) answers.push({ status: 0, headers: {}, body: bytes.subarray(at), complete: false });
      break;
    }
    const headers = {};
    for (const header of lines) {
      const colon = header.indexOf(':');
      headers[header.slice(0, colon).toLowerCase()] = header.slice(colon + 1).trim();
    }
    let body;
    let next;
    if (bodyless || status < 200 || status === 204 || status === 304) [body, next] = [Buffer.alloc(0), headEnd + 4];
    else if (headers['transfer-encoding'] === 'chunked') [body, next] = unchunk(bytes, headEnd + 4);
    else if (headers['content-length'] !== undefined) {
      next = headEnd + 4 + Number(headers['content-length']);
      body = bytes.subarray(headEnd + 4, next);
      if (next > bytes.length) next = undefined;
    } else [body, next] = [bytes.subarray(headEnd + 4), partial ? bytes.length : undefined];
    const complete = next !== undefined;
    if (!complete && !partial) break;
    // `100 Continue` is no answer yet.
    if (status !== 100) answers.push({ status, headers, body, complete });
    if (!complete || status === 101) break;
    at = next;
  }
  return answers;
}

function unchunk(bytes, start) {
  const parts = [];
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return [Buffer.concat(parts), undefined];
    const size = parseInt(bytes.latin1Slice(at, lineEnd), 16);
    if (!(size > 0)) {
      const end = bytes.indexOf('\r\n', lineEnd + 2);
      return [Buffer.concat(parts), end < 0 ? undefined : end + 2];
    }
    if (lineEnd + 4 + size > bytes.length) return [Buffer.concat([...parts, bytes.subarray(lineEnd + 2)]), undefined];
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}
