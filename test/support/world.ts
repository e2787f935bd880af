/**
 * A world for tests of components: a real API server over a store in memory, a client, and a clock that stands still until
 * it is moved. What the component did is seen by asking the API server.
 */
import { namespaces, serviceAccounts } from '../../lib/api/resources.js';
import { ApiServer } from '../../lib/apiserver/index.js';
import { MemoryStorage } from '../../lib/apiserver/storage/index.js';
import { connect, type Client } from '../../lib/client/index.js';
import { Scope, silent, SteppedClock, type Log } from '../../lib/util/index.js';

export class World implements AsyncDisposable {
  readonly #scope = new Scope();
  readonly #stop = new AbortController();
  readonly clock = new SteppedClock();
  server!: ApiServer;
  client!: Client;

  /** A world with the Namespace `default`, in which Pods can be made. */
  static async start(log: Log = silent): Promise<World> {
    const world = new World();
    const { clock } = world;
    const storage = world.#scope.use(new MemoryStorage());
    world.server = world.#scope.use(await ApiServer.start({ storage, clock, log, port: 0 }));
    world.client = world.#scope.use(connect({ server: world.server.url, userAgent: 'test' }));
    await world.client.create(namespaces, { metadata: { name: 'default' } }).catch(() => {});
    await world.client.create(serviceAccounts, { metadata: { namespace: 'default', name: 'default' } }).catch(() => {});
    return world;
  }

  /** Runs a component until the world ends. */
  run(component: (signal: AbortSignal) => Promise<void>): void {
    const running = component(this.#stop.signal);
    this.#scope.defer(() => {
      this.#stop.abort();
      return running;
    });
  }

  /** Asks until `check` passes (it throws otherwise), moving the clock a little each time. For at most `ms` on the clock. */
  async until<T>(check: () => Promise<T>, { ms = 3000, stepMs = 20 } = {}): Promise<T> {
    for (let left = ms; ; left -= stepMs) {
      try {
        return await check();
      } catch (error) {
        if (left <= 0) throw error;
        await this.clock.advance(stepMs);
        await new Promise((resolve) => setTimeout(resolve, 3)); // answers travel through real sockets, outside this clock
      }
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}
