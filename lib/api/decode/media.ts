/** Which of the three encodings a body is in. */
import { unsupportedMediaType } from '../status.js';

export type MediaType = 'application/json' | 'application/yaml' | 'application/vnd.kubernetes.protobuf';

/** What bodies may be, in the order in which messages list them. */
export const mediaTypes: readonly MediaType[] = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

const parameter = /^\s*[^\s;=,"]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;="]+)\s*$/;

/**
 * The encoding that a `Content-Type` names; none is JSON.
 *
 * @throws UnsupportedMediaType for any other, and for a header that cannot be parsed
 */
export function mediaTypeOf(contentType: string | undefined): MediaType {
  if (contentType === undefined || contentType === '' || contentType === 'application/json') return 'application/json';
  const [name, ...parameters] = contentType.split(';');
  const found = mediaTypes.find((known) => known === name!.trim().toLowerCase());
  if (found && parameters.every((text) => text.trim() === '' || parameter.test(text))) return found;
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${mediaTypes.join(', ')}`,
  );
}
