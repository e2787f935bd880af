import { describeStorage } from '../../../../test/contracts/storage.js';
import { describeWithEtcd, Etcd } from '../../../../test/support/etcd.js';
import { realClock as clock, silent as log } from '../../../util/index.js';
import type { Storage } from '../storage.js';
import { EtcdStorage } from './etcd.js';

/** A store over an etcd that nobody has used, which ends with it. */
async function openNew(): Promise<Storage> {
  const etcd = await Etcd.start();
  const storage = await EtcdStorage.open({ endpoints: [etcd.endpoint], clock, log });
  const close = storage[Symbol.asyncDispose].bind(storage);
  return Object.assign(storage, {
    async [Symbol.asyncDispose]() {
      await close();
      await etcd[Symbol.asyncDispose]();
    },
  });
}

describeWithEtcd('over a real etcd', () => {
  describeStorage('EtcdStorage', openNew, { runs: 20 });
});
