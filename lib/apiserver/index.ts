/**
 * The API server: the only door to the cluster's state. Everything else meets in the objects that are behind it.
 *
 * ```
 *  request ─▶ local? ─▶ who? ─▶ may he? ─┬▶ page: discovery, OpenAPI, health, metrics
 *                                        └▶ resource: decode ─▶ admit ─▶ registry ─▶ store
 *                                                      gets, lists, watches ◀─ watch cache ◀─┘
 * ```
 *
 * @example
 * await using storage = new MemoryStorage();
 * await using server = await ApiServer.start({ storage, clock: realClock, log: silent, port: 0 });
 * await fetch(`${server.url}/api/v1/namespaces/default/configmaps`, {
 *   method: 'POST',
 *   body: JSON.stringify({ metadata: { name: 'greeting' }, data: { text: 'hello' } }),
 * });
 * await (await fetch(`${server.url}/api/v1/configmaps`)).json(); // { kind: 'ConfigMapList', …, items: [{ … }] }
 *
 * Reading order: `server` (how the pieces are put together), `chain` (what every request goes through), `request-info`
 * and `resources` (what a path and a method mean), `registry/registry` (create and update), `registry/delete`, `codec` (an
 * object is encoded once), `watch-cache/watch-cache`, `registry/list`, `registry/watch`, `forms` and `tables` (how it is
 * shown), `subresources`, `pages`; then `admission/`, `authentication/`, `allocators/`, `tokens/`, `streams/`, and
 * `storage/`, behind it all. `docs/api-server.md` follows one request through them.
 *
 * @module
 */
export { ApiServer, type ApiServerOptions, type SecureOptions } from './server.js';
export type { KubeletCredentials } from './actions.js';
export type { AdmissionPlugin, AdmissionRequest } from './admission/index.js';
export type { Authenticator, User } from './authentication/authentication.js';
export { alwaysAllow, type Authorizer } from './authorization/authorization.js';
export type { Check } from '../util/index.js';
export type { Reader } from './reader.js';
export type { Action, ActionHandlers } from './subresources.js';
