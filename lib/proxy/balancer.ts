/**
 * Which endpoint is next: in turn, or always the same one for the same client. No sockets here, and no time but what is
 * handed in.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/v1.2.4/pkg/proxy/userspace/roundrobin.go
 */

/** `10.244.1.7:8080` */
export type Endpoint = string;

export interface Affinity {
  /** `ClientIP` keeps a client with its endpoint. */
  readonly type: 'None' | 'ClientIP';
  /** For so long after its last connection. */
  readonly timeoutSeconds: number;
}

/** When so many clients are remembered, those whose time is over are forgotten. */
const clientsBeforeSweep = 1024;

export class Balancer {
  #endpoints: readonly Endpoint[] = [];
  #next = 0;
  #affinity: Affinity = { type: 'None', timeoutSeconds: 0 };
  /** By client address; only with `ClientIP`. */
  readonly #clients = new Map<string, { endpoint: Endpoint; lastUsedMs: number }>();

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Takes the present endpoints. Clients of one that is gone begin anew; the turn goes on where it was. */
  update(endpoints: readonly Endpoint[], affinity: Affinity): void {
    const following = this.#endpoints[this.#next];
    this.#endpoints = endpoints;
    this.#affinity = affinity;
    this.#next = Math.max(0, following === undefined ? 0 : endpoints.indexOf(following));
    const present = new Set(endpoints);
    for (const [client, { endpoint }] of this.#clients) {
      if (affinity.type === 'None' || !present.has(endpoint)) this.#clients.delete(client);
    }
  }

  /**
   * The endpoint for a new connection of `client` (its address); undefined when there is none.
   *
   * @param options.another the last one could not be reached: take the next, and stay with that
   */
  pick(client: string, nowMs: number, { another = false }: { readonly another?: boolean } = {}): Endpoint | undefined {
    if (this.#endpoints.length === 0) return undefined;
    const sticky = this.#affinity.type === 'ClientIP';
    const known = sticky ? this.#clients.get(client) : undefined;
    if (known && !another && nowMs - known.lastUsedMs < this.#affinity.timeoutSeconds * 1000) {
      known.lastUsedMs = nowMs;
      return known.endpoint;
    }
    const endpoint = this.#endpoints[this.#next]!;
    this.#next = (this.#next + 1) % this.#endpoints.length;
    if (sticky) {
      if (this.#clients.size >= clientsBeforeSweep) this.#sweep(nowMs);
      this.#clients.set(client, { endpoint, lastUsedMs: nowMs });
    }
    return endpoint;
  }

  #sweep(nowMs: number): void {
    for (const [client, { lastUsedMs }] of this.#clients) {
      if (nowMs - lastUsedMs >= this.#affinity.timeoutSeconds * 1000) this.#clients.delete(client);
    }
  }
}
