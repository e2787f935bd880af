/**
 * A store and its clients, simulated: a recorded history that is right by construction, or has one fault planted in it.
 * So the checker is checked.
 */
import {
  type Content,
  contentText,
  type History,
  type HistoryRecord,
  inNamespace,
  type List,
  type Page,
  patched,
  type Scope,
  type Seen,
  type Session,
  type WatchEvent,
  type Write,
} from './history.js';
import { random } from './random.js';

/** What the store does wrong, once. */
export type Plant =
  | 'acknowledges a write and forgets it'
  | 'takes its last revision back'
  | 'refuses a write and keeps it'
  | 'writes twice'
  | 'writes what nobody sent'
  | 'updates on top of another version than demanded'
  | 'patches an old version'
  | 'creates what is there'
  | 'reads an old version'
  | 'does not find what is there'
  | 'refuses to create what is not there'
  | 'lists an old state as the present one'
  | 'lists the second page later than the first'
  | 'lists without the last object'
  | 'delivers an event twice'
  | 'leaves out an event'
  | 'swaps two events'
  | 'delivers another content'
  | 'resumes a watch too late'
  | 'calls a change an addition'
  | 'does not tell what leaves a selection';

interface Version extends Seen {
  readonly alive: boolean;
}

const keys = ['t0/a', 't0/b', 't0/c', 't1/a', 't1/b'];
const scopes: readonly Scope[] = [{}, {}, { namespace: 't1' }, { color: 'red' }];

/** The history of `steps` steps, and whether the fault could be planted. */
export function simulate(seed: number, plant?: Plant, steps = 400): { history: History; planted: boolean } {
  return new Simulation(seed, plant).run(steps);
}

/** A client: it sends, the store does it, the answer comes; each at a time of its own. */
interface Client {
  readonly name: string;
  count: number;
  step: 'idle' | 'sent' | 'done';
  startUs: number;
  wish: 'create' | 'update' | 'patch' | 'delete' | 'get' | 'list';
  key: string;
  expected: number | undefined;
  answer: HistoryRecord | undefined;
}

interface Watch {
  readonly name: string;
  readonly scope: Scope;
  after: number;
  startUs: number;
  events: WatchEvent[];
  reached: number;
}

class Simulation {
  readonly #random: () => number;
  #plant: Plant | undefined;
  #planted = false;
  #nowUs = 0;
  #revision = 10;
  /** Every version, in order. */
  #log: Version[] = [];
  #uids = 0;
  readonly #records: HistoryRecord[] = [];
  readonly #clients: Client[];
  readonly #watches: Watch[];

