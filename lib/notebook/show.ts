/** Small things a cell needs: a table, a condition to wait for, a statement to check. */
import { realClock, sleep, type Clock } from '../util/index.js';

/** Rows as an HTML table; the columns are the keys of the first row. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  if (rows.length === 0) return '<em>nothing there</em>';
  const columns = Object.keys(rows[0]!);
  const row = (cells: readonly unknown[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag} style="text-align:left">${escape(String(cell ?? ''))}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${row(columns, 'th')}</thead><tbody>${rows
    .map((each) =>
      row(
        columns.map((name) => each[name]),
        'td',
      ),
    )
    .join('')}</tbody></table>`;
}

/** Text as an HTML paragraph: what a chart says, in words. */
export const paragraph = (text: string): string => `<p>${escape(text).replaceAll('\n', '<br>')}</p>`;

const escape = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);

/**
 * Asks again and again until the answer is something; resolves with it. So a cell waits for what the cluster does by
 * itself, and no longer.
 *
 * @throws Error that names `what`, when it has not come within `timeoutMs`
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  {
    timeoutMs = 30_000,
    everyMs = 50,
    clock = realClock,
  }: { readonly timeoutMs?: number; readonly everyMs?: number; readonly clock?: Clock } = {},
): Promise<NonNullable<T>> {
  const endMs = clock.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && (answer as unknown) !== false) return answer;
    if (clock.now() >= endMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`);
    await sleep(clock, everyMs);
  }
}

/** Says that a statement holds, or stops the notebook. */
export function check(statement: string, holds: boolean): void {
  if (!holds) throw new Error(`does not hold: ${statement}`);
  console.log(`✓ ${statement}`);
}
