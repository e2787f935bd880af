/**
 * What a server must live with, one kind of abuse after the other. Each returns what it counted, and `wrong`: sentences on
 * what should not have happened. `scale` 1 is in earnest; less makes it shorter.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Connection } from '../connection.mjs';
import { pod } from '../pods.mjs';
import { bomb } from './bodies.mjs';
import { exchange } from './wire.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const maps = '/api/v1/namespaces/abuse/configmaps';
const json = { 'Content-Type': 'application/json' };

const head = (method, path, headers = {}) =>
  `${method} ${path} HTTP/1.1\r\n${Object.entries({ Host: 'localhost', ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** A request and its answer: `{ status, message }`. */
async function send(port, method, path, body = Buffer.alloc(0), headers = json) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const { answers, error } = await exchange(
    port,
    [head(method, path, { ...headers, 'Content-Length': bytes.length }), bytes],
    { timeoutMs: 60_000 },
  );
  const text = answers[0]?.body.toString() ?? '';
  let object;
  try {
    object = JSON.parse(text);
  } catch {
    object = undefined;
  }
  return { status: answers[0]?.status ?? 0, message: object?.message ?? error ?? text, object };
}

/** A socket that writes `text` and says nothing more; `received` counts what came. */
function open(port, text, { read = true } = {}) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.received = 0;
    socket.text = '';
    if (read)
      socket.on('data', (data) => {
        socket.received += data.length;
        if (socket.text.length < 2000) socket.text += data.latin1Slice(0, Math.min(2000, data.length));
      });
    else socket.pause();
    socket.on('error', () => {});
    socket.on('connect', () => {
      if (text) socket.write(text);
      resolve(socket);
    });
    socket.on('close', () => resolve(socket));
  });
}

async function opened(port, count, text, options) {
  const sockets = [];
  for (let index = 0; index < count; index++)
    sockets.push(await open(port, typeof text === 'function' ? text(index) : text, options));
  return sockets;
}

const destroyAll = (sockets) => sockets.forEach((socket) => socket.destroy());

