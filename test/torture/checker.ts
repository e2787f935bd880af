/**
 * Proves of a recorded history that the store kept its promises, or says where it did not.
 *
 * Every write has a revision, and revisions are one line; so nothing has to be guessed, as a checker of histories without
 * versions must, and the proof is exact and takes no longer than sorting:
 *
 * 1. What everybody saw is put together to one {@link Chronicle}. Observations of one revision that differ are a fault.
 * 2. Each version must be the work of one write that was not refused, and follow from the version before it by what that
 *    write does: a conditional update from exactly the version it named, a patch with everything that others had written.
 * 3. In one pass through time: a write's revision is greater than all that anybody had seen before it was sent; a read, or
 *    a refusal, shows a state that held at some moment between its sending and its answer, and not before the state of any
 *    read that had been answered before. So writes, reads and refusals of all objects together are linearizable.
 * 4. A list is the state at its revision, over all of its pages.
 * 5. A watch shows the chronicle from where it began: each change in its scope, once, in order, as what it was.
 *
 * An answer that never came may mean either: such a write counts as having happened if its id was seen.
 */
import { Chronicle, count, isAlive, type Version } from './chronicle.js';
import {
  type Content,
  contentText,
  type Get,
  type History,
  inNamespace,
  type List,
  patched,
  type Scope,
  type Session,
  type Write,
} from './history.js';

export interface Fault {
  readonly kind:
    | 'torn revision'
    | 'write that nobody made'
    | 'refused write present'
    | 'write that happened twice'
    | 'lost write'
    | 'wrong transition'
    | 'revision goes back'
    | 'stale read'
    | 'wrong refusal'
    | 'list is no snapshot'
    | 'event missing'
    | 'event twice'
    | 'event out of order'
    | 'wrong event';
  readonly text: string;
}

export interface Verdict {
  readonly faults: readonly Fault[];
  /** How much was proved. */
  readonly checked: {
    readonly writes: number;
    readonly unknownThatHappened: number;
    readonly unknownThatDidNot: number;
    readonly reads: number;
    readonly refusals: number;
    readonly lists: number;
    readonly pages: number;
    readonly sessions: number;
    readonly resumed: number;
    readonly expired: number;
    readonly events: number;
    /** Not proved, as no watch of everything had lived through the revisions in question. */
    readonly skipped: number;
  };
}

export function check(history: History): Verdict {
  return new Check(history).run();
}

/** Revisions after `after`, up to and with `until`. */
interface Span {
  readonly after: number;
  readonly until: number;
}

