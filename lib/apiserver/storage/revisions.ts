/** One key through its revisions, as far back as the store remembers. */
import { keyOf, revisionOf } from './history.js';
import { CompactedError, type Storage, type StoreEvent } from './storage.js';

/** What a revision made of a key: its value, or nothing (it was deleted). */
export interface Revision {
  readonly revision: number;
  readonly value: Buffer | undefined;
}

/** From what is known of the past: `events` that follow on `first`, if that was there. */
export function revisionsIn(events: readonly StoreEvent[], key: string): Revision[] {
  const ofKey = events.filter((event) => keyOf(event) === key);
  const before = ofKey[0]?.previous;
  return [
    ...(before ? [{ revision: before.modRevision, value: before.value }] : []),
    ...ofKey.map((event) => ({
      revision: revisionOf(event),
      value: event.type === 'put' ? event.entry.value : undefined,
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
  const found = revisionsIn(events, key);
  return found.length > 0 || !present ? found : [{ revision: present.modRevision, value: present.value }];
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
