/**
 * Reads the objects that scheduling is about from a text: a `List` (or a `PodList`, a `NodeList` …), one object, or several
 * YAML documents. It reads as strictly as the API server does: a field that does not exist, or that is of another type, is
 * refused, and the error names the object.
 *
 * ```ts
 * const objects = readManifest(readFileSync('cluster.json', 'utf8'), { from: 'cluster.json' });
 * ```
 * Objects are completed with the API's defaults (requests from limits, allocatable from capacity, the namespace `default`).
 * What scheduling does not look at is not checked either: a container needs no image here, and Kubernetes' other kinds (a
 * Deployment, a Secret) are passed over.
 */
import { decodeObject, parseJSON, parseYAML, YAMLError, type ExpectedKind } from '../api/decode/index.js';
import { kinds } from '../api/kinds/index.js';
import { systemPriorityClasses } from '../api/kinds/priorityclass.js';
import { keyOf } from '../api/meta.js';
import { parseQuantity, QuantityError } from '../api/quantity.js';
import { hasDefinition } from '../api/schema/index.js';
import { StatusError } from '../api/status.js';
import type { KubernetesObject, Pod, PriorityClass, ReplicaSet } from '../api/types.js';

/** What a scheduler reads, in the order in which its objects are best made known to it; true: it lives in a namespace. */
const readable: readonly (readonly [group: string, version: string, kind: string, namespaced: boolean])[] = [
  ['', 'v1', 'Namespace', false],
  ['', 'v1', 'Node', false],
  ['storage.k8s.io', 'v1', 'CSINode', false],
  ['', 'v1', 'Service', true],
  ['', 'v1', 'ReplicationController', true],
  ['apps', 'v1', 'ReplicaSet', true],
  ['extensions', 'v1beta1', 'ReplicaSet', true],
  ['apps', 'v1', 'StatefulSet', true],
  ['storage.k8s.io', 'v1', 'StorageClass', false],
  ['', 'v1', 'PersistentVolume', false],
  ['', 'v1', 'PersistentVolumeClaim', true],
  ['scheduling.k8s.io', 'v1', 'PriorityClass', false],
  ['policy', 'v1', 'PodDisruptionBudget', true],
  ['', 'v1', 'Pod', true],
];

/** A text that cannot be scheduled from. The message is a sentence that says where: `cluster.json: items[3]: …`. */
export class ManifestError extends Error {}

/**
 * The objects of `text`, JSON or YAML, in its order. They are the caller's own.
 *
 * @param from names the text in errors
 * @throws ManifestError
 */
export function readManifest(text: string, { from }: { readonly from: string }): KubernetesObject[] {
  const seen = new Map<string, string>();
  const objects = documents(text, from).flatMap(({ value, where }) =>
    items(value, where).flatMap((item) => {
      const object = readObject(item.value, item.where);
      if (!object) return [];
      const id = `${object.kind} ${JSON.stringify(keyOf(object))}`;
      const before = seen.get(id);
      if (before) throw new ManifestError(`${item.where}: ${id} is there already (${before})`);
      seen.set(id, item.where);
      return object;
    }),
  );
  giveNumbers(objects, from);
  return objects;
}

/** The kinds that {@link readManifest} takes, in the order in which they are best made known. */
export const readableKinds: readonly string[] = [...new Set(readable.map(([, , kind]) => kind))];

interface Placed {
  readonly value: unknown;
  /** `cluster.json: items[3]` */
  readonly where: string;
}

