/** How two values differ, line by line, for a message that says what may not change. */

const contextLines = 3;

/** The differing lines of both values' JSON, with three lines around them: `-` before, `+` after. */
export function diffOf(before: unknown, after: unknown): string {
  const a = JSON.stringify(sorted(before), null, 2).split('\n');
  const b = JSON.stringify(sorted(after), null, 2).split('\n');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const from = Math.max(0, start - contextLines);
  const tail = Math.max(0, end - contextLines);
  const removed = a.slice(start, a.length - end);
  const added = b.slice(start, b.length - end);
  const lines = [
    ...a.slice(from, start).map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...a.slice(a.length - end, a.length - tail).map((line) => ` ${line}`),
  ];
  const span = (total: number) => `${from + 1},${total - tail - from}`;
  return `@@ -${span(a.length)} +${span(b.length)} @@\n${lines.join('\n')}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const object = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(object)
      .sort()
      .map((key) => [key, sorted(object[key])]),
  );
}
