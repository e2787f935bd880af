/**
 * What must have happened, put together from everything that anybody saw: which revision made which object what. All
 * observations of a revision must agree, and then the state at any revision is known.
 */
import type { Seen } from './history.js';

/** What a revision made of a key. */
export interface Version {
  readonly key: string;
  readonly uid: string;
  readonly revision: number;
  /** Undefined: from here on the object is gone. */
  readonly content: string | undefined;
}

export class Chronicle {
  readonly #byRevision = new Map<number, Version>();
  readonly #byKey = new Map<string, Version[]>();
  #ordered: readonly Version[] | undefined;

  /** Every version, in order. */
  get versions(): readonly Version[] {
    if (this.#ordered) return this.#ordered;
    for (const versions of this.#byKey.values()) versions.sort((a, b) => a.revision - b.revision);
    return (this.#ordered = [...this.#byRevision.values()].sort((a, b) => a.revision - b.revision));
  }

  /** Takes in an observation; returns the version that it contradicts, if it does. */
  saw({ key, uid, revision, content }: Seen | Version): Version | undefined {
    const known = this.#byRevision.get(revision);
    if (known) return known.key === key && known.uid === uid && known.content === content ? undefined : known;
    const version = { key, uid, revision, content };
    this.#byRevision.set(revision, version);
    this.#add(version);
    return undefined;
  }

  /** The object is known to be gone at `revision`, though nobody saw it go. */
  vanished({ key, uid }: Version, revision: number): void {
    this.#add({ key, uid, revision, content: undefined });
  }

  get keys(): readonly string[] {
    return [...this.#byKey.keys()].sort();
  }

  of(revision: number): Version | undefined {
    return this.#byRevision.get(revision);
  }

  /** The version of `key` that was current at `revision`. */
  at(key: string, revision: number): Version | undefined {
    const versions = this.#of(key);
    return versions[count(versions, revision) - 1];
  }

  /** The one that took its place. */
  after(key: string, revision: number): Version | undefined {
    const versions = this.#of(key);
    return versions[count(versions, revision)];
  }

  #add(version: Version): void {
    const versions = this.#byKey.get(version.key);
    if (versions) versions.push(version);
    else this.#byKey.set(version.key, [version]);
    this.#ordered = undefined;
  }

  #of(key: string): readonly Version[] {
    void this.versions; // in order
    return this.#byKey.get(key) ?? [];
  }
}

export const isAlive = (version: Version | undefined): version is Version & { readonly content: string } =>
  version?.content !== undefined;

/** How many of `versions`, which are in order, came up to `revision`. */
export function count(versions: readonly { readonly revision: number }[], revision: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (versions[middle]!.revision <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
