/**
 * What every room needs and what knows nothing of Kubernetes: time that is handed in, scopes that end what was begun,
 * back-off, a log, memory for what stays, and what small servers of one's own need: who may come in, and figures for Prometheus.
 *
 * @module
 */
export {
  type Clock,
  realClock,
  SteppedClock,
  scaledClock,
  sleep,
  ticks,
  untilAborted,
  timestamp,
  microTimestamp,
} from './clock.js';
export { Scope, childAbort } from './scope.js';
export { makeFolder } from './folder.js';
export { freePorts } from './free-ports.js';
export { Slab } from './slab.js';
export { Backoff } from './backoff.js';
export { type Log, type Fields, silent, textLog } from './log.js';
export { isLocal } from './local-only.js';
export { Counter, exponentialBuckets, Gauge, Histogram, metricsText, type Labels, type Metric } from './metrics.js';
export { healthPage, notFoundPage, plain, type Check } from './health.js';
