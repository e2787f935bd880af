import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { SteppedClock } from '../../../util/clock.js';
import { silent } from '../../../util/log.js';
import { findEngine } from './engine.js';
import { watchEngine } from './events.js';
import { logLines, pieces } from './output.js';
import { pauseProgram } from './pause.js';
import { tar } from './tar.js';

const linux = process.platform === 'linux' ? test : test.skip;

test('an archive is unpacked by tar as it was meant', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-tar-'));
  const long = `${'d'.repeat(60)}/${'e'.repeat(60)}`;
  const entries = [
    { name: 'a', folder: true },
    { name: 'a/text', content: 'hello' },
    { name: 'a/block', content: 'x'.repeat(512) },
    { name: long, mode: 0o755, content: 'deep' },
    {
      name: 'copy',
      file: import.meta.filename ?? __filename,
      size: readFileSync(import.meta.filename ?? __filename).length,
    },
    { name: 'link', link: 'a/text' },
  ] as const;
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: await buffer(tar(entries)) });
  expect(readFileSync(join(folder, 'link'), 'utf8')).toBe('hello');
  expect(readlinkSync(join(folder, 'link'))).toBe('a/text');
  expect(readFileSync(join(folder, 'a/block'), 'utf8')).toHaveLength(512);
  expect(readFileSync(join(folder, long), 'utf8')).toBe('deep');
  expect(readFileSync(join(folder, 'copy'))).toEqual(readFileSync(import.meta.filename ?? __filename));
  rmSync(folder, { recursive: true });
});

linux('the pause program does nothing until it is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubebook-pause-'));
  writeFileSync(join(folder, 'pause'), pauseProgram(process.arch)!);
  chmodSync(join(folder, 'pause'), 0o755);
  const child = spawn(join(folder, 'pause'));
  await once(child, 'spawn');
  // Wait until it sleeps: a program that fails would have ended by then.
  while (!/^State:\s+S/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8')))
    await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  rmSync(folder, { recursive: true });
});

const piece = (stream: number, text: string): Buffer => {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

test('both outputs come apart, wherever the connection cuts them', async () => {
  const wire = Buffer.concat([piece(1, 'T1 one\n'), piece(2, 'T2 two\n'), piece(1, 'T3 no end')]);
  for (const size of [1, 3, 9, 100]) {
    const chunks = Array.from({ length: Math.ceil(wire.length / size) }, (_, n) =>
      wire.subarray(n * size, (n + 1) * size),
    );
    const lines: string[] = [];
    for await (const { stream, time, text } of logLines(pieces(Readable.from(chunks), false), false))
      lines.push(`${stream} ${time} ${text}`);
    expect(lines).toEqual(['stdout T1 one\n', 'stderr T2 two\n', 'stdout T3 no end']);
  }
});

test('a terminal’s one output is cut into lines', async () => {
  const source = Readable.from([Buffer.from('T1 on'), Buffer.from('e\nT2 two\nT3 thr'), Buffer.from('ee')]);
  const lines: string[] = [];
  for await (const { time, text } of logLines(pieces(source, true), true)) lines.push(`${time} ${text}`);
  expect(lines).toEqual(['T1 one\n', 'T2 two\n', 'T3 three']);
});

test('where no engine listens, none is found', async () => {
  expect(await findEngine({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toBeUndefined();
});

test('an engine that goes away and comes back is listened to again', async () => {
  const clock = new SteppedClock();
  const end = new AbortController();
  const news: string[] = [];
  let attempt = 0;
  const docker = {
    getEvents: () => {
      attempt += 1;
      if (attempt === 2) return Promise.reject(Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }));
      const event = (name: string): string => JSON.stringify({ Action: name, Actor: { ID: '', Attributes: {} } });
      return Promise.resolve(
        Readable.from([
          Buffer.from(`${event('start')}\n${event('die').slice(0, 5)}`),
          Buffer.from(`${event('die').slice(5)}\n`),
        ]),
      );
    },
  };
  const watching = watchEngine(
    {
      docker: docker as never,
      labels: [],
      clock,
      log: silent,
      onEvent: ({ Action }) => news.push(Action),
      onConnected: () => news.push(`connected ${attempt}`),
    },
    end.signal,
  );
  await clock.advance(0);
  expect(news).toEqual(['connected 1', 'start', 'die']);
  await clock.advance(100);
  expect(news).toHaveLength(3);
  await clock.advance(200);
  expect(news.slice(3)).toEqual(['connected 3', 'start', 'die']);
  end.abort();
  await watching;
});
