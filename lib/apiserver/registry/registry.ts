/**
 * The one registry behind all kinds: an object that has been decoded comes in, and is completed, admitted, validated and
 * written, in upstream's order. What differs between kinds stands in their entries of the table.
 *
 * ```
 * create   names and times ─▶ admit ─▶ prepareForCreate ─▶ validate ─▶ judge ─▶ put, if the key does not exist
 * update   read ─▶ change ─▶ resourceVersion? ─▶ admit ─▶ prepareForUpdate ─▶ validate ─▶ judge ─▶ put, if unchanged
 *            └──────────────────────────── again, if somebody else was faster ◀──────────────────────┘
 * ```
 *
 * (Deletion is a story of its own: `delete.ts`.)
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/registry/generic/registry/store.go
 */
import { randomUUID } from 'node:crypto';
import type { Kind, StatusSubresource } from '../../api/kinds/kind.js';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  isAlreadyExists,
  notFound,
  StatusError,
  unclassified,
} from '../../api/status.js';
import type { DeepReadonly, KubernetesObject } from '../../api/types.js';
import { timestamp, type Clock } from '../../util/index.js';
import type { Undo } from '../admission/admission.js';
import { parseUint } from '../numbers.js';
import { keyInStore } from '../served.js';
import { RevisionMismatchError, type Storage } from '../storage/storage.js';
import { CachedEntry } from '../watch-cache/entry.js';
import type { WatchCache } from '../watch-cache/watch-cache.js';
import { type Admission, giveBack, keep } from './admit.js';
import { admissionRequest, type RequestContext } from './context.js';
import { generateName } from './names.js';
import { present, toStored } from './present.js';

/** A generated name that is taken is generated again, so often. */
const generateAttempts = 8;

/** What an update makes of the stored object. Called again, with the newer one, when somebody else was faster. */
export type Change = (current: CachedEntry) => KubernetesObject | Promise<KubernetesObject>;

export interface UpdateOptions {
  /** The subresource through which the object is changed. */
  readonly part?: StatusSubresource;
  /** What to create where there is nothing (kinds with `createOnUpdate`). */
  readonly orCreate?: () => KubernetesObject | Promise<KubernetesObject>;
  /** The object is the stored one with a patch applied: another uid is then a change that is not allowed, not a wish. */
  readonly patched?: boolean;
  readonly operationOptions?: Readonly<Record<string, unknown>>;
}

export interface Written {
  readonly entry: CachedEntry;
  readonly created: boolean;
}

export interface RegistryOptions {
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly admission: Admission;
  readonly clock: Clock;
}

export class Registry {
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly admission: Admission;
  readonly clock: Clock;

  constructor({ storage, cache, admission, clock }: RegistryOptions) {
    this.storage = storage;
    this.cache = cache;
    this.admission = admission;
    this.clock = clock;
  }

  /** @throws NotFound */
  get({ kind, namespace, name }: Pick<RequestContext, 'kind' | 'namespace' | 'name'>): CachedEntry {
    const entry = this.cache.of(kind).get(keyInStore(kind, namespace, name));
    if (!entry) throw notFound(kind, name);
    return entry;
  }

  /**
   * @param object decoded and defaulted; the registry may change it and keeps it
   * @throws AlreadyExists, Invalid, and what admission refuses
   */
  async create(context: RequestContext, object: KubernetesObject): Promise<CachedEntry> {
    const { kind } = context;
    belongs(context, object);
    const { metadata } = object;
    delete metadata.selfLink;
    metadata.creationTimestamp = timestamp(this.clock.now());
    metadata.uid = randomUUID();
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    const reserved: Undo[] = [];
    try {
      const request = admissionRequest(context, 'CREATE', object, undefined);
      const admitted = this.admission.admit(request, reserved);
      if (admitted) await admitted;
      const generated = !metadata.name && metadata.generateName;
      for (let attempt = 1; ; attempt++) {
        if (generated) metadata.name = generateName(metadata.generateName!);
        if (attempt === 1) {
          kind.prepareForCreate?.(object);
          if (!context.trusted) check(kind, object, kind.validate(object));
          kind.warnings?.(object).forEach((warning) => context.warn(warning));
          const validated = this.admission.validate(admissionRequest(context, 'CREATE', object, undefined), reserved);
          if (validated) await validated;
          if (metadata.resourceVersion) {
            throw unclassified('resourceVersion should not be set on objects to be created');
          }
        }
        try {
          const entry = await this.#insert(context, object);
          if (context.dryRun) await giveBack(reserved);
          else if (reserved.length > 0) await keep(reserved);
          return entry;
        } catch (error) {
          if (!generated || !isAlreadyExists(error) || attempt === generateAttempts) throw error;
        }
      }
    } catch (error) {
      await giveBack(reserved);
      throw error;
    }
  }

