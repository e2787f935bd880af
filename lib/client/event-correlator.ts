/**
 * Repeats are counted, not written again: a container that crashes every ten seconds is one Event with a growing `count`,
 * not a thousand Events. Three steps, each with a memory of its own:
 *
 * 1. *aggregate*: ten Events about one object that differ only in their message become one, "(combined from similar events)";
 * 2. *count*: an Event that was seen before keeps its name, and its count grows;
 * 3. *filter*: one source may send 25 Events about one object at once, then one every five minutes.
 *
 * Pure: it takes occurrences and the time, and writes nothing.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/record/events_cache.go
 */
import type { Event } from '../api/types.js';
import { timestamp } from '../util/index.js';

/** How many different Events, groups and objects are remembered, each; the least recently seen are forgotten. */
const remembered = 4096;
/** So many different messages within so many milliseconds of each other are combined. */
const aggregateMessages = 10;
const aggregateMs = 600_000;
/** How many Events about one object at once, and after how many milliseconds one more. */
const burst = 25;
const refillMs = 300_000;

/** What happened, once: an Event before it has a name, a count and times. */
export type Occurrence = Pick<Event, 'involvedObject' | 'type' | 'reason' | 'message' | 'source'> & {
  readonly reportingComponent: string;
  readonly reportingInstance: string;
};

export class EventCorrelator {
  /** By everything but the message. */
  readonly #groups = new Recent<{ messages: Set<string>; lastMs: number }>(remembered);
  /** By everything, or by group for what is combined. */
  readonly #events = new Recent<Event>(remembered);
  /** What each object may still send, as of a time. */
  readonly #budgets = new Recent<{ tokens: number; atMs: number }>(remembered);

  /** The Event to write for `occurrence`: a new one, or a known one counted up. Undefined: there have been too many. */
  observe(occurrence: Occurrence, nowMs: number): Event | undefined {
    const event = this.#count(...this.#aggregate(occurrence, nowMs), nowMs);
    return this.#mayPass(occurrence, nowMs) ? event : undefined;
  }

  #aggregate(occurrence: Occurrence, nowMs: number): [key: string, Occurrence] {
    const message = occurrence.message ?? '';
    const key = keyOf(occurrence, [occurrence.type, occurrence.reason]);
    let group = this.#groups.get(key);
    if (!group || nowMs - group.lastMs > aggregateMs) group = { messages: new Set(), lastMs: nowMs };
    group.lastMs = nowMs;
    // Nine messages are kept, no more: the tenth different one is over the limit, and so is each after it.
    if (group.messages.size < aggregateMessages - 1) group.messages.add(message);
    this.#groups.set(key, group);
    if (group.messages.has(message)) {
      const own = [occurrence.type, occurrence.reason, message, occurrence.involvedObject.fieldPath];
      return [keyOf(occurrence, own), occurrence];
    }
    return [key, { ...occurrence, message: `(combined from similar events): ${message}` }];
  }

  #count(key: string, occurrence: Occurrence, nowMs: number): Event {
    const now = timestamp(nowMs);
    const known = this.#events.get(key);
    const event: Event = known
      ? { ...known, message: occurrence.message, count: known.count! + 1, lastTimestamp: now }
      : {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: {
            name: `${occurrence.involvedObject.name}.${unique(nowMs)}`,
            namespace: occurrence.involvedObject.namespace || 'default',
          },
          ...occurrence,
          firstTimestamp: now,
          lastTimestamp: now,
          count: 1,
        };
    this.#events.set(key, event);
    return event;
  }

  #mayPass(occurrence: Occurrence, nowMs: number): boolean {
    const key = keyOf(occurrence, []);
    const { tokens, atMs } = this.#budgets.get(key) ?? { tokens: burst, atMs: nowMs };
    const available = Math.min(burst, tokens + (nowMs - atMs) / refillMs);
    const passes = available >= 1;
    this.#budgets.set(key, { tokens: passes ? available - 1 : available, atMs: nowMs });
    return passes;
  }
}

/** Source and object, and whatever else makes the difference. */
const keyOf = ({ source, involvedObject: about }: Occurrence, more: readonly (string | undefined)[]): string =>
  JSON.stringify([source?.component, source?.host, about.apiVersion, about.kind, about.namespace, about.name, about.uid, ...more]); // prettier-ignore

/** Nanoseconds in hexadecimal, as upstream names its Events; those our clock does not have are made up. */
const unique = (nowMs: number): string =>
  (BigInt(Math.floor(nowMs)) * 1_000_000n + BigInt(Math.floor(Math.random() * 1_000_000))).toString(16);

/** A map that forgets what was not set for longest. */
class Recent<V> {
  readonly #values = new Map<string, V>();

  constructor(readonly limit: number) {}

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.limit) this.#values.delete(this.#values.keys().next().value!);
  }
}
