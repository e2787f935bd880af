/** Which lines a change took away and which it brought: the longest common part stays. */

export interface Line {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/**
 * `lengths[i][j]` is the length of the longest common subsequence of what follows after `before[i]` and `after[j]`: plain,
 * and fast enough for objects of some hundred lines. What both have at their beginning and end need not be looked at.
 */
export function diff(before: readonly string[], after: readonly string[]): Line[] {
  let begin = 0;
  while (begin < before.length && begin < after.length && before[begin] === after[begin]) begin++;
  let end = 0;
  while (end < before.length - begin && end < after.length - begin && before.at(-1 - end) === after.at(-1 - end)) end++;
  const a = before.slice(begin, before.length - end);
  const b = after.slice(begin, after.length - end);

  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i]![j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);

  const lines: Line[] = before.slice(0, begin).map((text) => ({ mark: ' ', text }));
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ mark: ' ', text: a[i]! });
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      lines.push({ mark: '-', text: a[i++]! });
    } else lines.push({ mark: '+', text: b[j++]! });
  }
  return [...lines, ...before.slice(before.length - end).map((text): Line => ({ mark: ' ', text }))];
}

/** Only what changed, with `context` lines around it; `…` where something was left out. */
export function changedLines(lines: readonly Line[], context = 2): string[] {
  const isNear = (index: number): boolean =>
    lines.slice(Math.max(0, index - context), index + context + 1).some(({ mark }) => mark !== ' ');
  const shown: string[] = [];
  for (const [index, { mark, text }] of lines.entries()) {
    if (isNear(index)) shown.push(`${mark} ${text}`);
    else if (shown.at(-1) !== '…') shown.push('…');
  }
  return shown;
}
