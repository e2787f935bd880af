/**
 * Values as YAML, laid out as Kubernetes lays it out (its YAML library is a child of libyaml): members sorted, lists not
 * indented, several lines of text as a block, long ones folded. Whoever compares an answer with `kubectl get -o yaml` finds
 * no difference.
 *
 * A text is plain where it can be; `"quoted"` where it would be read as something else (`"1"`, `"true"`, `"2024-05-01"`);
 * `'quoted'` where it has signs that mean something (`'a: b'`); and `"quoted"` again where it has characters that must be
 * escaped.
 */

/** Behind this column a text goes on in the next line, if it may. */
const width = 80;

/** @param value of JSON @returns with a line break at its end */
export function encodeYAML(value: unknown): string {
  const lines: string[] = [];
  writeNode(lines, '', 0, value, 0);
  return lines.join('\n') + '\n';
}

/**
 * Writes a value behind `head`, the beginning of its line.
 *
 * @param indent of what goes on in further lines
 * @param listIndent of a list, which stands below its key
 */
function writeNode(lines: string[], head: string, indent: number, value: unknown, listIndent: number): void {
  if (Array.isArray(value) && value.length > 0) {
    const margin = ' '.repeat(listIndent);
    let start = startOf(lines, head, margin);
    for (const item of value) {
      writeNode(lines, `${start}- `, listIndent + 2, item, listIndent + 2);
      start = margin;
    }
  } else if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    const margin = ' '.repeat(indent);
    let start = startOf(lines, head, margin);
    const members = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(members).sort(naturally)) {
      writeNode(lines, `${start}${keyText(key)}:`, indent + 2, members[key], indent);
      start = margin;
    }
  } else {
    const space = head === '' || head.endsWith(' ') ? '' : ' ';
    lines.push(head + space + scalar(value, head.length + space.length, indent || 2));
  }
}

/** A list or map begins behind a dash, or in a line of its own below a key. @returns the beginning of its first line */
function startOf(lines: string[], head: string, margin: string): string {
  if (!head.endsWith(':')) return head;
  lines.push(head);
  return margin;
}

function scalar(value: unknown, column: number, indent: number): string {
  if (Array.isArray(value)) return '[]';
  if (typeof value === 'object' && value !== null) return '{}';
  if (typeof value !== 'string') return String(value);
  switch (styleOf(value)) {
    case 'plain':
      return folded(value, column, indent, /(?<=\S) (?! )/g);
    case 'single':
      return folded(`'${value.replaceAll("'", "''")}'`, column, indent, /(?<=[^ ]) (?=[^ ])/g);
    case 'double':
      return folded(doubleQuoted(value), column, indent, /(?<=[^ "]) (?=[^"])/g, '\\');
    case 'block':
      return block(value, indent);
  }
}

function keyText(key: string): string {
  const style = styleOf(key);
  if (style === 'plain') return key;
  return style === 'single' ? `'${key.replaceAll("'", "''")}'` : doubleQuoted(key);
}

// --- which style

type Style = 'plain' | 'single' | 'double' | 'block';

/** What cannot be written as it is: all but printable characters and line breaks. */
const special = /[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u;

/** Signs that mean something: at the beginning, before or behind a space, at the end. */
const indicators = /^[#,[\]{}&*!|>'"%@`]|^[?-](?: |$)|^(?:---|\.\.\.)|:(?: |$)| #/;

function styleOf(text: string): Style {
  if (special.test(text)) return 'double';
  if (text.includes('\n')) return / (?:\n|$)/.test(text) ? 'double' : 'block';
  if (isSomethingElse(text)) return 'double';
  return indicators.test(text) || text.startsWith(' ') || text.endsWith(' ') ? 'single' : 'plain';
}

const words = new Set(
  ['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null']
    .flatMap((word) => [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()])
    .concat(['', '~'], ['.nan', '.NaN', '.NAN'])
    .concat(['', '+', '-'].flatMap((sign) => ['.inf', '.Inf', '.INF'].map((word) => sign + word))),
);
const number = /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/;
const numberToABase = /^[-+]?0(?:[xX][\da-fA-F_]+|[oO][0-7_]+|[bB][01_]+)$/;
/** `12:30:45`, as YAML 1.1 writes numbers to the base of sixty. */
const baseSixty = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/;
const time = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?)?$/;

/** Whether a reader would take the bare text for something that is no text. */
const isSomethingElse = (text: string): boolean =>
  words.has(text) || number.test(text) || numberToABase.test(text) || baseSixty.test(text) || time.test(text);

// --- how it is written

const shortEscapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  let quoted = '"';
  for (const character of text) {
    if (character in shortEscapes) quoted += shortEscapes[character];
    else if (special.test(character)) quoted += escapeOf(character.codePointAt(0)!);
    else quoted += character;
  }
  return quoted + '"';
}

function escapeOf(code: number): string {
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/**
 * A long text goes on in the next line, at the first space behind the margin that may be a break.
 *
 * @param gaps the spaces that may
 * @param keep what is put before a space that would be lost at the beginning of a line
 */
function folded(text: string, column: number, indent: number, gaps: RegExp, keep = ''): string {
  if (column + text.length <= width) return text;
  const margin = ' '.repeat(indent);
  let lines = '';
  let from = 0;
  for (const { index } of text.matchAll(gaps)) {
    if (column + (index - from) <= width) continue;
    lines += `${text.slice(from, index)}\n${margin}${keep !== '' && text[index + 1] === ' ' ? keep : ''}`;
    from = index + 1;
    column = indent;
  }
  return lines + text.slice(from);
}

/** `|` and the lines as they are. A sign says what is at the end: `-` no break, `+` more than one. */
function block(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomping = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const margin = ' '.repeat(indent);
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return [`|${hint}${chomping}`, ...lines.map((line) => (line === '' ? '' : margin + line))].join('\n');
}

// --- the order of members

const letter = /\p{L}/u;

/** As people sort: `a2` before `a10`, signs and digits before letters. */
function naturally(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const length = Math.min(left.length, right.length);
  const same = left.findIndex((character, index) => index >= length || character !== right[index]);
  if (same < 0 || same >= length) return left.length - right.length;
  const [x, y] = [left[same]!, right[same]!];
  const [xIsLetter, yIsLetter] = [letter.test(x), letter.test(y)];
  if (xIsLetter && yIsLetter) return x < y ? -1 : 1;
  if (xIsLetter || yIsLetter) return xIsLetter ? 1 : -1;
  const [m, n] = [digitsFrom(left, same), digitsFrom(right, same)];
  const [p, q] = [Number(m), Number(n)];
  // Within a number, a zero is not the beginning of one.
  const within = (x === '0' || y === '0') && /[1-9]\d*$/.test(left.slice(0, same).join(''));
  if (within && m.length !== n.length) return m.length - n.length;
  if (p !== q) return p - q;
  if (m.length !== n.length) return m.length - n.length;
  return x < y ? -1 : 1;
}

function digitsFrom(characters: readonly string[], from: number): string {
  let end = from;
  while (end < characters.length && /\d/.test(characters[end]!)) end++;
  return characters.slice(from, end).join('');
}
