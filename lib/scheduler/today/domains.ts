/**
 * Nodes by the value of a label: the hosts, racks or zones over which Pods are spread, or in which they are near each other.
 * Values are numbered once, so that counting over all nodes for every Pod is a walk through an array.
 */
import type { NodeInfo } from '../node-info.js';
import { Findings } from './findings.js';

/** The domains of one label. */
export class Domains {
  readonly #numbers = new Map<string, number>();
  readonly #findings: Findings<number>;

  constructor(readonly key: string) {
    this.#findings = new Findings((node) => {
      const value = node.labels[key];
      return value === undefined ? undefined : this.#numberOf(value);
    });
  }

  refresh(nodes: readonly NodeInfo[]): this {
    this.#findings.refresh(nodes);
    return this;
  }

  /** The number of the node's domain; undefined: it has no such label. */
  of(node: NodeInfo): number | undefined {
    return this.#findings.on(node);
  }

  /** Numbers are smaller than this. Some may be of domains that are gone. */
  get size(): number {
    return this.#numbers.size;
  }

  #numberOf(value: string): number {
    let number = this.#numbers.get(value);
    if (number === undefined) this.#numbers.set(value, (number = this.#numbers.size));
    return number;
  }
}

export class Topology {
  readonly #byKey = new Map<string, Domains>();

  /** The domains of a label, up to date. */
  domains(key: string, nodes: readonly NodeInfo[]): Domains {
    let domains = this.#byKey.get(key);
    if (!domains) this.#byKey.set(key, (domains = new Domains(key)));
    return domains.refresh(nodes);
  }
}
