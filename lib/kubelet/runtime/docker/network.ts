/**
 * The bridge on which the pods of one cluster live, on all its nodes: an engine's network with a range of its own. Pods
 * reach one another and the host by address, and the host them.
 */
import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { codeOf, engineMessage, unless } from './engine.js';

/** Tried one after the other until one does not overlap with anything the engine or the host has. */
const ranges = Array.from({ length: 60 }, (_, index) => `10.244.${index * 4}.0/22`);

/** Under way in this process, by name: the nodes of a cluster ask in the same moment, and an engine takes a name twice. */
const making = new Map<string, Promise<string>>();

/** The name of the network labelled with `labels`, made if there is none. @throws Error no range is free */
export function ensureNetwork(
  docker: Docker,
  name: string,
  labels: Record<string, string>,
  range?: string,
): Promise<string> {
  const made = making.get(name) ?? make(docker, name, labels, range).finally(() => making.delete(name));
  making.set(name, made);
  return made;
}

async function make(docker: Docker, name: string, labels: Record<string, string>, range?: string): Promise<string> {
  let refusal = 'all are in use on this machine';
  const taken = await routedRanges();
  for (const subnet of range ? [range] : ranges.filter((each) => !taken.some((other) => overlap(each, other)))) {
    if ((await named(docker, name)).length > 0) return name;
    try {
      const { id } = await docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        IPAM: { Config: [{ Subnet: subnet }] },
        Labels: labels,
      } as Docker.NetworkCreateOptions);
      // A kubelet in another process may have been as fast: the elder network stays.
      const [elder] = await named(docker, name);
      if (elder && elder.Id !== id) await unless([404], docker.getNetwork(id).remove());
      return name;
    } catch (error) {
      if (codeOf(error) === undefined) throw new Error(engineMessage(error), { cause: error });
      refusal = engineMessage(error); // the range is taken: try another one
    }
  }
  throw new Error(`no range of addresses is free for pods: ${refusal}`);
}

/** The networks of that name, the eldest first. */
async function named(docker: Docker, name: string): Promise<Docker.NetworkInspectInfo[]> {
  const networks = await docker.listNetworks({ filters: { name: [`^${name}$`] } });
  return networks.sort((a, b) => (a.Created ?? '').localeCompare(b.Created ?? '') || a.Id.localeCompare(b.Id));
}

/** A range as its first address and its mask. */
type Range = readonly [first: number, mask: number];

/** Where this machine has routes to already, those of another engine's networks among them; the default route is none. */
async function routedRanges(): Promise<Range[]> {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => ''); // only Linux has it
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length > 7 && fields[7] !== '00000000')
    .map((fields) => [networkOrder(fields[1]!), networkOrder(fields[7]!)]);
}

/** The kernel writes addresses as little-endian hexadecimal numbers. */
const networkOrder = (hex: string): number => Buffer.from(hex, 'hex').readInt32LE();

function overlap(range: string, [first, mask]: Range): boolean {
  const [address, bits] = range.split('/');
  const start = address!.split('.').reduce((sum, octet) => (sum << 8) | Number(octet), 0);
  const common = mask & (-1 << (32 - Number(bits)));
  return (start & common) === (first & common);
}
