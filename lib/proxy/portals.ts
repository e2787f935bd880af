/** What should be open: a pure function from a Service and its Endpoints. */
import type { DeepReadonly, Endpoints, Service } from '../api/types.js';
import type { Affinity, Endpoint } from './balancer.js';

/** One port of a Service, at every address where it should answer. */
export interface Portal {
  /** `default/web:http/TCP` */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  /** Cluster IP and port, and node port. */
  readonly places: readonly { readonly address: string; readonly port: number }[];
  readonly endpoints: readonly Endpoint[];
  readonly affinity: Affinity;
}

/** How long a client stays with its endpoint when the Service does not say, as upstream: three hours. */
const affinityTimeoutSeconds = 10_800;

/** Ways into a Service that are not served here, for saying so. */
export const notServed = ({ spec }: DeepReadonly<Service>): string[] => [
  ...(spec.externalIPs?.length ? ['externalIPs'] : []),
  ...(spec.type === 'LoadBalancer' ? ['type LoadBalancer'] : []),
  ...(spec.ports?.some(({ protocol }) => protocol === 'SCTP') ? ['SCTP'] : []),
];

/**
 * The portals of a Service: one for each of its ports. None for a headless Service or one that is only a name. SCTP, external IPs
 * and load balancers are left out: nothing on one machine would speak to them.
 *
 * @param nodeAddresses where node ports answer
 */
export function portalsOf(
  service: DeepReadonly<Service>,
  endpoints: DeepReadonly<Endpoints> | undefined,
  nodeAddresses: readonly string[],
): Portal[] {
  const { namespace, name } = service.metadata;
  const { clusterIP, type, ports = [], sessionAffinity, sessionAffinityConfig } = service.spec;
  if (!clusterIP || clusterIP === 'None' || type === 'ExternalName') return [];
  return ports.flatMap((port): Portal[] => {
    const protocol = port.protocol ?? 'TCP';
    if (protocol !== 'TCP' && protocol !== 'UDP') return [];
    return [
      {
        name: `${namespace}/${name}:${port.name ?? ''}/${protocol}`,
        protocol,
        places: [
          { address: clusterIP, port: port.port },
          ...(port.nodePort ? nodeAddresses.map((address) => ({ address, port: port.nodePort! })) : []),
        ],
        endpoints: (endpoints?.subsets ?? []).flatMap((subset) => {
          const target = subset.ports?.find(
            (each) => (each.name ?? '') === (port.name ?? '') && (each.protocol ?? 'TCP') === protocol,
          );
          return target ? (subset.addresses ?? []).map(({ ip }) => `${ip}:${target.port}`) : [];
        }),
        affinity: {
          type: sessionAffinity === 'ClientIP' ? 'ClientIP' : 'None',
          timeoutSeconds: sessionAffinityConfig?.clientIP?.timeoutSeconds ?? affinityTimeoutSeconds,
        },
      },
    ];
  });
}
