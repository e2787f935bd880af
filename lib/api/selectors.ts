/**
 * Selectors choose objects: by labels, in the words of a query (`app in (web,db),!canary`) or of an object's `selector`,
 * and by a few fields (`spec.nodeName=node-1`). They are parsed once and then asked for every object of a list, every
 * event of a watch.
 *
 * ```
 * selector    = [ requirement { "," requirement } ]
 * requirement = key | "!" key | key ( "=" | "==" | "!=" | ">" | "<" ) value | key ( "in" | "notin" ) "(" value { "," value } ")"
 * ```
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
 */
import type { Kind } from './kinds/kind.js';
import { badRequest } from './status.js';
import type { DeepReadonly, KubernetesObject, LabelSelector } from './types.js';
import { labelValueCheck, qualifiedName } from './validation/names.js';

export type Labels = Readonly<Record<string, string>>;

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'gt' | 'lt' | 'exists' | '!';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

export interface Selector {
  readonly requirements: readonly Requirement[];
  /** Nothing is asked for: everything matches. */
  readonly empty: boolean;
  /** An object without labels may match too: `!app` does. */
  matches(labels: Labels | undefined): boolean;
  /** As a query would say it. */
  toString(): string;
}

class Requirements implements Selector {
  readonly requirements: readonly Requirement[];

  constructor(requirements: readonly Requirement[]) {
    this.requirements = requirements;
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(labels: Labels = {}): boolean {
    for (const requirement of this.requirements) if (!meets(labels, requirement)) return false;
    return true;
  }

  toString(): string {
    return this.requirements.map(formatRequirement).join(',');
  }
}

/** The selector that matches everything. */
export const everything: Selector = new Requirements([]);

/** The selector that matches nothing: what an absent `selector` means. */
export const nothing: Selector = { requirements: [], empty: false, matches: () => false, toString: () => '' };

/**
 * The selector of a query. Its requirements are sorted by key, as upstream's are.
 *
 * @throws BadRequest with upstream's message
 */
export const parseLabelSelector = (text: string): Selector =>
  text === '' ? everything : new Requirements(sortedByKey(new Parser(text).parse()));

/** The selector of a Service or a ReplicationController: every one of `labels` must be there. Empty: everything. */
export const selectorOfLabels = (labels: Labels | undefined): Selector =>
  new Requirements(
    sortedByKey(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] }))),
  );

const operatorsOfObjects: Readonly<Record<string, Operator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector of an object's field: absent matches nothing, empty matches everything.
 *
 * @throws BadRequest for what validation would have refused
 */
export function selectorOf(selector: DeepReadonly<LabelSelector> | undefined): Selector {
  if (!selector) return nothing;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const requirements = [
    ...Object.entries(matchLabels).map(([key, value]) => requirement(key, '=', [value])),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      const known = operatorsOfObjects[operator];
      if (!known) throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`);
      return requirement(key, known, values);
    }),
  ];
  return requirements.length === 0 ? everything : new Requirements(sortedByKey(requirements));
}

/** `a=b,c=d`, sorted; `<none>` if there are none: how kubectl and the columns show labels. */
export const formatLabels = (labels: Labels | undefined): string =>
  labels && Object.keys(labels).length > 0 ? selectorOfLabels(labels).toString() : '<none>';

/** A LabelSelector in the short form of a query: `app=web,tier in (back,front)`; `<none>` for an empty one. */
export const formatLabelSelector = (selector: DeepReadonly<LabelSelector> | undefined): string =>
  selectorOf(selector).toString() || '<none>';

function meets(labels: Labels, { key, operator, values }: Requirement): boolean {
  // `constructor` is a label like any other: only own members count.
  const value = Object.hasOwn(labels, key) ? labels[key]! : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
    case 'lt': {
      const [have, asked] = [parseInt64(value), parseInt64(values[0])];
      return have !== undefined && asked !== undefined && (operator === 'gt' ? have > asked : have < asked);
    }
  }
}

function parseInt64(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[-+]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function formatRequirement({ key, operator, values }: Requirement): string {
  const list = [...values].sort().join(',');
  switch (operator) {
    case 'exists':
      return key;
    case '!':
      return `!${key}`;
    case 'in':
    case 'notin':
      return `${key} ${operator} (${list})`;
    case 'gt':
      return `${key}>${list}`;
    case 'lt':
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}

const sortedByKey = (requirements: Requirement[]): Requirement[] =>
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

/** @throws BadRequest with everything that is wrong with it */
function requirement(key: string, operator: Operator, values: readonly string[]): Requirement {
  const errors: string[] = [];
  const invalid = (path: string, value: unknown, why: string) =>
    errors.push(`${path}: Invalid value: ${JSON.stringify(value)}: ${why}`);

  const wrongKey = qualifiedName(key);
  if (wrongKey.length > 0) invalid('key', key, wrongKey.join('; '));
  if (operator === 'in' || operator === 'notin') {
    if (values.length === 0) invalid('values', values, "for 'in', 'notin' operators, values set can't be empty");
  } else if (operator === 'exists' || operator === '!') {
    if (values.length > 0) invalid('values', values, 'values set must be empty for exists and does not exist');
  } else if (operator === 'gt' || operator === 'lt') {
    values.forEach((value, index) => {
      if (parseInt64(value) !== undefined) return;
      invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer");
    });
  }
  values.forEach((value, index) => {
    const wrong = labelValueCheck(value);
    if (wrong.length > 0) invalid(`values[${index}][${key}]`, value, wrong.join('; '));
  });
  if (errors.length === 0) return { key, operator, values };
  throw badRequest(errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`);
}

