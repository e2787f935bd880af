/**
 * JSON, as Go reads it. `JSON.parse` does nearly all of the work; what it cannot tell is found by one cheap look at the
 * text ({@link surveyJSON}), and only a text with something to tell is read again, member by member ({@link readJSON}):
 *
 * - a member that stands twice: Go merges what both say, and reports the second;
 * - a number that is not written as an integer: `3.0` is none to Go;
 * - where and how a text is broken, in Go's words.
 */

/** Deeper nesting is refused, as Go does. */
const maxDepth = 10_000;

/** What Go says of it. Ours may end earlier, where the stack does: a `RangeError` while something is read means the same. */
export const exceededMaxDepth = 'exceeded max depth';

/** A broken text; the message is that of Go's `encoding/json`. */
export class JSONSyntaxError extends Error {
  /** Where in the text it broke. */
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.offset = offset;
  }
}

/** A number that JavaScript would not keep as it was written. */
export class JSONNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): number {
    return Number(this.text);
  }
}

/** Whether a value that was read is an object of JSON. */
export const isMembers = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof JSONNumber);

/** A member that stood there before: the path of both, and after how many members of the text the second came. */
export interface Duplicate {
  readonly path: string;
  readonly ordinal: number;
}

export interface JSONReading {
  readonly value: unknown;
  readonly duplicates: readonly Duplicate[];
  /** Path of each member → how many members of the text stood before it. Only if there are duplicates. */
  readonly ordinals: ReadonlyMap<string, number>;
  /** Path of each value → where in the text it begins. Only if it was read by {@link readJSON}. */
  readonly offsets: ReadonlyMap<string, number>;
}

/**
 * Reads a text. Objects keep all their members, `__proto__` included; a member that stands twice is merged if both are
 * objects, else the last one counts.
 *
 * @throws JSONSyntaxError
 */
export function parseJSON(text: string): JSONReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return readJSON(text); // for its message
  }
  const { members, depth, plain } = surveyJSON(text);
  if (depth > maxDepth) throw new JSONSyntaxError(exceededMaxDepth);
  if (plain && members === countMembers(value))
    return { value, duplicates: [], ordinals: new Map(), offsets: new Map() };
  return readJSON(text);
}

const quote = 34;
const backslash = 92;

/** Counts a sound text's members, and sees whether its numbers are plain, without reading the strings. */
function surveyJSON(text: string): { members: number; depth: number; plain: boolean } {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  let plain = true;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char >= 48 && char <= 57) {
      // From sixteen digits on, a number may not fit.
      if (++digits > 15) plain = false;
      continue;
    }
    // `.`, and the `e` of an exponent: that of `true` does not follow a digit.
    if (char === 46 || (digits > 0 && (char | 32) === 101)) plain = false;
    digits = 0;
    if (char === quote) {
      i = text.indexOf('"', i + 1);
      while (isEscaped(text, i)) i = text.indexOf('"', i + 1);
    } else if (char === 58) members++;
    else if (char === 123 || char === 91) deepest = Math.max(deepest, ++depth);
    else if (char === 125 || char === 93) depth--;
  }
  return { members, depth: deepest, plain };
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === backslash) before--;
  return (at - before) % 2 === 0;
}

/** The members of all objects within a value. */
function countMembers(value: unknown): number {
  let count = 0;
  const rest = [value];
  while (rest.length > 0) {
    const next = rest.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const item of next) if (typeof item === 'object') rest.push(item);
    } else {
      for (const key in next) {
        count++;
        const member = (next as Record<string, unknown>)[key];
        if (typeof member === 'object') rest.push(member);
      }
    }
  }
  return count;
}

/** Reads member by member. */
export function readJSON(text: string): JSONReading {
  const reader = new Reader(text);
  let value: unknown;
  try {
    value = reader.document();
  } catch (error) {
    if (error instanceof RangeError) throw new JSONSyntaxError(exceededMaxDepth);
    throw error;
  }
  return { value, duplicates: reader.duplicates, ordinals: reader.ordinals, offsets: reader.offsets };
}

class Reader {
  readonly duplicates: Duplicate[] = [];
  readonly ordinals = new Map<string, number>();
  readonly offsets = new Map<string, number>();
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #members = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value('', undefined);
    this.#blank();
    if (this.#at < this.#text.length) throw this.#unexpected('after top-level value');
    return value;
  }

