import type { PluginArgs } from '../plugin-args.js';
import { maxPriority, type Priority } from './priority.js';

/** How much of a score is the zone's, where nodes have zones; the rest is the node's own. */
const zoneWeighting = Math.fround(2 / 3);
const nodeWeighting = Math.fround(1 / 3);

/**
 * *SelectorSpreadPriority*: spreads the Pods of one Service or controller over nodes, and over zones first.
 * *ServiceSpreadingPriority* is the same with Services alone.
 *
 * ```
 *   node score = 10 · (M − peers on the node) / M      M: most peers on any node; 10 if nobody has peers
 *   zone score = 10 · (Z − peers in the zone) / Z      Z: most peers in any zone, of the nodes that fit
 *   score      = ⌊node score⌋, or ⌊node score / 3 + zone score · 2 / 3⌋ for a node in a zone
 * ```
 * 1.2 reckoned in 32-bit floats, and so do we.
 */
export const selectorSpread = (
  args: Pick<PluginArgs, 'peers'>,
  of: 'services' | 'services and controllers' = 'services and controllers',
): Priority => ({
  uniform: (pod) => (args.peers(pod, of).most === 0 ? maxPriority : undefined),
  reduce(pod, nodes, scores) {
    const { counts, most } = args.peers(pod, of);
    if (most === 0) return void scores.fill(maxPriority);

    const zones = new Map<string, number>();
    let fullest = 0;
    for (const { slot, zone } of nodes) {
      const count = zone === '' ? 0 : (counts[slot] ?? 0);
      if (count === 0) continue;
      const sum = (zones.get(zone) ?? 0) + count;
      zones.set(zone, sum);
      if (sum > fullest) fullest = sum;
    }
    for (let i = 0; i < nodes.length; i++) {
      const { slot, zone } = nodes[i]!;
      const own = share(most, counts[slot] ?? 0);
      scores[i] =
        zones.size === 0 || zone === ''
          ? Math.floor(own)
          : Math.floor(
              Math.fround(
                Math.fround(own * nodeWeighting) + Math.fround(zoneWeighting * share(fullest, zones.get(zone) ?? 0)),
              ),
            );
    }
  },
});

const share = (most: number, count: number): number =>
  Math.fround(maxPriority * Math.fround(Math.fround(most - count) / Math.fround(most)));
