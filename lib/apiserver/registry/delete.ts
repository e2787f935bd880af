/**
 * Deletion, in all its forms. An object goes at once unless something asks for time:
 *
 * | what                                   | then                                                              |
 * | --- | --- |
 * | a grace period (pods)                  | it is marked, and the kubelet deletes it again with 0 when done    |
 * | finalizers                             | it is marked, and goes with the last of them (`registry.ts`)       |
 * | `propagationPolicy` Foreground, Orphan | the garbage collector's finalizer is added first                   |
 * | a namespace                            | it is marked `Terminating`, and goes when its controller emptied it |
 *
 * Marked is: `deletionTimestamp` (when it may be gone) and `deletionGracePeriodSeconds`.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/registry/rest/delete.go
 */
import type { Kind } from '../../api/kinds/kind.js';
import { conflict, isNotFound, notFound, type Status } from '../../api/status.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import { timestamp } from '../../util/index.js';
import type { Undo } from '../admission/admission.js';
import { keyInStore } from '../served.js';
import { RevisionMismatchError } from '../storage/storage.js';
import { CachedEntry } from '../watch-cache/entry.js';
import { giveBack } from './admit.js';
import { admissionRequest, type RequestContext } from './context.js';
import type { DeleteOptions } from './delete-options.js';
import { copyOf, present } from './present.js';
import { isHeld, modified, type Registry } from './registry.js';

/** The garbage collector's own finalizers. */
const orphan = 'orphan';
const foreground = 'foregroundDeletion';

/** What DELETE answers: the object where it stays for a while or its kind is answered so, a Status otherwise. */
export type Deleted = { readonly entry: CachedEntry } | { readonly status: Status };

/** @throws NotFound; Conflict: a precondition does not hold */
export async function deleteObject(
  registry: Registry,
  context: RequestContext,
  options: DeleteOptions,
): Promise<Deleted> {
  const { kind, namespace, name } = context;
  const key = keyInStore(kind, namespace, name);
  const cache = registry.cache.of(kind);
  let current = cache.get(key);
  for (;;) {
    if (!current) throw notFound(kind, name);
    const reserved: Undo[] = [];
    try {
      checkPreconditions(kind, current.object, options);
      const request = admissionRequest(context, 'DELETE', undefined, present(kind, current), { ...options });
      await registry.admission.admit(request, reserved);
      await registry.admission.validate(request, reserved);
      return await step(registry, context, current, options);
    } catch (error) {
      await giveBack(reserved);
      if (!(error instanceof RevisionMismatchError)) throw error;
      const { current: newer } = error;
      if (newer && options.preconditions?.resourceVersion) throw modified(kind, name);
      current = newer && new CachedEntry(cache.codec, key, newer.value, newer.modRevision);
    }
  }
}

/** What a deletion does to an object that is there. @throws RevisionMismatchError */
async function step(
  registry: Registry,
  context: RequestContext,
  current: CachedEntry,
  options: DeleteOptions,
): Promise<Deleted> {
  const { kind } = context;
  const object = copyOf(kind, current);
  const nowMs = registry.clock.now();
  const grace = isNamespace(kind) ? terminateNamespace(kind, object, nowMs) : shorten(kind, object, options, nowMs);
  if (grace === 'pending') return answer(kind, current);
  const finalizers = finalizersFor(kind, object, options);
  const changed = finalizers !== object.metadata.finalizers;
  if (changed) object.metadata.finalizers = finalizers?.length ? finalizers : undefined;
  if (grace === 'none' && isHeld(kind, object)) mark(object, 0, nowMs);

  let last = current;
  if (grace !== 'none' || changed || isHeld(kind, object)) {
    last = await registry.write(context, current, object);
  }
  if (isHeld(kind, object) || object.metadata.deletionGracePeriodSeconds! > 0) return { entry: last };
  if (context.dryRun) return answer(kind, last);
  try {
    return answer(kind, await registry.remove(context, last));
  } catch (error) {
    // Between the two steps somebody else finished it (the kubelet does): gone is gone.
    if (error instanceof RevisionMismatchError && !error.current && grace !== 'none') return answer(kind, last);
    throw error;
  }
}

type Grace =
  /** Nothing waits: the object may go at once. */
  | 'none'
  /** Marked, or its time was shortened. */
  | 'marked'
  /** It is already going, no slower than asked for. */
  | 'pending';

