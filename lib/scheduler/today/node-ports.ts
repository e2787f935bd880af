import type { NodeInfo } from '../node-info.js';
import type { PodInfo } from '../pod-info.js';
import { keep, unfit } from '../predicates/predicate.js';

/** `0.0.0.0`, or nothing said: on every address of the host. */
const anyAddress = '0.0.0.0';

interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

/**
 * *NodePorts*: no host port of the Pod is taken on the node: the same number of the same protocol on the same address, or on
 * any if one of the two wants them all. Sidecars have ports too; other init containers do not.
 *
 * @see https://kubernetes.io/docs/concepts/configuration/overview/
 */
export const nodePorts = keep((pod, node) => {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0 || !wanted.some((port) => isTaken(port, node))) return true;
  return unfit(["node(s) didn't have free ports for the requested pod ports"], { resolvable: true });
});

function isTaken(wanted: HostPort, node: NodeInfo): boolean {
  for (const other of node.pods.values()) if (hostPortsOf(other).some((taken) => conflict(wanted, taken))) return true;
  return false;
}

const conflict = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (a.address === b.address || a.address === anyAddress || b.address === anyAddress);

const known = new WeakMap<PodInfo, readonly HostPort[]>();

function hostPortsOf(pod: PodInfo): readonly HostPort[] {
  let ports = known.get(pod);
  if (!ports) {
    const { containers, initContainers = [] } = pod.pod.spec;
    const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
    ports = [...containers, ...sidecars].flatMap((container) =>
      (container.ports ?? [])
        .filter(({ hostPort = 0 }) => hostPort > 0)
        .map(({ hostIP, protocol, hostPort }) => ({
          address: hostIP || anyAddress,
          protocol: protocol || 'TCP',
          port: hostPort!,
        })),
    );
    known.set(pod, ports);
  }
  return ports;
}
