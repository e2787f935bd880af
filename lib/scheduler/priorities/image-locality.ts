import type { Priority } from './priority.js';

const megabyte = 1024 * 1024;
/** Images smaller than this together are not worth moving a Pod for. */
const minBytes = 23 * megabyte;
/** More than this makes no difference. */
const maxBytes = 1000 * megabyte;

/**
 * *ImageLocalityPriority*: prefers nodes that have the Pod's images already, by the sum S of their sizes:
 * 0 below 23 MB, 10 from 1000 MB, in between `⌊10 · (S − min) / (max − min)⌋ + 1`; S in bytes, a MB being 1024 · 1024 of them.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/priorities.go
 */
export const imageLocality: Priority = {
  kept: true,
  map(pod, { imageSizes }) {
    const bytes = pod.images.reduce((sum, image) => sum + (imageSizes.get(image) ?? 0), 0);
    if (bytes < minBytes) return 0;
    if (bytes >= maxBytes) return 10;
    return Math.floor((10 * (bytes - minBytes)) / (maxBytes - minBytes)) + 1;
  },
};
