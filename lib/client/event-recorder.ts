/**
 * Tells the owner of an object what became of it, as Events that `kubectl describe` shows. Recording never fails and never
 * waits: an Event is worth less than the work it speaks of. Repeats are counted ({@link EventCorrelator}), and what cannot
 * be written for two minutes is dropped.
 *
 * @see https://github.com/kubernetes/client-go/blob/master/tools/record/event.go
 */
import { events } from '../api/resources.js';
import { isNotFound, isTransient } from '../api/status.js';
import type { DeepReadonly, Event, KubernetesObject, ObjectReference } from '../api/types.js';
import type { Clock, Log } from '../util/index.js';
import type { Client } from './client.js';
import { EventCorrelator } from './event-correlator.js';
import { WorkQueue } from './work-queue.js';

/** How many Events may wait to be written; more are dropped. */
const capacity = 1000;
/** How many are written at a time. */
const writers = 8;
/** How often writing is tried, and how long after a failure the next time, in milliseconds. */
const attempts = 12;
const retryMs = 10_000;

export interface EventRecorderOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  /** Who speaks: `kubelet`, `replication-controller`. */
  readonly component: string;
  /** The Node it speaks from, where that matters. */
  readonly host?: string;
}

/** ```ts
 * recorder.event(pod, 'Normal', 'Started', 'Container started', { fieldPath: 'spec.containers{web}' });
 * ``` */
export class EventRecorder implements AsyncDisposable {
  readonly #options: EventRecorderOptions;
  readonly #correlator = new EventCorrelator();
  /** The newest state of each Event that is not written yet, by key; `exists`: the server has an earlier state. */
  readonly #unwritten = new Map<string, { readonly event: Event; readonly exists: boolean }>();
  readonly #queue: WorkQueue;
  readonly #stop = new AbortController();
  readonly #writers: Promise<void>[];
  #flushed: (() => void)[] = [];
  /** How many did not find room since all was written the last time. */
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock });
    this.#writers = Array.from({ length: writers }, () => this.#write());
  }

  /**
   * Records that something happened to `about`, an object or a reference to one.
   *
   * @param reason CamelCase, specific enough to stand alone: `FailedScheduling`
   * @param options.fieldPath the part of the object that is meant: `spec.containers{web}`
   */
  event(
    about: DeepReadonly<KubernetesObject> | ObjectReference,
    type: 'Normal' | 'Warning',
    reason: string,
    message: string,
    options: { readonly fieldPath?: string } = {},
  ): void {
    const { clock, log, component, host } = this.#options;
    if (this.#stop.signal.aborted) return;
    const involvedObject = { ...referenceTo(about), ...options };
    const event = this.#correlator.observe(
      {
        involvedObject,
        type,
        reason,
        message,
        source: { component, ...(host && { host }) },
        reportingComponent: component,
        reportingInstance: host ?? '',
      },
      clock.now(),
    );
    if (!event) return;
    const key = `${event.metadata.namespace}/${event.metadata.name}`;
    const before = this.#unwritten.get(key);
    if (!before && this.#unwritten.size >= capacity) {
      if (this.#dropped++ === 0) log.warn('too many events wait to be written, more are dropped', { reason, message });
      return;
    }
    this.#unwritten.set(key, { event, exists: before ? before.exists : event.count! > 1 });
    this.#queue.add(key);
  }

  /** Resolves when everything recorded so far is written or given up. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#unwritten.size === 0) resolve();
      else this.#flushed.push(resolve);
    });
  }

  /** Stops at once; what is not written then is dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#writers);
    this.#unwritten.clear();
    this.#tellFlushed();
  }

  async #write(): Promise<void> {
    const { client, log } = this.#options;
    const { signal } = this.#stop;
    for await (const key of this.#queue.keys(signal)) {
      const writing = this.#unwritten.get(key);
      if (writing) {
        try {
          await write(client, writing.event, writing.exists, signal);
          this.#settle(key, writing);
        } catch (error) {
          if (signal.aborted) return;
          if (isTransient(error) && this.#queue.failures(key) < attempts) this.#retry(key);
          else {
            log.warn('an event cannot be written, it is dropped', { event: key, error });
            this.#settle(key, writing);
          }
        }
      }
      this.#queue.done(key);
    }
  }

  /** `written` is done with. Where it has been counted up meanwhile, the queue brings it back. */
  #settle(key: string, written: { readonly event: Event }): void {
    this.#queue.forget(key);
    const now = this.#unwritten.get(key);
    if (now && now !== written) this.#unwritten.set(key, { event: now.event, exists: true });
    else this.#unwritten.delete(key);
    if (this.#unwritten.size > 0) return;
    if (this.#dropped > 0) this.#options.log.warn('events were dropped', { count: this.#dropped });
    this.#dropped = 0;
    this.#tellFlushed();
  }

  /** The first retry at a random time, so that not all components come back to a restarted server at once. */
  #retry(key: string): void {
    const first = this.#queue.failures(key) === 0;
    this.#queue.countFailure(key);
    this.#queue.addAfter(key, first ? retryMs * Math.random() : retryMs);
  }

  #tellFlushed(): void {
    for (const resolve of this.#flushed.splice(0)) resolve();
  }
}

async function write(client: Client, event: Event, exists: boolean, signal: AbortSignal): Promise<void> {
  if (exists) {
    const { count, lastTimestamp, message } = event;
    try {
      await client.patch(events, event.metadata, { count, lastTimestamp, message }, { signal });
      return;
    } catch (error) {
      if (!isNotFound(error)) throw error; // Events are kept for an hour only: an old one is made anew
    }
  }
  await client.create(events, event, { signal });
}

/** How an Event, or another object, names the one it is about. */
export function referenceTo(about: DeepReadonly<KubernetesObject> | ObjectReference): ObjectReference {
  if (!('metadata' in about)) return about;
  const { apiVersion, kind, metadata } = about;
  const { namespace, name, uid, resourceVersion } = metadata;
  return { kind, ...(namespace && { namespace }), name, uid, apiVersion, resourceVersion };
}
