/**
 * Times: RFC 3339 in UTC, a `Time` in whole seconds and a `MicroTime` with six decimals. What is wrong with a text is said
 * in the words of Go's `time.Parse`.
 */

const layouts = {
  Time: '2006-01-02T15:04:05Z07:00',
  MicroTime: '2006-01-02T15:04:05.000000Z07:00',
} as const;

/** A text that is no time. */
export class TimeError extends Error {}

/** The elements of a layout, in order, and how each looks. */
const elements: readonly (readonly [text: string, looks: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d\d/],
  ['-', /^-/],
  ['02', /^\d\d/],
  ['T', /^T/],
  ['15', /^\d\d/],
  [':', /^:/],
  ['04', /^\d\d/],
  [':', /^:/],
  ['05', /^\d\d/],
];

/**
 * The canonical text of a time: `2024-05-01T12:00:00Z`.
 *
 * @throws TimeError
 */
export function canonicalTime(text: string, type: 'Time' | 'MicroTime'): string {
  // What we and everybody else write ourselves, at once.
  if (type === 'Time' && /^\d{4}-(0[1-9]|1[0-2])-([01]\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(text))
    return text;
  const layout = layouts[type];
  const wrong = (rest: string, element: string) =>
    new TimeError(
      `parsing time ${JSON.stringify(text)} as "${layout}": cannot parse ${JSON.stringify(rest)} as "${element}"`,
    );
  const outOfRange = (what: string) => new TimeError(`parsing time ${JSON.stringify(text)}: ${what} out of range`);

  let rest = text;
  const numbers: number[] = [];
  for (const [element, looks] of elements) {
    const match = looks.exec(rest);
    if (!match) throw wrong(rest, element);
    rest = rest.slice(match[0].length);
    if (/\d/.test(match[0])) numbers.push(Number(match[0]));
  }
  const [year, month, day, hour, minute, second] = numbers as [number, number, number, number, number, number];
  const fraction = /^[.,]\d+/.exec(rest)?.[0] ?? '';
  if (type === 'MicroTime' && fraction.length !== 7) throw wrong(rest, '.000000');
  rest = rest.slice(fraction.length);
  const zone = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(rest);
  if (!zone) throw wrong(rest, 'Z07:00');
  rest = rest.slice(zone[0].length);
  if (rest !== '') throw new TimeError(`parsing time ${JSON.stringify(text)}: extra text: ${JSON.stringify(rest)}`);

  if (month < 1 || month > 12) throw outOfRange('month');
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) throw outOfRange('day');
  if (hour > 23) throw outOfRange('hour');
  if (minute > 59) throw outOfRange('minute');
  if (second > 59) throw outOfRange('second');
  const offset = zone[1] ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute - offset, second);
  const whole = date.toISOString().slice(0, -5);
  return type === 'Time' ? `${whole}Z` : `${whole}.${fraction.slice(1)}Z`;
}
