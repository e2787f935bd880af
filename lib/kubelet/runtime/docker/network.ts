/**
 * The bridge on which the pods of one cluster live, on all its nodes: an engine's network with a range of its own. Pods
 * reach one another and the host by address, and the host them.
 */
import type Docker from 'dockerode';
import { codeOf, engineMessage, unless } from './engine.js';

/** Tried one after the other until one does not overlap with anything the engine or the host has. */
const ranges = Array.from({ length: 60 }, (_, index) => `10.244.${index * 4}.0/22`);

/** The name of the network labelled with `cluster`, made if there is none. @throws Error no range is free */
export async function ensureNetwork(
  docker: Docker,
  name: string,
  labels: Record<string, string>,
  range?: string,
): Promise<string> {
  let refusal = '';
  for (const subnet of range ? [range] : ranges) {
    if (await unless([404], docker.getNetwork(name).inspect())) return name;
    try {
      await docker.createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: 'bridge',
        IPAM: { Config: [{ Subnet: subnet }] },
        Labels: labels,
      } as Docker.NetworkCreateOptions);
      return name;
    } catch (error) {
      if (codeOf(error) === undefined) throw new Error(engineMessage(error), { cause: error });
      refusal = engineMessage(error); // the range is taken, or another node of the cluster was faster: look again
    }
  }
  throw new Error(`no range of addresses is free for pods: ${refusal}`);
}
