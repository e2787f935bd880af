/**
 * Where the next page of a list begins: the revision of the first page, so that all pages are of one state, and the key
 * after which to go on. Clients do not look inside; the form is upstream's, so that its messages are too.
 *
 * `{"v":"meta.k8s.io/v1","rv":7,"start":"web-0\u0000"}`, base64 for URLs without padding. A revision of -1 goes on with
 * whatever is there now.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/storage/continue.go
 */
import { badRequest } from '../../api/status.js';

export interface ContinueToken {
  readonly revision: number;
  /** The last key of the page before, without the list's prefix. */
  readonly after: string;
}

export const encodeContinue = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after + '\0' })).toString('base64url');

/** @throws BadRequest */
export function decodeContinue(token: string): ContinueToken {
  const refuse = (why: string) => badRequest(`invalid continue token: ${why}`);
  const odd = /[^A-Za-z0-9_-]/.exec(token);
  if (odd) throw refuse(`continue key is not valid: illegal base64 data at input byte ${odd.index}`);
  const text = Buffer.from(token, 'base64url');
  let value: { v?: unknown; rv?: unknown; start?: unknown } | null;
  try {
    value = JSON.parse(text.toString());
  } catch {
    throw refuse(`continue key is not valid: ${whyNotJson(text)}`);
  }
  const { v, rv, start } = value ?? {};
  if (v !== 'meta.k8s.io/v1') {
    throw refuse(`continue key is not valid: server does not recognize this encoded version ${String(v ?? '')}`);
  }
  if (typeof rv !== 'number' || !Number.isInteger(rv) || rv === 0 || rv < -1)
    throw refuse('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '')
    throw refuse('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)');
  // A key that climbs out of its list would show what the list does not hold.
  if (start.split('/').some((part) => part === '..' || part === '.'))
    throw refuse(`continue key is not valid: ${start}`);
  return { revision: rv, after: start.replace(/\0$/, '') };
}

/** As Go's decoder complains about the first character that begins no value. */
function whyNotJson(text: Buffer): string {
  if (text.length === 0) return 'unexpected end of JSON input';
  const first = String.fromCharCode(text[0]!);
  if (/[\s{["\-\dtfn]/.test(first)) return 'unexpected end of JSON input';
  const shown = text[0]! < 0x7f && text[0]! >= 0x20 ? first : `\\u${text[0]!.toString(16).padStart(4, '0')}`;
  return `invalid character '${shown}' looking for beginning of value`;
}
