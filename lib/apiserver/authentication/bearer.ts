/** Bearer tokens: those of service accounts, and those of a file. */
import { unauthorized } from '../../api/status.js';
import type { ServiceAccountTokens } from '../tokens/tokens.js';
import type { Authenticator, Credentials, User } from './authentication.js';

/** The token of `Authorization: Bearer …`; undefined if there is none. The open port does not look at it, as in 1.2. */
export function bearerToken({ headers, insecurePort }: Credentials): string | undefined {
  if (insecurePort) return undefined;
  return /^bearer +(\S+)/i.exec(headers.authorization?.trim() ?? '')?.[1];
}

/** Recognises service accounts by their tokens. @see ServiceAccountTokens */
export const serviceAccountTokens = (tokens: ServiceAccountTokens): Authenticator => ({
  name: 'service account token',
  authenticate(credentials) {
    const token = bearerToken(credentials);
    return token === undefined ? undefined : tokens.verify(token);
  },
});

/**
 * Recognises users by the tokens of a file (`--token-auth-file`): a line each, `token,user,uid,"group1,group2"`, the groups
 * being optional.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file
 */
export function tokenFile(text: string): Authenticator {
  const users = parseTokenFile(text);
  return {
    name: 'token file',
    authenticate(credentials) {
      const token = bearerToken(credentials);
      return token === undefined ? undefined : users.get(token);
    },
  };
}

/** @throws Error naming the line that is none */
export function parseTokenFile(text: string): Map<string, User> {
  const users = new Map<string, User>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [token, name, uid, groups = ''] = fieldsOf(line);
    if (!token || !name || uid === undefined)
      throw new Error(`line ${index + 1} of the token file needs at least token, user name and uid`);
    users.set(token, {
      name,
      ...(uid && { uid }),
      groups: [
        ...groups
          .split(',')
          .map((group) => group.trim())
          .filter(Boolean),
        'system:authenticated',
      ],
    });
  }
  return users;
}

/** The fields of a line of CSV; a doubled quote stands for one. */
const fieldsOf = (line: string): string[] =>
  [...line.matchAll(/(?:^|,)\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?=,|$)/g)].map(([, quoted, plain]) =>
    quoted !== undefined ? quoted.replaceAll('""', '"') : plain!.trim(),
  );

/** The last of the list: a bearer token that nobody knew is wrong, not anonymous. */
export const unknownTokens: Authenticator = {
  name: 'unknown token',
  authenticate(credentials) {
    if (bearerToken(credentials) !== undefined) throw unauthorized();
    return undefined;
  },
};
