/**
 * Gets images for containers: asks the runtime, waits longer after each failure, and tells the pod's owner.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/image_manager.go
 */
import type { Container, DeepReadonly } from '../api/types.js';
import { Backoff, type Clock } from '../util/index.js';
import { ImageError, type ContainerRuntime } from './runtime/runtime.js';
import { goDuration, StartError, type ContainerEvent } from './lifecycle.js';

/** As upstream's: 10 s, 20 s, 40 s … 5 min. */
const backoffMs = { baseMs: 10_000, maxMs: 300_000 };

export class ImagePuller {
  readonly #clock: Clock;
  readonly #runtime: ContainerRuntime;
  readonly #backoff = new Backoff(backoffMs);
  /** By pod and image: until when it is not tried again, and why. */
  readonly #failed = new Map<string, { readonly untilMs: number; readonly why: string }>();

  constructor({ clock, runtime }: { readonly clock: Clock; readonly runtime: ContainerRuntime }) {
    this.#clock = clock;
    this.#runtime = runtime;
  }

  /** Resolves when the image is there. @throws {StartError} why it is not, and when to come again */
  async ensure(
    podUID: string,
    { image = '', imagePullPolicy }: DeepReadonly<Container>,
    event: ContainerEvent,
  ): Promise<void> {
    const key = `${podUID}/${image}`;
    const failed = this.#failed.get(key);
    if (failed && failed.untilMs > this.#clock.now()) {
      event('Normal', 'BackOff', `Back-off pulling image "${image}"`);
      event('Warning', 'Failed', 'Error: ImagePullBackOff');
      throw new StartError('ImagePullBackOff', `Back-off pulling image "${image}": ${failed.why}`, failed.untilMs);
    }
    const policy = (imagePullPolicy ?? (/(:latest|^[^:@]+)$/.test(image) ? 'Always' : 'IfNotPresent')) as
      'Always' | 'IfNotPresent' | 'Never';
    const beganMs = this.#clock.now();
    try {
      const { pulled } = await this.#runtime.pullImage(image, policy);
      if (pulled) {
        const took = goDuration(this.#clock.now() - beganMs);
        event('Normal', 'Pulling', `Pulling image "${image}"`);
        event('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took} (${took} including waiting).`);
      } else
        event(
          'Normal',
          'Pulled',
          `Container image "${image}" already present on machine and can be accessed by the pod`,
        );
      this.#failed.delete(key);
      this.#backoff.forget(key);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      const { reason, message } = error;
      if (reason === 'ErrImagePull') {
        event('Normal', 'Pulling', `Pulling image "${image}"`);
        event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      } else if (reason === 'ErrImageNeverPull') event('Warning', 'ErrImageNeverPull', message);
      else event('Warning', 'InspectFailed', message);
      event('Warning', 'Failed', `Error: ${reason}`);
      const untilMs = this.#clock.now() + this.#backoff.next(key);
      if (reason === 'ErrImagePull') this.#failed.set(key, { untilMs, why: `ErrImagePull: ${message}` });
      // Once more right away: that is when "ErrImagePull" turns into "ImagePullBackOff".
      throw new StartError(reason, message, reason === 'ErrImagePull' ? this.#clock.now() + 1000 : untilMs);
    }
  }

  forget(podUID: string): void {
    for (const key of [...this.#failed.keys()])
      if (key.startsWith(`${podUID}/`)) {
        this.#failed.delete(key);
        this.#backoff.forget(key);
      }
  }
}
