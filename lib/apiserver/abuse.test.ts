/** What the fuzzer has found, and must not find again. */
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Status } from '../api/status.js';
import { TestApi } from '../../test/support/api.js';

let api: TestApi;
beforeAll(async () => void (api = await TestApi.start()));
afterAll(() => api[Symbol.asyncDispose]());

const maps = '/api/v1/namespaces/default/configmaps';

/** Writes bytes, reads what comes back until the server ends the connection. */
const exchange = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port, hostname } = new URL(api.server.url);
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
const get = (target: string, headers = ''): Promise<string> =>
  exchange(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`);

test.each(['h2c', 'x', 'websocket'])('an upgrade to %s that nobody takes up changes nothing', async (protocol) => {
  const headers = `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
  const answer = await exchange(`GET ${maps} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(answer).toContain('"kind":"ConfigMapList"');
});

test('a whole URL in the request line names its own host', async () => {
  expect(await get('http://localhost/version')).toContain('"gitVersion"');
  expect(await get('http://evil.example/version')).toMatch(/^HTTP\/1.1 403 /);
});

test.each(['/healthz/%zz', '/api/v1/namespaces/%/pods', '?x', '*'])('%s is no path', async (target) => {
  expect(await get(target)).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
});

test('a member named in another script is warned of in UTF-8', async () => {
  const body = JSON.stringify({ metadata: { name: 'warned' }, поле: 1 });
  const { code, headers } = await api.request('POST', maps, body);
  expect(code).toBe(201);
  expect(Buffer.from(headers.get('warning')!, 'latin1').toString()).toBe('299 - "unknown field \\"поле\\""');
});

test('warnings that are longer than 4096 characters together are shortened', async () => {
  const members = Array.from({ length: 60 }, (_, index) => [`${'x'.repeat(300)}${index}`, 1]);
  const { headers } = await api.post(maps, { metadata: { name: 'long' }, ...Object.fromEntries(members) });
  const warnings = headers.get('warning')!.split(', ');
  expect(warnings).toHaveLength(16);
  expect(warnings[15]).toBe(`299 - "unknown field \\"${'x'.repeat(256 - 'unknown field "'.length)}"`);
});

test('twenty megabytes packed into a hundred kilobytes are refused when three have come', async () => {
  const response = await fetch(api.server.url + maps, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(Buffer.alloc(20e6, 0x20), { level: 1 }),
  });
  expect([response.status, ((await response.json()) as Status).message]).toEqual([
    413,
    'Request entity too large: limit is 3145728',
  ]);
});

test('what clients make up is not counted one by one', async () => {
  for (let index = 0; index < 20; index++) {
    await api.get(`/api/v1/made-up-${index}`);
    await api.get(`${maps}/a/made-up-${index}`);
  }
  expect((await api.get('/metrics')).text).not.toContain('made-up');
});
