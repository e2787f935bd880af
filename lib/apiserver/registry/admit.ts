/** Runs the admission plugins: first all that complete, then, once the object is final and valid, all that only judge. */
import type { AdmissionPlugin, AdmissionRequest, Undo } from '../admission/admission.js';

export class Admission {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** @throws StatusError what the first plugin that refuses says; what plugins reserved before is given back */
  admit(request: AdmissionRequest, reserved: Undo[]): Promise<void> {
    return this.#run('admit', request, reserved);
  }

  validate(request: AdmissionRequest, reserved: Undo[]): Promise<void> {
    return this.#run('validate', request, reserved);
  }

  async #run(step: 'admit' | 'validate', request: AdmissionRequest, reserved: Undo[]): Promise<void> {
    for (const plugin of this.#plugins) {
      if (!plugin[step] || !plugin.operations.includes(request.operation)) continue;
      const undo = await plugin[step](request);
      if (undo) reserved.push(undo);
    }
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
