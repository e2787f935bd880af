/**
 * What was found on each node, found again only where something has changed. Inter-Pod affinity and topology spread count Pods
 * all over the cluster for every Pod; between two decisions, though, hardly more than one node changes.
 */
import type { NodeInfo } from '../node-info.js';
import type { PodInfo } from '../pod-info.js';

/** For how many questions the findings are kept; the one longest unused goes first. */
const questionsKept = 256;

/** One question to every node. `undefined` means that nothing was found there. */
export class Findings<T> {
  readonly #look: (node: NodeInfo) => T | undefined;
  /** By {@link NodeInfo.slot}. */
  readonly #found: (T | undefined)[] = [];
  #generation = 0;
  #count = 0;

  /** @param look reads nothing but the node and its Pods */
  constructor(look: (node: NodeInfo) => T | undefined) {
    this.#look = look;
  }

  /** Looks again at the nodes that have changed. @param nodes those of one cache, always the same one */
  refresh(nodes: readonly NodeInfo[]): this {
    const newest = nodes[0]?.recency.newest;
    for (let node = newest; node && node.generation > this.#generation; node = node.older) {
      const before = this.#found[node.slot];
      const now = this.#look(node);
      this.#found[node.slot] = now;
      this.#count += Number(now !== undefined) - Number(before !== undefined);
    }
    if (newest) this.#generation = newest.generation;
    return this;
  }

  on(node: NodeInfo): T | undefined {
    return this.#found[node.slot];
  }

  /** Nothing was found anywhere. */
  get none(): boolean {
    return this.#count === 0;
  }
}

/** The questions that were asked of late, by a text that says all that they depend on. */
export class FindingsByQuestion<T> {
  readonly #byQuestion = new Map<string, Findings<T>>();

  /** Up to date. */
  about(question: string, nodes: readonly NodeInfo[], look: (node: NodeInfo) => T | undefined): Findings<T> {
    const known = this.#byQuestion.get(question) ?? new Findings(look);
    this.#byQuestion.delete(question);
    this.#byQuestion.set(question, known); // puts it last
    if (this.#byQuestion.size > questionsKept) this.#byQuestion.delete(this.#byQuestion.keys().next().value!);
    return known.refresh(nodes);
  }
}

/** How many Pods of `node` fulfil `condition`; undefined if none does. */
export function countPods(node: NodeInfo, condition: (pod: PodInfo) => boolean): number | undefined {
  let count = 0;
  for (const pod of node.pods.values()) if (condition(pod)) count++;
  return count || undefined;
}
