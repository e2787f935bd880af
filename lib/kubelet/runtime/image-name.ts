/** What an image may be called. */
import { ImageError } from './runtime.js';

/** Registry, name, tag, digest: as much of the reference's grammar as tells a typing error from a name. */
const reference =
  /^([a-zA-Z0-9.-]+(:\d+)?\/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** @throws {ImageError} InvalidImageName, in the words of upstream's kubelet */
export function checkImageName(image: string): void {
  if (reference.test(image)) return;
  throw new ImageError(
    'InvalidImageName',
    `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
  );
}
