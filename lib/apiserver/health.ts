/** The API server's health, told as every component tells it. */
export { healthPage, notFoundPage, plain, type Check } from '../util/health.js';
