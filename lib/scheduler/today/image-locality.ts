import type { PluginArgs } from '../plugin-args.js';
import type { PodInfo } from '../pod-info.js';
import type { Priority } from '../priorities/priority.js';
import { FindingsByQuestion } from './findings.js';
import { maxNodeScore } from './scale.js';

const megabyte = 1024 * 1024;
/** Images smaller than this together are not worth moving a Pod for. */
const minBytes = 23 * megabyte;
/** More than this a container makes no difference. */
const maxBytesPerContainer = 1000 * megabyte;

/**
 * *ImageLocality*: prefers nodes that have the Pod's images already. An image counts by the share of nodes that have it, or all
 * Pods would follow the first one to its node.
 *
 * ```
 *   S     = Σ ⌊size · nodes with the image / nodes⌋, not less than 23 MB and not more than 1000 MB a container (max)
 *   score = ⌊100 · (S − 23 MB) / (max − 23 MB)⌋
 * ```
 * In bytes; a MB is 1024 · 1024 of them. Init containers count as containers, and so do image volumes.
 *
 * @see https://kubernetes.io/docs/reference/scheduling/config/#scheduling-plugins
 */
export const imageLocality = (args: Pick<PluginArgs, 'nodes'>): Priority => {
  /** Its size on each node that has it, by image. */
  const sizes = new FindingsByQuestion<number>();
  const sizesOf = (image: string) => sizes.about(image, args.nodes, ({ imageSizes }) => imageSizes.get(image));
  return {
    uniform: (pod) => (imagesOf(pod).images.every((image) => sizesOf(image).none) ? 0 : undefined),
    reduce(pod, nodes, scores) {
      const { images, count } = imagesOf(pod);
      const max = maxBytesPerContainer * count;
      const spread = images.map((image) => {
        const found = sizesOf(image);
        const having = found.none ? 0 : args.nodes.filter((node) => found.on(node) !== undefined).length;
        return { found, share: having / args.nodes.length };
      });
      for (let i = 0; i < nodes.length; i++) {
        let sum = 0;
        for (const { found, share } of spread) sum += Math.trunc((found.on(nodes[i]!) ?? 0) * share);
        scores[i] = Math.floor((maxNodeScore * (Math.min(Math.max(sum, minBytes), max) - minBytes)) / (max - minBytes));
      }
    },
  };
};

/** With a tag, as nodes report them; `count` is how many containers and image volumes there are. */
function imagesOf({ pod }: PodInfo): { readonly images: readonly string[]; readonly count: number } {
  const { containers, initContainers = [], volumes = [] } = pod.spec;
  const references = [
    ...[...initContainers, ...containers].map(({ image }) => image ?? ''),
    ...volumes.flatMap((volume) => (volume as { image?: { reference?: string } }).image?.reference ?? []),
  ];
  const images = references.map((name) => (name.lastIndexOf(':') <= name.lastIndexOf('/') ? `${name}:latest` : name));
  return { images, count: Math.max(1, references.length) };
}
