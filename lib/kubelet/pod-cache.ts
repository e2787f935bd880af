/**
 * What the runtime holds, read as seldom as possible: whoever asks gets a list that was begun after he asked, and all who
 * ask at the same time share one.
 *
 * Upstream's counterpart is the pod lifecycle event generator (PLEG).
 */
import type { ContainerRuntime, Sandbox } from './runtime/runtime.js';

export class PodCache {
  readonly #runtime: ContainerRuntime;
  #byPod = new Map<string, Sandbox[]>();
  /** The list that is being read, and the one that begins after it. */
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(runtime: ContainerRuntime) {
    this.#runtime = runtime;
  }

  /** The pod's sandboxes, read after this was called. @throws what the runtime does when it cannot be read */
  async fresh(podUID: string): Promise<readonly Sandbox[]> {
    await this.#read();
    return this.known(podUID);
  }

  /** The pod's sandboxes as last read. */
  known(podUID: string): readonly Sandbox[] {
    return this.#byPod.get(podUID) ?? [];
  }

  /** Reads everything; yields the pods of which something has changed since it was last read. */
  async relist(): Promise<string[]> {
    const before = this.#byPod;
    await this.#read();
    const uids = new Set([...before.keys(), ...this.#byPod.keys()]);
    return [...uids].filter((uid) => fingerprint(before.get(uid)) !== fingerprint(this.#byPod.get(uid)));
  }

  #read(): Promise<void> {
    if (!this.#reading) return (this.#reading = this.#list().finally(() => (this.#reading = undefined)));
    // The list under way may have passed by what the caller has just done: he waits for the next one.
    return (this.#next ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#read();
      }));
  }

  async #list(): Promise<void> {
    const byPod = new Map<string, Sandbox[]>();
    for (const sandbox of await this.#runtime.list()) {
      const others = byPod.get(sandbox.podUID);
      if (others) others.push(sandbox);
      else byPod.set(sandbox.podUID, [sandbox]);
    }
    this.#byPod = byPod;
  }
}

const fingerprint = (sandboxes: readonly Sandbox[] = []): string =>
  sandboxes
    .map(({ id, state, containers }) => `${id}${state}${containers.map((each) => `${each.id}${each.state}`).join()}`)
    .join(';');
