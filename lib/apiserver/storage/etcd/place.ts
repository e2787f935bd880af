/** Where an etcd is, and who we are there. */
export interface EtcdPlace {
  /** One or more members: `http://127.0.0.1:2379`, `https://etcd-0:2379`. The first one that answers is used. */
  readonly endpoints: readonly string[];
  /** Below which all keys lie; `/registry` if left out. What lies beside it is not touched. */
  readonly prefix?: string;
  /** PEM: who signed the etcd's certificate; the machine's authorities if left out. For `https`. */
  readonly ca?: string;
  /** PEM: our certificate and its key, where the etcd asks for one. */
  readonly cert?: string;
  readonly key?: string;
  /** As whom we ask, where the etcd wants to know (authentication is on) and no certificate says it. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** One sentence for the user: why an etcd cannot be used, and what to do. */
export class EtcdError extends Error {}
