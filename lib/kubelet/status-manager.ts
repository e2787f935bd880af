/**
 * Writes the statuses of pods to the API server: the newest of each pod, one write at a time, only what has changed, and
 * again until it is accepted or the pod is gone.
 *
 * A strategic patch that names the pod's UID and none of its versions: it cannot lose a conflict with the scheduler or a
 * controller that writes another part of the object, and cannot hit a later pod of the same name.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/status/status_manager.go
 */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isInvalid, isNotFound } from '../api/status.js';
import { pods } from '../api/resources.js';
import type { DeepReadonly, Pod, PodStatus } from '../api/types.js';
import type { Client } from '../client/client.js';
import { Backoff, sleep, type Clock, type Log } from '../util/index.js';

export interface StatusManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
}

interface Entry {
  pod: DeepReadonly<Pod>;
  /** What the API server should have. */
  wanted: PodStatus;
  /** What it has, as far as we know. */
  known: DeepReadonly<PodStatus>;
  /** Of our last write: older objects that the informer still delivers say nothing new. */
  version: bigint;
  writing: Promise<void> | undefined;
}

export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff({ baseMs: 200, maxMs: 30_000 });

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The newest status: ours if there is one, otherwise the API server's. */
  get(pod: DeepReadonly<Pod>): DeepReadonly<PodStatus> {
    return this.#entries.get(pod.metadata.uid!)?.wanted ?? pod.status;
  }

  /** Never waits; {@link flushed} does. */
  set(pod: DeepReadonly<Pod>, status: PodStatus): void {
    const uid = pod.metadata.uid!;
    let entry = this.#entries.get(uid);
    if (!entry) {
      entry = { pod, wanted: status, known: pod.status, version: 0n, writing: undefined };
      this.#entries.set(uid, entry);
    }
    entry.pod = pod;
    entry.wanted = status;
    this.#write(entry);
  }

  /** The API server has this pod now. A status that somebody else has overwritten is written again. */
  observe(pod: DeepReadonly<Pod>): void {
    const entry = this.#entries.get(pod.metadata.uid!);
    if (!entry || entry.writing || BigInt(pod.metadata.resourceVersion ?? 0) <= entry.version) return;
    entry.known = pod.status;
    this.#write(entry);
  }

  /** Resolves when the newest status of the pod is written, or the pod is gone. */
  async flushed(podUID: string): Promise<void> {
    await this.#entries.get(podUID)?.writing;
  }

  forget(podUID: string): void {
    this.#entries.delete(podUID);
  }

  /** Ends the attempts; what is not written then is computed anew by the next kubelet. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#entries.values()].map(({ writing }) => writing));
  }

  #write(entry: Entry): void {
    if (entry.writing || this.#stop.signal.aborted || !patchOf(entry)) return;
    entry.writing = this.#writeAll(entry).finally(() => (entry.writing = undefined));
  }

  async #writeAll(entry: Entry): Promise<void> {
    const { client, clock, log } = this.#options;
    const { signal } = this.#stop;
    const { namespace, name, uid } = entry.pod.metadata;
    for (let patch = patchOf(entry); patch && !signal.aborted; patch = patchOf(entry)) {
      try {
        const written = await client.patch(pods, { namespace, name }, patch, { subresource: 'status', signal });
        entry.known = written.status;
        entry.version = BigInt(written.metadata.resourceVersion ?? 0);
        this.#backoff.forget(uid!);
        if (patchOf(entry) && isDeepStrictEqual(patchOf(entry), patch)) return; // the server will not have it so
      } catch (error) {
        if (signal.aborted || isNotFound(error) || isConflict(error)) return; // gone, or another pod by now
        log.warn('pod status not written', { pod: `${namespace}/${name}`, error });
        if (isInvalid(error)) return;
        await sleep(clock, this.#backoff.next(uid!), signal);
      }
    }
  }
}

/** The fields of a status that are ours. Others (`nominatedNodeName`, `resize`, `ephemeralContainerStatuses`) we leave alone. */
const owned = [
  'observedGeneration',
  'phase',
  'conditions',
  'message',
  'reason',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'qosClass',
] as const;

/** Lists that a strategic patch would merge by key; ours are meant as a whole. */
const replaced: readonly string[] = ['hostIPs', 'podIPs'];

/** What makes `known` into `wanted`; undefined when nothing does. */
function patchOf({ pod, wanted, known }: Entry): unknown {
  const [from, to] = [known, wanted] as unknown as [Record<string, unknown>, Record<string, unknown>];
  const status: Record<string, unknown> = {};
  for (const field of owned) {
    if (same(from[field], to[field])) continue;
    if (field === 'conditions') {
      const changed = changedConditions(known, wanted);
      if (changed.length > 0) status[field] = changed;
    } else if (replaced.includes(field) && from[field] !== undefined && to[field] !== undefined)
      status[field] = [...(to[field] as unknown[]), { $patch: 'replace' }];
    else status[field] = to[field] ?? null;
  }
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid: pod.metadata.uid }, status };
}

/** Conditions merge by type: only those that differ are sent, with fields that they no longer have set to null. */
function changedConditions(known: DeepReadonly<PodStatus>, wanted: PodStatus): unknown[] {
  return (wanted.conditions ?? []).flatMap((condition) => {
    const before = known.conditions?.find(({ type }) => type === condition.type);
    if (same(before, condition)) return [];
    return [{ ...(before?.reason && { reason: null }), ...(before?.message && { message: null }), ...condition }];
  });
}

/** As JSON sees it: fields that are undefined, null or empty objects where nothing was are no difference. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNothing(a) && isNothing(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((key) => same(x[key], y[key]));
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0);
