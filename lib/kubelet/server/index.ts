/**
 * The kubelet's own port: logs, exec, attach, port-forward and figures of the pods on its node, as a real kubelet serves
 * them, so that a real API server can use ours and ours a real kubelet.
 *
 * ```
 * kubectl ──▶ API server ──▶ KubeletServer ──▶ ContainerRuntime
 *      WebSocket     SPDY or WebSocket     streams
 * ```
 *
 * Reading order: `server` (who may enter, which path goes where), `logs`, `remote-command`, `port-forward`, `stats`.
 *
 * @module
 */
export { KubeletServer, type KubeletServerOptions, type KubeletUser } from './server.js';
export { type KubeletHost } from './host.js';