class Check {
  readonly #history: History;
  readonly #chronicle = new Chronicle();
  readonly #writes: readonly Write[];
  readonly #reads: readonly Get[];
  readonly #lists: readonly List[];
  readonly #sessions: readonly Session[];
  /** The revision that a write got, as far as it is known. */
  readonly #revisions = new Map<Write, number>();
  /** What no watch of everything has seen: what came and went there is not known. */
  #holes: readonly Span[] = [];
  readonly #faults: Fault[] = [];
  readonly #checked = {
    writes: 0,
    unknownThatHappened: 0,
    unknownThatDidNot: 0,
    reads: 0,
    refusals: 0,
    lists: 0,
    pages: 0,
    sessions: 0,
    resumed: 0,
    expired: 0,
    events: 0,
    skipped: 0,
  };

  constructor(history: History) {
    this.#history = history;
    const { records } = history;
    this.#writes = records.filter(
      (record) => record.type !== 'get' && record.type !== 'list' && record.type !== 'watch',
    );
    this.#reads = records.filter((record) => record.type === 'get');
    this.#lists = records.filter((record) => record.type === 'list');
    this.#sessions = records.filter((record) => record.type === 'watch');
  }

  run(): Verdict {
    this.#gather();
    this.#findHoles();
    this.#attribute();
    this.#transitions();
    this.#realTime();
    for (const list of this.#lists) this.#list(list);
    for (const session of this.#sessions) this.#watch(session);
    return { faults: this.#faults, checked: this.#checked };
  }

  get #base(): number {
    return this.#history.initial.pages[0]!.revision;
  }

  #fault(kind: Fault['kind'], text: string): void {
    this.#faults.push({ kind, text });
  }

  // 1. One chronicle.

  #gather(): void {
    const saw = (version: Version, where: string): void => {
      const other = this.#chronicle.saw(version);
      if (other)
        this.#fault(
          'torn revision',
          `revision ${version.revision} is ${show(other)}, but ${where} saw ${show(version)}`,
        );
    };
    for (const { pages } of [this.#history.initial, ...this.#lists])
      for (const { items } of pages) for (const item of items) saw(item, 'a list');
    for (const { seen, client } of this.#reads) if (seen) saw(seen, `a read of ${client}`);
    for (const { type, seen, client } of this.#writes) if (seen && type !== 'delete') saw(seen, `the writer ${client}`);
    for (const { events, scope, name } of this.#sessions)
      for (const { type, seen } of events) {
        if (type !== 'DELETED') saw(seen, `watch ${name}`);
        // What leaves a selection is DELETED for its watch, and lives.
        else if (scope.color === undefined) saw({ ...seen, content: undefined }, `watch ${name}`);
      }
  }

  #findHoles(): void {
    const whole = ({ namespace, color }: Scope): boolean => namespace === undefined && color === undefined;
    const spans = this.#sessions
      .filter(({ scope }) => whole(scope))
      .map(({ after, reached }) => ({ after, until: reached }))
      .sort((a, b) => a.after - b.after);
    const holes: Span[] = [];
    let reached = this.#base;
    for (const { after, until } of spans) {
      if (after > reached) holes.push({ after: reached, until: after });
      reached = Math.max(reached, until);
    }
    if (reached < this.#history.end) holes.push({ after: reached, until: this.#history.end });
    this.#holes = holes;

    // Where a list ends a hole, what it does not show is gone.
    for (const { until } of holes) {
      const list = this.#lists.find(
        ({ scope, complete, pages }) => complete && whole(scope) && pages[0]?.revision === until,
      );
      if (!list) continue;
      const there = new Set(list.pages.flatMap(({ items }) => items.map(({ key }) => key)));
      for (const key of this.#chronicle.keys) {
        const last = this.#chronicle.at(key, until);
        if (isAlive(last) && !there.has(key)) this.#chronicle.vanished(last, until);
      }
    }
  }

  /** Whether everything that happened from one revision to another was seen. */
  #isKnown(from: number, to: number): boolean {
    return !this.#holes.some(({ after, until }) => from < until && to > after);
  }

  // 2. Who wrote it, and from what.

  #attribute(): void {
    const byId = new Map<string, Write>();
    const byUid = new Map<string, Write>();
    for (const write of this.#writes) {
      if (write.content) byId.set(write.content.id, write);
      if (write.type !== 'delete' || write.outcome !== 'ok') continue;
      const other = byUid.get(write.uid!);
      if (other) this.#fault('write that happened twice', `${show(other)} and ${show(write)} removed the same object`);
      byUid.set(write.uid!, write);
    }
    // Deletions leave no id behind. The one that was sent first is the one that can explain most.
    const unknown = this.#writes.filter(({ type, outcome }) => type === 'delete' && outcome === 'unknown');
    unknown.sort((a, b) => a.startUs - b.startUs);
    const deletionOf = ({ key, uid, revision }: Version): Write | undefined => {
      const could = (write: Write): boolean => write.key === key && !this.#revisions.has(write);
      const before = this.#chronicle.at(key, revision - 1)?.revision;
      return (
        byUid.get(uid) ??
        unknown.find((write) => could(write) && write.expected !== undefined && write.expected === before) ??
        unknown.find((write) => could(write) && write.expected === undefined)
      );
    };

    for (const version of this.#chronicle.versions) {
      if (version.revision <= this.#base) continue;
      const write = isAlive(version) ? byId.get(contentOf(version).id) : deletionOf(version);
      if (!write || write.key !== version.key) this.#fault('write that nobody made', show(version));
      else if (write.outcome === 'refused') this.#fault('refused write present', `${show(write)}: ${show(version)}`);
      else if (this.#revisions.has(write))
        this.#fault(
          'write that happened twice',
          `${show(write)}: at ${this.#revisions.get(write)} and ${version.revision}`,
        );
      else this.#revisions.set(write, version.revision);
    }
    for (const write of this.#writes) {
      if (write.outcome === 'ok') this.#checked.writes++;
      if (write.outcome === 'unknown')
        this.#checked[this.#revisions.has(write) ? 'unknownThatHappened' : 'unknownThatDidNot']++;
      if (write.outcome !== 'ok' || this.#revisions.has(write)) continue;
      if (this.#holes.length > 0 && write.type === 'delete') this.#checked.skipped++;
      else this.#fault('lost write', `${show(write)} was acknowledged, and nobody ever saw it`);
    }
  }

  #transitions(): void {
    for (const [write, revision] of this.#revisions) {
      const before = this.#chronicle.at(write.key, revision - 1);
      if (!this.#isKnown(before?.revision ?? this.#base, revision)) {
        this.#checked.skipped++;
        continue;
      }
      const problem = transition(write, before, this.#chronicle.of(revision)!);
      if (problem) this.#fault('wrong transition', `${show(write)} at revision ${revision}: ${problem}`);
    }
  }

  // 3. In the order of real time.

  #realTime(): void {
    const calls = [...this.#writes, ...this.#reads, ...this.#lists];
    /** By the time of sending: the smallest revision of a write that was sent then, or later. */
    const sent = [...this.#revisions].map(([{ startUs }, revision]) => ({ startUs, revision }));
    sent.sort((a, b) => b.startUs - a.startUs);
    for (let i = 1, least = sent[0]?.revision ?? 0; i < sent.length; i++)
      sent[i]!.revision = least = Math.min(least, sent[i]!.revision);
    /** The last revision that can have been there at a time. */
    const ceiling = (timeUs: number): number => {
      let [low, high] = [0, sent.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (sent[middle]!.startUs > timeUs) low = middle + 1;
        else high = middle;
      }
      return low === 0 ? Infinity : sent[low - 1]!.revision - 1;
    };

    interface Moment {
      readonly atUs: number;
      readonly happen: () => void;
    }
    /** The revision that somebody is known to have seen by now. */
    let floor = this.#base;
    const moments: Moment[] = [];
    for (const call of calls) {
      let shown = 0;
      moments.push({ atUs: call.startUs, happen: () => (shown = this.#place(call, floor, ceiling)) });
      moments.push({ atUs: call.endUs, happen: () => (floor = Math.max(floor, shown)) });
    }
    for (const { events } of this.#sessions)
      for (const { atUs, seen } of events)
        moments.push({ atUs, happen: () => (floor = Math.max(floor, seen.revision)) });
    // Of what happens in one microsecond, what begins comes first: the order is then not known. (The sort is stable.)
    const isStart = new Set(moments.filter((_, i) => i % 2 === 0 && i < 2 * calls.length));
    moments.sort((a, b) => a.atUs - b.atUs || Number(isStart.has(b)) - Number(isStart.has(a)));
    for (const { happen } of moments) happen();
  }

  /** Where a call stands in the line of revisions: the earliest place there is for it, not before `floor`. 0: nowhere. */
  #place(call: Write | Get | List, floor: number, ceiling: (timeUs: number) => number): number {
    if (call.type === 'list') return this.#placeList(call, floor, ceiling);
    const revision = call.type === 'get' ? undefined : this.#revisions.get(call);
    if (revision !== undefined) {
      if (revision <= floor)
        this.#fault(
          'revision goes back',
          `${show(call)} got ${revision}, though ${floor} had been seen when it was sent`,
        );
      return call.outcome === 'ok' ? revision : 0;
    }
    const wanted = shows(call);
    if (call.outcome === 'unknown' || !wanted) return 0;
    this.#checked[call.outcome === 'ok' ? 'reads' : 'refusals']++;
    const last = ceiling(call.endUs);
    for (let at = floor, state = this.#chronicle.at(call.key, floor); at <= last;) {
      if (wanted(state)) return at;
      state = this.#chronicle.after(call.key, at);
      at = state?.revision ?? Infinity;
    }
    if (!this.#isKnown(floor, last)) {
      this.#checked.skipped++;
      return 0;
    }
    const states = [this.#chronicle.at(call.key, floor), this.#chronicle.after(call.key, floor)]
      .map(show)
      .join(', then ');
    this.#fault(
      call.outcome === 'ok' ? 'stale read' : 'wrong refusal',
      `${show(call)}, though from revision ${floor}, seen when it was sent, to ${last} ${call.key} was: ${states}`,
    );
    return 0;
  }

  #placeList(list: List, floor: number, ceiling: (timeUs: number) => number): number {
    const revision = list.pages[0]?.revision;
    if (revision === undefined) return 0;
    const { exactly, notOlderThan, any } = list;
    if (exactly !== undefined && revision !== exactly)
      this.#fault('list is no snapshot', `${show(list)} was to show revision ${exactly}`);
    if (exactly !== undefined || any) return 0;
    const least = notOlderThan ?? floor;
    if (revision < least) this.#fault('stale read', `${show(list)}, though ${least} was known when it was sent`);
    if (revision > ceiling(list.endUs) && this.#isKnown(revision, revision))
      this.#fault('stale read', `${show(list)} shows what was only sent after its end`);
    return notOlderThan === undefined ? revision : 0;
  }

  // 4. Lists.

  #list(list: List): void {
    const { pages, scope, complete } = list;
    const revision = pages[0]?.revision;
    if (revision === undefined) return;
    this.#checked.lists++;
    this.#checked.pages += pages.length;
    if (pages.some((page) => page.revision !== revision))
      return this.#fault(
        'list is no snapshot',
        `${show(list)} has pages of revisions ${pages.map((page) => page.revision)}`,
      );
    // At the end of a hole a list is itself what is known.
    if (this.#holes.some(({ after, until }) => after < revision && revision < until))
      return void this.#checked.skipped++;

    const wanted = this.#chronicle.keys
      .filter((key) => inNamespace(scope, key))
      .map((key) => this.#chronicle.at(key, revision))
      .filter((version) => isIn(scope, version));
    const found = pages.flatMap(({ items }) => items);
    const differs = found.findIndex((item, i) => item.key !== wanted[i]?.key || item.revision !== wanted[i].revision);
    if (differs >= 0 || (complete && found.length < wanted.length)) {
      const at = differs < 0 ? found.length : differs;
      const entry = `its entry ${at + 1} is ${show(found[at])}, not ${show(wanted[at])}`;
      this.#fault('list is no snapshot', `${show(list)}: ${entry}`);
    }
    let shown = 0;
    for (const { items, remaining } of pages) {
      shown += items.length;
      if (remaining !== undefined && remaining !== wanted.length - shown)
        this.#fault(
          'list is no snapshot',
          `${show(list)}: ${remaining} remain, it says, and ${wanted.length - shown} do`,
        );
    }
  }

  // 5. Watches.

  readonly #last = new Map<string, Session>();

  #watch(session: Session): void {
    const { name, scope, after, events, end } = session;
    this.#checked.sessions++;
    this.#checked.events += events.length;
    if (end === 'expired') this.#checked.expired++;
    const before = this.#last.get(name);
    if (before?.reached === after) this.#checked.resumed++;
    this.#last.set(name, session);
    // The last session of a watch has waited for the end.
    const reached = end === 'finished' ? Math.max(session.reached, this.#history.end) : session.reached;
    const wanted = this.#changes(scope, after, reached);
    const where = `watch ${name}, begun after ${after},`;

    let next = 0;
    let last = after;
    const delivered = new Set<number>();
    for (const { type, seen } of events) {
      const { revision } = seen;
      if (revision <= last) {
        const kind = delivered.has(revision) || revision <= after ? 'event twice' : 'event out of order';
        this.#fault(kind, `${where} delivered ${revision} after ${last}`);
        continue;
      }
      delivered.add(revision);
      last = revision;
      for (; next < wanted.length && wanted[next]!.revision < revision; next++) this.#missing(where, wanted[next]!);
      const change = wanted[next];
      if (change?.revision !== revision) {
        if (this.#isKnown(revision - 1, revision))
          this.#fault('wrong event', `${where} delivered ${type} ${show(seen)}, which is none in its scope`);
        continue;
      }
      next++;
      if (change.type !== type || change.content !== seen.content)
        this.#fault('wrong event', `${where} delivered ${type} ${show(seen)}, not ${show(change)}`);
    }
    for (; next < wanted.length; next++) this.#missing(where, wanted[next]!);
  }

  #missing(where: string, change: Change): void {
    this.#fault('event missing', `${where} did not deliver ${show(change)}`);
  }

  /** What a watch of `scope` is to deliver. */
  #changes(scope: Scope, after: number, reached: number): Change[] {
    const { versions } = this.#chronicle;
    return versions.slice(count(versions, after), count(versions, reached)).flatMap((version): Change[] => {
      if (!inNamespace(scope, version.key)) return [];
      const before = this.#chronicle.at(version.key, version.revision - 1);
      const [wasIn, nowIn] = [isIn(scope, before), isIn(scope, version)];
      if (!wasIn && !nowIn) return [];
      const type = !wasIn ? 'ADDED' : nowIn ? 'MODIFIED' : 'DELETED';
      return [{ ...version, type, content: nowIn ? version.content : before!.content }];
    });
  }
}

type Change = Version & { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' };

const contentOf = ({ content }: Version): Content => JSON.parse(content!) as Content;

const isIn = ({ color }: Scope, version: Version | undefined): boolean =>
  isAlive(version) && (color === undefined || contentOf(version).color === color);

/** Which states a read, or a refusal, can have been answered from. */
function shows({ type, outcome, reason, ...call }: Write | Get): ((state: Version | undefined) => boolean) | undefined {
  const { expected } = call as Partial<Write>;
  if (type === 'get' && outcome === 'ok') return (state) => state?.revision === call.seen!.revision;
  if (reason === 'NotFound') return (state) => !isAlive(state);
  if (reason === 'AlreadyExists' && type === 'create') return isAlive;
  if (reason === 'Conflict' && expected !== undefined) return (state) => isAlive(state) && state.revision !== expected;
  return () => false;
}

/** What is wrong with `version` as the work of `write` on `before`; undefined if nothing is. */
function transition(write: Write, before: Version | undefined, version: Version): string | undefined {
  const { type, expected, content } = write;
  if (type === 'create') {
    if (isAlive(before)) return `there was ${show(before)} already`;
    if (before?.uid === version.uid) return `the uid is that of ${show(before)}`;
  } else {
    if (!isAlive(before)) return 'there was nothing';
    if (before.uid !== version.uid) return `the uid was ${before.uid}`;
    if (expected !== undefined && before.revision !== expected)
      return `it was written on top of ${show(before)}, but demanded revision ${expected}`;
  }
  if (type === 'delete') return isAlive(version) ? 'it is still there' : undefined;
  const wanted = contentText(type === 'patch' ? patched(contentOf(before!), content!) : content!);
  return version.content === wanted ? undefined : `it holds ${version.content}, not ${wanted}`;
}

/** Anything, in a few words. */
function show(thing: Version | Change | Write | Get | List | undefined): string {
  if (!thing) return 'nothing';
  if (!('client' in thing)) {
    const text = `${thing.key} at ${thing.revision} (${thing.content ?? 'gone'})`;
    return 'type' in thing ? `${thing.type} ${text}` : text;
  }
  if (thing.type === 'list') {
    const { namespace, color } = thing.scope;
    return `the list of ${namespace ?? 'all'}${color ? `, ${color},` : ''} by ${thing.client} at ${thing.pages[0]?.revision}`;
  }
  const { type, key, client, outcome, reason, startUs, endUs } = thing;
  const id = type === 'get' ? '' : ` ${thing.content?.id ?? ''}${thing.expected ? ` on ${thing.expected}` : ''}`;
  const answer = thing.seen ? ` → ${thing.seen.revision}` : '';
  return `${type}${id} of ${key} by ${client} (${reason ?? outcome}${answer}, ${startUs}–${endUs} µs)`;
}
