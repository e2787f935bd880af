/** What a pod asks for: requests and limits in millicores and bytes, and the quality of service that follows from them. */
import { parseQuantity } from '../api/quantity.js';
import type { Container, DeepReadonly, Pod } from '../api/types.js';

/** `100m` is 0.1, `64Mi` is 67108864; nothing is 0. Quantities of stored objects are valid: the API server has seen to it. */
export const quantity = (text: string | undefined): number =>
  text === undefined ? 0 : Number(parseQuantity(text).scaledValue(-9)) / 1e9;

/** A resource in its unit of reckoning: `cpu` in millicores, everything else in whole units (bytes, pods). */
export const amount = (resource: string, text: string | undefined): number =>
  text === undefined ? 0 : resource === 'cpu' ? parseQuantity(text).milliValue() : parseQuantity(text).value();

type Amounts = Record<string, number>;

/**
 * What the scheduler and the node reserve for a pod: the sum over its containers and sidecars, or the largest of its init
 * containers (with the sidecars started before it) if that is more, and its overhead on top.
 */
export function podRequests(pod: DeepReadonly<Pod>): Amounts {
  const total: Amounts = {};
  const largest: Amounts = {};
  const sidecars: Amounts = {};
  for (const container of pod.spec.containers) add(total, requestsOf(container));
  for (const container of pod.spec.initContainers ?? []) {
    const requests = requestsOf(container);
    if (isSidecar(container)) {
      add(total, requests);
      add(sidecars, requests);
      raise(largest, sidecars);
    } else {
      add(requests, sidecars);
      raise(largest, requests);
    }
  }
  raise(total, largest);
  for (const [name, text] of Object.entries(pod.spec.overhead ?? {})) add(total, { [name]: amount(name, text) });
  return total;
}

/** An init container that stays: started in its turn, kept running beside the others, stopped last. */
export const isSidecar = (container: DeepReadonly<Container>): boolean =>
  (container as { restartPolicy?: string }).restartPolicy === 'Always';

/**
 * `Guaranteed`: every container's limits equal its requests, for both cpu and memory. `BestEffort`: nobody asks for
 * anything. `Burstable`: all others.
 * @see https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
 */
export function qosClass(pod: DeepReadonly<Pod>): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const resources = ['cpu', 'memory'] as const;
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  let asked = false;
  let guaranteed = true;
  for (const { resources: { requests = {}, limits = {} } = {} } of containers)
    for (const resource of resources) {
      const [request, limit] = [quantity(requests[resource]), quantity(limits[resource])];
      if (request > 0 || limit > 0) asked = true;
      if (limit === 0 || (request !== limit && requests[resource] !== undefined)) guaranteed = false;
    }
  return !asked ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

const requestsOf = ({ resources: { requests = {} } = {} }: DeepReadonly<Container>): Amounts =>
  Object.fromEntries(Object.entries(requests).map(([name, text]) => [name, amount(name, text)]));

function add(to: Amounts, more: Amounts): void {
  for (const [name, value] of Object.entries(more)) to[name] = (to[name] ?? 0) + value;
}

function raise(to: Amounts, floor: Amounts): void {
  for (const [name, value] of Object.entries(floor)) to[name] = Math.max(to[name] ?? 0, value);
}