  async update(context: RequestContext, change: Change, options: UpdateOptions = {}): Promise<Written> {
    const { kind, namespace, name } = context;
    const key = keyInStore(kind, namespace, name);
    let current = this.cache.of(kind).get(key);
    for (;;) {
      if (!current) {
        if (!options.orCreate) throw notFound(kind, name);
        return { entry: await this.create(context, await options.orCreate()), created: true };
      }
      const reserved: Undo[] = [];
      try {
        const entry = await this.#change(context, current, change, options, reserved);
        if (context.dryRun) await giveBack(reserved);
        else if (reserved.length > 0) await keep(reserved);
        return { entry, created: false };
      } catch (error) {
        await giveBack(reserved);
        if (!(error instanceof RevisionMismatchError)) throw error;
        const { current: newer } = error;
        current = newer && new CachedEntry(this.cache.of(kind).codec, key, newer.value, newer.modRevision);
      }
    }
  }

  /** Writes a changed object, under the condition that nobody else did. @throws RevisionMismatchError */
  async write({ kind, dryRun }: RequestContext, current: CachedEntry, object: KubernetesObject): Promise<CachedEntry> {
    const { codec } = this.cache.of(kind);
    const { key, revision } = current;
    const stored = toStored(kind, object);
    const value = codec.encode(stored);
    if (value.equals(current.value)) return current; // nothing was changed: no write, no event, the same version
    if (dryRun) return new CachedEntry(codec, key, value, revision);
    return this.#put(kind, { key, value, object: stored }, revision);
  }

  /** Removes an object, under the condition that nobody else changed it. @returns its last state @throws RevisionMismatchError */
  async remove({ dryRun }: RequestContext, current: CachedEntry): Promise<CachedEntry> {
    if (dryRun) return current;
    const revision = await this.storage.delete(current.key, { expected: current.revision });
    if (revision === undefined) throw new RevisionMismatchError(current.key, current.revision, undefined);
    await this.cache.reached(revision);
    return current.at(revision);
  }

  async #insert({ kind, dryRun }: RequestContext, object: KubernetesObject): Promise<CachedEntry> {
    const cache = this.cache.of(kind);
    const { codec } = cache;
    const { namespace = '', name } = object.metadata;
    const key = keyInStore(kind, namespace, name);
    const stored = toStored(kind, object);
    const value = codec.encode(stored);
    if (dryRun) {
      const present = cache.get(key);
      if (present) throw exists(kind, present.object);
      return new CachedEntry(codec, key, value, 0);
    }
    try {
      return await this.#put(kind, { key, value, object: stored }, 0);
    } catch (error) {
      if (!(error instanceof RevisionMismatchError) || !error.current) throw error;
      throw exists(kind, codec.decode(error.current.value, error.current.modRevision));
    }
  }

  async #change(
    context: RequestContext,
    current: CachedEntry,
    change: Change,
    { part, patched, operationOptions }: UpdateOptions,
    reserved: Undo[],
  ): Promise<CachedEntry> {
    const { kind } = context;
    const old = present(kind, current);
    const changing = change(current);
    const object = changing instanceof Promise ? await changing : changing;
    belongs(context, object);
    if (!patched) sameObject(kind, object, old);
    compareVersions(kind, object, old);
    keepSystemFields(object, old);
    const request = admissionRequest(context, 'UPDATE', object, old, operationOptions);
    const admitted = this.admission.admit(request, reserved);
    if (admitted) await admitted;
    if (part) part.prepareForUpdate(object, old);
    else {
      object.metadata.generation = old.metadata.generation;
      kind.prepareForUpdate?.(object, old);
    }
    // Validation asks for a version; without one in the body it is the one that was read.
    object.metadata.resourceVersion = old.metadata.resourceVersion;
    check(kind, object, part ? part.validateUpdate(object, old) : kind.validateUpdate(object, old));
    if (!part) kind.warnings?.(object, old).forEach((warning) => context.warn(warning));
    const validated = this.admission.validate(request, reserved);
    if (validated) await validated;

    if (!isDone(kind, object, old)) return this.write(context, current, object);
    const { codec } = this.cache.of(kind);
    const value = codec.encode(toStored(kind, object));
    await this.remove(context, current);
    return new CachedEntry(codec, current.key, value, current.revision);
  }

  async #put(
    kind: Kind,
    { key, value, object }: { readonly key: string; readonly value: Buffer; readonly object: KubernetesObject },
    expected: number,
  ): Promise<CachedEntry> {
    const { codec, writing } = this.cache.of(kind);
    const mine = { value, object };
    writing.set(key, mine);
    try {
      const { modRevision } = await this.storage.put(key, value, { expected });
      // A writer sees its own write: the answer waits until every read would show it.
      await this.cache.reached(modRevision);
      return new CachedEntry(codec, key, value, modRevision);
    } finally {
      if (writing.get(key) === mine) writing.delete(key);
    }
  }
}

