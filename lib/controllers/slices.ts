/** How endpoints are laid into slices: pure. */
import type { DeepReadonly, EndpointSlice } from '../api/types.js';
import { equal } from './pods.js';

/** Most endpoints in one slice. */
const sliceSize = 100;

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';

/** Slices by the key of their Service. */
export const sliceIndexes = {
  service: ({ metadata }: DeepReadonly<EndpointSlice>): string[] => {
    const service = metadata.labels?.[serviceNameLabel];
    return service ? [`${metadata.namespace}/${service}`] : [];
  },
};

type Slice = DeepReadonly<EndpointSlice>;

/** Endpoints that share their ports. */
export interface SliceContent {
  readonly ports: NonNullable<EndpointSlice['ports']>;
  readonly endpoints: EndpointSlice['endpoints'];
}

export interface Plan {
  readonly toCreate: readonly SliceContent[];
  readonly toUpdate: ReadonlyMap<Slice, SliceContent>;
  readonly toDelete: readonly Slice[];
}

/**
 * The fewest writes that lead from `existing` to `groups`: an endpoint stays in the slice it is in, new ones fill slices
 * that are written anyway or have room, and only then come new slices. A Service without endpoints has one empty slice.
 */
export function planSlices(groups: readonly SliceContent[], existing: readonly Slice[]): Plan {
  const toCreate: SliceContent[] = [];
  const toUpdate = new Map<Slice, SliceContent>();
  const unused = new Set(existing);
  for (const { ports, endpoints } of groups) {
    const waiting = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]));
    const kept = existing
      .filter((slice) => equal(slice.ports ?? [], ports))
      .map((slice) => {
        const staying = (slice.endpoints ?? []).flatMap((endpoint) => {
          const wanted = waiting.get(identity(endpoint));
          waiting.delete(identity(endpoint));
          return wanted ? [wanted] : [];
        });
        return { slice, staying };
      });
    for (const { slice, staying } of kept) {
      for (const [id, endpoint] of waiting) {
        if (staying.length >= sliceSize) break;
        staying.push(endpoint);
        waiting.delete(id);
      }
      if (staying.length === 0) continue;
      unused.delete(slice);
      if (!equal(slice.endpoints ?? [], staying)) toUpdate.set(slice, { ports, endpoints: staying });
    }
    const rest = [...waiting.values()];
    for (let i = 0; i < rest.length; i += sliceSize) toCreate.push({ ports, endpoints: rest.slice(i, i + sliceSize) });
  }
  // An empty slice says: there is nothing, as against: nobody has looked yet.
  if (groups.length === 0) {
    const [first] = unused;
    if (first) {
      unused.delete(first);
      if ((first.endpoints ?? []).length > 0) toUpdate.set(first, { ports: [], endpoints: [] });
    } else toCreate.push({ ports: [], endpoints: [] });
  }
  return { toCreate, toUpdate, toDelete: [...unused] };
}

const identity = ({ addresses, targetRef }: DeepReadonly<EndpointSlice['endpoints'][number]>): string =>
  `${targetRef?.uid ?? ''} ${addresses.join(',')}`;
