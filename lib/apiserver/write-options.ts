/** The options of a write, from the query: `dryRun`, `fieldManager`, `fieldValidation`, `timeout`. */
import { badRequest, invalid, type StatusCause } from '../api/status.js';

const fieldValidations = ['', 'Ignore', 'Strict', 'Warn'];
/** In bytes. */
const fieldManagerLimit = 128;

/** `dryRun` knows one value. */
export const dryRunCauses = (values: readonly string[]): StatusCause[] =>
  values.some((value) => value !== 'All')
    ? [
        {
          reason: 'FieldValueNotSupported',
          field: 'dryRun',
          message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
        },
      ]
    : [];

/** @param kind `CreateOptions`, `UpdateOptions`, `PatchOptions`: as whose fault it is told @throws Invalid */
export function checkWriteOptions(kind: string, query: URLSearchParams): void {
  if (query.size === 0) return;
  const causes: StatusCause[] = [];
  const manager = query.get('fieldManager') ?? '';
  if (Buffer.byteLength(manager) > fieldManagerLimit) {
    causes.push({
      reason: 'FieldValueTooLong',
      field: 'fieldManager',
      message: `Too long: may not be more than ${fieldManagerLimit} bytes`,
    });
  }
  for (const character of manager) {
    if (character.codePointAt(0)! >= 0x20 && character.codePointAt(0) !== 0x7f) continue;
    causes.push({
      reason: 'FieldValueInvalid',
      field: 'fieldManager',
      message: `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`,
    });
    break;
  }
  causes.push(...dryRunCauses(query.getAll('dryRun').filter((value) => value !== '')));
  const validation = query.get('fieldValidation') ?? '';
  if (!fieldValidations.includes(validation)) {
    causes.push({
      reason: 'FieldValueNotSupported',
      field: 'fieldValidation',
      message: `Unsupported value: ${JSON.stringify(validation)}: supported values: ${fieldValidations.map((each) => JSON.stringify(each)).join(', ')}`,
    });
  }
  if (causes.length > 0) throw invalid({ group: 'meta.k8s.io', kind }, '', causes);
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A query's `timeout` as Go writes durations (`32s`, `1m30s`), in milliseconds; undefined if there is none. @throws BadRequest */
export function timeoutOf(query: URLSearchParams): number | undefined {
  const text = query.get('timeout');
  if (!text) return undefined;
  const refuse = (why: string) => badRequest(`invalid timeout specified in the request URL - time: ${why}`);
  if (text === '0') return undefined;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) {
    throw refuse(
      /^\d+$/.test(text)
        ? `missing unit in duration ${JSON.stringify(text)}`
        : `invalid duration ${JSON.stringify(text)}`,
    );
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * unitsMs[unit!]!, 0) || undefined;
}
