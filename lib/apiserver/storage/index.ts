/**
 * The store: where the whole cluster's state lives. The API server is its only client.
 *
 * ```
 *  put, delete ──▶ waiting ──▶ decide a group ──▶ journal, one fdatasync ──▶ entries ──▶ answers
 *                                                     │                    └─▶ history ──▶ watches, earlier revisions
 *                                                     └─ fold (worker) ──▶ snapshot.json
 * ```
 *
 * ```ts
 * await using storage = await LowdbStorage.open({ folder, clock: realClock, log: silent });
 * const { revision } = await storage.list('/registry/pods/');
 * for await (const events of storage.watch('/registry/pods/', { after: revision }, signal)) show(events);
 * ```
 *
 * Read in this order: `storage.ts` (what a store promises), `memory.ts` (the same as a plain model), `history.ts`,
 * `sorted.ts`, then `lowdb/`: `format.ts` (what stands in the files), `journal.ts`, `fold.ts`, `adapter.ts`, `lowdb.ts`; then
 * `etcd/`: `protocol.ts` (what is said), `client.ts`, `etcd.ts`, `compaction.ts`. A further engine is a further folder
 * beside them, and passes `test/contracts/storage.ts`.
 *
 * @module
 */
// What a store is.
export {
  type Storage,
  type Entry,
  type Listing,
  type ListOptions,
  type StoreEvent,
  type WatchOptions,
  maxValueBytes,
  CompactedError,
  FutureRevisionError,
  RevisionMismatchError,
  TooLargeError,
  UnavailableError,
} from './storage.js';
// The engines, and how one is opened.
export { openStorage, type OpenStorageOptions, type StorePlace } from './open.js';
export { EtcdError, type EtcdPlace } from './etcd/place.js';
export { MemoryStorage } from './memory.js';
export { LowdbStorage, type LowdbStorageOptions } from './lowdb/lowdb.js';
export { FolderError } from './lowdb/format.js';
// What tools do with them.
export {
  assertStore,
  inspectFolder,
  readFolder,
  type Inspection,
  type FileReport,
  type Problem,
} from './lowdb/inspect.js';
export { backupFolder, type Backup } from './lowdb/backup.js';
export { oldestRevision, revisionsIn, revisionsOf, type Revision } from './revisions.js';
