/**
 * Where several API servers share an etcd, they must have in common what signs the cluster's certificates and its tokens.
 * The first one leaves it in the etcd and every other one takes it from there, so that a further server needs nothing but
 * the etcd. (Whoever reads a cluster's etcd is its master anyway: its Secrets lie there too.)
 */
import { RevisionMismatchError, type Storage } from '../apiserver/storage/index.js';
import type { PkiSecrets, ShareSecrets } from './pki.js';

/** No kind lies there, so that no client of the API sees it. */
const key = '/registry/kubebook/authority';

/** For {@link Pki.open}. @throws Error the folder's secrets are those of another cluster than the store's */
export const sharedIn =
  (storage: Storage, folder: string): ShareSecrets =>
  async (own, make) => {
    const shared = (await read(storage)) ?? (await leave(storage, own ?? (await make())));
    const same = own && own.ca.cert === shared.ca.cert && own.serviceAccountKey === shared.serviceAccountKey;
    if (!own || same) return shared;
    throw new Error(
      `the etcd holds a cluster with another authority than the one in ${folder}: choose another folder with --data (a new one takes over what the cluster has), or another --etcd-prefix. Nothing was changed.`,
    );
  };

async function read(storage: Storage): Promise<PkiSecrets | undefined> {
  const entry = await storage.get(key);
  return entry && (JSON.parse(entry.value.toString()) as PkiSecrets);
}

/** @returns those of whoever was first */
async function leave(storage: Storage, secrets: PkiSecrets): Promise<PkiSecrets> {
  try {
    await storage.put(key, Buffer.from(JSON.stringify(secrets)), { expected: 0 });
    return secrets;
  } catch (error) {
    if (!(error instanceof RevisionMismatchError) || !error.current) throw error;
    return JSON.parse(error.current.value.toString()) as PkiSecrets;
  }
}
