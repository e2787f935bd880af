/** Which Services a change of a Service or a Pod concerns: what both endpoints controllers listen to. */
import { keyOf, type ObjectKey } from '../api/meta.js';
import type { DeepReadonly, Pod, Service } from '../api/types.js';
import type { Informer } from '../client/index.js';
import { equal, isReady, selects } from './pods.js';

/** Calls `wake` with the keys of Services whose endpoints may have to change, until disposed. */
export function wakeServices(
  services: Informer<Service>,
  pods: Informer<Pod>,
  wake: (key: ObjectKey) => void,
): Disposable {
  const wakeServicesOf = (pod: DeepReadonly<Pod>): void => {
    for (const service of services.list(pod.metadata.namespace))
      if (selects(service.spec.selector, pod.metadata.labels)) wake(keyOf(service));
  };
  const subscriptions = [
    services.addEventHandler({
      onAdd: (service) => wake(keyOf(service)),
      onUpdate: (_, service) => wake(keyOf(service)),
      onDelete: (service) => wake(keyOf(service)),
    }),
    pods.addEventHandler({
      onAdd: wakeServicesOf,
      onUpdate(old, pod) {
        if (!concernsEndpoints(old, pod)) return; // heartbeats of its containers are nobody's business here
        // Those that selected it before *and* after: a relabelled Pod leaves one as it joins another.
        wakeServicesOf(old);
        wakeServicesOf(pod);
      },
      onDelete: wakeServicesOf,
    }),
  ];
  return { [Symbol.dispose]: () => subscriptions.forEach((subscription) => subscription[Symbol.dispose]()) };
}

const concernsEndpoints = (old: DeepReadonly<Pod>, pod: DeepReadonly<Pod>): boolean =>
  isReady(old) !== isReady(pod) ||
  old.status.phase !== pod.status.phase ||
  old.status.podIP !== pod.status.podIP ||
  old.spec.nodeName !== pod.spec.nodeName ||
  old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
  !equal(old.metadata.labels, pod.metadata.labels);
