/** One key through its revisions, as far back as the store remembers. */
import { keyOf, revisionOf } from './history.js';
import { CompactedError, type Entry, type Storage, type StoreEvent } from './storage.js';

/** What a revision made of a key: its value, or nothing (it was deleted). */
export interface Revision {
  readonly revision: number;
  readonly value: Buffer | undefined;
  /** It made the key exist; where that is not known, it did not. */
  readonly created: boolean;
}

/** From what is known of the past, or, where that tells nothing of the key, from what it is at `present`. */
export function revisionsIn(events: readonly StoreEvent[], key: string, present: Entry | undefined): Revision[] {
  const ofKey = events.filter((event) => keyOf(event) === key);
  const before = ofKey.length > 0 ? ofKey[0]!.previous : present;
  return [
    ...(before ? [{ revision: before.modRevision, value: before.value, created: false }] : []),
    ...ofKey.map((event) => ({
      revision: revisionOf(event),
      value: event.type === 'put' ? event.entry.value : undefined,
      created: event.type === 'put' && !event.previous,
    })),
  ];
}

/** Asks a store for them, up to the present one. */
export async function revisionsOf(storage: Storage, key: string, signal: AbortSignal): Promise<Revision[]> {
  const present = await storage.get(key);
  const reached = await storage.revision();
  const oldest = await oldestRevision(storage);
  const stop = new AbortController();
  const abort = AbortSignal.any([signal, stop.signal]);
  const events: StoreEvent[] = [];
  // A store's watch tells how far it is where nothing of the prefix is written.
  const onProgress = (revision: number): void => void (revision >= reached && stop.abort());
  if (oldest < reached)
    for await (const batch of storage.watch(key, { after: oldest, onProgress }, abort)) {
      events.push(...batch);
      if (revisionOf(batch.at(-1)!) >= reached) break;
    }
  return revisionsIn(events, key, present);
}

/** The oldest revision that may be read. */
export async function oldestRevision(storage: Storage): Promise<number> {
  for (let revision = 1; ;) {
    try {
      await storage.get('/registry/', { revision });
      return revision;
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      revision = error.compacted;
    }
  }
}
