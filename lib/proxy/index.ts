/**
 * kube-proxy: makes the addresses of Services answer. In the book's words it is the abstraction of a Service: one address
 * for a set of pods, and the balancing between them. This is 1.2's userspace mode: the proxy accepts each connection and
 * carries it to an endpoint, in turn.
 *
 * ```
 *  API server ──watch Services, Endpoints──▶ portals ──▶ open ports
 *                                                          │
 *  client ──10.0.0.7:80──▶ proxy ──round robin──▶ 10.244.1.2:8080, 10.244.2.5:8080, …
 * ```
 *
 * ```ts
 * await using route = await serviceRoute('10.0.0.0/24');          // the range becomes local to this machine
 * await runProxy({ client, clock: realClock, nodeName: 'node-1' }, signal);
 * ```
 *
 * Files in reading order: `route.ts` (where the addresses come from), `portals.ts` (what should be open), `balancer.ts` (who
 * is next), `forwarder.ts`, `tcp.ts`, `udp.ts`, `proxy.ts` (the loop).
 *
 * @module
 */
export { runProxy, type ProxyOptions } from './proxy.js';
export { serviceRoute, type ServiceRoute } from './route.js';
// The parts, for notebooks that look inside.
export { portalsOf, type Portal } from './portals.js';
export { Balancer, type Affinity, type Endpoint } from './balancer.js';
