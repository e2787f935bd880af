/**
 * Which servers there are: each that shares a store with others says so, every ten seconds, under a key of its own. Whoever
 * has not for fifteen is taken to be gone, and leaves the endpoints of the Service `kubernetes`.
 *
 * Nobody compares clocks with anybody: a server is gone when its key has not changed for so long on *our* clock.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/controlplane/reconcilers/lease.go
 */
import { type Clock, type Log, sleep, untilAborted } from '../util/index.js';
import { type Address, publishServers } from './bootstrap.js';
import type { Registry } from './registry/registry.js';
import type { ServedKinds } from './served.js';

/** As upstream. */
const renewMs = 10_000;
const goneMs = 15_000;
/** How long a server that ends waits for a store that does not answer. */
const farewellMs = 2000;

const prefix = '/registry/masterleases/';

export interface PeersOptions {
  readonly registry: Registry;
  readonly served: ServedKinds;
  readonly own: Address;
  readonly clock: Clock;
  readonly log: Log;
}

export class Peers {
  readonly #options: PeersOptions;
  readonly #key: string;
  /** When each server's key was seen to change, by key. */
  readonly #seen = new Map<string, { readonly revision: number; readonly atMs: number }>();

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#key = `${prefix}${options.own.host}:${options.own.port}`;
  }

  /** Says that this server is there, and publishes all that are. */
  async renew(): Promise<void> {
    const { registry, own } = this.#options;
    await registry.storage.put(this.#key, Buffer.from(JSON.stringify(own)));
    await this.#publish();
  }

  /** Until `signal` aborts; then this server leaves. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    const renewing = this.#renewUntil(signal);
    await untilAborted(signal);
    const leaving = renewing
      .then(() => this.#leave())
      .catch((error: unknown) => log.warn('the server could not say goodbye', { error }));
    const left = new AbortController();
    await Promise.race([leaving, sleep(clock, farewellMs, left.signal)]);
    left.abort();
  }

  async #renewUntil(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    for (;;) {
      await sleep(clock, renewMs, signal);
      if (signal.aborted) return;
      await this.renew().catch((error: unknown) => {
        if (!signal.aborted) log.warn('the servers could not be published', { error });
      });
    }
  }

  async #leave(): Promise<void> {
    await this.#options.registry.storage.delete(this.#key);
    await this.#publish();
  }

  /** The last one to leave stays in the endpoints: nobody is there to take it out, and it may come back. */
  async #publish(): Promise<void> {
    const { registry, served, clock } = this.#options;
    const { entries } = await registry.storage.list(prefix);
    const nowMs = clock.now();
    for (const key of this.#seen.keys()) if (!entries.some((entry) => entry.key === key)) this.#seen.delete(key);
    const alive: Address[] = [];
    for (const { key, value, modRevision } of entries) {
      const seen = this.#seen.get(key);
      const atMs = seen?.revision === modRevision ? seen.atMs : nowMs;
      this.#seen.set(key, { revision: modRevision, atMs });
      if (nowMs - atMs < goneMs) alive.push(JSON.parse(value.toString()) as Address);
    }
    if (alive.length > 0) await publishServers(registry, served, alive);
  }
}