function documents(text: string, from: string): Placed[] {
  if (text.trim() === '') throw new ManifestError(`${from} is empty`);
  if (/^\s*[{[]/.test(text)) {
    try {
      JSON.parse(text);
    } catch (error) {
      throw new ManifestError(`${from}: line ${lineOf(text, error as Error)}: ${sentence(error)}`, { cause: error });
    }
    const { value, duplicates } = parseJSON(text);
    if (duplicates[0]) throw new ManifestError(`${from}: duplicate field ${JSON.stringify(duplicates[0].path)}`);
    return [{ value, where: from }];
  }
  let line = 0;
  const parts = text.split(/^---(?=\s)/m).map((part) => {
    const startsAfterLine = line;
    line += part.split('\n').length - 1;
    return { part, startsAfterLine };
  });
  const written = parts.filter(({ part }) => /^\s*[^\s#]/m.test(part));
  return written.map(({ part, startsAfterLine }, index) => {
    const where = written.length > 1 ? `${from}: document ${index + 1}` : from;
    try {
      const { value, duplicates } = parseYAML(part);
      if (duplicates) throw new YAMLError(duplicates);
      return { value, where };
    } catch (error) {
      const message = sentence(error).replace(/line (\d+)/g, (_, n) => `line ${Number(n) + startsAfterLine}`);
      throw new ManifestError(`${from}: ${message}`, { cause: error });
    }
  });
}

/** Where a JSON text is broken, as far as V8 says so. */
function lineOf(text: string, { message }: Error): number {
  const position = /position (\d+)/.exec(message)?.[1];
  return text.slice(0, position === undefined ? text.length : Number(position)).split('\n').length;
}

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function items(value: unknown, where: string): Placed[] {
  const list = Array.isArray(value)
    ? { kind: 'List', apiVersion: 'v1', items: value as unknown[] }
    : asRecord(value, where);
  const [, ofKind] = /^(.*)List$/.exec(typeof list.kind === 'string' ? list.kind : '') ?? [];
  if (ofKind === undefined) return [{ value, where }];
  if (!Array.isArray(list.items)) throw new ManifestError(`${where}: a ${list.kind as string} has a list "items"`);
  return (list.items as unknown[]).flatMap((item, index): Placed[] => {
    const at = `${where}: items[${index}]`;
    // The members of a PodList need not say that they are Pods.
    const defaults = ofKind === '' ? {} : { kind: ofKind, apiVersion: list.apiVersion };
    return items({ ...defaults, ...asRecord(item, at) }, at);
  });
}

function asRecord(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ManifestError(`${where}: this is no object, but ${JSON.stringify(value)?.slice(0, 40)}`);
  return value as Record<string, unknown>;
}

/** Undefined: it is of a kind that scheduling does not look at. */
function readObject(value: unknown, where: string): KubernetesObject | undefined {
  const { kind, apiVersion, metadata } = value as Partial<KubernetesObject>;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw new ManifestError(`${where}: every object says its "kind" and "apiVersion"`);
  const named = `${where} (${[kind, (metadata as { name?: unknown } | undefined)?.name].filter(Boolean).join(' ')})`;
  const entry = readable.find(([group, version, name]) => name === kind && apiVersion === apiVersionOf(group, version));
  const [, ownGroup = '', ownVersion = ''] = /^(?:(.*)\/)?([^/]*)$/.exec(apiVersion) ?? [];
  if (!entry && hasDefinition(definitionName(ownGroup, ownVersion, kind))) return undefined;
  if (!entry)
    throw new ManifestError(
      `${where}: ${kind} of ${apiVersion} is nothing that a scheduler reads; it reads ${readableKinds.join(', ')}`,
    );
  const [group, version, , namespaced] = entry;
  const expected: ExpectedKind = { group, version, kind, definition: definitionOf(group, version, kind) };
  checkAmounts(value, `${named}: `);
  const object = decoded(value, expected, named);
  object.metadata ??= {} as KubernetesObject['metadata'];
  if (!object.metadata.name) throw new ManifestError(`${named}: metadata.name: Required value`);
  if (namespaced) object.metadata.namespace ||= 'default';
  else if (object.metadata.namespace)
    throw new ManifestError(`${named}: metadata.namespace: a ${kind} lives in no namespace`);
  kinds.find((one) => one.kind === kind && one.group === group && one.version === version)?.default?.(object);
  if (apiVersion === 'extensions/v1beta1') selectByTemplate(object as ReplicaSet);
  if (kind === 'Pod' && !(object as Pod).spec.containers?.length)
    throw new ManifestError(`${named}: spec.containers: Required value`);
  return object;
}

/** In 1.2, a ReplicaSet that did not say what it selects selected what it made. */
function selectByTemplate({ spec }: { spec: Partial<ReplicaSet['spec']> }): void {
  const { labels } = spec.template?.metadata ?? {};
  if (labels) spec.selector ??= { matchLabels: labels };
}

const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`);

/** The schema's name of a type: the first part of its group stands for the group. */
const definitionName = (group: string, version: string, kind: string): string =>
  `api.${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`;

function definitionOf(group: string, version: string, kind: string): string {
  const name = definitionName(group, version, kind);
  if (!hasDefinition(name)) throw new Error(`there is no type ${name}`);
  return name;
}

function decoded(value: unknown, expected: ExpectedKind, where: string): KubernetesObject {
  try {
    return decodeObject(Buffer.from(JSON.stringify(value)), { expected, fieldValidation: 'Strict' }).object;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new ManifestError(`${where}: ${error.message}`, { cause: error });
  }
}

type Class = Pick<PriorityClass, 'value' | 'globalDefault' | 'preemptionPolicy'> & {
  readonly metadata: { readonly name: string };
};

/** The API server writes the number of a Pod's priority class into it: so is done here, with the classes of the text. */
function giveNumbers(objects: readonly KubernetesObject[], from: string): void {
  const written = objects.filter(({ kind }) => kind === 'PriorityClass') as PriorityClass[];
  const classes: readonly Class[] = [...systemPriorityClasses, ...written];
  const fallback = classes.find(({ globalDefault }) => globalDefault);
  for (const object of objects) {
    if (object.kind !== 'Pod') continue;
    const { spec } = object as Pod;
    const name = spec.priorityClassName ?? '';
    const its = name === '' ? fallback : classes.find(({ metadata }) => metadata.name === name);
    if (name !== '' && !its && spec.priority === undefined)
      throw new ManifestError(
        `${from}: Pod ${JSON.stringify(keyOf(object))}: no PriorityClass with name ${name} was found`,
      );
    if (its) spec.priority ??= its.value;
    if (its?.preemptionPolicy) spec.preemptionPolicy ??= its.preemptionPolicy;
  }
}

/** Where amounts of resources stand, by name. */
const amountFields: readonly string[] = ['requests', 'limits', 'allocatable', 'capacity', 'overhead'];

/** That amounts are amounts: the decoder says so too, but not which. */
function checkAmounts(value: unknown, where: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const path = Array.isArray(value) ? `${where}[${name}]` : `${where}${where.endsWith(': ') ? '' : '.'}${name}`;
    if (amountFields.includes(name) && typeof member === 'object' && member !== null && !Array.isArray(member))
      for (const [resource, amount] of Object.entries(member)) checkAmount(amount, `${path}[${resource}]`);
    else checkAmounts(member, path);
  }
}

function checkAmount(amount: unknown, where: string): void {
  try {
    if (parseQuantity(String(amount)).value() < 0) throw new QuantityError('must be greater than or equal to 0');
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
    throw new ManifestError(`${where}: Invalid value: ${JSON.stringify(amount)}: ${error.message}`, { cause: error });
  }
}
