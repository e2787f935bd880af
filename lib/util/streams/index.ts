/**
 * Many byte streams over one connection, as `kubectl exec`, `attach`, `cp` and `port-forward` want them: SPDY/3.1 with
 * its frames, header compression and flow control; channels over a WebSocket; and what a *remote command* is over both.
 * The protocols only: who may run what, and where, is decided elsewhere.
 *
 * ```
 * HTTP request with Upgrade  →  acceptSpdy / acceptWebSocket  →  remoteCommandOver…  →  { stdin, stdout, stderr, finish }
 * ```
 *
 * Reading order: `frames`, `headers`, `session` (SPDY); `websocket`; `upgrade`; `remote-command`.
 *
 * @module
 */
export { SpdySession, type SpdySessionOptions, SpdyStream } from './session.js';
export { dialError } from './dial-error.js';
export { FrameError, type SpdyHeaders } from './frames.js';
export { ChannelSocket, type ChannelOptions, tunnel } from './websocket.js';
export {
  acceptSpdy,
  acceptWebSocket,
  negotiate,
  offeredProtocols,
  refuse,
  streamProtocolHeader,
  upgradeOf,
} from './upgrade.js';
export {
  type Outcome,
  type RemoteCommand,
  remoteCommandOverSpdy,
  remoteCommandOverWebSocket,
  spdyProtocols,
  type TerminalSize,
  type Wanted,
  webSocketProtocols,
} from './remote-command.js';
