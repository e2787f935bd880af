import { Slab } from './index.js';

test('what is put in comes out, whatever comes after it', () => {
  const slab = new Slab(64);
  const texts = Array.from({ length: 50 }, (_, i) => 'ü'.repeat(i % 30));
  const kept = texts.map((text) => slab.copy(Buffer.from(text)));
  expect(kept.map(String)).toEqual(texts);
});

test('small buffers share a piece of memory, large ones have their own', () => {
  const slab = new Slab(64);
  const [a, b, large] = ['a', 'b', 'x'.repeat(17)].map((text) => slab.copy(Buffer.from(text)));
  expect(a!.buffer).toBe(b!.buffer);
  expect(large!.buffer).not.toBe(a!.buffer);
  expect(large!.buffer.byteLength).toBe(17);
});

test('a copy does not keep what it was cut from', () => {
  const file = Buffer.alloc(1024);
  expect(new Slab(64).copy(file.subarray(0, 3)).buffer).not.toBe(file.buffer);
});
