/**
 * The server under abuse, and what can be known of it from outside: whether it lives, what it complains of, and, through
 * node's inspector, what memory it holds once everything that can be forgotten has been.
 */
import { WebSocket } from 'ws';
import { startServer } from '../server.mjs';

/** What a server may write to standard error without anything being wrong; what is indented belongs to the line
 * before, and a controller that others are faster than tries again. */
const harmless = [
  /^Debugger (listening|attached|ending)/,
  /^For help, see/,
  /^$/,
  /^[\s}]/,
  /reconcile failed, will retry .*error="(Operation cannot be fulfilled on |.* (already exists|not found)\\?")/,
];

/**
 * A whole cluster of hollow nodes, of our own; or the server at `url`, of which less can be known.
 *
 * @returns `complaints`: lines of its standard error so far; `memory()`: bytes, after a garbage collection, and the
 * resources that keep its loop alive, by name
 */
export async function startTarget({ url } = {}) {
  if (url) {
    const port = Number(new URL(url).port || 80);
    return { port, complaints: [], hasEnded: () => false, memory: async () => undefined, stop: async () => {} };
  }
  const complaints = [];
  let inspectorUrl;
  let rest = '';
  const server = await startServer(['start', '--nodes=3', '--runtime=hollow'], {
    nodeArgs: ['--inspect=127.0.0.1:0'],
    onComplaint(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      for (const line of lines) {
        inspectorUrl ??= /^Debugger listening on (ws:\S+)/.exec(line)?.[1];
        if (!harmless.some((pattern) => pattern.test(line))) complaints.push(line);
      }
    },
  });
  const inspector = await Inspector.connect(inspectorUrl);
  let stopping = false;
  return {
    port: server.port,
    complaints,
    hasEnded: () => server.hasEnded() && !stopping,
    async memory() {
      // Twice: what finalizers let go of in the first is only then free.
      await inspector.call('HeapProfiler.collectGarbage');
      await inspector.call('HeapProfiler.collectGarbage');
      const { result } = await inspector.call('Runtime.evaluate', {
        expression: `JSON.stringify({ ...process.memoryUsage(), resources: process.getActiveResourcesInfo() })`,
      });
      const { heapUsed, external, rss, resources } = JSON.parse(result.value);
      return { heapUsed, external, rss: rss || server.residentBytes(), resources: countBy(resources) };
    },
    cpuSeconds: server.cpuSeconds,
    async stop() {
      stopping = true;
      inspector.close();
      await server.stop();
    },
  };
}

class Inspector {
  #socket;
  #waiting = new Map();
  #last = 0;

  static async connect(url) {
    const inspector = new Inspector();
    const socket = new WebSocket(url, { perMessageDeflate: false });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    inspector.#socket = socket;
    socket.on('message', (data) => {
      const { id, result, error } = JSON.parse(String(data));
      const { resolve, reject } = inspector.#waiting.get(id) ?? {};
      inspector.#waiting.delete(id);
      if (error) reject?.(new Error(error.message));
      else resolve?.(result);
    });
    socket.on('close', () => {
      for (const { reject } of inspector.#waiting.values()) reject(new Error('the server has ended'));
    });
    return inspector;
  }

  call(method, params = {}) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }), (error) => error && reject(error));
    });
  }

  close() {
    this.#socket.close();
  }
}

const countBy = (names) => {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};