type Token = { readonly type: 'identifier' | 'symbol' | 'word' | 'end'; readonly text: string };

const binaryOperators: Readonly<Record<string, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

/** Reads from left to right and never goes back; `in` and `notin` are words only where an operator may stand. */
class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#next.type !== 'end') {
      if (!this.#startsRequirement()) {
        throw badRequest(`found '${this.#next.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const token = this.#take();
      if (token.type === 'end') break;
      if (token.text !== ',') throw badRequest(`found '${token.text}', expected: ',' or 'end of string'`);
      if (!this.#startsRequirement()) {
        throw badRequest(`found '${this.#next.text}', expected: identifier after ','`);
      }
    }
    return requirements;
  }

  #requirement(): Requirement {
    try {
      const absent = this.#next.text === '!';
      if (absent) this.#take();
      const key = this.#take();
      if (!isIdentifier(key)) throw badRequest(`found '${key.text}', expected: identifier`);
      const wrong = qualifiedName(key.text);
      // The path is missing where upstream prints its nil pointer.
      if (wrong.length > 0) throw badRequest(`<nil>: Invalid value: ${JSON.stringify(key.text)}: ${wrong.join('; ')}`);
      // What follows `!key` is for the caller to refuse, who has another sentence for it.
      if (absent) return requirement(key.text, '!', []);
      if (this.#next.type === 'end' || this.#next.text === ',') return requirement(key.text, 'exists', []);

      const token = this.#take();
      const operator = token.type === 'identifier' ? undefined : binaryOperators[token.text];
      if (!operator) throw badRequest(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
      const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#value()];
      return requirement(key.text, operator, [...new Set(values)].sort());
    } catch (error) {
      throw badRequest(`unable to parse requirement: ${(error as Error).message}`);
    }
  }

  #value(): string {
    if (this.#next.type === 'end' || this.#next.text === ',') return '';
    const token = this.#take();
    if (!isIdentifier(token)) throw badRequest(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  #values(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw badRequest(`found '${open.text}' expected: '('`);
    const first = this.#next;
    if (first.text === ')') {
      this.#take();
      return [''];
    }
    if (!isIdentifier(first) && first.text !== ',') {
      throw badRequest(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    // Between commas a value may be missing: it is the empty one.
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (isIdentifier(token)) {
        values.push(token.text);
        if (this.#next.text === ')') break;
        if (this.#next.text !== ',') throw badRequest(`found '${this.#next.text}', expected: ',' or ')'`);
      } else if (token.text === ',') {
        if (values.length === 0) values.push('');
        if (this.#next.text === ')') {
          values.push('');
          break;
        }
        if (this.#next.text === ',') {
          this.#take();
          values.push('');
        }
      } else {
        throw badRequest(`found '${token.text}', expected: ',', or identifier`);
      }
    }
    this.#take();
    return values;
  }

  get #next(): Token {
    return this.#tokens[this.#position]!;
  }

  #take(): Token {
    const token = this.#next;
    if (token.type !== 'end') this.#position += 1;
    return token;
  }

  #startsRequirement(): boolean {
    return isIdentifier(this.#next) || this.#next.text === '!';
  }
}

const isIdentifier = ({ type }: Token): boolean => type === 'identifier' || type === 'word';

/** Blanks separate; symbols are the longest that is known, so that `!=` is one and `=(` are two. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(/[^ \t\r\n=!(),<>]+|==|!=|[=!(),<>]/g)) {
    const type = part === 'in' || part === 'notin' ? 'word' : /^[=!(),<>]/.test(part) ? 'symbol' : 'identifier';
    tokens.push({ type, text: part });
  }
  tokens.push({ type: 'end', text: '' });
  return tokens;
}

/** One term of a field selector: `spec.nodeName!=node-1`. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/**
 * The terms of a field selector, all of which must hold: `metadata.name=a,status.phase!=Running`. A backslash takes the
 * meaning from `,`, `=` and itself.
 *
 * @throws BadRequest with upstream's message
 */
export function parseFieldSelector(text: string): FieldTerm[] {
  const terms: FieldTerm[] = [];
  for (const part of text.match(/(?:[^,\\]|\\.|\\$)+/gs) ?? []) {
    const match = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    terms.push({ field: match[1]!, operator: match[2] === '!=' ? '!=' : '=', value: unescapeValue(match[3]!) });
  }
  return terms;
}

/** The same terms as a query. */
export const formatFieldSelector = (terms: readonly FieldTerm[]): string =>
  terms.map(({ field, operator, value }) => `${field}${operator}${value.replace(/[\\,=]/g, '\\$&')}`).join(',');

/** What one term of a field selector asks: whether it `holds` of what `read` finds in an object. */
export interface FieldTest<T extends KubernetesObject> {
  readonly field: string;
  readonly read: (object: DeepReadonly<T>) => string;
  readonly holds: (value: string) => boolean;
}

/**
 * The terms of a field selector, as a kind understands them.
 *
 * @throws BadRequest if one names a field that the kind does not offer
 */
export const fieldTests = <T extends KubernetesObject>(
  terms: readonly FieldTerm[],
  kind: Pick<Kind<T>, 'selectableFields'>,
): FieldTest<T>[] =>
  terms.map(({ field, operator, value }) => ({
    field,
    read: readerOf(field, kind),
    holds: (found) => (found === value) === (operator === '='),
  }));

/**
 * The test that a field selector puts to the objects of a kind.
 *
 * @throws BadRequest if it names a field that the kind does not offer
 */
export function fieldMatcher<T extends KubernetesObject>(
  terms: readonly FieldTerm[],
  kind: Pick<Kind<T>, 'selectableFields'>,
): (object: DeepReadonly<T>) => boolean {
  const tests = fieldTests(terms, kind);
  return (object) => tests.every(({ read, holds }) => holds(read(object)));
}

function readerOf<T extends KubernetesObject>(
  field: string,
  { selectableFields }: Pick<Kind<T>, 'selectableFields'>,
): (object: DeepReadonly<T>) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name ?? '';
  if (field === 'metadata.namespace') return ({ metadata }) => metadata.namespace ?? '';
  if (selectableFields && Object.hasOwn(selectableFields, field)) return selectableFields[field]!;
  throw badRequest(
    selectableFields
      ? `field label not supported: ${field}`
      : `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

function unescapeValue(value: string): string {
  return value.replace(/\\([\s\S]?)|[,=]/g, (found, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw badRequest(`invalid field selector: unescaped character in value: ${found.charCodeAt(0)}`);
    }
    if (!/^[\\,=]$/.test(escaped)) throw badRequest(`invalid field selector: invalid escape sequence: ${found}`);
    return escaped;
  });
}
