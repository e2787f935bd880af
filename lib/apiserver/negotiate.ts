/**
 * What a client accepts, and what it gets. Objects and lists are JSON, YAML or protobuf; as themselves, as Table (not in
 * protobuf) or as metadata alone.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
 */
import { notAcceptable } from '../api/status.js';

export interface Accepted {
  readonly type: 'json' | 'yaml' | 'protobuf';
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`; undefined: as itself. */
  readonly as?: string;
  /** The version of `meta.k8s.io` for `as`. */
  readonly version?: string;
}

/** As answers are announced. */
export const mediaTypes = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
} as const;

const json: Accepted = { type: 'json' };

/** The same few headers come again and again. Long ones are somebody's who wants to fill our memory. */
const known = new Map<string, Choice>();
const maxKnown = 1000;
const maxKnownLength = 500;

const representations =
  'application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';

/** @param protobuf whether there is protobuf of what is asked for @throws NotAcceptable */
export function negotiate(accept: string | undefined, protobuf: boolean): Accepted {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return json;
  let found = known.get(accept);
  if (found === undefined) {
    found = choose(accept);
    if (known.size >= maxKnown) known.clear();
    if (accept.length <= maxKnownLength) known.set(accept, found);
  }
  const { accepted, refused } = found;
  for (const each of accepted) if (protobuf || each.type !== 'protobuf') return each;
  if (refused === 'nothing')
    throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${representations}`);
  throw notInThisForm();
}

/** The error of those who accept nothing but forms that there are not. */
export const notInThisForm = () =>
  notAcceptable(
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );

/** How an error is told to a client, whatever it accepts. */
export function negotiateError(accept: string | undefined): Accepted {
  for (const { type } of mediaRanges(accept ?? '')) {
    const serialization = serializations.get(type);
    if (serialization) return { type: serialization };
  }
  return json;
}

/** The error of a watch that is asked for in a form which has no lines. */
export const notStreamable = () =>
  notAcceptable(
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  );

const forms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

const serializations: ReadonlyMap<string, Accepted['type']> = new Map([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
  ['*/*', 'json'],
]);

interface Choice {
  /** The client's favourite first. */
  readonly accepted: readonly Accepted[];
  /** What to say if none of them will do. */
  readonly refused: 'nothing' | 'no such form';
}

function choose(accept: string): Choice {
  const accepted: Accepted[] = [];
  let refused: Choice['refused'] = 'nothing';
  for (const { type, parameters } of mediaRanges(accept)) {
    const serialization = serializations.get(type);
    if (!serialization) continue;
    const as = parameters.get('as');
    const version = parameters.get('v') ?? '';
    if (as === undefined) accepted.push({ type: serialization });
    else if (
      forms.has(as) &&
      !(as === 'Table' && serialization === 'protobuf') &&
      parameters.get('g') === 'meta.k8s.io' &&
      (version === 'v1' || version === 'v1beta1')
    ) {
      accepted.push({ type: serialization, as, version });
    } else refused = 'no such form';
  }
  return { accepted, refused };
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** `a/b;v=1, c/d;q=0.5` in the order of preference. */
export function mediaRanges(header: string): MediaRange[] {
  return header
    .split(',')
    .map((range) => {
      const [type = '', ...rest] = range.split(';').map((part) => part.trim());
      const parameters = new Map(
        rest.map((part) => {
          const equals = part.indexOf('=');
          return equals < 0 ? ([part, ''] as const) : ([part.slice(0, equals), part.slice(equals + 1)] as const);
        }),
      );
      const quality = Number(parameters.get('q') ?? 1);
      return { type: type.toLowerCase(), parameters, quality: Number.isFinite(quality) ? quality : 1 };
    })
    .filter(({ type, quality }) => type !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality);
}
