/** For tests of a provider: objects in, and where a Pod would go, or why nowhere. */
import * as resources from '../../api/resources.js';
import type { KubernetesObject, Node, Pod } from '../../api/types.js';
import type { Algorithm, NodeReport } from '../algorithm.js';
import { SchedulerCache } from '../cache.js';
import type { Preemption } from '../extension-points.js';
import { fitError } from '../fit-error.js';
import { PodInfo } from '../pod-info.js';
import { createFromProvider } from '../registry.js';

const byKind = new Map(Object.values(resources).flatMap((one) => (typeof one === 'object' ? [[one.kind, one]] : [])));

export class Trial {
  readonly cache = new SchedulerCache();
  readonly algorithm: Algorithm;

  /** @param objects Nodes, Pods (those that name a node run there), and what else the provider looks at */
  constructor(provider: string, objects: readonly KubernetesObject[]) {
    this.algorithm = createFromProvider(provider, this.cache);
    for (const object of objects) {
      if (object.kind === 'Node') this.cache.setNode(object as Node);
      else if (object.kind === 'Pod') this.cache.setPod(object as Pod);
      else this.cache.set(byKind.get(object.kind)!, object);
    }
  }

  /** The node's name; or the sentence, without what preemption had to say. */
  place(pod: Pod): string {
    const decision = this.algorithm.schedule(new PodInfo(pod), this.cache.nodes);
    return decision.node?.name ?? fitError(decision, '').replace(/^0\/\d+ nodes are available: /, '');
  }

  /** A priority's scores, by the node's name. */
  scores(pod: Pod, priority: string): Record<string, number> {
    const scoreOf = ({ priorities }: NodeReport) => priorities.find(({ name }) => name === priority)!.score;
    const reports = this.algorithm.report(new PodInfo(pod), this.cache.nodes).filter(({ fits }) => fits);
    return Object.fromEntries(reports.map((report) => [report.node, scoreOf(report)]));
  }

  preempt(pod: Pod): Preemption {
    const { nodes } = this.cache;
    const decision = this.algorithm.schedule(new PodInfo(pod), nodes);
    return this.algorithm.options.postFilter!(decision, { algorithm: this.algorithm, nodes });
  }
}
