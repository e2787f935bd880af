/**
 * What cells of tables have in common: the columns every kind shows, and how ages, labels and containers read.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go
 */
import type { Container, DeepReadonly } from '../types.js';
import type { Column } from './kind.js';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  cell: ({ metadata }) => metadata.name ?? '',
};

const created =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  priority: 0,
  description: created,
  cell: ({ metadata }, nowMs) => age(metadata.creationTimestamp, nowMs),
};

/** What a kind without columns of its own shows beside the name. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  priority: 0,
  description: created,
  cell: ({ metadata }) => metadata.creationTimestamp ?? null,
};

type Text<T> = (object: T, nowMs: number) => string | number | boolean | null;

/** A column that is always shown. */
export const column = <T>(
  name: string,
  description: string,
  cell: Text<T>,
  type: Column['type'] = 'string',
): Column => ({
  name,
  type,
  priority: 0,
  description,
  cell: cell as Text<unknown>,
});

/** A column of `-o wide`. */
export const wideColumn = <T>(name: string, description: string, cell: Text<T>): Column => ({
  ...column(name, description, cell),
  priority: 1,
});

/** The time since `timestamp` (RFC 3339), as `kubectl get` shows ages. */
export const age = (timestamp: string | undefined | null, nowMs: number): string =>
  timestamp ? humanDuration(nowMs - Date.parse(timestamp)) : '<unknown>';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** Two or three digits are enough for a human: `119s`, `2m5s`, `3h40m`, `5d`, `2y41d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / second);
  // Clocks of different machines differ; up to two seconds are forgiven.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(ms / minute);
  if (minutes < 10) return withRest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(ms / hour);
  if (hours < 8) return withRest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return withRest(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 365 * 8 ? withRest(years, 'y', days % 365, 'd') : `${years}y`;
}

const withRest = (count: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${count}${unit}` : `${count}${unit}${rest}${restUnit}`;

/** `a=b,c=d`, sorted; `<none>` if empty. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const keys = Object.keys(labels ?? {}).sort();
  return keys.length === 0 ? '<none>' : keys.map((key) => `${key}=${labels![key]}`).join(',');
}

/** The first three of `items`, and how many more: `a,b,c + 2 more...`. */
export const firstThree = (items: readonly string[]): string =>
  items.length > 3 ? `${items.slice(0, 3).join(',')} + ${items.length - 3} more...` : items.join(',');

type Containers = DeepReadonly<Container[]> | undefined;

export const containersColumn = <T>(of: (object: T) => Containers): Column =>
  wideColumn('Containers', 'Names of each container in the template.', (object: T) => names(of(object)));

export const imagesColumn = <T>(of: (object: T) => Containers): Column =>
  wideColumn('Images', 'Images referenced by each container in the template.', (object: T) => images(of(object)));

export const names = (containers: Containers): string => (containers ?? []).map(({ name }) => name).join(',');

export const images = (containers: Containers): string => (containers ?? []).map(({ image }) => image ?? '').join(',');
