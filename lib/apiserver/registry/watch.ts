/**
 * Watches: one long answer, a line an event. A watch is a number into its kind's log of changes: it reads on when there
 * is something new and its client has taken what it got. One that does not read holds one piece of {@link pieceBytes}, and
 * what it began with, which is the cache's; when its place in the log is forgotten, it is cut off, and its client lists
 * again.
 *
 * A selection turns changes into comings and goings: an object that begins to match is ADDED, one that ceases to is
 * DELETED, with its old state under the new version.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { groupVersion } from '../../api/resources.js';
import { expired, type Status, type StatusError } from '../../api/status.js';
import type { Clock } from '../../util/index.js';
import type { Form } from '../forms.js';
import type { CachedEntry } from '../watch-cache/entry.js';
import type { CacheEvent } from '../watch-cache/event-log.js';
import type { KindCache } from '../watch-cache/kind-cache.js';
import type { WatchCache } from '../watch-cache/watch-cache.js';
import type { Selection } from './selection.js';

/** So much is written at once; then the client must have taken it. One event more may go with it. */
export const pieceBytes = 1024 * 1024;

/** Bookmarks come about once a minute, and shortly before the end. */
const bookmarkPeriodMs = 60_000;
const bookmarkBeforeEndMs = 2_000;

export interface WatchOptions {
  readonly cache: WatchCache;
  readonly selection: Selection;
  readonly form: Form;
  readonly clock: Clock;
  /** Begin after this revision; undefined: with what is there, as ADDED. */
  readonly after: number | undefined;
  /** A bookmark marks the end of the initial events. */
  readonly markInitialEvents: boolean;
  readonly bookmarks: boolean;
  readonly timeoutMs: number;
}

/** What is written at once: the lines of some events, the revision of the last one among them, and where to read on. */
interface Piece {
  readonly lines: Buffer | undefined;
  readonly told: number | undefined;
  readonly next: number;
}

/** Where the events go. */
export interface Sink {
  /** @returns false if the client has not taken what was written before: wait for {@link onDrain} */
  write(chunk: Buffer): boolean;
  onDrain(drained: () => void): void;
  end(): void;
  /** Cuts the connection off. */
  destroy(): void;
}

/** Runs until the time is up, the client goes, or it is too slow. Dispose it to stop. */
export class Watch implements Disposable {
  readonly #options: WatchOptions;
  readonly #sink: Sink;
  readonly #timers: Disposable[] = [];
  /** Watches of the same view get the same bytes of an event. */
  readonly #view: string;
  #listening: Disposable | undefined;
  /** What was there at the beginning and is still to be written, last first. */
  #initial: CachedEntry[] = [];
  /** A bookmark is still to mark the end of it. */
  #unmarked = false;
  /** The number of the next event to read from the log. */
  #next = 0;
  #blocked = false;
  #begun = false;
  /** The revision that the client knows of. */
  #told: number;
  #ended = false;

  constructor(options: WatchOptions, sink: Sink) {
    this.#options = options;
    this.#sink = sink;
    this.#told = options.after ?? 0;
    this.#view = `${groupVersion(options.selection.kind)} ${options.form.id}`;
  }

  start(): void {
    const { cache, selection, after, timeoutMs, clock, bookmarks } = this.#options;
    const entries = cache.of(selection.kind);
    if (after !== undefined && after < entries.log.since) {
      this.#fail(expired(`too old resource version: ${after} (${entries.log.since})`));
      return;
    }
    if (after === undefined) this.#beginWithState();
    else this.#next = entries.log.after(after);
    if (this.#ended) return;
    this.#sink.onDrain(() => {
      this.#blocked = false;
      this.#pump();
    });
    this.#listening = entries.listen(() => this.#pump());
    this.#timers.push(clock.after(timeoutMs, () => this.#end()));
    if (bookmarks) this.#scheduleBookmarks();
    this.#pump();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#listening?.[Symbol.dispose]();
    for (const timer of this.#timers.splice(0)) timer[Symbol.dispose]();
  }

