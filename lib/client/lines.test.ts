import fc from 'fast-check';
import { lines } from './lines.js';

async function read(chunks: Buffer[]): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines(
    (async function* () {
      yield* chunks;
    })(),
  ))
    all.push(line);
  return all;
}

test('lines come out whole wherever the chunks end, within a character too', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1 }).map((s) => JSON.stringify(s))),
      fc.array(fc.nat()),
      async (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => text + '\n').join(''));
        const borders = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const chunks = [0, ...borders].map((from, i) => bytes.subarray(from, borders[i] ?? bytes.length));
        expect(await read(chunks)).toEqual(texts);
      },
    ),
  );
});

test.each([
  ['a line cut in two by the end of the stream is dropped', ['{"a":1}\n{"b"'], ['{"a":1}']],
  ['empty lines are not lines', ['\n\r\n{}\n'], ['{}']],
  ['an empty stream has none', [], []],
])('%s', async (_, chunks, expected) => {
  expect(await read(chunks.map((c) => Buffer.from(c)))).toEqual(expected);
});
