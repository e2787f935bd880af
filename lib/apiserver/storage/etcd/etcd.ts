/** The store over an etcd. */
import type { Clock, Log } from '../../../util/index.js';
import type { Storage } from '../storage.js';
import { EtcdError, type EtcdPlace } from './place.js';

export interface EtcdStorageOptions extends EtcdPlace {
  readonly clock: Clock;
  readonly log: Log;
}

export const EtcdStorage = {
  /** @throws {EtcdError} */
  async open({ endpoints }: EtcdStorageOptions): Promise<Storage> {
    throw new EtcdError(`the engine for ${endpoints.join(', ')} is still being built`);
  },
};