export const scenarios = {
  'idle watches': async ({ port, scale }) => {
    const count = Math.ceil(1000 * scale);
    const { object } = await send(port, 'GET', maps);
    const watches = await opened(
      port,
      count,
      head('GET', `${maps}?watch=true&resourceVersion=${object.metadata.resourceVersion}`),
    );
    await sleep(1000);
    await send(port, 'POST', maps, { metadata: { name: 'seen-by-all' } });
    for (let wait = 0; wait < 100 && watches.some(({ text }) => !text.includes('seen-by-all')); wait++)
      await sleep(100);
    const told = watches.filter(({ text }) => text.includes('seen-by-all')).length;
    destroyAll(watches);
    return { watches: count, told, wrong: told < count ? [`${count - told} watches were not told of a change`] : [] };
  },

  'a watcher that never reads': async ({ port, scale, memory }) => {
    const writes = Math.ceil(10_000 * scale);
    const [watcher] = await opened(port, 1, head('GET', `${maps}?watch=true`), { read: false });
    await sleep(200);
    await send(port, 'POST', maps, { metadata: { name: 'busy' } });
    const writers = await Promise.all(Array.from({ length: 8 }, () => Connection.open(port)));
    let next = 0;
    await Promise.all(
      writers.map(async (writer) => {
        while (next < writes)
          await writer.request(
            'PATCH',
            `${maps}/busy`,
            JSON.stringify({ data: { n: String(next++), text: 'x'.repeat(2000) } }),
            'application/merge-patch+json',
          );
        writer.close();
      }),
    );
    const held = await memory();
    watcher.destroy();
    return {
      writes,
      megabytesMeanwhile: held && Math.round((held.heapUsed + held.external) / 1e6),
      // The log of changes and the store's past keep each change as stored, as sent, and as it was before, until they forget.
      keptBytes: Math.min(writes, 20_000) * 18_000,
      wrong: [],
    };
  },

  'half-open connections and slow heads': async ({ port, scale }) => {
    const count = Math.ceil(300 * scale);
    const silent = await opened(port, count, '');
    const half = await opened(port, count, 'GET /api/v1/pods HTTP/1.1\r\nHost: local');
    const body = await opened(port, count, head('POST', maps, { ...json, 'Content-Length': 1000 }) + '{"metadata":');
    const slow = await opened(port, count, 'G');
    for (const letter of 'ET /api/v1/pods HTTP/1.1') {
      for (const socket of slow) socket.write(letter);
      await sleep(200 * Math.min(1, scale * 2));
    }
    destroyAll([...silent, ...half, ...body, ...slow]);
    return { connections: 4 * count, wrong: [] };
  },

  'heads that are never finished are ended by the server': async ({ port, scale }) => {
    if (scale < 1) return { skipped: 'it takes 40 s', wrong: [] };
    const sockets = await opened(port, 50, 'GET /api/v1/pods HTTP/1.1\r\nHost: local');
    const startMs = performance.now();
    await Promise.race([
      Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))),
      sleep(60_000),
    ]);
    const left = sockets.filter(({ destroyed }) => !destroyed).length;
    destroyAll(sockets);
    return {
      afterSeconds: Math.round((performance.now() - startMs) / 1000),
      wrong: left > 0 ? [`${left} connections were still open after a minute`] : [],
    };
  },

  'large bodies and large objects': async ({ port, scale }) => {
    const wrong = [];
    const expect = async (what, answering, status, pattern) => {
      const { status: got, message } = await answering;
      if (got !== status || !pattern.test(message)) wrong.push(`${what}: ${got} ${String(message).slice(0, 200)}`);
    };
    const tooLarge = /^Request entity too large: limit is 3145728$/;
    const map = (name, bytes) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { a: 'x'.repeat(bytes) },
    });
    for (let times = Math.ceil(5 * scale); times > 0; times--) {
      await expect(
        'a body over 3 MiB',
        send(port, 'POST', maps, Buffer.alloc(3 * 1024 * 1024 + 1, 0x20)),
        413,
        tooLarge,
      );
      await expect('30 MB', send(port, 'POST', maps, Buffer.alloc(30e6, 0x20)), 413, tooLarge);
      await expect(
        '100 MB in 100 kB',
        send(port, 'POST', maps, bomb(), { ...json, 'Content-Encoding': 'gzip' }),
        413,
        tooLarge,
      );
      await expect('3 MB of brackets', send(port, 'POST', maps, Buffer.alloc(3e6, '[')), 400, /./);
      await expect('3 MB of chance', send(port, 'POST', maps, randomBytes(3e6)), 400, /./);
      await expect(
        'an object over 1.5 MiB',
        send(
          port,
          'POST',
          '/api/v1/namespaces/abuse/pods',
          JSON.parse(pod('large', 'abuse').replace('hello from the benchmark', 'x'.repeat(1.8e6))),
        ),
        500,
        /^etcdserver: request is too large$/,
      );
      await expect('a ConfigMap over 1 MiB', send(port, 'POST', maps, map('large', 1.2e6)), 422, /Too long/);
      await expect(
        'a ConfigMap of 1 MB',
        send(port, 'POST', maps, map(`large-${times}`, 1e6)),
        201,
        /^undefined$|^$|{/,
      );
    }
    return { wrong };
  },

  'ten thousand labels': async ({ port, scale }) => {
    const labels = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`label-${index}`, `value-${index}`]),
    );
    const wrong = [];
    for (let index = 0; index < Math.ceil(10 * scale); index++) {
      const { status, message } = await send(port, 'POST', maps, { metadata: { name: `labels-${index}`, labels } });
      if (status !== 201) wrong.push(`create: ${status} ${message}`);
      const selector = encodeURIComponent(
        Object.entries(labels)
          .slice(0, 1000)
          .map(([name, value]) => `${name}=${value}`)
          .join(),
      );
      const { object } = await send(port, 'GET', `${maps}?labelSelector=${selector}`);
      if (object?.items?.length !== index + 1)
        wrong.push(`a selector of a thousand terms chose ${object?.items?.length} of ${index + 1}`);
      const patched = await send(
        port,
        'PATCH',
        `${maps}/labels-${index}`,
        Object.keys(labels).map((name) => ({ op: 'replace', path: `/metadata/labels/${name}`, value: 'x' })),
        { 'Content-Type': 'application/json-patch+json' },
      );
      if (patched.status !== 200)
        wrong.push(`a patch of ten thousand operations: ${patched.status} ${patched.message}`);
    }
    return { wrong };
  },

  'connections that vanish': async ({ port, scale }) => {
    const count = Math.ceil(5000 * scale);
    const paths = [maps, '/api/v1/pods', `${maps}?watch=true`, '/openapi/v2', '/apis'];
    for (let index = 0; index < count; index += 50) {
      const parts = [head('GET', paths[index % paths.length]), head('POST', maps, { ...json, 'Content-Length': 500 })];
      await Promise.all(
        Array.from({ length: 50 }, (_, each) => exchange(port, [parts[each % 2]], { vanish: each % 10 })),
      );
    }
    return { connections: count, wrong: [] };
  },

  'pipelined requests': async ({ port, scale }) => {
    const each = Math.ceil(1000 * scale);
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () =>
        exchange(port, [head('GET', '/api/v1/namespaces/abuse').repeat(each)], { answers: each, timeoutMs: 60_000 }),
      ),
    );
    const answers = outcomes.flatMap((outcome) => outcome.answers);
    const good = answers.filter(({ status }) => status === 200).length;
    return { requests: 10 * each, wrong: good < 10 * each ? [`${good} of ${10 * each} were answered`] : [] };
  },

  'Host and Origin of others': async ({ port }) => {
    const wrong = [];
    const cases = [
      ...[
        'evil.example',
        'evil.example:8080',
        '127.0.0.1.evil.example',
        'localhost.evil.example',
        '10.0.0.1',
        '[::2]',
        '169.254.169.254',
        '127.1',
        '0.0.0.0',
      ].map((name) => ({ Host: name })),
      ...['http://evil.example', 'null', 'https://127.0.0.1.evil.example', 'file://', 'http://10.0.0.1:8080', 'x'].map(
        (origin) => ({ Origin: origin }),
      ),
    ];
    for (const headers of cases) {
      for (const [method, path] of [
        ['GET', '/api/v1/secrets'],
        ['POST', maps],
        ['GET', '/'],
        ['OPTIONS', '/api/v1/pods'],
        ['GET', '/api/v1/namespaces/abuse/pods/a/exec?command=x'],
      ]) {
        for (const upgrade of [
          {},
          {
            Connection: 'Upgrade',
            Upgrade: 'websocket',
            'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
            'Sec-WebSocket-Version': 13,
          },
        ]) {
          const { answers } = await exchange(port, [head(method, path, { ...headers, ...upgrade })]);
          if (answers[0]?.status !== 403 || answers[0].headers['access-control-allow-origin'])
            wrong.push(`${method} ${path} ${JSON.stringify({ ...headers, ...upgrade })}: ${answers[0]?.status}`);
        }
      }
    }
    return { tried: cases.length * 10, wrong };
  },

  'streams that vanish': async ({ port, scale }) => {
    const pods = '/api/v1/namespaces/abuse/pods';
    await send(port, 'POST', pods, {
      metadata: { name: 'streams' },
      spec: { containers: [{ name: 'main', image: 'kubebook/web:1' }] },
    });
    for (let wait = 0; wait < 50; wait++) {
      const { object } = await send(port, 'GET', `${pods}/streams`);
      if (object?.status?.phase === 'Running') break;
      await sleep(100);
    }
    const spdy = { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' };
    const webSocket = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': 13,
      'Sec-WebSocket-Protocol': 'v5.channel.k8s.io',
    };
    const forward = { ...spdy, 'X-Stream-Protocol-Version': 'portforward.k8s.io' };
    const tunnelled = { ...webSocket, 'Sec-WebSocket-Protocol': 'SPDY/3.1+portforward.k8s.io' };
    const requests = [
      head('GET', `${pods}/streams/log?follow=true`),
      head('POST', `${pods}/streams/exec?command=sh&stdin=true&stdout=true`, spdy),
      head('GET', `${pods}/streams/exec?command=sh&stdin=true&stdout=true`, webSocket),
      head('GET', `${pods}/streams/attach?stdin=true&stdout=true`, webSocket),
      head('POST', `${pods}/streams/portforward`, forward),
      head('GET', `${pods}/streams/portforward?ports=80`, tunnelled),
      head('GET', `${pods}/streams/proxy/`),
    ];
    const count = Math.ceil(700 * scale);
    for (let index = 0; index < count; index += 20) {
      await Promise.all(
        Array.from({ length: 20 }, (_, each) =>
          exchange(port, [requests[(index + each) % requests.length], randomBytes(each)], {
            vanish: 5 * each,
            answers: 2,
          }),
        ),
      );
    }
    return { streams: count, wrong: [] };
  },
};
