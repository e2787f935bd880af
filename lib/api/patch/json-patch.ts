/**
 * JSON patch (RFC 6902): a list of operations, all of which must succeed. Three things are as the real server's library
 * has them: `replace` of a member that is not there adds it, `test` for `null` holds for one that is not there, and an
 * index may count from the end (`-1` is the last).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
import { setMember } from '../decode/json.js';

export interface Operation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: unknown;
}

/** An operation that could not be carried out. */
export class JSONPatchError extends Error {}

/**
 * The patched document; the original is left as it is, and parts of both are shared.
 *
 * @throws JSONPatchError
 */
export function applyJSONPatch(document: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce(applyOperation, document);
}

function applyOperation(document: unknown, { op, path, from, value }: Operation): unknown {
  const target = pointer(path);
  switch (op) {
    case 'add':
      return set(document, target, required(value), true);
    case 'replace':
      return set(document, target, required(value), false);
    case 'remove':
      return remove(document, target);
    case 'move': {
      const source = pointer(from);
      if (target.length > source.length && source.every((step, index) => target[index] === step)) {
        throw new JSONPatchError(`cannot move ${from as string} into itself`);
      }
      return set(remove(document, source), target, get(document, source), true);
    }
    case 'copy':
      return set(document, target, structuredClone(get(document, pointer(from))), true);
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
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step];
    else if (lenient && isObject(value) && index === steps.length - 1) return undefined;
    else throw missing(steps);
  }
  return value;
}

function set(document: unknown, steps: readonly string[], value: unknown, insert: boolean): unknown {
  if (steps.length === 0) return value;
  return change(document, steps, (parent, last) => {
    if (!Array.isArray(parent)) setMember(parent, last, value);
    else if (!insert) parent[indexIn(parent, last, parent.length - 1)] = value;
    else parent.splice(last === '-' ? parent.length : indexIn(parent, last, parent.length), 0, value);
  });
}

function remove(document: unknown, steps: readonly string[]): unknown {
  if (steps.length === 0) throw new JSONPatchError('unable to remove the whole document');
  return change(document, steps, (parent, last) => {
    if (Array.isArray(parent)) parent.splice(indexIn(parent, last, parent.length - 1), 1);
    else if (Object.hasOwn(parent, last)) delete parent[last];
    else throw missing(steps);
  });
}

type Parent = unknown[] | Record<string, unknown>;

/** Copies what lies on the way, so that the original stays, and lets `act` change the copy of the last parent. */
function change(value: unknown, steps: readonly string[], act: (parent: Parent, last: string) => void): unknown {
  if (!isObject(value) && !Array.isArray(value)) throw missing(steps);
  const copy: Parent = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
  const [step, ...rest] = steps as [string, ...string[]];
  if (rest.length === 0) act(copy, step);
  else if (Array.isArray(copy)) {
    const index = indexIn(copy, step, copy.length - 1);
    copy[index] = change(copy[index], rest, act);
  } else if (Object.hasOwn(copy, step)) setMember(copy, step, change(copy[step], rest, act));
  else throw missing(steps);
  return copy;
}

function indexIn(list: readonly unknown[], step: string, last: number): number {
  if (!/^-?(0|[1-9]\d*)$/.test(step)) throw new JSONPatchError(`no index: ${step}`);
  const index = Number(step) < 0 ? Number(step) + list.length : Number(step);
  if (index < 0 || index > last) throw new JSONPatchError(`index out of bounds: ${step}`);
  return index;
}

const missing = (steps: readonly string[]) => new JSONPatchError(`there is nothing at /${steps.join('/')}`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Are both the same JSON, whatever the order of members? */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJSON(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJSON(a[key], b[key]))
  );
}
