/**
 * Event: what happened to an object, for its owner to read. One kind in two versions: `v1` as it is stored, and
 * `events.k8s.io/v1`, a view of the same objects in newer words, which asks more of a new event.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import { events } from '../resources.js';
import type { DeepReadonly, Event, EventsEvent } from '../types.js';
import { invalid, required, root } from '../validation/errors.js';
import { same } from '../validation/equal.js';
import { complainAt, immutable, validateMetadata, validateMetadataUpdate } from '../validation/metadata.js';
import { dnsSubdomain, pathSegment, qualifiedName } from '../validation/names.js';
import { age, nameColumn, column, wideColumn } from './columns.js';
import { defineKind } from './define.js';
import type { Column, FieldError, Kind } from './kind.js';

/** In characters. */
const limits = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;

type Stored = DeepReadonly<Event>;

const columns: readonly Column<Event>[] = [
  column('Last Seen', 'The time at which the most recent occurrence of this event was recorded.', lastSeen),
  column(
    'Type',
    'Type of this event (Normal, Warning), new types could be added in the future',
    (e: Event) => e.type ?? '',
  ),
  column(
    'Reason',
    "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.",
    (e: Event) => e.reason ?? '',
  ),
  column('Object', 'The object that this event is about.', ({ involvedObject: { kind = '', name } = {} }: Event) =>
    name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase(),
  ),
  wideColumn(
    'Subobject',
    'If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such as desiredState.manifest.containers[2]. For example, if the object reference is to a container within a pod, this would take on a value like: "spec.containers{name}" (where "name" refers to the name of the container that triggered the event) or if no container name is specified "spec.containers[2]" (container with index 2 in this pod). This syntax is chosen only to have some well-defined way of referencing a part of an object.',
    (e: Event) => e.involvedObject?.fieldPath ?? '',
  ),
  wideColumn(
    'Source',
    'The component reporting this event. Should be a short machine understandable string.',
    ({ source, reportingComponent, reportingInstance }: Event) =>
      [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', '),
  ),
  column('Message', 'A human-readable description of the status of this operation.', (e: Event) =>
    (e.message ?? '').trim(),
  ),
  wideColumn(
    'First Seen',
    'The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)',
    firstSeen,
  ),
  wideColumn('Count', 'The number of times this event has occurred.', ({ series, count }: Event) =>
    series ? (series.count ?? 0) : count || 1,
  ),
  { ...nameColumn, priority: 1 },
];

function firstSeen({ firstTimestamp, eventTime }: Stored, nowMs: number): string {
  return age(firstTimestamp ?? eventTime, nowMs);
}

function lastSeen(event: Stored, nowMs: number): string {
  if (event.series) return age(event.series.lastObservedTime, nowMs);
  return event.lastTimestamp ? age(event.lastTimestamp, nowMs) : firstSeen(event, nowMs);
}

const sourceOf = (event: Stored): string => event.source?.component || event.reportingComponent || '';

export const coreEvent: Kind<Event> = {
  ...defineKind<Event>({
    ...events,
    shortNames: ['ev'],
    createOnUpdate: true,
    default(object) {
      object.involvedObject ??= {};
      object.source ??= {};
      // Always written, even when empty.
      object.reportingComponent ??= '';
      object.reportingInstance ??= '';
      for (const field of ['firstTimestamp', 'lastTimestamp', 'eventTime'] as const) {
        if (object[field] === undefined) (object as Record<typeof field, string | null>)[field] = null;
      }
    },
    columns,
    selectableFields: {
      'involvedObject.kind': ({ involvedObject }) => involvedObject?.kind ?? '',
      'involvedObject.namespace': ({ involvedObject }) => involvedObject?.namespace ?? '',
      'involvedObject.name': ({ involvedObject }) => involvedObject?.name ?? '',
      'involvedObject.uid': ({ involvedObject }) => involvedObject?.uid ?? '',
      'involvedObject.apiVersion': ({ involvedObject }) => involvedObject?.apiVersion ?? '',
      'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject?.resourceVersion ?? '',
      'involvedObject.fieldPath': ({ involvedObject }) => involvedObject?.fieldPath ?? '',
      reason: ({ reason }) => reason ?? '',
      reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
      source: sourceOf,
      type: ({ type }) => type ?? '',
    },
  }),
  validate: (object) => afterwards(sensible(object, 'reportingComponent'), (errors) => metadataOf(object, errors)),
  validateUpdate: (object, old) =>
    afterwards(sensible(object, 'reportingComponent'), (errors) => validateMetadataUpdate(object, old, errors)),
};

/** Metadata is looked at only when the event itself makes sense. */
function afterwards(errors: FieldError[], rest: (errors: FieldError[]) => void): FieldError[] {
  if (errors.length === 0) rest(errors);
  return errors;
}

const metadataOf = (object: DeepReadonly<{ metadata: Event['metadata'] }>, errors: FieldError[]): void =>
  validateMetadata(object as Stored, true, pathSegment, errors);

