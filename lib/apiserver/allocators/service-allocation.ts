/**
 * Gives services what only the API server can give: a cluster IP each, and ports on every node.
 *
 * What is taken is read off the services that are stored, each time: so nothing has to be repaired at a start, and what a
 * service gives up (it is deleted, or changes its type) is free at that moment. (Upstream keeps a bitmap beside them and a
 * loop that repairs it.) Only what was promised to writes under way is remembered here: it is theirs until they are seen
 * stored, or have failed. Where other servers give away the same numbers, it is claimed in the store too (`claims.ts`).
 * Reading all services for each new one is slow, and services are few.
 *
 * It runs as an admission plugin, the last one: upstream too allocates before it validates, and reports a number that
 * cannot be had alone.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
 */
import { needsClusterIP, needsNodePort, settleAddresses, validateAddresses } from '../../api/kinds/service.js';
import { services } from '../../api/resources.js';
import { internalError, invalid, type StatusError } from '../../api/status.js';
import type { DeepReadonly, Service } from '../../api/types.js';
import { invalid as fieldInvalid, root, type Path } from '../../api/validation/errors.js';
import type { AdmissionPlugin, AdmissionRequest, Undo } from '../admission/admission.js';
import type { Reader } from '../reader.js';
import type { Claim, Claims } from './claims.js';
import { addressOf, addressRange, contains, numberOf, pick, type Range, reservedPart } from './range.js';

export interface ServiceAllocationOptions {
  readonly reader: Reader;
  /** Where cluster IPs come from: `10.0.0.0/24`. */
  readonly serviceRange: string;
  /** Where node ports come from; 30000 to 32767 if left out. */
  readonly nodePorts?: Range;
  /** Where other servers write into the same store. */
  readonly claims?: Claims;
  /** From 0 to 1; `Math.random` if left out. */
  readonly random?: () => number;
}

type Kept = DeepReadonly<Service>;

export function serviceAllocation(options: ServiceAllocationOptions): AdmissionPlugin {
  const { reader, serviceRange, claims, nodePorts = { first: 30000, last: 32767 }, random = Math.random } = options;
  const addresses = addressRange(serviceRange);
  const promised = new Promises();

  /** One request's dealings: what it sees as taken, and what it takes. @param lost what others were faster to claim */
  function deal(request: AdmissionRequest<Service>, lost?: ReadonlySet<number>): Dealings {
    const stored = reader.list(services);
    promised.forget(stored);
    const dealings = new Dealings({ request, stored, lost, promised, addresses, nodePorts, random, serviceRange });
    try {
      dealings.clusterIP();
      dealings.nodePorts();
      dealings.healthCheckNodePort();
      return dealings;
    } catch (error) {
      dealings.undo();
      throw error;
    }
  }

  /** As {@link deal}, and claims what was taken; if another server was faster, once more without that. */
  async function dealAndClaim(request: AdmissionRequest<Service>, claims: Claims): Promise<Undo> {
    const { object, oldObject } = request;
    const asked = structuredClone(object!.spec);
    const lost = new Set<number>();
    for (;;) {
      const dealings = deal(request, lost);
      const made: Claim[] = [];
      const letGo = async (): Promise<void> => {
        for (const claim of made.splice(0)) await claims.letGo(claim);
      };
      const undo = async (): Promise<void> => {
        dealings.undo();
        await letGo();
      };
      try {
        const refused = await claimAll(dealings.taken, object!.metadata.uid!, made, claims);
        if (refused === undefined) return Object.assign(undo, { kept: letGo });
        lost.add(refused);
      } catch (error) {
        await undo();
        throw error;
      }
      await undo();
      object!.spec = structuredClone(asked);
      settleAddresses(object!, oldObject);
    }
  }

  /** @returns the first number that somebody else claims, or has got */
  async function claimAll(numbers: Iterable<number>, uid: string, made: Claim[], claims: Claims) {
    for (const number of numbers) {
      const claim = await claims.make(number, uid);
      if (!claim) return number;
      made.push(claim);
      const stored = reader.list(services).filter(({ metadata }) => metadata.uid !== uid);
      if (stored.some((service) => [...numbersOf(service)].includes(number))) return number;
    }
    return undefined;
  }

  return {
    name: 'ServiceAllocation',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    admit(request: AdmissionRequest<Service>): Undo | void | Promise<Undo> {
      const { kind, subresource, operation, object, oldObject } = request;
      if (kind.group !== '' || kind.resource !== services.resource || subresource !== '') return;
      if (operation === 'DELETE') return oldObject && promised.giveBack(oldObject.metadata.uid!);
      if (!object) return;
      settleAddresses(object, oldObject);
      // Validation will say what is wrong with them.
      if (validateAddresses(object, oldObject).length > 0) return;
      if (claims && !request.dryRun) return dealAndClaim(request, claims);
      const dealings = deal(request);
      return () => dealings.undo();
    },
  };
}

