/**
 * What a round of torture writes down, and the checker reads: every call with its answer, every watch with its events.
 * Times are microseconds of the machine's monotonic clock, which all processes share.
 */

/** One state of one object, as somebody saw it. */
export interface Seen {
  /** `namespace/name` */
  readonly key: string;
  readonly uid: string;
  readonly revision: number;
  /** {@link contentText} of it. */
  readonly content: string;
}

/** What the objects hold. Each write brings an `id` that no other write has, so that a state names its writer. */
export interface Content {
  readonly id: string;
  /** A label, by which some watches and lists select. */
  readonly color: string;
  /** By client: the number of its last write. A patch changes only its own client's; so a lost update shows. */
  readonly counts: Readonly<Record<string, number>>;
}

export const contentText = ({ id, color, counts }: Content): string =>
  JSON.stringify({
    id,
    color,
    counts: Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))),
  });

/** What a patch makes of a content. */
export const patched = (content: Content, patch: Content): Content => ({
  ...patch,
  counts: { ...content.counts, ...patch.counts },
});

/** Objects of one namespace, or of one colour; all of them if both are left out. */
export interface Scope {
  readonly namespace?: string;
  readonly color?: string;
}

export const inNamespace = ({ namespace }: Scope, key: string): boolean =>
  namespace === undefined || key.startsWith(`${namespace}/`);

/** `unknown`: the answer never came, or said that nobody knows; it may have happened, once, or not. */
export type Outcome = 'ok' | 'refused' | 'unknown';

interface Timed {
  readonly client: string;
  readonly startUs: number;
  readonly endUs: number;
}

export interface Write extends Timed {
  readonly type: 'create' | 'update' | 'patch' | 'delete';
  readonly key: string;
  readonly outcome: Outcome;
  /** Why it was refused: `NotFound`, `Conflict`, `AlreadyExists`. */
  readonly reason?: string;
  /** The revision that it demanded. */
  readonly expected?: number;
  /** What was sent: all of it, or what the patch changes. Nothing for a deletion. */
  readonly content?: Content;
  /** What was answered. Of a deletion: the uid of what is gone. */
  readonly seen?: Seen;
  readonly uid?: string;
}

export interface Get extends Timed {
  readonly type: 'get';
  readonly key: string;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly seen?: Seen;
}

export interface Page {
  readonly revision: number;
  readonly items: readonly Seen[];
  /** `remainingItemCount`, where it was told. */
  readonly remaining?: number;
}

export interface List extends Timed {
  readonly type: 'list';
  readonly scope: Scope;
  /** Which revision was asked for: the present one if all are left out. */
  readonly exactly?: number;
  readonly notOlderThan?: number;
  readonly any?: boolean;
  readonly pages: readonly Page[];
  /** All pages are there: none was refused, as too old, or cut off. */
  readonly complete: boolean;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly atUs: number;
  readonly seen: Seen;
}

/** One connection of a watch. What is resumed is a further session of the same name. */
export interface Session extends Timed {
  readonly type: 'watch';
  readonly name: string;
  readonly scope: Scope;
  /** The revision after which it began. */
  readonly after: number;
  readonly events: readonly WatchEvent[];
  /** The last revision it vouched for: that of its last event, or bookmark. */
  readonly reached: number;
  readonly end: 'dropped' | 'cut' | 'expired' | 'finished';
}

export type Call = Write | Get | List;
export type HistoryRecord = Call | Session;

export interface History {
  /** Everything there was before the first write. */
  readonly initial: List;
  readonly records: readonly HistoryRecord[];
  /** The revision of the last write, which every watch must have lived to see. */
  readonly end: number;
}
