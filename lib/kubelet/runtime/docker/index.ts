/**
 * The docker runtime: pods as containers of a Docker engine.
 *
 * Reading order: `docker` (the runtime), `engine` (where it is, what it says), `network`, `output`, `events`; `samples`,
 * `pause` and `tar` build the sample images.
 *
 * @module
 */
export { DockerRuntime, type DockerRuntimeOptions, removeAll } from './docker.js';
export { type Engine, type EngineEnvironment, findEngine } from './engine.js';