/** Whether an object is marked for deletion and nothing holds it any more. */
function isDone(kind: Kind, object: DeepReadonly<KubernetesObject>, old: DeepReadonly<KubernetesObject>): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = old.metadata;
  return deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && !isHeld(kind, object);
}

/** Whether a finalizer keeps the object from going. Namespaces have a second list of them, in their `spec`. */
export function isHeld(kind: Kind, object: DeepReadonly<any>): boolean {
  if (object.metadata.finalizers?.length > 0) return true;
  return kind.group === '' && kind.resource === 'namespaces' && object.spec?.finalizers?.length > 0;
}

/** An object goes where its path says. @throws BadRequest */
export function belongs({ kind, namespace, name }: RequestContext, { metadata }: KubernetesObject): void {
  if (kind.namespaced) {
    metadata.namespace ||= namespace;
    if (metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
  } else delete metadata.namespace;
  if (name === '' || metadata.name === name) return;
  throw badRequest(
    metadata.name
      ? `the name of the object (${metadata.name}) does not match the name on the URL (${name})`
      : `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
  );
}

/** A uid says which object is meant, where one of the same name may have taken its place. */
function sameObject(kind: Kind, { metadata }: KubernetesObject, old: DeepReadonly<KubernetesObject>): void {
  const { name, uid } = metadata;
  if (!uid || uid === old.metadata.uid) return;
  // Upstream's sentence shows its store; clients have come to know it.
  const found = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
  const key = keyInStore(kind, old.metadata.namespace ?? '', name);
  throw conflict(
    kind,
    name,
    `StorageError: invalid object, Code: 4, Key: ${key}, ResourceVersion: 0, AdditionalErrorMsg: ${found}`,
  );
}

/** A version says what the change was made from: somebody else's change since then is not to be lost. */
function compareVersions(kind: Kind, { metadata }: KubernetesObject, old: DeepReadonly<KubernetesObject>): void {
  const { name, resourceVersion } = metadata;
  if (!resourceVersion || resourceVersion === '0') {
    if (!kind.requiresResourceVersion) return;
    throw invalid(kind, name, [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
        field: 'metadata.resourceVersion',
      },
    ]);
  }
  try {
    parseUint(resourceVersion);
  } catch (error) {
    throw unclassified((error as Error).message);
  }
  if (resourceVersion !== old.metadata.resourceVersion) throw modified(kind, name);
}

export const modified = (kind: Kind, name: string): StatusError =>
  conflict(kind, name, 'the object has been modified; please apply your changes to the latest version and try again');

/** What the server decided once is not for clients to forget. */
function keepSystemFields({ metadata }: KubernetesObject, { metadata: old }: DeepReadonly<KubernetesObject>): void {
  delete metadata.selfLink;
  metadata.uid ||= old.uid;
  metadata.creationTimestamp = old.creationTimestamp;
  if (old.deletionTimestamp) {
    metadata.deletionTimestamp = old.deletionTimestamp;
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
  } else {
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
  }
}

function check(kind: Kind, { metadata }: KubernetesObject, causes: Parameters<typeof invalid>[2]): void {
  if (causes.length > 0) throw invalid(kind, metadata.name || metadata.generateName || '', causes);
}

function exists(kind: Kind, { metadata }: DeepReadonly<KubernetesObject>): StatusError {
  const error = alreadyExists(kind, metadata.name);
  if (!metadata.deletionTimestamp) return error;
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.status.message}` });
}
