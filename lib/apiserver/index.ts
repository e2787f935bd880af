/**
 * The API server: the only door to the cluster's state.
 *
 * @module
 */
export { ApiServer, type ApiServerOptions, type SecureOptions } from './server.js';
