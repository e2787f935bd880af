/**
 * Acting as somebody else: `kubectl --as`. Whoever may (the verb `impersonate`) says in headers whom he wants to be.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
import type { IncomingMessage } from 'node:http';
import { badRequest } from '../../api/status.js';
import { userOf } from '../tokens/tokens.js';
import type { User } from './authentication.js';

const extraPrefix = 'impersonate-extra-';
const accountPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * Who the request wants to be; undefined if it is content with who it is.
 *
 * @param headers each with all its values: `request.headersDistinct`
 * @throws BadRequest groups or the like without a user
 */
export function impersonated(headers: IncomingMessage['headersDistinct']): User | undefined {
  const name = headers['impersonate-user']?.[0] ?? '';
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const extra: Record<string, string[]> = {};
  for (const [header, values = []] of Object.entries(headers))
    if (header.startsWith(extraPrefix)) extra[unescaped(header.slice(extraPrefix.length))] = values;
  const hasExtra = Object.keys(extra).length > 0;
  if (!name) {
    if (!uid && groups.length === 0 && !hasExtra) return undefined;
    throw badRequest(`requested ${goText(uid, groups, extra)} without impersonating a user name`);
  }
  const [, namespace, account] = accountPattern.exec(name) ?? [];
  const base = namespace && groups.length === 0 ? userOf(namespace, account!).groups : groups;
  const everybody = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return {
    name,
    ...(uid && { uid }),
    groups: base.includes(everybody) || base.includes('system:unauthenticated') ? base : [...base, everybody],
    ...(hasExtra && { extra }),
  };
}

/** Header names know no capitals and no slashes: keys come percent-encoded. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Upstream shows its own data type, and clients have come to know it. */
function goText(uid: string, groups: readonly string[], extra: Readonly<Record<string, readonly string[]>>): string {
  const list = (values: readonly string[]): string => `{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
  const entries = Object.entries(extra).map(([key, values]) => `${JSON.stringify(key)}:[]string${list(values)}`);
  return (
    `&user.DefaultInfo{Name:"", UID:${JSON.stringify(uid)}, ` +
    `Groups:[]string${groups.length > 0 ? list(groups) : '(nil)'}, ` +
    `Extra:map[string][]string${entries.length > 0 ? `{${entries.join(', ')}}` : '(nil)'}}`
  );
}
