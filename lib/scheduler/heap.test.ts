import fc from 'fast-check';
import { Heap } from './heap.js';

test('gives its items back in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a < b);
      for (const number of numbers) heap.push(number);
      const popped = numbers.map(() => [heap.first, heap.pop()]);
      expect(popped).toEqual([...numbers].sort((a, b) => a - b).map((number) => [number, number]));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