  #end(): void {
    this[Symbol.dispose]();
    this.#sink.end();
  }

  #fail({ status }: StatusError): void {
    const { form } = this.#options;
    this.#sink.write(form.event?.('ERROR', status) ?? Buffer.from(errorLine(status)));
    this.#end();
  }

  #beginWithState(): void {
    const { cache, selection, markInitialEvents } = this.#options;
    const entries = cache.of(selection.kind);
    this.#next = entries.log.end;
    this.#told = cache.revision;
    const all = entries.list(selection.prefix).reverse();
    this.#initial = selection.all ? all : all.filter((entry) => selection.matches(entry));
    this.#unmarked = markInitialEvents;
  }

  /** Writes what there is to tell, piece by piece, as long as the client takes it. */
  #pump(): void {
    while (!this.#blocked && !this.#ended && (this.#writeInitial() || this.#writeEvents()));
  }

  /** @returns whether there was anything to write */
  #writeInitial(): boolean {
    const { form } = this.#options;
    if (this.#initial.length === 0 && !this.#unmarked) return false;
    const lines: Buffer[] = [];
    for (let bytes = 0; bytes < pieceBytes && this.#initial.length > 0;) {
      const line = this.#line('ADDED', this.#initial.pop()!, form);
      lines.push(line);
      bytes += line.length;
    }
    if (this.#initial.length === 0 && this.#unmarked) {
      this.#unmarked = false;
      lines.push(this.#bookmark({ 'k8s.io/initial-events-end': 'true' }));
    }
    this.#write(joined(lines));
    return true;
  }

  /** A hundred watches of the same write the same piece. @returns whether there was anything to read */
  #writeEvents(): boolean {
    const { cache, selection, form, after = 0 } = this.#options;
    const entries = cache.of(selection.kind);
    if (this.#next === entries.log.end) return false;
    try {
      // The first row of a table, and a watch from the future, are like no other.
      const own = (form.first && !this.#begun) || entries.log.at(this.#next)!.revision <= after;
      const piece = own
        ? this.#piece(entries)
        : entries.shared(`${this.#next} ${this.#view} ${selection.id}`, () => this.#piece(entries));
      this.#next = piece.next;
      if (piece.told !== undefined) this.#told = piece.told;
      this.#write(piece.lines);
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this[Symbol.dispose]();
      this.#sink.destroy();
      return false;
    }
  }

  /** From the next event on to the last one, or as many as make a piece. @throws RangeError if the next one is no longer kept */
  #piece(entries: KindCache): Piece {
    const { after = 0 } = this.#options;
    const { log } = entries;
    const lines: Buffer[] = [];
    let bytes = 0;
    let told: number | undefined;
    let next = this.#next;
    for (let event = log.at(next); event && bytes < pieceBytes; event = log.at(++next)) {
      if (event.revision <= after) continue; // a watch from the future begins there
      const line = this.#select(event, entries);
      if (!line) continue;
      lines.push(line);
      bytes += line.length;
      told = event.revision;
    }
    return { lines: joined(lines), told, next };
  }

  #write(lines: Buffer | undefined): void {
    if (lines && !this.#sink.write(lines)) this.#blocked = true;
  }

  /** The event as this watch's selection sees it; undefined if it does not concern it. */
  #select(event: CacheEvent, entries: KindCache): Buffer | undefined {
    const { selection } = this.#options;
    const { entry, previous, deleted } = event;
    if (!entry.key.startsWith(selection.prefix)) return undefined;
    const isIn = !deleted && (selection.all || selection.matches(entry));
    const wasIn = previous !== undefined && (selection.all || selection.matches(previous));
    if (isIn) return this.#shared(entries, wasIn ? 'MODIFIED' : 'ADDED', entry);
    if (!wasIn) return undefined;
    return this.#shared(entries, 'DELETED', deleted ? entry : previous.at(event.revision));
  }

  /** An event is encoded once for all watches of one view that read it before the next one, whatever they select. */
  #shared(entries: KindCache, type: string, entry: CachedEntry): Buffer {
    const { form } = this.#options;
    if (form.first && !this.#begun) return this.#line(type, entry, form);
    return entries.shared(`${type} ${entry.revision} ${this.#view}`, () => this.#line(type, entry, form));
  }

  #line(type: string, entry: CachedEntry, form: Form): Buffer {
    if (form.event) return form.event(type, entry);
    const before = `{"type":"${type}","object":`;
    const encode = !this.#begun && form.first ? form.first : form.one;
    this.#begun = true;
    return encode(entry, before, '}\n');
  }

  #scheduleBookmarks(): void {
    const { clock, timeoutMs } = this.#options;
    const send = (): void => {
      const { revision } = this.#options.cache;
      // Nothing to tell, or a client that is behind: a bookmark must not overtake events.
      if (revision <= this.#told || this.#blocked) return;
      this.#told = revision;
      this.#write(this.#bookmark());
    };
    const again = (): void => {
      send();
      this.#timers[1] = clock.after(bookmarkPeriodMs, again);
    };
    this.#timers[1] = clock.after(bookmarkPeriodMs, again);
    if (timeoutMs > bookmarkBeforeEndMs) this.#timers.push(clock.after(timeoutMs - bookmarkBeforeEndMs, send));
  }

  #bookmark(annotations?: Record<string, string>): Buffer {
    const { selection, form } = this.#options;
    const { kind } = selection;
    const metadata = { resourceVersion: String(this.#told), ...(annotations && { annotations }) };
    const object = form.bookmark?.(metadata) ?? { kind: kind.kind, apiVersion: groupVersion(kind), metadata };
    return form.event?.('BOOKMARK', object) ?? Buffer.from(`{"type":"BOOKMARK","object":${JSON.stringify(object)}}\n`);
  }
}

const joined = (lines: readonly Buffer[]): Buffer | undefined => (lines.length > 1 ? Buffer.concat(lines) : lines[0]);

const errorLine = (status: Status): string => `{"type":"ERROR","object":${JSON.stringify(status)}}\n`;
