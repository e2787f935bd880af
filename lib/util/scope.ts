/**
 * What was begun is ended, in reverse order, whichever way we leave. Stands in for `AsyncDisposableStack`, which Node 20
 * does not have.
 *
 * ```ts
 * await using scope = new Scope();
 * const server = scope.use(await ApiServer.start({ … }));
 * scope.defer(() => rm(folder));
 * ```
 */
export class Scope implements AsyncDisposable {
  readonly #ends: (() => unknown)[] = [];
  #disposed: Promise<void> | undefined;

  /** Takes charge of `resource` and returns it. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.defer(() => (Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()));
    return resource;
  }

  /** Runs `end` when the scope ends. */
  defer(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Hands everything to the caller: this scope then ends nothing. For constructors that may fail half-way. */
  move(): Scope {
    const scope = new Scope();
    scope.#ends.push(...this.#ends.splice(0));
    return scope;
  }

  /** Ends all, last first, even when one of them fails; then throws the first failure. Twice is harmless. */
  [Symbol.asyncDispose](): Promise<void> {
    return (this.#disposed ??= this.#end());
  }

  async #end(): Promise<void> {
    const failures: unknown[] = [];
    for (let end = this.#ends.pop(); end; end = this.#ends.pop()) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** A signal that aborts when the scope ends or when `parent` does. Keeps no listener on a long-lived parent. */
export function childAbort(parent: AbortSignal | undefined): AbortController & Disposable {
  const controller = new AbortController();
  const abort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted) abort();
  else parent?.addEventListener('abort', abort, { once: true });
  return Object.assign(controller, {
    [Symbol.dispose]: () => {
      parent?.removeEventListener('abort', abort);
      controller.abort();
    },
  });
}
