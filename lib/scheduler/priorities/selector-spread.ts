import type { NodeInfo } from '../node-info.js';
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
 *
 * @see https://github.com/kubernetes/kubernetes/blob/release-1.2/plugin/pkg/scheduler/algorithm/priorities/selector_spreading.go
 */
export const selectorSpread = (
  args: Pick<PluginArgs, 'peers'>,
  of: 'services' | 'services and controllers' = 'services and controllers',
): Priority => ({
  uniform: (pod) => (args.peers(pod, of).most === 0 ? maxPriority : undefined),
  reduce(pod, nodes, scores) {
    const { counts, most } = args.peers(pod, of);
    if (most === 0) return void scores.fill(maxPriority);

    const { slots, zones, zoneCount } = placesOf(nodes);
    const inZone = new Int32Array(zoneCount);
    for (let i = 0; i < slots.length; i++) inZone[zones[i]!]! += counts[slots[i]!]!;
    inZone[0] = 0; // those without a zone are in none together
    const fullest = Math.max(...inZone);
    const scoreOf = (zone: number, count: number): number => {
      const own = share(most, count);
      if (zone === 0 || fullest === 0) return Math.floor(own);
      const ofZone = Math.fround(zoneWeighting * share(fullest, inZone[zone]!));
      return Math.floor(Math.fround(Math.fround(own * nodeWeighting) + ofZone));
    };

    // Mostly there are few counts and few zones, but many nodes.
    const stride = most + 1;
    if (zoneCount * stride > slots.length) {
      for (let i = 0; i < slots.length; i++) scores[i] = scoreOf(zones[i]!, counts[slots[i]!]!);
      return;
    }
    const table = new Float64Array(zoneCount * stride);
    for (let zone = 0; zone < zoneCount; zone++)
      for (let count = 0; count <= most; count++) table[zone * stride + count] = scoreOf(zone, count);
    for (let i = 0; i < slots.length; i++) scores[i] = table[zones[i]! * stride + counts[slots[i]!]!]!;
  },
});

const share = (most: number, count: number): number =>
  Math.fround(maxPriority * Math.fround(Math.fround(most - count) / Math.fround(most)));

interface Places {
  readonly slots: Int32Array;
  readonly zones: Int32Array;
  /** More than the largest of `zones`. */
  readonly zoneCount: number;
}

/** Where the nodes of a list are: as long as nothing changes about who fits, the list is the same for one Pod after another. */
const places = new WeakMap<readonly NodeInfo[], Places>();

function placesOf(nodes: readonly NodeInfo[]): Places {
  let known = places.get(nodes);
  if (!known) {
    const slots = Int32Array.from(nodes, ({ slot }) => slot);
    const zones = Int32Array.from(nodes, ({ zone }) => zone);
    known = { slots, zones, zoneCount: zones.reduce((a, b) => Math.max(a, b), 0) + 1 };
    places.set(nodes, known);
  }
  return known;
}
