/**
 * The API server's side of everything that is not a document but a stream: logs, exec, attach, port-forward, proxies.
 * It checks the request against the object, finds the node's kubelet and passes bytes.
 *
 * ```
 * kubectl exec ──▶ authn ▸ authz ▸ the pod ▸ its Node ──▶ kubelet:10250 ──▶ container
 * ```
 *
 * Reading order: `kubelet` (where it is, who we are), `log`, `remote-command`, `port-forward`, `proxy`; `passing` moves
 * the bytes.
 *
 * @module
 */
import { badRequest } from '../../api/status.js';
import type { StreamHandler, StreamHandlers, StreamRequest } from '../actions.js';
import type { Reader } from '../reader.js';
import { respondLog } from './log.js';
import { portForwardTarget, upgradePortForward } from './port-forward.js';
import { respondProxy, upgradeProxy } from './proxy.js';
import { commandTarget, upgradeCommand } from './remote-command.js';

export { splitSchemeNamePort } from './proxy.js';

/** The handlers of all stream subresources. @param reader finds a service's endpoints */
export function streamHandlers({ reader }: { readonly reader: Reader }): StreamHandlers {
  const log: StreamHandler = {
    respond: respondLog,
    upgrade: () => Promise.reject(badRequest('a log is read without an upgrade')),
  };
  const command: StreamHandler = { respond: upgradeRequired(commandTarget), upgrade: upgradeCommand };
  const proxy: StreamHandler = {
    respond: (stream, response) => respondProxy(reader, stream, response),
    upgrade: (stream, socket, head) => upgradeProxy(reader, stream, socket, head),
  };
  return {
    'pods/log': log,
    'pods/exec': command,
    'pods/attach': command,
    'pods/portforward': { respond: upgradeRequired(portForwardTarget), upgrade: upgradePortForward },
    'pods/proxy': proxy,
    'services/proxy': proxy,
    'nodes/proxy': proxy,
  };
}

/** What is wrong with the request comes first; if nothing is, that it should have been an upgrade. */
const upgradeRequired =
  (check: (stream: StreamRequest) => unknown) =>
  async (stream: StreamRequest): Promise<void> => {
    check(stream);
    throw badRequest('Upgrade request required');
  };