  constructor(seed: number, plant: Plant | undefined) {
    this.#random = random(seed);
    this.#plant = plant;
    this.#clients = ['c0', 'c1', 'c2'].map((name) => ({
      name,
      count: 0,
      step: 'idle',
      startUs: 0,
      wish: 'get',
      key: '',
      expected: undefined,
      answer: undefined,
    }));
    this.#watches = scopes.map((scope, i) => ({
      name: `w${i}`,
      scope,
      after: this.#revision,
      startUs: 0,
      events: [],
      reached: this.#revision,
    }));
  }

  run(steps: number): { history: History; planted: boolean } {
    const initial = this.#list('initial', {}, Infinity);
    for (let step = 0; step < steps; step++) {
      this.#nowUs += 10;
      // The fault comes when there is something to do wrong.
      if (this.#random() < 0.75) this.#act(this.#pick(this.#clients), step > steps / 3);
      else this.#deliver(this.#pick(this.#watches), step > steps / 3);
    }
    for (const client of this.#clients) while (client.step !== 'idle') this.#act(client, false);
    this.#nowUs += 10;
    const [end] = this.#put('t0/end', { id: 'end', color: 'red', counts: {} });
    this.#records.push({
      ...this.#call('create'),
      content: { id: 'end', color: 'red', counts: {} },
      seen: seenOf(end!),
    } as Write);
    for (const watch of this.#watches) {
      this.#deliver(watch, false, true);
      this.#endSession(watch, 'finished');
    }
    this.#records.push(this.#list('referee', {}, Infinity));
    return { history: { initial, records: this.#records, end: this.#revision }, planted: this.#planted };
  }

  /** Once: whether now is the time for `plant`. */
  #is(plant: Plant, allowed = true): boolean {
    if (this.#plant !== plant || !allowed) return false;
    this.#plant = undefined;
    this.#planted = true;
    return true;
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!;
  }

  #at(key: string, revision = this.#revision): Version | undefined {
    const version = this.#log.findLast((version) => version.key === key && version.revision <= revision);
    return version?.alive ? version : undefined;
  }

  #call(type: Write['type'], key = 't0/end') {
    return { type, key, client: 'referee', startUs: this.#nowUs, endUs: this.#nowUs, outcome: 'ok' };
  }

  #put(key: string, content: Content, before = this.#at(key)): Version[] {
    const uid = before?.uid ?? `uid${this.#uids++}`;
    const version = { key, uid, revision: ++this.#revision, content: contentText(content), alive: true };
    this.#log.push(version);
    return [version];
  }

  #act(client: Client, mayPlant: boolean): void {
    if (client.step === 'idle') {
      client.step = 'sent';
      client.count++;
      client.startUs = this.#nowUs;
      client.wish = this.#pick([
        'create',
        'create',
        'update',
        'update',
        'patch',
        'delete',
        'get',
        'get',
        'list',
      ] as const);
      client.key = this.#pick(keys);
      const seen = this.#at(client.key)?.revision;
      client.expected = client.wish === 'update' && this.#random() < 0.6 ? seen : undefined;
    } else if (client.step === 'sent') {
      client.step = 'done';
      const plantedBefore = this.#planted;
      // Some requests are lost on the way: nothing happens, and no answer comes.
      const isWrite = client.wish !== 'get' && client.wish !== 'list';
      client.answer =
        isWrite && this.#random() < 0.05
          ? ({ ...this.#request(client), outcome: 'unknown' } as Write)
          : this.#do(client, mayPlant);
      // What it does wrong it answers at once, so that nothing can happen meanwhile that would make it right.
      if (this.#planted !== plantedBefore) this.#act(client, false);
      // Of some the answer is lost, but they have happened.
      else if (isWrite && this.#random() < 0.05) {
        const { seen: _, uid: __, reason: ___, ...call } = client.answer as Write;
        client.answer = { ...call, outcome: 'unknown' };
      }
    } else {
      client.step = 'idle';
      if (client.answer) this.#records.push({ ...client.answer, endUs: this.#nowUs } as HistoryRecord);
    }
  }

  #request({ name, wish, key, startUs, expected, count }: Client) {
    const content = { id: `${name}.${count}`, color: count % 3 ? 'red' : 'blue', counts: { [name]: count } };
    return {
      type: wish as Write['type'],
      client: name,
      key,
      startUs,
      endUs: 0,
      ...(expected !== undefined && { expected }),
      ...(wish !== 'delete' && wish !== 'get' && wish !== 'list' && { content }),
    };
  }

  #do(client: Client, mayPlant: boolean): HistoryRecord | undefined {
    const { wish, key, expected } = client;
    if (wish === 'list') {
      const list = this.#list(
        client.name,
        this.#pick(scopes),
        this.#random() < 0.5 ? 2 : Infinity,
        mayPlant,
        client.startUs,
      );
      return list;
    }
    const request = this.#request(client);
    const refused = (reason: string) => ({ ...request, outcome: 'refused', reason }) as Write;
    const present = this.#at(key);
    if (wish === 'get') {
      const old = this.#log.findLast(
        (version) => version.key === key && version.alive && version.revision < (present?.revision ?? 0),
      );
      if (
        old &&
        old.content !== '' &&
        this.#wasSeen(present!.revision, client.startUs) &&
        this.#is('reads an old version', mayPlant)
      )
        return { ...request, outcome: 'ok', seen: seenOf(old) } as unknown as HistoryRecord;
      if (
        !present ||
        (this.#wasSeen(present.revision, client.startUs) && this.#is('does not find what is there', mayPlant))
      )
        return refused('NotFound');
      return { ...request, outcome: 'ok', seen: seenOf(present) } as unknown as HistoryRecord;
    }
    if (wish === 'create') {
      if (present && !this.#is('creates what is there', mayPlant)) {
        if (this.#is('refuses a write and keeps it', mayPlant)) this.#put(key, request.content!);
        return refused('AlreadyExists');
      }
      const gone = this.#log.findLast((version) => version.key === key);
      if (
        !present &&
        this.#wasSeen(gone?.revision ?? 0, client.startUs) &&
        this.#is('refuses to create what is not there', mayPlant)
      )
        return refused('AlreadyExists');
      const [version] = this.#put(key, request.content!, undefined);
      return { ...request, outcome: 'ok', seen: seenOf(version!) } as Write;
    }
    if (!present) return refused('NotFound');
    if (wish === 'delete') {
      this.#log.push({ ...present, revision: ++this.#revision, alive: false });
      return { ...request, outcome: 'ok', uid: present.uid } as Write;
    }
    const mismatch = expected !== undefined && expected !== present.revision;
    if (mismatch && !this.#is('updates on top of another version than demanded', mayPlant)) return refused('Conflict');
    let base = present;
    const older = this.#log.findLast(
      ({ uid, revision, alive, content }) =>
        alive && uid === present.uid && revision < present.revision && content !== present.content,
    );
    const wanted = contentText(patched(JSON.parse(present.content) as Content, request.content!));
    if (wish === 'patch' && older) {
      const other = contentText(patched(JSON.parse(older.content) as Content, request.content!));
      if (other !== wanted && this.#is('patches an old version', mayPlant)) base = older;
    }
    const content =
      wish === 'patch' ? patched(JSON.parse(base.content) as Content, request.content!) : request.content!;
    if (this.#is('acknowledges a write and forgets it', mayPlant)) {
      const seen = { key, uid: present.uid, revision: this.#revision + 1, content: contentText(content) };
      return { ...request, outcome: 'ok', seen } as Write;
    }
    const [version] = this.#put(key, content);
    if (this.#is('writes twice', mayPlant)) this.#put(key, content);
    if (this.#is('writes what nobody sent', mayPlant)) this.#put(key, { ...content, id: 'ghost' });
    return { ...request, outcome: 'ok', seen: seenOf(version!) } as Write;
  }

  /** Whether somebody had seen `revision` when something was sent. */
  #wasSeen(revision: number, beforeUs: number): boolean {
    return this.#records.some((record) =>
      record.type === 'watch'
        ? record.events.some(({ atUs, seen }) => atUs < beforeUs && seen.revision >= revision)
        : record.type !== 'list' && record.endUs < beforeUs && (record.seen?.revision ?? 0) >= revision,
    );
  }

  #list(client: string, scope: Scope, limit: number, mayPlant = false, startUs = this.#nowUs): List {
    let revision = this.#revision;
    const state = (at: number): Seen[] =>
      [...keys, 't0/end']
        .sort()
        .map((key) => this.#at(key, at))
        .filter((version) => version && isIn(scope, version))
        .map((version) => seenOf(version!));
    let items = state(revision);
    const last = this.#log.at(-1);
    if (last && this.#wasSeen(revision, startUs) && this.#is('lists an old state as the present one', mayPlant))
      items = state(--revision);
    else if (items.length > 0 && this.#is('lists without the last object', mayPlant)) items.pop();
    const pages: Page[] = [];
    let after = '';
    do {
      const rest = items.filter(({ key }) => key > after);
      const shown = rest.slice(0, limit);
      const remaining = rest.length - shown.length;
      pages.push({ revision, items: shown, ...(remaining > 0 && { remaining }) });
      after = shown.at(-1)?.key ?? '';
      if (remaining === 0) break;
      const next = items.find(({ key }) => key > after);
      if (next && this.#is('lists the second page later than the first', mayPlant)) {
        // Somebody else's write comes in between, and is shown.
        const content = { id: 'c9.1', color: 'red', counts: { c9: 1 } };
        const [version] = this.#put(next.key, content);
        this.#records.push({
          ...this.#call('update', next.key),
          client: 'c9',
          content,
          seen: seenOf(version!),
        } as Write);
        items = state(this.#revision);
      }
    } while (after !== '');
    return { type: 'list', client, scope, startUs, endUs: this.#nowUs, pages, complete: true };
  }

  #deliver(watch: Watch, mayPlant: boolean, all = false): void {
    if (mayPlant && this.#records.length > 20) {
      const last = this.#log.at(-1);
      if (last && this.#wasSeen(last.revision, this.#nowUs) && this.#is('takes its last revision back')) {
        this.#log.pop();
        this.#revision--;
      }
    }
    const changes = this.#log
      .filter(({ revision }) => revision > watch.reached)
      .map((version) => ({ version, event: this.#event(watch.scope, version) }));
    const until = all ? changes.length : Math.floor(this.#random() * (changes.length + 1));
    let events = changes.slice(0, until).flatMap(({ event }) => event ?? []);
    if (events.length > 0) {
      if (this.#is('delivers an event twice', mayPlant)) events.push(events.at(-1)!);
      if (this.#is('leaves out an event', mayPlant)) events.shift();
    }
    if (events.length > 1 && this.#is('swaps two events', mayPlant))
      events = [events[1]!, events[0]!, ...events.slice(2)];
    const change = (index: number, other: Partial<WatchEvent>): void =>
      void (events[index] = { ...events[index]!, ...other });
    const modified = events.findIndex(({ type }) => type === 'MODIFIED');
    if (modified >= 0 && this.#is('calls a change an addition', mayPlant)) change(modified, { type: 'ADDED' });
    if (modified >= 0 && this.#is('delivers another content', mayPlant))
      change(modified, {
        seen: { ...events[modified]!.seen, content: contentText({ id: 'x', color: 'red', counts: {} }) },
      });
    const left = watch.scope.color ? events.findIndex(({ type }) => type === 'DELETED') : -1;
    if (left >= 0 && this.#is('does not tell what leaves a selection', mayPlant)) events.splice(left, 1);
    watch.events.push(...events);
    watch.reached = Math.max(watch.reached, ...changes.slice(0, until).map(({ version }) => version.revision));
    if (!all && this.#random() < 0.2) {
      this.#endSession(watch, 'dropped');
      const pending = this.#log.find(({ revision }) => revision > watch.reached);
      if (pending && this.#event(watch.scope, pending) && this.#is('resumes a watch too late', mayPlant))
        watch.reached = pending.revision;
    }
  }

  #endSession(watch: Watch, end: Session['end']): void {
    const { name, scope, after, events, reached, startUs } = watch;
    this.#records.push({
      type: 'watch',
      client: name,
      name,
      scope,
      startUs,
      endUs: this.#nowUs,
      after,
      events,
      reached,
      end,
    });
    Object.assign(watch, { after: reached, startUs: this.#nowUs, events: [] });
  }

  #event(scope: Scope, version: Version): WatchEvent | undefined {
    const before = this.#at(version.key, version.revision - 1);
    const [wasIn, nowIn] = [before !== undefined && isIn(scope, before), version.alive && isIn(scope, version)];
    if (!wasIn && !nowIn) return undefined;
    const seen = nowIn ? seenOf(version) : { ...seenOf(before!), revision: version.revision };
    return { type: !wasIn ? 'ADDED' : nowIn ? 'MODIFIED' : 'DELETED', atUs: this.#nowUs, seen };
  }
}

const seenOf = ({ key, uid, revision, content }: Version): Seen => ({ key, uid, revision, content });

const isIn = (scope: Scope, { key, content }: Seen): boolean =>
  inNamespace(scope, key) && (scope.color === undefined || (JSON.parse(content) as Content).color === scope.color);
