import fc from 'fast-check';
import { encodeFrame, FrameReader, type Frame } from './frames.js';

const id = fc.integer({ min: 1, max: 0x7fffffff });
const word = fc.integer({ min: 0, max: 0xffffffff });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const frame: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    type: fc.constant('SYN_STREAM' as const),
    streamId: id,
    block: bytes,
    fin: fc.boolean(),
    unidirectional: fc.boolean(),
  }),
  fc.record({
    type: fc.constantFrom('SYN_REPLY' as const, 'HEADERS' as const),
    streamId: id,
    block: bytes,
    fin: fc.boolean(),
  }),
  fc.record({ type: fc.constant('DATA' as const), streamId: id, data: bytes, fin: fc.boolean() }),
  fc.record({ type: fc.constant('RST_STREAM' as const), streamId: id, status: word }),
  fc.record({ type: fc.constant('PING' as const), id: word }),
  fc.record({ type: fc.constant('GOAWAY' as const), lastStreamId: id, status: word }),
  fc.record({ type: fc.constant('WINDOW_UPDATE' as const), streamId: id, delta: id }),
  fc.record({
    type: fc.constant('SETTINGS' as const),
    settings: fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), word)).map((entries) => new Map(entries)),
  }),
);

test('frames survive the wire, however it cuts them', () =>
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 50 }), (frames, size) => {
      const wire = Buffer.concat(frames.flatMap(encodeFrame));
      const reader = new FrameReader();
      const read: Frame[] = [];
      for (let at = 0; at < wire.length; at += size) read.push(...reader.push(wire.subarray(at, at + size)));
      expect(read).toEqual(frames);
    }),
  ));

test.each([
  ['a frame of another version', '8002000100000000', 'not SPDY/3.1: version 2'],
  ['an HTTP answer', Buffer.from('HTTP/1.1 400 Bad\r\n').toString('hex'), undefined],
  ['a control frame of 16 MB', '8003000100ffffff', 'control frame of 16777215 bytes'],
  ['a RST_STREAM without a status', '80030003000000040000000100000000', 'too short'],
  ['SETTINGS that count more than they hold', '80030004000000040000ffff', 'too short'],
])('%s is refused', (_, hex, message) => {
  const read = (): Frame[] => [...new FrameReader().push(Buffer.from(hex, 'hex'))];
  if (message) expect(read).toThrow(message);
  else expect(read()).toEqual([]); // a data frame that never completes: found out by its length
});

test('a frame of an unknown type is skipped', () => {
  const reader = new FrameReader();
  const ping = Buffer.concat(encodeFrame({ type: 'PING', id: 1 }));
  expect([...reader.push(Buffer.concat([Buffer.from('8003001000000002abcd', 'hex'), ping]))]).toEqual([
    { type: 'PING', id: 1 },
  ]);
});
