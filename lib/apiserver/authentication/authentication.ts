/** Who is asking: the first question of the chain. */
import type { IncomingMessage } from 'node:http';

/** A user as admission, and the object's history, see it: `{ name: 'system:serviceaccount:default:default', … }`. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What an authenticator may look at. */
export interface Credentials {
  readonly headers: IncomingMessage['headers'];
  /** The subject of a verified client certificate: common name is the user, organisations are the groups. */
  readonly certificate?: { readonly commonName: string; readonly organisations: readonly string[] };
  /** The request came in by the open port, which lets everybody in as an administrator (as 1.2's port 8080 did). */
  readonly insecurePort: boolean;
}

/**
 * One way of recognising a user. The first of the list that knows the credentials wins.
 *
 * @returns the user; undefined where these credentials are none of this authenticator's business
 * @throws Unauthorized: the credentials are of this authenticator's kind, and wrong
 */
export interface Authenticator {
  readonly name: string;
  authenticate(credentials: Credentials): User | undefined | Promise<User | undefined>;
}

/** Whoever shows nothing. */
export const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

/** Whoever comes by the open port. */
export const insecureUser: User = { name: 'system:unsecured', groups: ['system:masters', 'system:authenticated'] };
