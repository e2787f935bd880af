/**
 * What is wrong with a field, in upstream's words: one constructor per reason.
 *
 * A {@link Path} becomes text only when an error is made, so that valid objects, which are nearly all, cost nothing here.
 *
 * @example
 * const spec = root('spec');
 * errors.push(invalid(spec.child('ports').at(0).child('port'), 70000, 'must be between 1 and 65535, inclusive'));
 * // { reason: 'FieldValueInvalid', field: 'spec.ports[0].port',
 * //   message: 'Invalid value: 70000: must be between 1 and 65535, inclusive' }
 *
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/field/errors.go
 */
import type { FieldError } from '../kinds/kind.js';

/** Where in an object: `spec.containers[0].resources.limits[cpu]`. */
export class Path {
  readonly #parent: Path | undefined;
  readonly #name: string;
  readonly #index: string | number | undefined;

  constructor(parent: Path | undefined, name: string, index?: string | number) {
    this.#parent = parent;
    this.#name = name;
    this.#index = index;
  }

  child(name: string): Path {
    return new Path(this, name);
  }

  /** An element of a list, or the entry of a map. */
  at(index: number | string): Path {
    return new Path(this, '', index);
  }

  toString(): string {
    const own = this.#name === '' ? `[${this.#index ?? ''}]` : this.#name;
    if (!this.#parent) return own;
    return `${this.#parent}${this.#name === '' ? '' : '.'}${own}`;
  }
}

/** A path's first step: `root('spec')`. */
export const root = (name: string): Path => new Path(undefined, name);

/** A value that may not stand there. Strings are quoted, numbers and booleans plain, everything else is shown as JSON. */
export const invalid = (path: Path, value: unknown, detail: string): FieldError =>
  failure('FieldValueInvalid', path, `Invalid value: ${shown(value)}`, detail);

export const required = (path: Path, detail = ''): FieldError =>
  failure('FieldValueRequired', path, 'Required value', detail);

/** @param supported in upstream's order: sorted where upstream keeps a set, else as upstream lists them */
export const notSupported = (path: Path, value: unknown, supported: readonly string[]): FieldError =>
  failure(
    'FieldValueNotSupported',
    path,
    `Unsupported value: ${shown(value)}`,
    supported.length > 0 ? `supported values: ${supported.map((each) => JSON.stringify(each)).join(', ')}` : '',
  );

export const duplicate = (path: Path, value: unknown): FieldError =>
  failure('FieldValueDuplicate', path, `Duplicate value: ${shown(value)}`, '');

export const forbidden = (path: Path, detail: string): FieldError =>
  failure('FieldValueForbidden', path, 'Forbidden', detail);

export const notFound = (path: Path, value: unknown): FieldError =>
  failure('FieldValueNotFound', path, `Not found: ${shown(value)}`, '');

/** @param limit in bytes */
export const tooLong = (path: Path, limit: number): FieldError =>
  failure('FieldValueTooLong', path, 'Too long', `may not be more than ${limit} bytes`);

export const tooMany = (path: Path, count: number, limit: number): FieldError =>
  failure(
    'FieldValueTooMany',
    path,
    `Too many: ${count}`,
    `must have at most ${limit} ${limit === 1 ? 'item' : 'items'}`,
  );

const failure = (reason: string, path: Path, what: string, detail: string): FieldError => ({
  reason,
  message: detail === '' ? what : `${what}: ${detail}`,
  field: path.toString(),
});

/** How an error shows a value. What is missing is `null`, as Go's nil pointers, maps and slices are. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escapeAsGo);
}

/** Go's JSON encoder keeps its output safe for HTML, also inside a message; bare strings do not go through it. */
const escapeAsGo = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
