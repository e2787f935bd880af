/** What the commands print. */
import { stringify } from 'yaml';
import type { Inspection } from '../../apiserver/storage/index.js';
import type { Entry, Revision } from '../../apiserver/storage/index.js';
import { changedLines, diff } from './diff.js';
import { resourceOfKey } from './keys.js';

const number = (value: number): string => value.toLocaleString('en-US');

/** A table whose first column stands left, the others right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

export function checkReport(folder: string, { files, problems, revision, objects }: Inspection): string {
  const rows = files.map(({ name, bytes, version, records, from, to, torn }) => [
    name,
    version === undefined ? '' : `format ${version}`,
    `${number(records)} ${name.endsWith('.json') ? 'objects' : 'records'}`,
    from === to ? (from === 0 ? '' : `revision ${from}`) : `revisions ${from}–${to}`,
    `${number(bytes)} bytes`,
    torn > 0 ? `the last ${number(torn)} are of a write that was never acknowledged; the next start cuts them off` : '',
  ]);
  const found = problems.map(({ file, offset, text }) => `${file}, byte ${offset}: ${text}`);
  const verdict =
    problems.length === 0
      ? `sound: ${number(objects)} objects at revision ${revision}`
      : `damaged: ${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}; restore the folder from a copy (nothing was changed)`;
  return [folder, ...table(rows).map((row) => `  ${row}`), ...found, verdict, ''].join('\n');
}

/** The object of each revision as YAML: the first whole, each further one as what it changed. */
export function revisionsReport(key: string, revisions: readonly Revision[]): string {
  const lines = [key];
  let before: string[] = [];
  for (const [index, { revision, ...made }] of revisions.entries()) {
    const { value } = made;
    const after = value ? yamlLines(value) : [];
    const isFirst = before.length === 0;
    const what = whatOf(made, index);
    lines.push('', `revision ${revision}: ${what}${what === 'created' && index > 0 ? ' again' : ''}`);
    if (value) lines.push(...(isFirst ? after.map((line) => `  ${line}`) : changedLines(diff(before, after))));
    before = after;
  }
  return [...lines, ''].join('\n');
}

/** The same for programs. */
export const revisionsData = (key: string, revisions: readonly Revision[]) => ({
  key,
  revisions: revisions.map(({ revision, ...made }, index) => ({
    revision,
    change: whatOf(made, index),
    ...(made.value && { object: JSON.parse(made.value.toString()) as unknown }),
  })),
});

function whatOf({ value, created }: Omit<Revision, 'revision'>, index: number): string {
  if (!value) return 'deleted';
  if (created) return 'created';
  return index === 0 ? 'as it was' : 'changed';
}

function yamlLines(value: Buffer): string[] {
  try {
    return stringify(JSON.parse(value.toString())).trimEnd().split('\n');
  } catch {
    return value.toString('latin1').split('\n');
  }
}

export interface Stats {
  readonly where: string;
  readonly entries: readonly Entry[];
  readonly revision: number;
  readonly oldest: number;
  /** Bytes on disk, by what they are; where this is known. */
  readonly disk?: Readonly<Record<string, number>>;
}

/** Stats, counted. */
export type StatsData = ReturnType<typeof statsData>;

export function statsData({ where, entries, revision, oldest, disk }: Stats) {
  const byResource = new Map<string, { objects: number; bytes: number }>();
  const all = { objects: 0, bytes: 0 };
  for (const { key, value } of entries) {
    const resource = resourceOfKey(key);
    const sum = byResource.get(resource) ?? { objects: 0, bytes: 0 };
    byResource.set(resource, sum);
    for (const each of [sum, all]) {
      each.objects++;
      each.bytes += Buffer.byteLength(key) + value.length;
    }
  }
  const resources = [...byResource].sort(([, a], [, b]) => b.bytes - a.bytes);
  return { where, revision, oldest, ...all, resources: resources.map(([name, sum]) => ({ name, ...sum })), disk };
}

export function statsReport({ where, revision, oldest, objects, bytes, resources, disk }: StatsData): string {
  const rows = resources.map(({ name, objects, bytes }) => [name, number(objects), number(bytes)]);
  const onDisk = Object.values(disk ?? {}).reduce((sum, bytes) => sum + bytes, 0);
  return [
    where,
    ...table([['KIND', 'OBJECTS', 'BYTES'], ...rows, ['all', number(objects), number(bytes)]]),
    '',
    `revision ${revision}; history from revision ${oldest} on (${number(revision - oldest)} changes)`,
    ...(disk
      ? [
          ...Object.entries(disk).map(([name, bytes]) => `${name}: ${number(bytes)} bytes`),
          `bytes on disk per live byte: ${bytes === 0 ? '–' : (onDisk / bytes).toFixed(2)}`,
        ]
      : []),
    '',
  ].join('\n');
}
