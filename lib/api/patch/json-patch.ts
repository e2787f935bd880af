/**
 * JSON patch (RFC 6902): a list of operations, all of which must succeed. Three things are as the real server's library
 * has them: `replace` of a member that is not there adds it, `test` for `null` holds for one that is not there, and an
 * index may count from the end (`-1` is the last).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
import { isMembers, JSONNumber, setMember } from '../decode/json.js';

export interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** An operation that could not be carried out. */
export class JSONPatchError extends Error {}

/** So much may all `copy` of one patch add, as JSON: a copy of a copy of a copy soon fills all memory. */
const maxCopiedBytes = 3 * 1024 * 1024;

/** The message is that of upstream's library. */
export class CopyTooLargeError extends Error {
  constructor(bytes: number) {
    super(
      `Unable to complete the copy, the accumulated size increase of copy is ${bytes}, exceeding the limit ${maxCopiedBytes}`,
    );
  }
}

/**
 * The patched document; the original is left as it is, and parts of both are shared.
 *
 * @throws JSONPatchError, CopyTooLargeError
 */
export function applyJSONPatch(document: unknown, operations: readonly Operation[]): unknown {
  const progress: Progress = { owned: new WeakSet(), copiedBytes: 0 };
  return operations.reduce((patched, operation) => applyOperation(patched, operation, progress), document);
}

interface Progress {
  /** Objects and lists that are copies of our own already: ten thousand operations on one map copy it once. */
  readonly owned: WeakSet<object>;
  copiedBytes: number;
}

function applyOperation(document: unknown, { op, path, from, value }: Operation, progress: Progress): unknown {
  const { owned } = progress;
  const target = pointer(path);
  switch (op) {
    case 'add':
      return set(document, target, required(value), true, owned);
    case 'replace':
      return set(document, target, required(value), false, owned);
    case 'remove':
      return remove(document, target, owned);
    case 'move': {
      const source = pointer(from);
      if (target.length > source.length && source.every((step, index) => target[index] === step)) {
        throw new JSONPatchError(`cannot move ${from as string} into itself`);
      }
      const moved = get(document, source);
      return set(remove(document, source, owned), target, moved, true, owned);
    }
    case 'copy': {
      const copied = get(document, pointer(from));
      progress.copiedBytes += Buffer.byteLength(JSON.stringify(copied));
      if (progress.copiedBytes > maxCopiedBytes) throw new CopyTooLargeError(progress.copiedBytes);
      return set(document, target, copyOf(copied), true, owned);
    }
    case 'test':
      if (sameJSON(get(document, target, true) ?? null, value ?? null)) return document;
      throw new JSONPatchError(`testing value ${path as string} failed`);
    default:
      throw new JSONPatchError(`Unexpected kind: ${op as string}`);
  }
}

function required(value: unknown): unknown {
  if (value === undefined) throw new JSONPatchError('missing value');
  return value;
}

/** `/metadata/labels/a~1b` are the steps `metadata`, `labels`, `a/b`. */
function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) throw new JSONPatchError('no pointer');
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function get(document: unknown, steps: readonly string[], lenient = false): unknown {
  let value = document;
  for (const [index, step] of steps.entries()) {
    if (Array.isArray(value)) value = value[indexIn(value, step, value.length - 1)];
    else if (isMembers(value) && Object.hasOwn(value, step)) value = value[step];
    else if (lenient && isMembers(value) && index === steps.length - 1) return undefined;
    else throw missing(steps);
  }
  return value;
}

/** Numbers that are kept as they were written stay what they are. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  if (!isMembers(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) setMember(copy, key, copyOf(member));
  return copy;
}

function set(
  document: unknown,
  steps: readonly string[],
  value: unknown,
  insert: boolean,
  owned: WeakSet<object>,
): unknown {
  if (steps.length === 0) return value;
  return change(document, steps, owned, (parent, last) => {
    if (!Array.isArray(parent)) setMember(parent, last, value);
    else if (!insert) parent[indexIn(parent, last, parent.length - 1)] = value;
    else parent.splice(last === '-' ? parent.length : indexIn(parent, last, parent.length), 0, value);
  });
}

function remove(document: unknown, steps: readonly string[], owned: WeakSet<object>): unknown {
  if (steps.length === 0) throw new JSONPatchError('unable to remove the whole document');
  return change(document, steps, owned, (parent, last) => {
    if (Array.isArray(parent)) parent.splice(indexIn(parent, last, parent.length - 1), 1);
    else if (Object.hasOwn(parent, last)) delete parent[last];
    else throw missing(steps);
  });
}

type Parent = unknown[] | Record<string, unknown>;

/** Copies what lies on the way and is not our own yet, so that the original stays; `act` changes the last parent. */
function change(
  document: unknown,
  steps: readonly string[],
  owned: WeakSet<object>,
  act: (parent: Parent, last: string) => void,
): unknown {
  const own = (value: unknown): Parent => {
    if (!isMembers(value) && !Array.isArray(value)) throw missing(steps);
    if (owned.has(value)) return value as Parent;
    const copy: Parent = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
    owned.add(copy);
    return copy;
  };
  const root = own(document);
  let parent = root;
  for (const step of steps.slice(0, -1)) {
    if (Array.isArray(parent)) {
      const index = indexIn(parent, step, parent.length - 1);
      parent = parent[index] = own(parent[index]);
    } else if (Object.hasOwn(parent, step)) {
      const member = own(parent[step]);
      setMember(parent, step, member);
      parent = member;
    } else throw missing(steps);
  }
  act(parent, steps.at(-1)!);
  return root;
}

function indexIn(list: readonly unknown[], step: string, last: number): number {
  if (!/^-?(0|[1-9]\d*)$/.test(step)) throw new JSONPatchError(`no index: ${step}`);
  const index = Number(step) < 0 ? Number(step) + list.length : Number(step);
  if (index < 0 || index > last) throw new JSONPatchError(`index out of bounds: ${step}`);
  return index;
}

const missing = (steps: readonly string[]) => new JSONPatchError(`there is nothing at /${steps.join('/')}`);

/** Are both the same JSON, whatever the order of members? */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a instanceof JSONNumber) return sameJSON(Number(a.text), b);
  if (b instanceof JSONNumber) return sameJSON(a, Number(b.text));
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJSON(item, b[index]));
  }
  if (!isMembers(a) || !isMembers(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJSON(a[key], b[key]))
  );
}
