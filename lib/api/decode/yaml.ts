/**
 * YAML, as Kubernetes reads it: the first document only, turned into JSON. It is YAML 1.1, where a bare `yes`, `on` or `y`
 * is a boolean and `0644` is octal, but without its dates and its numbers to the base of sixty.
 */
import { Composer, isMap, isPair, isScalar, Lexer, LineCounter, Parser, visit, type Document, type Tags } from 'yaml';
import { setMember } from './json.js';

/**
 * A document of more scalars, marks and blanks is refused: reading is slow, and others wait meanwhile. (Upstream has no such
 * limit; kubectl sends JSON.)
 */
const maxLexemes = 200_000;

/** A broken document; the message is libyaml's where it can be told. */
export class YAMLError extends Error {}

export interface YAMLReading {
  readonly value: unknown;
  /** Upstream's sentence about keys that stand twice, if any do: the last one counted. */
  readonly duplicates: string | undefined;
}

/** @throws YAMLError */
export function parseYAML(text: string): YAMLReading {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof RangeError) throw new YAMLError('yaml: exceeded max depth of 10000', { cause: error });
    throw error;
  }
}

function read(text: string): YAMLReading {
  const lines = new LineCounter();
  const document = firstDocument(text, lines);
  const error = document?.errors[0];
  if (error)
    throw new YAMLError(`yaml: line ${lines.linePos(error.pos[0]).line}: ${explain(error.code, error.message)}`);
  let value: unknown;
  try {
    value = document?.toJS() ?? null;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const { message } = error as Error;
    throw new YAMLError(`yaml: ${error instanceof ReferenceError ? explainAlias(message) : message}`, { cause: error });
  }
  return { value: asJSON(value, new Set()), duplicates: document && duplicateKeys(document, lines) };
}

/** Neither dates nor numbers to the base of sixty; and a number has a digit before its exponent: `.` and `e5` are texts. */
const ourTags = (tags: Tags): Tags =>
  tags
    .filter((tag) => typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || formatOf(tag) === 'TIME'))
    .map((tag) => {
      if (typeof tag === 'string' || !('test' in tag)) return tag;
      if (tag.test?.test('.')) return { ...tag, test: fraction };
      return tag.test?.test('e5') ? { ...tag, test: withExponent } : tag;
    });

const formatOf = (tag: object): unknown => ('format' in tag ? tag.format : undefined);
const fraction = /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/;
const withExponent = /^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)[eE][-+]?[0-9]+$/;

function firstDocument(text: string, lines: LineCounter): Document.Parsed | undefined {
  const options = { version: '1.1', uniqueKeys: false, customTags: ourTags, logLevel: 'error' } as const;
  const composer = new Composer({ ...options, lineCounter: lines });
  for (const document of composer.compose(tokens(text, lines), true, text.length)) return document;
  return undefined;
}

/** @throws YAMLError when there are too many */
function* tokens(text: string, lines: LineCounter) {
  const parser = new Parser(lines.addNewLine);
  let left = maxLexemes;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (--left < 0) throw new YAMLError(`yaml: exceeded max size of ${maxLexemes} tokens`);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** What libyaml says to what the parser found. */
const explanations: Readonly<Record<string, string>> = {
  BAD_INDENT: 'did not find expected key',
  BLOCK_AS_IMPLICIT_KEY: 'mapping values are not allowed in this context',
  MULTILINE_IMPLICIT_KEY: "could not find expected ':'",
  MISSING_CHAR: "did not find expected ',' or ']'",
  TAB_AS_INDENT: 'found character that cannot start any token',
  BAD_ALIAS: 'did not find expected alphabetic or numeric character',
};

function explain(code: string, message: string): string {
  const [sentence] = message.split(' at line ');
  if (message.startsWith('Maximum call stack')) return 'exceeded max depth of 10000';
  if (/Flow sequence .*end with a \]/.test(message)) return "did not find expected ',' or ']'";
  if (/Flow map .*end with a \}/.test(message)) return "did not find expected ',' or '}'";
  if (/Missing closing/.test(message)) return 'found unexpected end of stream';
  if (/Implicit keys need to be on a single line|Implicit map keys/.test(message)) return "could not find expected ':'";
  return explanations[code] ?? sentence!;
}

function duplicateKeys(document: Document.Parsed, lines: LineCounter): string | undefined {
  const found: string[] = [];
  visit(document, {
    Map(_, map) {
      if (!isMap(map)) return;
      const seen = new Set<string>();
      for (const pair of map.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const key = String(pair.key.value);
        const at = pair.key.range?.[0] ?? 0;
        if (seen.has(key))
          found.push(`  line ${lines.linePos(at).line}: key ${JSON.stringify(key)} already set in map`);
        seen.add(key);
      }
    },
  });
  return found.length === 0 ? undefined : `yaml: unmarshal errors:\n${found.join('\n')}`;
}

/** Aliases of aliases of aliases, the billion laughs, are refused by the parser. */
function explainAlias(message: string): string {
  const [, anchor] = /^Unresolved alias .*: (.+)$/s.exec(message) ?? [];
  return anchor === undefined ? 'document contains excessive aliasing' : `unknown anchor '${anchor}' referenced`;
}

/** Keys become strings and are sorted, as they are on upstream's way through JSON. @param within what contains the value */
function asJSON(value: unknown, within: Set<object>): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (within.has(value)) throw new YAMLError('yaml: anchor value contains itself');
  within.add(value);
  const json = Array.isArray(value) ? value.map((item) => asJSON(item, within)) : members(value, within);
  within.delete(value);
  return json;
}

function members(value: object, within: Set<object>): unknown {
  if (value instanceof Set) return Object.fromEntries([...value].map((key) => [String(key), null]));
  const object: Record<string, unknown> = {};
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  for (const [key, member] of entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))) {
    setMember(object, String(key), asJSON(member, within));
  }
  return object;
}
