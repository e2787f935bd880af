/**
 * YAML, as Kubernetes reads it: the first document only, turned into JSON. It is YAML 1.1, where a bare `yes`, `on` or `y`
 * is a boolean and `0644` is octal, but without its dates and its numbers to the base of sixty.
 */
import { Composer, isMap, isPair, isScalar, LineCounter, Parser, visit, type Document, type Tags } from 'yaml';
import { setMember } from './json.js';

/** A broken document; the message is libyaml's where it can be told. */
export class YAMLError extends Error {}

export interface YAMLReading {
  readonly value: unknown;
  /** Upstream's sentence about keys that stand twice, if any do: the last one counted. */
  readonly duplicates: string | undefined;
}

/** @throws YAMLError */
export function parseYAML(text: string): YAMLReading {
  const lines = new LineCounter();
  const document = firstDocument(text, lines);
  const error = document?.errors[0];
  if (error)
    throw new YAMLError(`yaml: line ${lines.linePos(error.pos[0]).line}: ${explain(error.code, error.message)}`);
  let value: unknown;
  try {
    value = document?.toJS() ?? null;
  } catch (error) {
    throw new YAMLError(`yaml: ${(error as Error).message}`, { cause: error });
  }
  return { value: asJSON(value), duplicates: document && duplicateKeys(document, lines) };
}

const withoutDates = (tags: Tags): Tags =>
  tags.filter(
    (tag) => typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || ('format' in tag && tag.format === 'TIME')),
  );

function firstDocument(text: string, lines: LineCounter): Document.Parsed | undefined {
  const composer = new Composer({ version: '1.1', uniqueKeys: false, customTags: withoutDates, lineCounter: lines });
  for (const document of composer.compose(new Parser(lines.addNewLine).parse(text), true, text.length)) return document;
  return undefined;
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

/** Keys become strings and are sorted, as they are on upstream's way through JSON. */
function asJSON(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(asJSON);
  if (typeof value !== 'object' || value === null) return value === undefined ? null : value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (value instanceof Set) return Object.fromEntries([...value].map((key) => [String(key), null]));
  const object: Record<string, unknown> = {};
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  for (const [key, member] of entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))) {
    setMember(object, String(key), asJSON(member));
  }
  return object;
}