/** What every event owes: a namespace that is its object's, and, if it speaks the newer words, all of them. */
function sensible(event: Stored, controllerField: 'reportingComponent' | 'reportingController'): FieldError[] {
  const errors: FieldError[] = [];
  const about = event.involvedObject?.namespace ?? '';
  const own = event.metadata.namespace ?? '';
  const elsewhere = () =>
    errors.push(invalid(root('involvedObject').child('namespace'), about, 'does not match event.namespace'));
  if (!event.eventTime) {
    if (about === '' ? own !== '' && own !== 'default' : own !== about) elsewhere();
  } else {
    if (about === '' && own !== 'default' && own !== 'kube-system') elsewhere();
    const controller = event.reportingComponent ?? '';
    if (controller === '') errors.push(required(root(controllerField)));
    complainAt(qualifiedName(controller), root(controllerField), controller, errors);
    for (const field of ['reportingInstance', 'action', 'reason', 'message'] as const) {
      const value = event[field] ?? '';
      if (value === '' && field !== 'message') errors.push(required(root(field)));
      if (value.length > limits[field]) {
        errors.push(invalid(root(field), '', `can have at most ${limits[field]} characters`));
      }
    }
  }
  complainAt(dnsSubdomain(own), root('namespace'), own, errors);
  return errors;
}

/** The two versions' names for the same things, beside those that are the same in both. */
const renamed = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const;

function rename(object: DeepReadonly<object>, apiVersion: string, [from, to]: readonly [0, 1] | readonly [1, 0]): any {
  const result: Record<string, unknown> = { ...object, apiVersion };
  for (const pair of renamed) {
    const value = result[pair[from]];
    delete result[pair[from]];
    if (value !== undefined) result[pair[to]] = value;
  }
  return result;
}

/** Who reports is always said in `v1`, if only by an empty text; in `events.k8s.io/v1` that is left out. */
const toStored = (object: DeepReadonly<EventsEvent>): Event => ({
  ...rename(object, 'v1', [1, 0]),
  reportingComponent: object.reportingController ?? '',
  reportingInstance: object.reportingInstance ?? '',
});
function fromStored(stored: Stored): EventsEvent {
  const event = rename(stored, 'events.k8s.io/v1', [0, 1]);
  if (!event.reportingController) delete event.reportingController;
  if (!event.reportingInstance) delete event.reportingInstance;
  return event;
}

export const event: Kind<EventsEvent> = {
  ...defineKind<EventsEvent>({
    group: 'events.k8s.io',
    version: 'v1',
    resource: 'events',
    kind: 'Event',
    shortNames: ['ev'],
    createOnUpdate: true,
    storedAs: { kind: coreEvent, toStored, fromStored },
    default(object) {
      object.regarding ??= {};
      object.deprecatedSource ??= {};
      const times = object as {
        eventTime?: unknown;
        deprecatedFirstTimestamp?: unknown;
        deprecatedLastTimestamp?: unknown;
      };
      for (const field of ['eventTime', 'deprecatedFirstTimestamp', 'deprecatedLastTimestamp'] as const) {
        if (times[field] === undefined) times[field] = null;
      }
    },
    columns: columns.map((each) => ({ ...each, cell: (object, nowMs) => each.cell(toStored(object), nowMs) })),
    selectableFields: {
      ...Object.fromEntries(
        ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => [
          `regarding.${field}`,
          ({ regarding }: DeepReadonly<EventsEvent>) => (regarding as Record<string, string>)?.[field] ?? '',
        ]),
      ),
      reason: ({ reason }) => reason ?? '',
      reportingController: ({ reportingController }) => reportingController ?? '',
      type: ({ type }) => type ?? '',
    },
  }),
  validate(object) {
    const stored = toStored(object);
    const errors = sensible(stored, 'reportingController');
    validateMetadata(object, true, dnsSubdomain, errors);
    validateSeries(stored, errors);
    if (!stored.eventTime) errors.push(required(root('eventTime')));
    if (stored.type !== 'Normal' && stored.type !== 'Warning') {
      errors.push(invalid(root('type'), '', `has invalid value: ${stored.type ?? ''}`));
    }
    for (const field of ['firstTimestamp', 'lastTimestamp', 'count'] as const) {
      if (stored[field]) errors.push(invalid(root(field), '', 'needs to be unset'));
    }
    if (stored.source?.component || stored.source?.host) {
      errors.push(invalid(root('source'), '', 'needs to be unset'));
    }
    return errors;
  },
  validateUpdate(object, oldObject) {
    const stored = toStored(object);
    const old = toStored(oldObject);
    const errors = sensible(stored, 'reportingController');
    validateMetadataUpdate(object, oldObject, errors);
    if (!same(stored.series, old.series)) validateSeries(stored, errors);
    for (const field of fixed) {
      if (same(stored[field], old[field])) continue;
      const name = field === 'reportingComponent' ? 'reportingController' : field;
      errors.push(invalid(root(name), stored[field] ?? '', immutable));
    }
    return errors;
  },
};

/** Only the series of an event may go on. */
const fixed = [
  ...['involvedObject', 'reason', 'message', 'source', 'firstTimestamp', 'lastTimestamp', 'count', 'reason', 'type'],
  ...['eventTime', 'action', 'related', 'reportingComponent', 'reportingInstance'],
] as (keyof Event)[];

function validateSeries({ series }: Stored, errors: FieldError[]): void {
  if (!series) return;
  if ((series.count ?? 0) < 2) errors.push(invalid(root('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(root('series.lastObservedTime')));
}
