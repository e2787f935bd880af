import { constants, createDeflate } from 'node:zlib';
import fc from 'fast-check';
import { decodeHeaders, encodeHeaders, HeaderDeflater, HeaderInflater, dictionary, zlibHead } from './headers.js';

const names = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const headerBlocks = fc.array(fc.dictionary(names, fc.string({ unit: 'grapheme', maxLength: 200 })), { maxLength: 6 });

test('the dictionary is the one that SPDY/3 prescribes: its checksum is in the first bytes of every capture', () => {
  expect(zlibHead.toString('hex', 2)).toBe('e3c6a7c2');
});

test('what is packed is unpacked, block after block of one connection', () =>
  fc.assert(
    fc.asyncProperty(headerBlocks, async (blocks) => {
      using inflater = new HeaderInflater();
      const deflater = new HeaderDeflater();
      for (const headers of blocks) {
        const unpacked = decodeHeaders(await inflater.push(deflater.push(encodeHeaders(headers))));
        expect({ ...unpacked }).toEqual(
          Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, v.replaceAll('\0', ', ')])),
        );
      }
    }),
  ));

test('blocks of a compressor with sync flushes are unpacked as they come', async () => {
  const bytes: Buffer[] = [];

  const deflate = createDeflate({ dictionary, level: 9 }).on('data', (chunk: Buffer) => bytes.push(chunk));
  using inflater = new HeaderInflater();
  for (const headers of [
    { streamtype: 'error', port: '80' },
    { streamtype: 'data', port: '80' },
  ]) {
    deflate.write(encodeHeaders(headers));
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve));
    expect({ ...decodeHeaders(await inflater.push(Buffer.concat(bytes.splice(0)))) }).toEqual(headers);
  }
});

test('bytes that no compressor made are refused', async () => {
  using inflater = new HeaderInflater();
  await expect(inflater.push(Buffer.from('not zlib at all'))).rejects.toThrow('malformed header block');
});

test('a name called __proto__ is a name', () => {
  const headers = decodeHeaders(encodeHeaders(JSON.parse('{"__proto__":"x"}') as Record<string, string>));
  expect(Object.keys(headers)).toEqual(['__proto__']);
});