/** What was given to writes that are under way. */
class Promises {
  /** The service's uid by address or port, both as numbers: no port is as great as an address. */
  readonly #byNumber = new Map<number, string>();

  has(number: number): boolean {
    return this.#byNumber.has(number);
  }

  make(number: number, uid: string): void {
    this.#byNumber.set(number, uid);
  }

  breakOne(number: number, uid: string): void {
    if (this.#byNumber.get(number) === uid) this.#byNumber.delete(number);
  }

  giveBack(uid: string): void {
    for (const [number, owner] of this.#byNumber) if (owner === uid) this.#byNumber.delete(number);
  }

  /** Forgets what is now to be seen in the store. */
  forget(stored: readonly Kept[]): void {
    if (this.#byNumber.size === 0) return;
    for (const service of stored)
      for (const number of numbersOf(service))
        if (this.#byNumber.get(number) === service.metadata.uid) this.#byNumber.delete(number);
  }
}

interface DealingsOptions {
  readonly request: AdmissionRequest<Service>;
  readonly stored: readonly Kept[];
  readonly lost: ReadonlySet<number> | undefined;
  readonly promised: Promises;
  readonly addresses: Range;
  readonly nodePorts: Range;
  readonly serviceRange: string;
  readonly random: () => number;
}

class Dealings {
  readonly #options: DealingsOptions;
  readonly #service: Service;
  readonly #old: Kept | undefined;
  readonly #uid: string;
  readonly #taken: ReadonlySet<number>;
  readonly #mine = new Set<number>();

  constructor(options: DealingsOptions) {
    const { request, stored } = options;
    this.#options = options;
    this.#service = request.object!;
    this.#old = request.oldObject;
    this.#uid = request.object!.metadata.uid ?? '';
    this.#taken = new Set(stored.flatMap((service) => [...numbersOf(service)]));
  }

  /** A service has one for life; only one that was an ExternalName is new to it. */
  clusterIP(): void {
    const { spec } = this.#service;
    if (!needsClusterIP(spec) || spec.clusterIPs?.[0] === 'None') return;
    const old = this.#old?.spec;
    if (old && needsClusterIP(old) && old.clusterIPs?.length) return;
    const { addresses, serviceRange, request } = this.#options;
    const wanted = spec.clusterIPs?.[0];
    if (wanted) {
      const number = numberOf(wanted);
      const refuse = (why: string): StatusError =>
        this.#invalid(root('spec').child('clusterIPs'), spec.clusterIPs, `failed to allocate IP ${wanted}: ${why}`);
      if (!contains(addresses, number)) {
        throw refuse(
          request.dryRun
            ? `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${serviceRange}`
            : 'the provided network does not match the current range',
        );
      }
      // Upstream's dry run does not look who else has it.
      if (!request.dryRun && this.#isTaken(number)) throw refuse('provided IP is already allocated');
      this.#take(number);
      return;
    }
    const number = this.#any(addresses, reservedPart(addresses, { share: 16, min: 16, max: 256 }));
    if (number === undefined) throw internalError(new Error('failed to allocate a serviceIP: range is full'));
    spec.clusterIP = addressOf(number);
    spec.clusterIPs = [spec.clusterIP];
  }

  /** On create, ports of one number (DNS by TCP and UDP) share their node port; on update, only if the client says so. */
  nodePorts(): void {
    const { spec } = this.#service;
    if (!needsNodePort(spec)) return;
    const had = new Set(this.#old?.spec.ports?.map(({ nodePort }) => nodePort));
    const given = new Map<number, number>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      if (!port.nodePort && spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false) continue;
      if (!this.#old) port.nodePort ||= given.get(port.port) ?? this.#requestedFor(port.port);
      if (!port.nodePort) port.nodePort = this.#anyPort('a nodePort');
      else if (
        this.#old ? !had.has(port.nodePort) && !this.#mine.has(port.nodePort) : given.get(port.port) !== port.nodePort
      ) {
        const why = this.#claimPort(port.nodePort);
        const at = root('spec').child('ports').at(index).child('nodePort');
        if (why) throw this.#invalid(at, port.nodePort, why);
      }
      given.set(port.port, port.nodePort);
    }
  }

  healthCheckNodePort(): void {
    const { spec } = this.#service;
    const needed = (each: Kept['spec']): boolean =>
      each.type === 'LoadBalancer' && each.externalTrafficPolicy === 'Local';
    if (!needed(spec) || (this.#old && needed(this.#old.spec))) return;
    if (!spec.healthCheckNodePort) spec.healthCheckNodePort = this.#anyPort('a HealthCheck NodePort 0');
    else {
      const why = this.#claimPort(spec.healthCheckNodePort);
      if (why)
        throw internalError(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${why}`);
    }
  }

  /** What this request took. */
  get taken(): ReadonlySet<number> {
    return this.#mine;
  }

  undo(): void {
    for (const number of this.#mine) this.#options.promised.breakOne(number, this.#uid);
  }

  /** The node port that another port of the same number asks for. */
  #requestedFor(port: number): number | undefined {
    return this.#service.spec.ports?.find((other) => other.port === port && other.nodePort)?.nodePort;
  }

  #claimPort(port: number): string | undefined {
    const { nodePorts, request } = this.#options;
    // Upstream's dry run takes ports of any range.
    if (!request.dryRun && !contains(nodePorts, port)) {
      const range = `${nodePorts.first}-${nodePorts.last}`;
      return `provided port is not in the valid range. The range of valid ports is ${range}`;
    }
    if (this.#isTaken(port)) return 'provided port is already allocated';
    this.#take(port);
    return undefined;
  }

  #anyPort(what: string): number {
    const { nodePorts } = this.#options;
    const port = this.#any(nodePorts, reservedPart(nodePorts, { share: 32, min: 16, max: 128 }));
    if (port === undefined) throw internalError(`failed to allocate ${what}: range is full`);
    return port;
  }

  #any(range: Range, reserved: number): number | undefined {
    const number = pick(range, (each) => this.#isTaken(each), reserved, this.#options.random);
    if (number !== undefined) this.#take(number);
    return number;
  }

  #isTaken(number: number): boolean {
    const { lost, promised } = this.#options;
    return this.#mine.has(number) || this.#taken.has(number) || promised.has(number) || lost?.has(number) === true;
  }

  #take(number: number): void {
    this.#mine.add(number);
    if (!this.#options.request.dryRun) this.#options.promised.make(number, this.#uid);
  }

  #invalid(at: Path, value: unknown, why: string): StatusError {
    const { kind, object } = this.#options.request;
    return invalid(kind, object!.metadata.name ?? '', [fieldInvalid(at, value, why)]);
  }
}

/** Everything that a service has: addresses and ports. */
function* numbersOf({ spec }: Kept): Generator<number, void> {
  for (const address of spec.clusterIPs ?? []) if (address !== 'None' && address) yield numberOf(address);
  for (const { nodePort } of spec.ports ?? []) if (nodePort) yield nodePort;
  if (spec.healthCheckNodePort) yield spec.healthCheckNodePort;
}
