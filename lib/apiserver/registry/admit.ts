/** Runs the admission plugins: first all that complete, then, once the object is final and valid, all that only judge. */
import type { AdmissionPlugin, AdmissionRequest, Undo } from '../admission/admission.js';

export class Admission {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /**
   * Most plugins answer at once; then so does this, and the object goes on to the store while it is still in the
   * processor's cache. Under load that matters more than what the plugins do.
   *
   * @returns a promise only if there is something to wait for
   * @throws StatusError what the first plugin that refuses says; what plugins reserved before is given back
   */
  admit(request: AdmissionRequest, reserved: Undo[]): Promise<void> | undefined {
    return this.#run('admit', request, reserved, 0);
  }

  /** As {@link admit}. */
  validate(request: AdmissionRequest, reserved: Undo[]): Promise<void> | undefined {
    return this.#run('validate', request, reserved, 0);
  }

  #run(
    step: 'admit' | 'validate',
    request: AdmissionRequest,
    reserved: Undo[],
    first: number,
  ): Promise<void> | undefined {
    for (let i = first; i < this.#plugins.length; i++) {
      const plugin = this.#plugins[i]!;
      if (!plugin[step] || !plugin.operations.includes(request.operation)) continue;
      const undo = plugin[step](request);
      if (undo instanceof Promise) {
        return undo.then((later) => {
          if (later) reserved.push(later);
          return this.#run(step, request, reserved, i + 1);
        });
      }
      if (undo) reserved.push(undo);
    }
    return undefined;
  }
}

/** Gives back, last first, what was reserved for a write that did not happen. */
export async function giveBack(reserved: Undo[]): Promise<void> {
  for (let undo = reserved.pop(); undo; undo = reserved.pop()) await undo();
}

/** Tells those who reserved something for a write that it has happened. */
export async function keep(reserved: readonly Undo[]): Promise<void> {
  for (const { kept } of reserved) await kept?.();
}
