// A web server that tells which pod it is, and misbehaves on request.
//
//   PORT      where to listen (8080)
//   POD_IP    on which address (all of them)
//   POD_NAME  what to call itself (HOSTNAME)
//   GREETING  the first word of the answer (Hello)
import { createServer } from 'node:http';
import { hostname } from 'node:os';

const {
  PORT = '8080',
  POD_IP = '0.0.0.0',
  POD_NAME = process.env.HOSTNAME ?? hostname(),
  GREETING = 'Hello',
} = process.env;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const kept = []; // what /alloc took
let answered = 0;
let ready = true;
let healthy = true;

/** Each answers with text, or with `[code, text]`, or with an object, which is sent as JSON. */
const pages = {
  '/': () => `${GREETING} from ${POD_NAME} (request ${answered})\n`,
  '/name': () => POD_NAME,
  '/count': () => ({ pod: POD_NAME, answered }),
  '/healthz': () => (healthy ? 'ok\n' : [500, 'unhealthy\n']),
  '/readyz': () => (ready ? 'ok\n' : [503, 'not ready\n']),
  '/toggle-ready': () => `ready: ${(ready = !ready)}\n`,
  '/toggle-health': () => `healthy: ${(healthy = !healthy)}\n`,
  '/env': () => ({ ...process.env }),
  '/request': (url, request) => ({
    pod: POD_NAME,
    client: request.socket.remoteAddress,
    method: request.method,
    url: request.url,
    headers: request.headers,
  }),
  '/echo': (url, request) => text(request),
  // ?ms=500: answers after half a second
  '/slow': async (url) => (await sleep(number(url, 'ms', 1000)), `${POD_NAME} took its time\n`),
  // ?ms=500: half a second of one processor
  '/burn': (url) => {
    const end = Date.now() + number(url, 'ms', 1000);
    while (Date.now() < end);
    return `${POD_NAME} is hot\n`;
  },
  // ?mb=50: takes memory and keeps it
  '/alloc': (url) => {
    kept.push(Buffer.alloc(number(url, 'mb', 10) * 2 ** 20, 1));
    return `${POD_NAME} keeps ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB\n`;
  },
  // ?bytes=1000: a body of that size
  '/bytes': (url) => 'x'.repeat(number(url, 'bytes', 1000)),
  // ?status=404: that status
  '/status': (url) => [number(url, 'status', 200), `${POD_NAME}\n`],
  // ?code=1: answers, then exits with that code
  '/crash': (url) => {
    setTimeout(() => process.exit(number(url, 'code', 1)), 50);
    return `${POD_NAME} crashes\n`;
  },
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://pod');
  const page = pages[url.pathname];
  if (page && !['/healthz', '/readyz'].includes(url.pathname)) {
    answered += 1;
    console.log(`${request.method} ${request.url} from ${request.socket.remoteAddress}`);
  }
  const answer = page ? await attempt(page, url, request) : [404, `${POD_NAME} has no ${url.pathname}\n`];
  const [code, body] = Array.isArray(answer) ? answer : [200, answer];
  response.writeHead(code, {
    'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json',
    'X-Pod': POD_NAME,
  });
  response.end(typeof body === 'string' ? body : JSON.stringify(body, undefined, 2) + '\n');
});

server.listen(Number(PORT), POD_IP, () => console.log(`${POD_NAME} listens on ${POD_IP}:${PORT}`));
server.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});

// Told to end: unready first, then no new connections, then gone when the last answer is out.
process.on('SIGTERM', () => {
  console.log(`${POD_NAME} was told to end`);
  ready = false;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
process.on('SIGINT', () => process.exit(130));

/** What a page says, or why it cannot: asking for too much should not end the server. */
async function attempt(page, url, request) {
  try {
    return await page(url, request);
  } catch (error) {
    return [500, `${error.message}\n`];
  }
}

const number = (url, name, fallback) => Number(url.searchParams.get(name) ?? fallback) || 0;

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