/** Marks an object of a kind that has a grace period; one that is marked already can only be hurried. */
function shorten(kind: Kind, object: KubernetesObject, options: DeleteOptions, nowMs: number): Grace {
  if (!kind.gracePeriodSeconds) return 'none';
  const { metadata } = object;
  // -5 makes no sense, and means the shortest time there is.
  const requested =
    options.gracePeriodSeconds !== undefined && options.gracePeriodSeconds < 0 ? 1 : options.gracePeriodSeconds;
  if (!metadata.deletionTimestamp) {
    mark(object, kind.gracePeriodSeconds(object, requested), nowMs);
    return 'marked';
  }
  const left = metadata.deletionGracePeriodSeconds ?? 0;
  if (left === 0) return 'none';
  if (requested === undefined || requested >= left) return 'pending';
  metadata.deletionTimestamp = timestamp(Date.parse(metadata.deletionTimestamp) + (requested - left) * 1000);
  metadata.deletionGracePeriodSeconds = requested;
  return 'marked';
}

/** A namespace has no grace period: it is `Terminating` until it is empty. */
function terminateNamespace(kind: Kind, object: any, nowMs: number): Grace {
  if (object.metadata.deletionTimestamp) return isHeld(kind, object) ? 'pending' : 'none';
  object.metadata.deletionTimestamp = timestamp(nowMs);
  object.status = { ...object.status, phase: 'Terminating' };
  return 'marked';
}

const isNamespace = ({ group, resource }: Kind): boolean => group === '' && resource === 'namespaces';

function mark({ metadata }: KubernetesObject, graceSeconds: number, nowMs: number): void {
  if (!metadata.deletionTimestamp && metadata.generation) metadata.generation++;
  const untilMs = nowMs + graceSeconds * 1000;
  if (!metadata.deletionTimestamp || Date.parse(metadata.deletionTimestamp) > untilMs) {
    metadata.deletionTimestamp = timestamp(untilMs);
  }
  metadata.deletionGracePeriodSeconds = graceSeconds;
}

/**
 * The finalizers with those of the garbage collector set as the options ask: what they say, else what the object has
 * already, else what its kind does. The same array if nothing changes.
 */
function finalizersFor(kind: Kind, { metadata }: KubernetesObject, options: DeleteOptions): string[] | undefined {
  const before = metadata.finalizers ?? [];
  const policy =
    options.orphanDependents !== undefined
      ? options.orphanDependents
        ? 'Orphan'
        : 'Background'
      : (options.propagationPolicy ??
        (before.includes(orphan)
          ? 'Orphan'
          : before.includes(foreground)
            ? 'Foreground'
            : (kind.defaultPropagation ?? 'Background')));
  const after = before.filter((each) => each !== orphan && each !== foreground);
  if (policy === 'Orphan') after.push(orphan);
  if (policy === 'Foreground') after.push(foreground);
  const same = after.length === before.length && after.every((each) => before.includes(each));
  return same ? metadata.finalizers : after;
}

function checkPreconditions(
  kind: Kind,
  object: DeepReadonly<KubernetesObject>,
  { preconditions }: DeleteOptions,
): void {
  const { name, uid, resourceVersion } = object.metadata;
  // Upstream names the kind here, not the resource.
  const named = { group: kind.group, resource: kind.kind };
  if (preconditions?.uid !== undefined && preconditions.uid !== uid) {
    throw conflict(
      named,
      name,
      `the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (preconditions?.resourceVersion !== undefined && preconditions.resourceVersion !== resourceVersion) {
    throw conflict(
      named,
      name,
      `the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

function answer(kind: Kind, entry: CachedEntry): Deleted {
  if (kind.deleteReturnsObject) return { entry };
  const { name, uid } = entry.object.metadata;
  return {
    status: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name, ...(kind.group && { group: kind.group }), kind: kind.resource, uid },
    } as Status,
  };
}

/**
 * Deletes what a list has shown, one by one. Objects that others delete at the same time are passed over.
 *
 * @returns what was shown, as it was
 */
export async function deleteCollection(
  registry: Registry,
  context: RequestContext,
  entries: readonly CachedEntry[],
  options: DeleteOptions,
): Promise<readonly CachedEntry[]> {
  for (const entry of entries) {
    const { namespace = '', name } = entry.object.metadata;
    try {
      await deleteObject(registry, { ...context, namespace, name }, options);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return entries;
}
