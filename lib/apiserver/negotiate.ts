/**
 * What a client accepts, and what it gets. Objects and lists are JSON or YAML; as themselves, as Table or as metadata
 * alone. (Answers in protobuf are not made: the clients that ask for them take JSON too, and say so.)
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
 */
import { notAcceptable } from '../api/status.js';

export interface Accepted {
  readonly type: 'json' | 'yaml';
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`; undefined: as itself. */
  readonly as?: string;
  /** The version of `meta.k8s.io` for `as`. */
  readonly version?: string;
}

const json: Accepted = { type: 'json' };

/** The same few headers come again and again. */
const known = new Map<string, Accepted | 'nothing' | 'no such form'>();
const maxKnown = 1000;

const representations =
  'application/json, application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';

/** @throws NotAcceptable */
export function negotiate(accept: string | undefined): Accepted {
  if (accept === undefined || accept === '' || accept === '*/*' || accept === 'application/json') return json;
  let found = known.get(accept);
  if (found === undefined) {
    found = choose(accept);
    if (known.size >= maxKnown) known.clear();
    known.set(accept, found);
  }
  if (found === 'nothing') throw notAcceptable(`406: Not Acceptable\n\nAvailable representations: ${representations}`);
  if (found === 'no such form') {
    throw notAcceptable(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  }
  return found;
}

/** How an error is told to a client, whatever it accepts. */
export function negotiateError(accept: string | undefined): Accepted {
  for (const { type } of mediaRanges(accept ?? '')) {
    if (type === 'application/yaml') return { type: 'yaml' };
    if (type === 'application/json' || type === '*/*') break;
  }
  return json;
}

/** The error of a watch that is asked for in a form which has no lines. */
export const notStreamable = () =>
  notAcceptable(
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  );

const forms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

function choose(accept: string): Accepted | 'nothing' | 'no such form' {
  let refused: 'nothing' | 'no such form' = 'nothing';
  for (const { type, parameters } of mediaRanges(accept)) {
    const serialization =
      type === 'application/json' || type === '*/*' ? 'json' : type === 'application/yaml' ? 'yaml' : undefined;
    if (!serialization) continue;
    const as = parameters.get('as');
    if (as === undefined) return { type: serialization };
    const version = parameters.get('v') ?? '';
    if (forms.has(as) && parameters.get('g') === 'meta.k8s.io' && (version === 'v1' || version === 'v1beta1')) {
      return { type: serialization, as, version };
    }
    refused = 'no such form';
  }
  return refused;
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
