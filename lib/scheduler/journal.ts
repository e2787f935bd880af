/**
 * Maps that remember what they held. Each change notes what it replaced, which costs next to nothing; whoever wants to know
 * what was there at some moment takes what is there now and goes the notes backwards. So the scheduler can explain a decision
 * from the very state that it was made from, long after that state is gone, without ever having copied it.
 *
 * ```ts
 * const journal = new Journal();
 * const nodes = new RecordedMap<string, Node>(journal);
 * const mark = journal.mark;
 * nodes.set('node-1', changed);
 * nodes.at(mark).get('node-1'); // as it was
 * ```
 */

/** How many changes are remembered at most, whoever may want to go back further. */
export const changesKept = 100_000;

interface Note {
  readonly map: RecordedMap<any, any>;
  readonly key: unknown;
  /** What `key` stood for before; undefined: nothing. */
  readonly before: unknown;
}

/** The changes of several maps, in one order. */
export class Journal {
  readonly #kept: number;
  #notes: Note[] = [];
  /** The mark that stood before the first of `#notes`. */
  #start = 0;

  constructor(kept: number = changesKept) {
    this.#kept = kept;
  }

  /** This moment: how many changes there have been. */
  get mark(): number {
    return this.#start + this.#notes.length;
  }

  /** Whether all changes since `mark` are remembered. */
  reaches(mark: number): boolean {
    return mark >= this.#start;
  }

  /** Nobody will go back beyond `mark`. */
  forgetBefore(mark: number): void {
    // In large pieces: to move the rest up for every single note would cost more than all the notes.
    const old = mark - this.#start;
    if (old > 1024 && old * 2 > this.#notes.length) this.#drop(old);
  }

  note(map: RecordedMap<any, any>, key: unknown, before: unknown): void {
    this.#notes.push({ map, key, before });
    if (this.#notes.length >= 2 * this.#kept) this.#drop(this.#notes.length - this.#kept);
  }

  /** What has been changed since `mark` has been changed back: there was nothing. */
  cancel(mark: number): void {
    this.#notes.length = Math.max(0, mark - this.#start);
  }

  /** The changes of `map` since `mark`, the newest first. */
  *since(mark: number, map: RecordedMap<any, any>): Generator<Note, void> {
    for (let i = this.#notes.length - 1; i >= mark - this.#start; i--)
      if (this.#notes[i]!.map === map) yield this.#notes[i]!;
  }

  #drop(count: number): void {
    this.#notes = this.#notes.slice(count);
    this.#start += count;
  }
}

/** A Map whose changes are noted. */
export class RecordedMap<K, V> extends Map<K, V> {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    super();
    this.#journal = journal;
  }

  override set(key: K, value: V): this {
    this.#journal.note(this, key, this.get(key));
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    if (this.has(key)) this.#journal.note(this, key, this.get(key));
    return super.delete(key);
  }

  /** As `set`, of a value that differs in nothing that anybody will go back for: it is not noted. */
  replace(key: K, value: V): void {
    super.set(key, value);
  }

  /** A copy of what was there at `mark`. What has been deleted since comes last. The journal must reach there. */
  at(mark: number): Map<K, V> {
    const past = new Map(this);
    for (const { key, before } of this.#journal.since(mark, this)) {
      if (before === undefined) past.delete(key as K);
      else past.set(key as K, before as V);
    }
    return past;
  }
}