  /** @param before what stood in this place already */
  #value(path: string, before: unknown): unknown {
    this.#blank();
    this.offsets.set(path, this.#at);
    const char = this.#text[this.#at];
    if (char === '{') return this.#nested(() => this.#object(path, before));
    if (char === '[') return this.#nested(() => this.#array(path));
    if (char === '"') return this.#string();
    if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) return this.#number();
    if (char === 't') return this.#literal('true', true);
    if (char === 'f') return this.#literal('false', false);
    if (char === 'n') return this.#literal('null', null);
    throw this.#unexpected('looking for beginning of value');
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw new JSONSyntaxError(exceededMaxDepth);
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(path: string, before: unknown): object {
    const merged = typeof before === 'object' && before !== null && !Array.isArray(before);
    const object = (merged ? before : {}) as Record<string, unknown>;
    const seen = new Set<string>();
    this.#blank();
    if (this.#skip('}')) return object;
    for (;;) {
      this.#blank();
      if (this.#text[this.#at] !== '"') throw this.#unexpected('looking for beginning of object key string');
      const key = this.#string();
      this.#blank();
      if (!this.#skip(':')) throw this.#unexpected('after object key');
      const member = path === '' ? key : `${path}.${key}`;
      const ordinal = this.#members++;
      if (seen.has(key)) this.duplicates.push({ path: member, ordinal });
      else if (!this.ordinals.has(member)) this.ordinals.set(member, ordinal);
      seen.add(key);
      setMember(object, key, this.#value(member, Object.hasOwn(object, key) ? object[key] : undefined));
      this.#blank();
      if (this.#skip('}')) return object;
      if (!this.#skip(',')) throw this.#unexpected('after object key:value pair');
    }
  }

  #array(path: string): unknown[] {
    const array: unknown[] = [];
    this.#blank();
    if (this.#skip(']')) return array;
    for (;;) {
      array.push(this.#value(`${path}[${array.length}]`, undefined));
      this.#blank();
      if (this.#skip(']')) return array;
      if (!this.#skip(',')) throw this.#unexpected('after array element');
    }
  }

  #string(): string {
    const start = this.#at++;
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '"') break;
      if (char === '\\') this.#escape();
      else if (char === undefined || char < ' ') throw this.#unexpected('in string literal');
      else this.#at++;
    }
    return JSON.parse(this.#text.slice(start, ++this.#at)) as string;
  }

  #escape(): void {
    const char = this.#text[++this.#at];
    if (char === 'u') {
      for (let i = 0; i < 4; i++) {
        if (!/^[\da-fA-F]$/.test(this.#text[++this.#at] ?? '')) {
          throw this.#unexpected('in \\u hexadecimal character escape');
        }
      }
    } else if (char === undefined || !'bfnrt\\/"'.includes(char)) {
      throw this.#unexpected('in string escape code');
    }
    this.#at++;
  }

  #number(): number | JSONNumber {
    const start = this.#at;
    const digits = (context: string) => {
      if (!/^\d$/.test(this.#text[this.#at] ?? '')) throw this.#unexpected(context);
      while (/^\d$/.test(this.#text[this.#at] ?? '')) this.#at++;
    };
    this.#skip('-');
    if (!this.#skip('0')) digits('in numeric literal');
    if (this.#skip('.')) digits('after decimal point in numeric literal');
    if (this.#skip('e') || this.#skip('E')) {
      if (!this.#skip('+')) this.#skip('-');
      digits('in exponent of numeric literal');
    }
    const text = this.#text.slice(start, this.#at);
    return String(Number(text)) === text ? Number(text) : new JSONNumber(text);
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      if (this.#text[this.#at] !== word[i]) throw this.#unexpected(`in literal ${word} (expecting '${word[i]}')`);
    }
    this.#at++;
    return value;
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? '!')) this.#at++;
  }

  #skip(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #unexpected(context: string): JSONSyntaxError {
    const char = this.#text[this.#at];
    if (char === undefined) return new JSONSyntaxError('unexpected end of JSON input', this.#at);
    return new JSONSyntaxError(`invalid character ${quoteCharacter(char)} ${context}`, this.#at);
  }
}

/** As Go quotes a character: `'x'`, `'"'`, `'\''`, `'\n'`. */
function quoteCharacter(char: string): string {
  if (char === "'") return `'\\''`;
  if (char === '"') return `'"'`;
  const code = char.charCodeAt(0);
  if (code < 32 && !'\b\f\n\r\t'.includes(char)) return `'\\x${code.toString(16).padStart(2, '0')}'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

/** Sets an own member, whatever its name: `__proto__` is data. */
export function setMember(object: object, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}
