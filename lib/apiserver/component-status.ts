/** Asks the parts of the control plane how they are, for `kubectl get componentstatuses`. */
import type { ComponentStatus } from '../api/kinds/componentstatus.js';
import { unclassified } from '../api/status.js';
import type { Computed } from './computed.js';
import type { Check } from '../util/index.js';

/** @param checks by component: `scheduler`, `etcd-0`; one that throws is not well. Asked for each time, as it may grow */
export function componentStatuses(checks: () => ReadonlyMap<string, Check>): Computed {
  const ask = async (name: string, check: Check): Promise<ComponentStatus> => {
    const message = await whatIsWrong(check);
    const condition = { type: 'Healthy', status: message === undefined ? 'True' : 'False', message: message ?? 'ok' };
    return {
      kind: 'ComponentStatus',
      apiVersion: 'v1',
      metadata: { name },
      conditions: [condition],
    } as ComponentStatus;
  };
  return {
    list: () => Promise.all([...checks()].map(([name, check]) => ask(name, check))),
    async get(name) {
      const check = checks().get(name);
      // Upstream knows no better reason either.
      if (!check) throw unclassified(`Component not found: ${name}`);
      return ask(name, check);
    },
  };
}

async function whatIsWrong(check: Check): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
