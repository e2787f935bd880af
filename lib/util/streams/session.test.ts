import { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { once } from 'node:events';
import { encodeFrame, FrameReader, type Frame } from './frames.js';
import { encodeHeaders, HeaderDeflater } from './headers.js';
import { SpdySession, type SpdyStream } from './session.js';

/** Two ends of one connection. */
function pipe(): [Duplex, Duplex] {
  const ends: Duplex[] = [0, 1].map(
    (index) =>
      new Duplex({
        read() {
          this.emit('wanted');
        },
        write(chunk: Buffer, _encoding, done) {
          if (other(index).push(chunk)) done();
          else other(index).once('wanted', done);
        },
        final(done) {
          other(index).push(null);
          done();
        },
        destroy(error, done) {
          if (!other(index).readableEnded) other(index).push(null);
          done(error);
        },
      }),
  );
  const other = (index: number): Duplex => ends[1 - index]!;
  return [ends[0]!, ends[1]!];
}

/** A client, and a server that hands out the streams it gets. */
function sessions(onStream: (stream: SpdyStream) => void): { client: SpdySession; server: SpdySession } {
  const [a, b] = pipe();
  return { client: new SpdySession(a, { role: 'client' }), server: new SpdySession(b, { role: 'server', onStream }) };
}

/** A server that answers each stream with what it was sent. */
const echo = (stream: SpdyStream): void => void stream.pipe(stream);

test('streams of one connection do not mix', async () => {
  const { client } = sessions(echo);
  const names = ['a', 'b', 'c'];
  const answers = await Promise.all(
    names.map(async (name) => {
      const stream = await client.open({ name });
      stream.end(name.repeat(100_000));
      return text(stream);
    }),
  );
  expect(answers.map((answer) => [answer[0], answer.length])).toEqual(names.map((name) => [name, 100_000]));
  client.close();
  await client.closed;
});

test('the headers of a stream arrive with it, their names in lower case', async () => {
  const seen: unknown[] = [];
  const { client } = sessions((stream) => seen.push({ ...stream.headers }) && stream.end());
  await client.open({ streamType: 'error', port: '80' });
  await client.open({ streamType: 'data', port: '80' });
  expect(seen).toEqual([
    { streamtype: 'error', port: '80' },
    { streamtype: 'data', port: '80' },
  ]);
});

test('one direction can end while the other goes on', async () => {
  const { client } = sessions((stream) => {
    let got = '';
    stream.on('data', (chunk: Buffer) => (got += chunk.toString())).on('end', () => stream.end(`got ${got}`));
  });
  const stream = await client.open({});
  stream.end('all of it');
  expect(await text(stream)).toBe('got all of it');
});

test('a slow reader holds back its own stream and no other', async () => {
  let sent = 0;
  const { client } = sessions((stream) => {
    if (stream.headers.name === 'fast') return echo(stream);
    const more = (): void => {
      while (sent < 10_000_000 && stream.write(Buffer.alloc(50_000), () => (sent += 50_000)));
    };
    stream.on('drain', more);
    more();
  });
  const slow = await client.open({ name: 'slow' });
  const fast = await client.open({ name: 'fast' });
  fast.end('quick');
  expect(await text(fast)).toBe('quick');
  expect(sent).toBeLessThan(1_000_000);
  let read = 0;
  for await (const chunk of slow as AsyncIterable<Buffer>) if ((read += chunk.length) >= 2_000_000) break;
  expect(sent).toBeGreaterThan(1_500_000);
});

test('a peer that knows no windows is written to without, and is read slowly when it sends too much', async () => {
  const [a, b] = pipe();
  const streams: SpdyStream[] = [];
  new SpdySession(b, { role: 'server', onStream: (stream) => streams.push(stream) });
  // The other end is made by hand: no SETTINGS, no WINDOW_UPDATE, as Go's spdystream.
  const received: Frame[] = [];
  const reader = new FrameReader();
  a.on('data', (chunk: Buffer) => received.push(...reader.push(chunk)));
  const block = new HeaderDeflater().push(encodeHeaders({}));
  const write = (frame: Frame): boolean =>
    encodeFrame(frame)
      .map((bytes) => a.write(bytes))
      .every(Boolean);
  write({ type: 'SYN_STREAM', streamId: 1, block, fin: false, unidirectional: false });
  while (streams.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const stream = streams[0]!;

  stream.end(Buffer.alloc(1_000_000)); // far more than any window
  await once(stream, 'finish');
  expect(
    received
      .filter(({ type }) => type === 'DATA')
      .reduce((sum, frame) => sum + (frame as { data: Buffer }).data.length, 0),
  ).toBe(1_000_000);

  let taken = 0;
  const more = async (): Promise<void> => {
    for (; taken < 100; taken++)
      if (!write({ type: 'DATA', streamId: 1, data: Buffer.alloc(50_000), fin: taken === 99 })) await once(a, 'drain');
  };
  const sending = more();
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBeLessThan(20);
  expect((await buffer(stream)).length).toBe(5_000_000);
  await sending;
});

test('a stream that nobody wants is refused', async () => {
  const [a, b] = pipe();
  new SpdySession(b, { role: 'server' });
  await expect(new SpdySession(a, { role: 'client' }).open({})).rejects.toThrow('the stream was refused');
});

test('a vanished peer ends every stream', async () => {
  const streams: SpdyStream[] = [];
  const { client, server } = sessions((stream) => streams.push(stream));
  const mine = await client.open({});
  client[Symbol.dispose]();
  await server.closed;
  expect(await text(streams[0]!)).toBe('');
  expect(await text(mine)).toBe('');
  await expect(client.open({})).rejects.toThrow('the connection is closed');
});

test('a stream that is destroyed is reset at the other end, and its neighbours live on', async () => {
  const streams: SpdyStream[] = [];
  const { client } = sessions((stream) => (stream.headers.name === 'echo' ? echo(stream) : void streams.push(stream)));
  const doomed = await client.open({});
  const ended = text(streams[0]!);
  doomed.destroy();
  expect(await ended).toBe('');
  const neighbour = await client.open({ name: 'echo' });
  neighbour.end('still here');
  expect(await text(neighbour)).toBe('still here');
});

test('bytes that are not SPDY end the session', async () => {
  const [a, b] = pipe();
  const server = new SpdySession(b, { role: 'server', onStream: echo });
  a.write(Buffer.from('8002000100000000', 'hex'));
  a.resume();
  await server.closed;
  await once(b, 'close');
});
