/** Opens whichever engine a place names. An engine is loaded only where it is used. */
import type { Clock, Log } from '../../util/index.js';
import type { EtcdPlace } from './etcd/place.js';
import type { Storage } from './storage.js';

/** Where a store lies: a folder of lowdb's, or an etcd. */
export type StorePlace =
  /** The store's own folder; the cluster keeps it in `store/` of its data folder. */
  { readonly data: string } | { readonly etcd: EtcdPlace };

export interface OpenStorageOptions {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * ```ts
 * await using storage = await openStorage({ etcd: { endpoints: ['http://127.0.0.1:2379'] } }, { clock, log });
 * ```
 *
 * @throws {FolderError} @throws {EtcdError} one sentence for the user: why this place cannot be used
 */
export async function openStorage(place: StorePlace, { clock, log }: OpenStorageOptions): Promise<Storage> {
  if ('data' in place) {
    const { LowdbStorage } = await import('./lowdb/lowdb.js');
    return LowdbStorage.open({ folder: place.data, clock, log });
  }
  const { EtcdStorage } = await import('./etcd/etcd.js');
  return EtcdStorage.open({ ...place.etcd, clock, log });
}
