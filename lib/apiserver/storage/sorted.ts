/**
 * Entries in the order of their keys. Lists ask for a prefix, a page at a time and in order, while keys come and go at
 * random; a `Map` would have to be sorted for each list, and one sorted array would move 30,000 pointers for each insert.
 * So the array is cut into chunks of a few hundred: finding is two binary searches, inserting moves half a chunk, and
 * counting what remains of a list adds up the lengths of the chunks. (A balanced tree does the same in more lines.)
 */
import { compareKeys } from './order.js';
import type { Entry } from './storage.js';

/** A chunk that grows beyond this is cut in two. */
const chunkSize = 512;

/** A place between entries: before the one at `index` of `chunk`, or at the end. */
interface Position {
  readonly chunk: number;
  readonly index: number;
}

export class SortedEntries {
  /** No chunk is empty; each is sorted, and all of its keys come before those of the next. */
  readonly #chunks: Entry[][] = [];

  get(key: string): Entry | undefined {
    const { chunk, index } = this.#find((other) => compareKeys(other, key) < 0);
    const entry = this.#chunks[chunk]?.[index];
    return entry?.key === key ? entry : undefined;
  }

  /** Adds `entry`, or replaces the one of its key. @returns the one that was there */
  set(entry: Entry): Entry | undefined {
    const { chunk, index } = this.#find((other) => compareKeys(other, entry.key) < 0);
    const entries = this.#chunks[chunk] ?? this.#chunks[chunk - 1];
    if (!entries) {
      this.#chunks.push([entry]);
      return undefined;
    }
    const previous = this.#chunks[chunk]?.[index];
    if (previous?.key === entry.key) {
      entries[index] = entry;
      return previous;
    }
    if (entries === this.#chunks[chunk]) entries.splice(index, 0, entry);
    else entries.push(entry); // the new last key of all
    if (entries.length > chunkSize) {
      // A chunk that only grows at its end is cut there, so that keys written in order leave full chunks behind.
      const at = entries.at(-1) === entry ? chunkSize : chunkSize / 2;
      this.#chunks.splice(this.#chunks.indexOf(entries) + 1, 0, entries.splice(at));
    }
    return undefined;
  }

  /** @returns the entry that was there */
  delete(key: string): Entry | undefined {
    const { chunk, index } = this.#find((other) => compareKeys(other, key) < 0);
    const entries = this.#chunks[chunk];
    const entry = entries?.[index];
    if (entry?.key !== key) return undefined;
    entries!.splice(index, 1);
    if (entries!.length === 0) this.#chunks.splice(chunk, 1);
    return entry;
  }

  /** How many keys start with `prefix` and come after `after`. */
  count(prefix: string, after: string): number {
    return Math.max(0, this.#rank(this.#end(prefix)) - this.#rank(this.#begin(prefix, after)));
  }

  /** The entries whose keys start with `prefix` and come after `after`, in order. Not to be changed meanwhile. */
  *walk(prefix: string, after: string): Generator<Entry, void> {
    const begin = this.#begin(prefix, after);
    const end = this.#end(prefix);
    for (let { chunk, index } = begin; chunk <= end.chunk; chunk++, index = 0) {
      const entries = this.#chunks[chunk];
      const last = chunk === end.chunk ? end.index : (entries?.length ?? 0);
      for (; index < last; index++) yield entries![index]!;
    }
  }

  #begin(prefix: string, after: string): Position {
    return compareKeys(after, prefix) < 0
      ? this.#find((key) => compareKeys(key, prefix) < 0)
      : this.#find((key) => compareKeys(key, after) <= 0);
  }

  #end(prefix: string): Position {
    return this.#find((key) => compareKeys(key, prefix) < 0 || key.startsWith(prefix));
  }

  /** The place before the first key of which `before` does not hold. (It holds of a beginning of the keys.) */
  #find(before: (key: string) => boolean): Position {
    const chunk = search(this.#chunks.length, (i) => before(this.#chunks[i]!.at(-1)!.key));
    const entries = this.#chunks[chunk];
    return { chunk, index: entries ? search(entries.length, (i) => before(entries[i]!.key)) : 0 };
  }

  #rank({ chunk, index }: Position): number {
    let rank = index;
    for (let i = 0; i < chunk; i++) rank += this.#chunks[i]!.length;
    return rank;
  }
}

/** The smallest of 0 … `length` of which `before` does not hold. */
function search(length: number, before: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
